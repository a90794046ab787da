/* Where things are, in URLs: the issuers' names, and the audiences that tokens are made for. */
#ifndef SC_SIGNIND_URLS_H
#define SC_SIGNIND_URLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define SC_SIGNIND_URL_MAX    255 /* of an issuer or an audience: what a token's text may have (web/token.h) */
#define SC_SIGNIND_ORIGIN_MAX 210 /* of scheme, host and port: leaves room for a tenant */

/* Their order is also that of sc_signind_urls.audience. */
enum sc_signind_audience {
	SC_SIGNIND_AUDIENCE_MANAGEMENT,
	SC_SIGNIND_AUDIENCE_VAULT,
	SC_SIGNIND_AUDIENCE_GRAPH,
	SC_AUDIENCES,
};

struct sc_signind_urls {
	char login[SC_SIGNIND_ORIGIN_MAX + 1]; /* "https://login.localhost:8444", without a final slash */
	char audience[SC_AUDIENCES][SC_SIGNIND_ORIGIN_MAX + 1]; /* likewise */
};

/* The port is left out where it is 443. SC_ERR_USAGE for what is no domain name of at most 180 characters. */
sc_status sc_signind_urls_set(const char *domain, uint16_t port, uint16_t vault_port, struct sc_signind_urls *out,
			struct sc_error *err) SC_WARN_UNUSED;

/* "https://login.localhost:8444/<tenant>/": what `iss` says. */
void sc_signind_urls_issuer(const struct sc_signind_urls *places, const char *tenant, char issuer[SC_SIGNIND_URL_MAX + 1]);

/*
 * The audience that a v1 client names with `resource`, kept as it was written: with or without a final slash.
 * False where it is none of ours.
 */
bool sc_signind_urls_resource(const struct sc_signind_urls *places, const char *resource, char audience[SC_SIGNIND_URL_MAX + 1]);

/*
 * The audience of a v2.0 client's `scope`, a list of words in any order: the first that is not one of OpenID
 * Connect's own, without its permission, "/.default" or "/user_impersonation". Clients whose resource has a
 * final slash write "…//.default", and find that slash in `aud` again.
 */
bool sc_signind_urls_scope(const struct sc_signind_urls *places, const char *scope, char audience[SC_SIGNIND_URL_MAX + 1]);

#endif
