/*
 * Shamir's secret sharing, byte by byte over GF(2^8) with the polynomial x^8 + x^4 + x^3 + x + 1, without
 * tables: no access and no branch depends on a secret (rule C2).
 */
#ifndef SC_HSMD_CORE_SHAMIR_H
#define SC_HSMD_CORE_SHAMIR_H

#include "base/secret.h"

/* Share number `index` is the polynomial's value at x = index, 1 … 255. */
struct sc_shamir_share {
	uint8_t index;
	struct sc_secret value;
};

/*
 * Splits a secret into n shares, indexes 1 … n, any k of which give it back. Coefficients are uniform, zero
 * included. shares[0 … n-1] are overwritten; the caller frees each value. 1 ≤ k ≤ n ≤ 255.
 */
sc_status sc_shamir_split(const struct sc_secret *secret, uint8_t k, uint8_t n, struct sc_shamir_share *shares,
			  struct sc_error *err) SC_WARN_UNUSED;

/*
 * Combines k shares of equal length with distinct, non-zero indexes. Fewer than were split for, or wrong ones,
 * give a wrong secret without notice: what is shared carries a digest for that.
 */
sc_status sc_shamir_combine(const struct sc_shamir_share *shares, size_t k, struct sc_secret *secret,
			    struct sc_error *err) SC_WARN_UNUSED;

#endif
