/*
 * Passwords of people and secrets of applications, as they are kept: Argon2id (RFC 9106) in its encoded form,
 * "$argon2id$v=19$m=65536,t=3,p=1$SALT$HASH". Each hash needs SC_WEB_PASSWORD_MEMORY of memory and about 0.2 CPU
 * seconds: always on a worker of the slow lane (web.h), whose number of threads bounds the memory.
 */
#ifndef SC_WEB_PASSWORD_H
#define SC_WEB_PASSWORD_H

#include "base/bytes.h"

#define SC_WEB_PASSWORD_MEMORY       65536 /* KiB: 64 MiB, RFC 9106 section 4, second choice */
#define SC_WEB_PASSWORD_PASSES       3
#define SC_WEB_PASSWORD_MAX          256 /* bytes that anybody can send */
#define SC_WEB_PASSWORD_ENCODED_SIZE 128 /* terminated */

/*
 * Hashes a password with a fresh salt. SC_ERR_ARGUMENT for an empty or longer one than SC_WEB_PASSWORD_MAX,
 * SC_ERR_MEMORY, SC_ERR_CRYPTO.
 */
sc_status sc_web_password_encode(struct sc_view password, char encoded[SC_WEB_PASSWORD_ENCODED_SIZE],
			     struct sc_error *err) SC_WARN_UNUSED;

/*
 * *matches tells whether it is that password; what is longer than SC_WEB_PASSWORD_MAX never is, but is hashed,
 * cut, all the same. SC_ERR_MEMORY; SC_ERR_ENCODING where `encoded` is no hash as above.
 */
sc_status sc_web_password_check(const char *encoded, struct sc_view password, bool *matches,
			    struct sc_error *err) SC_WARN_UNUSED;

#endif
