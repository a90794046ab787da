/* Secret sharing: see shamir.h. */
#include "hsmd/core/shamir.h"

#include <string.h>

void sc_shamir_share_free(struct sc_shamir_share *share)
{
	sc_secret_free(&share->value);
	share->index = 0;
}

/* a · b, in eight steps whatever the operands. */
static uint8_t multiply(uint8_t a, uint8_t b)
{
	unsigned x = a;
	unsigned product = 0;

	for (int bit = 0; bit < 8; bit++) {
		product ^= x & (0u - (b >> bit & 1u));
		x = x << 1 ^ (0x11bu & (0u - (x >> 7 & 1u)));
	}
	return (uint8_t)product;
}

/* a^254, which is 1/a for a ≠ 0. */
static uint8_t invert(uint8_t a)
{
	uint8_t result = 1;
	uint8_t power = a;

	for (int bit = 1; bit < 8; bit++) {
		power = multiply(power, power);
		result = multiply(result, power);
	}
	return result;
}

sc_status sc_shamir_split(const struct sc_secret *secret, uint8_t k, uint8_t n,
			  struct sc_shamir_share *shares, struct sc_error *err)
{
	/* Coefficient j of every byte's polynomial is at coefficients[(j - 1) * len]. */
	SC_CLEANUP(sc_secret) coefficients = { 0 };
	size_t len = secret->len;

	SC_ENSURE(k >= 1 && k <= n, err, SC_ERR_ARGUMENT, "%u of %u is not a valid quorum", k, n);
	SC_TRY(sc_secret_random((size_t)(k - 1) * len, &coefficients, err));
	for (uint8_t i = 0; i < n; i++) {
		struct sc_secret *value = &shares[i].value;

		shares[i].index = (uint8_t)(i + 1);
		SC_TRY(sc_secret_new(len, value, err));
		/* Horner's rule, from the highest coefficient down to the secret. */
		for (size_t j = (size_t)k - 1; j > 0; j--)
			for (size_t byte = 0; byte < len; byte++)
				value->data[byte] = multiply(
				    (uint8_t)(value->data[byte] ^ coefficients.data[(j - 1) * len + byte]),
				    shares[i].index);
		for (size_t byte = 0; byte < len; byte++)
			value->data[byte] ^= secret->data[byte];
	}
	return SC_OK;
}

/* Lagrange's coefficient at zero: the product, over the other shares, of x_j / (x_j - x_i). */
static uint8_t weight(const struct sc_shamir_share *shares, size_t k, size_t i)
{
	uint8_t result = 1;

	for (size_t j = 0; j < k; j++)
		if (j != i)
			result = multiply(
			    result, multiply(shares[j].index, invert(shares[j].index ^ shares[i].index)));
	return result;
}

sc_status sc_shamir_combine(const struct sc_shamir_share *shares, size_t k, struct sc_secret *secret,
			    struct sc_error *err)
{
	SC_CLEANUP(sc_secret) sum = { 0 };

	SC_ENSURE(k >= 1, err, SC_ERR_ARGUMENT, "no shares");
	for (size_t i = 0; i < k; i++) {
		SC_ENSURE(shares[i].index && shares[i].value.len == shares[0].value.len, err, SC_ERR_ARGUMENT,
			  "the shares do not belong together");
		for (size_t j = 0; j < i; j++)
			SC_ENSURE(shares[i].index != shares[j].index, err, SC_ERR_ARGUMENT,
				  "the same share was given twice");
	}
	SC_TRY(sc_secret_new(shares[0].value.len, &sum, err));
	for (size_t i = 0; i < k; i++) {
		uint8_t factor = weight(shares, k, i);

		for (size_t byte = 0; byte < sum.len; byte++)
			sum.data[byte] ^= multiply(shares[i].value.data[byte], factor);
	}
	*secret = sc_steal(sum);
	return SC_OK;
}
