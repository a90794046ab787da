/*
 * Whose tokens are trusted: a table of OpenID Connect issuers, each with its signing keys (a JWKS) and the
 * tenants that it may speak for. A row may also be a pattern (web/issuer_name.h): the issuers of all tenants
 * of one service, with one set of keys, each of which speaks for the tenant in its name. Keys are fetched
 * over HTTPS on a worker thread: at the start, when a token arrives after an hour or more, and when a token
 * names an unknown key (at most every SC_WEB_ISSUER_PAUSE seconds, or every second while fetches fail). Until
 * there are keys, a fetch that fails is repeated every second. Issuers with one URL share its keys. An
 * issuer's answer is read as strictly as any other input.
 */
#ifndef SC_WEB_ISSUER_H
#define SC_WEB_ISSUER_H

#include "web/web.h"

#define SC_WEB_ISSUER_PAUSE 10
#define SC_WEB_ISSUER_LIFE  3600        /* seconds; the next token after that has the keys fetched again */
#define SC_WEB_ISSUER_TRUST (24 * 3600) /* seconds; keys that were not fetched again since are not used */

struct sc_web_issuers;

sc_status sc_web_issuers_new(struct sc_web_issuers **out, struct sc_error *err) SC_WARN_UNUSED;

/* Call only after the server passed to sc_web_issuers_start() has been stopped. */
void sc_web_issuers_free(struct sc_web_issuers *issuers);
SC_CLEANUP_POINTER(sc_web_issuers, struct sc_web_issuers, sc_web_issuers_free)

struct sc_web_issuer_settings {
	const char *issuer;         /* compared with `iss` byte for byte; or a pattern */
	const char *keys_url;       /* https; NULL if the keys are set with sc_web_issuers_set_keys() */
	const char *ca;             /* path: PEM, the only authority trusted for that URL */
	const char *const *tenants; /* `tid` must be one of them (ignoring case); none for a pattern */
	size_t tenant_count;
	const char *saved; /* path of the file that keeps fetched keys for the next start; may be NULL */
};

/* Adds one; everything is copied. Call before sc_web_issuers_start(). SC_ERR_ARGUMENT, SC_ERR_EXISTS. */
sc_status sc_web_issuers_add(struct sc_web_issuers *issuers, const struct sc_web_issuer_settings *settings,
			     struct sc_error *err) SC_WARN_UNUSED;

/* Replaces an issuer's keys with those of a JWKS, for an issuer that verifies its own tokens. SC_ERR_JSON. */
sc_status sc_web_issuers_set_keys(struct sc_web_issuers *issuers, const char *issuer, struct sc_view jwks,
				  struct sc_error *err) SC_WARN_UNUSED;

/* From now on fetches keys on the server's slow lane, the first time at once. */
void sc_web_issuers_start(struct sc_web_issuers *issuers, struct sc_web_server *server);

#endif
