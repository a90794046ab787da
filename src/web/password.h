/*
 * Users' passwords and applications' secrets, stored as Argon2id (RFC 9106) in its encoded form,
 * "$argon2id$v=19$m=65536,t=3,p=1$SALT$HASH". Each hash takes SC_WEB_PASSWORD_MEMORY of memory and about 0.2
 * CPU seconds. Always compute it on a worker of the slow lane (web.h): the number of its threads bounds the
 * memory. signind has two.
 */
#ifndef SC_WEB_PASSWORD_H
#define SC_WEB_PASSWORD_H

#include "base/bytes.h"

#define SC_WEB_PASSWORD_MEMORY       65536 /* KiB: 64 MiB, RFC 9106 section 4, second choice */
#define SC_WEB_PASSWORD_PASSES       3
#define SC_WEB_PASSWORD_MAX          256 /* bytes */
#define SC_WEB_PASSWORD_ENCODED_SIZE 128 /* terminated */

/*
 * Hashes a password with a fresh salt. SC_ERR_ARGUMENT if it is empty or longer than SC_WEB_PASSWORD_MAX,
 * SC_ERR_MEMORY, SC_ERR_CRYPTO.
 */
sc_status sc_web_password_encode(struct sc_view password, char encoded[SC_WEB_PASSWORD_ENCODED_SIZE],
				 struct sc_error *err) SC_WARN_UNUSED;

/*
 * *matches is true if the password is the one that was hashed. One longer than SC_WEB_PASSWORD_MAX never
 * matches, but is still hashed, truncated. SC_ERR_MEMORY; SC_ERR_ENCODING if `encoded` is not a hash of the
 * form above.
 */
sc_status sc_web_password_check(const char *encoded, struct sc_view password, bool *matches,
				struct sc_error *err) SC_WARN_UNUSED;

#endif
