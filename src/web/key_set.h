/* An issuer's signing keys, read from a JWKS (RFC 7517). Never changed later, so threads can share them. */
#ifndef SC_WEB_KEY_SET_H
#define SC_WEB_KEY_SET_H

#include <cjose/cjose.h>

#include "web/json.h"

#define SC_WEB_KID_MAX     127
#define SC_WEB_KEY_SET_MAX 16 /* keys in one JWKS */

struct sc_web_key_set;

/*
 * Reads the RSA keys for RS256 from a JWKS. Keys of other types or uses are skipped. A malformed key, a
 * duplicate kid or a set without any key makes the whole set invalid. *out has one reference. SC_ERR_JSON.
 */
sc_status sc_web_key_set_read(struct sc_view jwks, struct sc_web_key_set **out,
			      struct sc_error *err) SC_WARN_UNUSED;
struct sc_web_key_set *sc_web_key_set_hold(struct sc_web_key_set *set);
void sc_web_key_set_release(struct sc_web_key_set *set); /* NULL is allowed */
SC_CLEANUP_POINTER(sc_web_key_set, struct sc_web_key_set, sc_web_key_set_release)

/* The key with that id, or NULL. Lives as long as the reference to the set. */
const cjose_jwk_t *sc_web_key_set_find(const struct sc_web_key_set *set, const char *kid);

#endif
