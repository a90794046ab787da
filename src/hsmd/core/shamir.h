/*
 * Shamir's secret sharing, byte by byte over GF(2^8) with the polynomial x^8 + x^4 + x^3 + x + 1. It uses no
 * tables: no memory access and no branch depends on a secret (rule C2).
 */
#ifndef SC_HSMD_CORE_SHAMIR_H
#define SC_HSMD_CORE_SHAMIR_H

#include "base/secret.h"

/* Share number `index` is the polynomial's value at x = index, 1 … 255. */
struct sc_shamir_share {
	uint8_t index;
	struct sc_secret value;
};

/* Wipes and frees the value. */
void sc_shamir_share_free(struct sc_shamir_share *share);
SC_CLEANUP_VALUE(sc_shamir_share, sc_shamir_share_free)

/*
 * Splits a secret into n shares with indexes 1 … n, any k of which yield it. Coefficients are uniform, zero
 * included. Overwrites shares[0 … n-1]; the caller frees each value. 1 ≤ k ≤ n ≤ 255.
 */
sc_status sc_shamir_split(const struct sc_secret *secret, uint8_t k, uint8_t n,
			  struct sc_shamir_share *shares, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Combines k shares of equal length with distinct, non-zero indexes. Too few or wrong shares yield a wrong
 * secret without any error, so the shared value must carry a digest.
 */
sc_status sc_shamir_combine(const struct sc_shamir_share *shares, size_t k, struct sc_secret *secret,
			    struct sc_error *err) SC_WARN_UNUSED;

#endif
