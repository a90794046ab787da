/* Invariant 3: K shares yield the secret, fewer reveal nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hsmd/core/shamir.h"

#define SECRET_SIZE 16

static void free_values(struct sc_shamir_share *shares, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sc_secret_free(&shares[i].value);
}

/* Combines the shares whose bits are set; true if the secret comes out. */
static bool subset_gives_secret(const struct sc_shamir_share *shares, unsigned subset,
				const struct sc_secret *secret)
{
	SC_CLEANUP(sc_secret) combined = { 0 };
	struct sc_shamir_share chosen[8];
	size_t count = 0;

	for (size_t i = 0; i < 8; i++)
		if (subset & 1u << i)
			chosen[count++] = shares[i];
	assert_int_equal(sc_shamir_combine(chosen, count, &combined, NULL), SC_OK);
	return sc_secret_equals(&combined, secret);
}

static void every_subset_of_k_or_more_gives_the_secret_and_no_smaller_one(void **state)
{
	(void)state;
	for (uint8_t n = 1; n <= 8; n++) {
		for (uint8_t k = 1; k <= n; k++) {
			struct sc_shamir_share shares[8] = { 0 };
			SC_CLEANUP(sc_secret) secret = { 0 };

			assert_int_equal(sc_secret_random(SECRET_SIZE, &secret, NULL), SC_OK);
			assert_int_equal(sc_shamir_split(&secret, k, n, shares, NULL), SC_OK);
			for (unsigned subset = 1; subset < 1u << n; subset++)
				assert_int_equal(subset_gives_secret(shares, subset, &secret),
						 __builtin_popcount(subset) >= k);
			free_values(shares, n);
		}
	}
}

/* FIPS 197 section 4.2: {57}·{83} = {c1}. For s + 57·x the shares at 1 and 83 are s + 57 and s + c1. */
static void the_field_is_that_of_fips_197(void **state)
{
	uint8_t at_one = 0x2a ^ 0x57;
	uint8_t at_83 = 0x2a ^ 0xc1;
	struct sc_shamir_share shares[] = { { 1, { &at_one, 1 } }, { 0x83, { &at_83, 1 } } };
	SC_CLEANUP(sc_secret) combined = { 0 };

	(void)state;
	assert_int_equal(sc_shamir_combine(shares, 2, &combined, NULL), SC_OK);
	assert_int_equal(combined.data[0], 0x2a);
}

/* One share of two: over many splits of one secret, every byte value is about equally frequent. */
static void a_single_share_of_two_is_uniform(void **state)
{
	SC_CLEANUP(sc_secret) secret = { 0 };
	unsigned counts[256] = { 0 };
	double chi_squared = 0;

	(void)state;
	assert_int_equal(sc_secret_new(256, &secret, NULL), SC_OK);
	for (int round = 0; round < 400; round++) {
		struct sc_shamir_share shares[2] = { 0 };

		assert_int_equal(sc_shamir_split(&secret, 2, 2, shares, NULL), SC_OK);
		for (size_t i = 0; i < 256; i++)
			counts[shares[1].value.data[i]]++;
		free_values(shares, 2);
	}
	for (size_t i = 0; i < 256; i++)
		chi_squared += (counts[i] - 400.0) * (counts[i] - 400.0) / 400.0;
	/*
	 * With 255 degrees of freedom, 400 is exceeded by chance once in 10^8 runs. If zero were left out, it
	 * would be exceeded at once.
	 */
	assert_true(chi_squared < 400.0);
	assert_true(counts[0] > 0);
}

static void shares_that_do_not_belong_together_are_refused(void **state)
{
	uint8_t byte[2] = { 1, 2 };
	struct sc_shamir_share twice[] = { { 1, { byte, 1 } }, { 1, { byte, 1 } } };
	struct sc_shamir_share lengths[] = { { 1, { byte, 1 } }, { 2, { byte, 2 } } };
	struct sc_shamir_share zero[] = { { 0, { byte, 1 } } };
	SC_CLEANUP(sc_secret) out = { 0 };

	(void)state;
	twice[1].index = 2;
	assert_int_equal(sc_shamir_combine(twice, 2, &out, NULL), SC_OK);
	sc_secret_free(&out);
	twice[1].index = 1;
	assert_int_equal(sc_shamir_combine(twice, 2, &out, NULL), SC_ERR_ARGUMENT);
	assert_int_equal(sc_shamir_combine(lengths, 2, &out, NULL), SC_ERR_ARGUMENT);
	assert_int_equal(sc_shamir_combine(zero, 1, &out, NULL), SC_ERR_ARGUMENT);
	assert_int_equal(sc_shamir_combine(zero, 0, &out, NULL), SC_ERR_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_subset_of_k_or_more_gives_the_secret_and_no_smaller_one),
		cmocka_unit_test(the_field_is_that_of_fips_197),
		cmocka_unit_test(a_single_share_of_two_is_uniform),
		cmocka_unit_test(shares_that_do_not_belong_together_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
