/*
 * An issuer's signing keys in a file, from one start of a daemon to the next: a JSON object with `url`,
 * `fetched` (seconds since 1970) and `jwks`. Whoever can write the file can also write the daemon's database.
 */
#ifndef SC_WEB_SAVED_KEYS_H
#define SC_WEB_SAVED_KEYS_H

#include "web/key_set.h"

/*
 * Reads keys that were fetched from `url` less than `life` seconds ago; *age is how long ago.
 * SC_ERR_NOT_FOUND: there are none such. SC_ERR_JSON, SC_ERR_SYSTEM, each naming the file. The caller
 * releases *out.
 */
sc_status sc_web_saved_keys_read(const char *path, const char *url, int64_t life, struct sc_web_key_set **out,
				 int64_t *age, struct sc_error *err) SC_WARN_UNUSED;

/* Replaces the file: these keys were fetched from `url` now. SC_ERR_SYSTEM, SC_ERR_JSON. */
sc_status sc_web_saved_keys_write(const char *path, const char *url, struct sc_view jwks,
				  struct sc_error *err) SC_WARN_UNUSED;

#endif
