/*
 * The world file, as a module reads it: any flipped byte and any other length is refused (invariant 8, rule
 * F1).
 */
#include "support/test.h"

#include <string.h>

#include "support/samples.h"

static sc_status take(struct sc_view der, struct sc_error *err)
{
	SC_CLEANUP(sc_world_file) file = NULL;

	SC_TRY(sc_world_file_decode(der, &file, err));
	return sc_world_file_verify(file, err);
}

static void sample(struct sc_bytes *der)
{
	SC_CLEANUP(sc_world_file) file = sc_sample_world_file();
	struct sc_error err = { 0 };

	assert_ok(sc_world_file_encode(file, der, &err), &err);
	assert_ok(take(sc_bytes_view(der), &err), &err);
}

static void any_bit_flipped_is_refused(void **state)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	struct sc_error err = { 0 };

	(void)state;
	sample(&der);
	for (size_t i = 0; i < der.len; i++) {
		sc_status status;

		der.data[i] ^= (uint8_t)(1u << i % 8);
		status = take(sc_bytes_view(&der), &err);
		if (status != SC_ERR_ENCODING && status != SC_ERR_FORMAT && status != SC_ERR_INTEGRITY &&
		    status != SC_ERR_TOO_LARGE)
			fail_msg("byte %zu flipped: %s", i, sc_status_name(status));
		der.data[i] ^= (uint8_t)(1u << i % 8);
	}
	assert_ok(take(sc_bytes_view(&der), &err), &err);
}

static void any_other_length_is_refused(void **state)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_bytes) longer = { 0 };

	(void)state;
	sample(&der);
	for (size_t len = 0; len < der.len; len++)
		assert_status(take(sc_view_of(der.data, len), NULL), SC_ERR_ENCODING, NULL);
	assert_ok(sc_bytes_new(der.len + 1, &longer, NULL), NULL);
	memcpy(longer.data, der.data, der.len);
	assert_status(take(sc_bytes_view(&longer), NULL), SC_ERR_ENCODING, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_bit_flipped_is_refused),
		cmocka_unit_test(any_other_length_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
