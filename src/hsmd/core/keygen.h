/* Key generation in the module, each new key put to a pairwise test (rule M4), and its PKCS#8 form. */
#ifndef SC_HSMD_CORE_KEYGEN_H
#define SC_HSMD_CORE_KEYGEN_H

#include <openssl/evp.h>

#include "base/secret.h"
#include "formats/key_type.h"

/*
 * RSA with a public exponent (big-endian; empty is 65537; odd, 65537 ≤ e < 2^256, else SC_ERR_EXPONENT) or EC
 * P-256. The caller frees *out.
 */
sc_status sc_keygen(const struct sc_key_type *type, struct sc_view exponent, EVP_PKEY **out,
		    struct sc_error *err) SC_WARN_UNUSED;

/* An EC key on a named curve, tested. */
sc_status sc_keygen_curve(const char *curve, EVP_PKEY **out, struct sc_error *err) SC_WARN_UNUSED;

/* Signs something random and verifies it. SC_ERR_CRYPTO. */
sc_status sc_keygen_test(EVP_PKEY *key, struct sc_error *err) SC_WARN_UNUSED;

/* The private key as PKCS#8 DER, and back; for bytes that are authenticated already. */
sc_status sc_pkcs8_encode(EVP_PKEY *key, struct sc_secret *out, struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_pkcs8_decode(struct sc_view der, EVP_PKEY **out, struct sc_error *err) SC_WARN_UNUSED;

#endif
