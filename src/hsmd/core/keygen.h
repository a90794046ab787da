/*
 * Key generation in the module, with a pairwise test of each new key (rule M4), and the PKCS#8 form of keys.
 */
#ifndef SC_HSMD_CORE_KEYGEN_H
#define SC_HSMD_CORE_KEYGEN_H

#include <stdatomic.h>

#include <openssl/evp.h>

#include "base/secret.h"
#include "formats/key_type.h"

/*
 * How many bits the public exponent of an RSA key of that size may have: 256, but 64 for keys of more than
 * 3,072 bits. libcrypto signs with a longer one and then cannot verify, so no result of such a key could
 * leave (M8).
 */
int sc_keygen_exponent_bits(uint32_t bits);

/*
 * Generates an RSA or EC key. `exponent` is RSA's public exponent, big-endian: empty means 65537,
 * otherwise it must be odd, at least 65537 and not too long, or SC_ERR_EXPONENT, before any work is done. If
 * *is_abandoned becomes true, an RSA generation ends at its next test of a number, with SC_ERR_CANCELLED. The
 * caller frees *out.
 */
sc_status sc_keygen(const struct sc_key_type *type, struct sc_view exponent, atomic_bool *is_abandoned,
		    EVP_PKEY **out, struct sc_error *err) SC_WARN_UNUSED;

/* Generates an EC key on a named curve and tests it. */
sc_status sc_keygen_curve(const char *curve, EVP_PKEY **out, struct sc_error *err) SC_WARN_UNUSED;

/* Signs random data and verifies the signature. SC_ERR_CRYPTO. */
sc_status sc_keygen_test(EVP_PKEY *key, struct sc_error *err) SC_WARN_UNUSED;

/* The private key as PKCS#8 DER, and back; for bytes that have already been authenticated. */
sc_status sc_pkcs8_encode(EVP_PKEY *key, struct sc_secret *out, struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_pkcs8_decode(struct sc_view der, EVP_PKEY **out, struct sc_error *err) SC_WARN_UNUSED;

#endif
