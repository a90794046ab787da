/* Preparing the libraries: see libraries.h. */
#include "hsmd/os/libraries.h"

#include <malloc.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

sc_status sc_hsmd_libraries_prepare(struct sc_error *err)
{
	uint8_t seeded;

	/*
	 * Threads share one ordinary heap: to make a second, malloc would read the overcommit setting from
	 * /proc.
	 */
	mallopt(M_ARENA_MAX, 1);
	/* Time is UTC everywhere, and no time zone file is read. */
	setenv("TZ", "UTC0", 1);
	tzset();
	/* No configuration file decides what code runs here. */
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_ADD_ALL_CIPHERS |
				    OPENSSL_INIT_ADD_ALL_DIGESTS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
				NULL) != 1 ||
	    RAND_priv_bytes(&seeded, 1) != 1)
		return sc_fail_crypto(err, "cannot start libcrypto");
	return SC_OK;
}
