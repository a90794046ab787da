/* Rule M4: a key from outside is validated before it exists. */
#ifndef SC_HSMD_CORE_KEYCHECK_H
#define SC_HSMD_CORE_KEYCHECK_H

#include <openssl/evp.h>

#include "formats/key_type.h"

/*
 * Reads an RSA PKCS#8 private key in its one canonical DER form and proves it sound. SC_ERR_KEY_INVALID,
 * naming what is wrong, unless:
 *   - its type is exactly `type`
 *   - n = pq, with two primes of half the length, far apart
 *   - e is odd, 65537 ≤ e < 2^256
 *   - d (modulo λ(n) or φ(n)), dP, dQ and qInv follow from e, p and q, and 2^(bits/2) < d < n
 *   - n does not have the ROCA fingerprint
 * SC_ERR_KEY_TYPE for a `type` other than RSA. The caller frees *out. Testing the primes takes 26, 81 and
 * 183 ms for RSA-2048, 3072 and 4096.
 */
sc_status sc_keycheck_pkcs8(struct sc_view der, const struct sc_key_type *type, EVP_PKEY **out,
			    struct sc_error *err) SC_WARN_UNUSED;

/* True if n has the fingerprint of ROCA primes (CVE-2017-15361), whose factors are easy to find. */
bool sc_keycheck_is_roca(const BIGNUM *n);

#endif
