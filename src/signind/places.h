/* Where things are, in URLs: the issuers' names, and the audiences that tokens are made for. */
#ifndef SC_SIGNIND_PLACES_H
#define SC_SIGNIND_PLACES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define SC_URL_MAX    255 /* of an issuer or an audience: what a token's text may have (web/token.h) */
#define SC_ORIGIN_MAX 210 /* of scheme, host and port: leaves room for a tenant */

/* Their order is also that of sc_places.audience. */
enum sc_audience {
	SC_AUDIENCE_MANAGEMENT,
	SC_AUDIENCE_VAULT,
	SC_AUDIENCE_GRAPH,
	SC_AUDIENCES,
};

struct sc_places {
	char login[SC_ORIGIN_MAX + 1]; /* "https://login.localhost:8444", without a final slash */
	char audience[SC_AUDIENCES][SC_ORIGIN_MAX + 1]; /* likewise */
};

/* The port is left out where it is 443. SC_ERR_USAGE for what is no domain name of at most 180 characters. */
sc_status sc_places_set(const char *domain, uint16_t port, uint16_t vault_port, struct sc_places *out,
			struct sc_error *err) SC_WARN_UNUSED;

/* "https://login.localhost:8444/<tenant>/": what `iss` says. */
void sc_places_issuer(const struct sc_places *places, const char *tenant, char issuer[SC_URL_MAX + 1]);

/*
 * The audience that a v1 client names with `resource`, kept as it was written: with or without a final slash.
 * False where it is none of ours.
 */
bool sc_places_resource(const struct sc_places *places, const char *resource, char audience[SC_URL_MAX + 1]);

/*
 * The audience of a v2.0 client's `scope`, a list of words in any order: the first that is not one of OpenID
 * Connect's own, without its permission, "/.default" or "/user_impersonation". Clients whose resource has a
 * final slash write "…//.default", and find that slash in `aud` again.
 */
bool sc_places_scope(const struct sc_places *places, const char *scope, char audience[SC_URL_MAX + 1]);

#endif
