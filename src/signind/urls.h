/* The URLs of the deployment: the issuers' names and the audiences for which tokens are issued. */
#ifndef SC_SIGNIND_URLS_H
#define SC_SIGNIND_URLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define SC_SIGNIND_URL_MAX    255 /* of an issuer or an audience (web/token.h) */
#define SC_SIGNIND_ORIGIN_MAX 210 /* of scheme, host and port; leaves room for a tenant */

/* Indexes into sc_signind_urls.audience. */
enum sc_signind_audience {
	SC_SIGNIND_AUDIENCE_MANAGEMENT,
	SC_SIGNIND_AUDIENCE_VAULT,
	SC_SIGNIND_AUDIENCE_GRAPH,
	SC_AUDIENCES,
};

struct sc_signind_urls {
	char login[SC_SIGNIND_ORIGIN_MAX + 1]; /* "https://login.localhost:8444", without a final slash */
	char audience[SC_AUDIENCES][SC_SIGNIND_ORIGIN_MAX + 1]; /* also without a final slash */
};

/* URLs omit port 443. SC_ERR_USAGE if `domain` is not a domain name of at most 180 characters. */
sc_status sc_signind_urls_set(const char *domain, uint16_t port, uint16_t vault_port,
			      struct sc_signind_urls *out, struct sc_error *err) SC_WARN_UNUSED;

/* "https://login.localhost:8444/<tenant>/": the claim `iss`. */
void sc_signind_urls_issuer(const struct sc_signind_urls *urls, const char *tenant,
			    char issuer[SC_SIGNIND_URL_MAX + 1]);

/*
 * The audience that a v1 client names with `resource`, as the client wrote it, with or without a final slash.
 * False if it is not one of ours.
 */
bool sc_signind_urls_resource(const struct sc_signind_urls *urls, const char *resource,
			      char audience[SC_SIGNIND_URL_MAX + 1]);

/*
 * The audience of a v2.0 client's `scope`, a list of words in any order: the first word that is not one of
 * OpenID Connect's own scopes, without its permission "/.default" or "/user_impersonation". A client whose
 * resource ends in a slash writes "…//.default", and `aud` then ends in that slash. False if it is not one of
 * ours.
 */
bool sc_signind_urls_scope(const struct sc_signind_urls *urls, const char *scope,
			   char audience[SC_SIGNIND_URL_MAX + 1]);

#endif
