/* Argon2id by libargon2, which wipes its working memory when it is done: see password.h. */
#include "web/password.h"

#include <argon2.h>

#include "base/secret.h"

#define SALT_SIZE 16
#define HASH_SIZE 32
#define LANES     1 /* requests run in parallel, the lanes of one request do not */

sc_status sc_web_password_encode(struct sc_view password, char encoded[SC_WEB_PASSWORD_ENCODED_SIZE],
				 struct sc_error *err)
{
	SC_CLEANUP(sc_secret) salt = { 0 };
	int result;

	SC_ENSURE(password.len > 0 && password.len <= SC_WEB_PASSWORD_MAX, err, SC_ERR_ARGUMENT,
		  "a password must be 1 to %d bytes long", SC_WEB_PASSWORD_MAX);
	SC_TRY(sc_secret_random(SALT_SIZE, &salt, err));
	result = argon2id_hash_encoded(SC_WEB_PASSWORD_PASSES, SC_WEB_PASSWORD_MEMORY, LANES, password.data,
				       password.len, salt.data, salt.len, HASH_SIZE, encoded,
				       SC_WEB_PASSWORD_ENCODED_SIZE);
	SC_ENSURE(result != ARGON2_MEMORY_ALLOCATION_ERROR, err, SC_ERR_MEMORY,
		  "hashing a password: out of memory for %d KiB", SC_WEB_PASSWORD_MEMORY);
	SC_ENSURE(result == ARGON2_OK, err, SC_ERR_CRYPTO, "hashing a password: %s",
		  argon2_error_message(result));
	return SC_OK;
}

sc_status sc_web_password_check(const char *encoded, struct sc_view password, bool *matches,
				struct sc_error *err)
{
	bool is_too_long = password.len > SC_WEB_PASSWORD_MAX;
	int result;

	result = argon2id_verify(encoded, password.data, is_too_long ? SC_WEB_PASSWORD_MAX : password.len);
	SC_ENSURE(result != ARGON2_MEMORY_ALLOCATION_ERROR, err, SC_ERR_MEMORY,
		  "checking a password: out of memory for %d KiB", SC_WEB_PASSWORD_MEMORY);
	SC_ENSURE(result == ARGON2_OK || result == ARGON2_VERIFY_MISMATCH, err, SC_ERR_ENCODING,
		  "checking a password: the stored value is not an Argon2id hash: %s",
		  argon2_error_message(result));
	*matches = result == ARGON2_OK && !is_too_long;
	return SC_OK;
}
