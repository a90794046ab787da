/*
 * Access tokens (rule P5): a JWS in compact form, whose header is read strictly before any library sees it.
 * The algorithm is RS256 because the issuer's key is an RS256 key, never because the token says so.
 */
#ifndef SC_WEB_TOKEN_H
#define SC_WEB_TOKEN_H

#include "web/issuer.h"

#define SC_WEB_TOKEN_MAX      16384
#define SC_WEB_TOKEN_TEXT_MAX 255
#define SC_WEB_TOKEN_LEEWAY                                                                                  \
	300 /* seconds by which `nbf` and `iat` may be ahead of our clock; `exp` has none */

/* The claims of a verified token. An absent claim is "". */
struct sc_web_token_claims {
	char issuer[SC_WEB_TOKEN_TEXT_MAX + 1];
	char audience[SC_WEB_TOKEN_TEXT_MAX + 1]; /* as in the token */
	char tid[SC_WEB_TOKEN_TEXT_MAX + 1];      /* tenant; required, in lower case */
	char oid[SC_WEB_TOKEN_TEXT_MAX + 1]; /* object; required. With the issuer, it names the principal */
	char appid[SC_WEB_TOKEN_TEXT_MAX + 1];
	char upn[SC_WEB_TOKEN_TEXT_MAX + 1];
	char name[SC_WEB_TOKEN_TEXT_MAX + 1];
	char idtyp[SC_WEB_TOKEN_TEXT_MAX + 1]; /* "app" for an application */
	int64_t expires;
};

/*
 * Verifies a token: iss must be in the table; aud must be one of the audiences (a final slash is ignored);
 * exp, nbf and iat must be numbers; and the time must be between nbf and exp. Never blocks. SC_ERR_TOKEN with
 * the reason: answer 401. SC_ERR_UNAVAILABLE: the issuer's keys are being fetched; answer 503.
 */
sc_status sc_web_token_verify(struct sc_web_issuers *issuers, const char *token, const char *const *audiences,
			      size_t audience_count, struct sc_web_token_claims *out,
			      struct sc_error *err) SC_WARN_UNUSED;

#endif
