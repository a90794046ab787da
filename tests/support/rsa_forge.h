/* RSA private keys of any shape, valid or not, made from their primes, to test the checks of rule M4. */
#ifndef SC_TESTS_RSA_FORGE_H
#define SC_TESTS_RSA_FORGE_H

#include <openssl/bn.h>

#include "base/bytes.h"

/* All eight integers; a test changes one and encodes the key. */
struct forged_rsa {
	BIGNUM *n, *e, *d, *p, *q, *dp, *dq, *qinv;
};

/* Computes the rest from two factors and the exponent, as if both factors were prime. */
void forged_rsa_from(struct forged_rsa *key, const BIGNUM *p, const BIGNUM *q, const BIGNUM *e);
void forged_rsa_free(struct forged_rsa *key);

/* PKCS#8 DER; the caller frees *out. */
void forged_rsa_encode(const struct forged_rsa *key, struct sc_bytes *out);

/* A prime of that many bits, with its two highest bits set. The caller frees it. */
BIGNUM *forged_prime(int bits);

#endif
