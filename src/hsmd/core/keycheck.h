/* Rule M4: a key from outside is validated before it exists. */
#ifndef SC_HSMD_CORE_KEYCHECK_H
#define SC_HSMD_CORE_KEYCHECK_H

#include "hsmd/core/material.h"

/*
 * Reads an RSA or EC PKCS#8 private key in its one canonical DER form and proves it sound.
 * SC_ERR_KEY_INVALID, naming what is wrong, unless its type is exactly `type` and, for an RSA key:
 *   - n = pq, with two primes of half the length, far apart
 *   - e is odd, 65537 ≤ e < 2^256
 *   - d (modulo λ(n) or φ(n)), dP, dQ and qInv follow from e, p and q, and 2^(bits/2) < d < n
 *   - n does not have the ROCA fingerprint
 * and for an EC key:
 *   - 1 ≤ d < n, the order of the named curve, and d has as many bytes as n
 *   - the public key is d·G, uncompressed
 * SC_ERR_KEY_TYPE for a `type` other than RSA and EC. The caller frees *out. Testing the primes takes 26, 81
 * and 183 ms for RSA-2048, 3072 and 4096.
 */
sc_status sc_keycheck_pkcs8(struct sc_view der, const struct sc_key_type *type, EVP_PKEY **out,
			    struct sc_error *err) SC_WARN_UNUSED;

/* What is said of EC keys above, but for the encoding. SC_ERR_KEY_INVALID. */
sc_status sc_keycheck_ec(const EVP_PKEY *key, const struct sc_key_type *type,
			 struct sc_error *err) SC_WARN_UNUSED;

/*
 * Reads the encoding of a key of any type (material.h) and proves it sound: RSA and EC keys as
 * sc_keycheck_pkcs8 does; a secret key has the length of its type and is not all zero. SC_ERR_KEY_INVALID,
 * naming what is wrong. The caller frees *out.
 */
sc_status sc_keycheck_material(struct sc_view encoded, const struct sc_key_type *type,
			       struct sc_material *out, struct sc_error *err) SC_WARN_UNUSED;

/* True if n has the fingerprint of ROCA primes (CVE-2017-15361), whose factors are easy to find. */
bool sc_keycheck_is_roca(const BIGNUM *n);

#endif
