/*
 * Rule F1 for every structure that is stored or exchanged. What was written is read and written again as the
 * same bytes. If it is truncated or longer it is refused. If any bit is changed, it is refused or is another
 * value, whose only encoding is the changed bytes. (Invariant 8.)
 */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "support/samples.h"

typedef void promise(const struct sc_sample *sample, struct sc_view der);

/* Checks the promise for every sample. */
static void for_every_sample(promise *holds)
{
	size_t count;
	const struct sc_sample *samples = sc_sample_all(&count);

	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		SC_CLEANUP(sc_bytes) der = { 0 };
		struct sc_error err = { 0 };

		assert_ok(samples[i].make(&der, &err), &err);
		holds(&samples[i], sc_bytes_view(&der));
	}
}

static void is_same_again(const struct sc_sample *sample, struct sc_view der)
{
	SC_CLEANUP(sc_bytes) again = { 0 };
	struct sc_error err = { 0 };

	assert_ok(sample->again(der, &again, &err), &err);
	assert_view_equal(sc_bytes_view(&again), der);
}

static void what_was_written_is_read_and_written_alike(void **state)
{
	(void)state;
	for_every_sample(is_same_again);
}

/* Must be refused, with one of these codes and a message. */
static void assert_refused(const struct sc_sample *sample, struct sc_view der, const char *how)
{
	SC_CLEANUP(sc_bytes) again = { 0 };
	struct sc_error err = { 0 };
	sc_status status = sample->again(der, &again, &err);

	if (status != SC_ERR_ENCODING && status != SC_ERR_FORMAT && status != SC_ERR_TOO_LARGE)
		fail_msg("%s, %s: %s %s", sample->name, how, sc_status_name(status), err.message);
	assert_true(err.message[0]);
}

static void is_refused_when_cut(const struct sc_sample *sample, struct sc_view der)
{
	for (size_t len = 0; len < der.len; len++) {
		SC_CLEANUP(sc_bytes) cut = { 0 };
		char how[40];

		/* A separate copy, so that the sanitizer sees a read past the end. */
		assert_ok(sc_bytes_copy(sc_view_of(der.data, len), &cut, NULL), NULL);
		snprintf(how, sizeof how, "cut to %zu bytes", len);
		assert_refused(sample, sc_bytes_view(&cut), how);
	}
}

static void what_is_cut_anywhere_is_refused(void **state)
{
	(void)state;
	for_every_sample(is_refused_when_cut);
}

static void is_refused_when_longer(const struct sc_sample *sample, struct sc_view der)
{
	static const uint8_t more[] = { 0x00, 0x05, 0x30, 0xff };

	for (size_t i = 0; i < sizeof more; i++) {
		SC_CLEANUP(sc_bytes) longer = { 0 };

		assert_ok(sc_bytes_new(der.len + 1, &longer, NULL), NULL);
		memcpy(longer.data, der.data, der.len);
		longer.data[der.len] = more[i];
		assert_refused(sample, sc_bytes_view(&longer), "one byte longer");
	}
}

static void one_trailing_byte_is_refused(void **state)
{
	(void)state;
	for_every_sample(is_refused_when_longer);
}

static void is_other_or_refused_when_flipped(const struct sc_sample *sample, struct sc_view der)
{
	SC_CLEANUP(sc_bytes) flipped = { 0 };

	assert_ok(sc_bytes_copy(der, &flipped, NULL), NULL);
	for (size_t bit = 0; bit < 8 * der.len; bit++) {
		SC_CLEANUP(sc_bytes) again = { 0 };
		struct sc_error err = { 0 };
		sc_status status;

		flipped.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		status = sample->again(sc_bytes_view(&flipped), &again, &err);
		if (status == SC_OK)
			assert_view_equal(sc_bytes_view(&again), sc_bytes_view(&flipped));
		else if (status != SC_ERR_ENCODING && status != SC_ERR_FORMAT)
			fail_msg("%s, bit %zu: %s %s", sample->name, bit, sc_status_name(status),
				 err.message);
		flipped.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void any_flipped_bit_is_refused_or_is_another_value_in_its_one_form(void **state)
{
	(void)state;
	for_every_sample(is_other_or_refused_when_flipped);
}

/* The structure contains its type and version, so no other structure is mistaken for it. */
static void is_refused_as_any_other(const struct sc_sample *sample, struct sc_view der)
{
	size_t count;
	const struct sc_sample *samples = sc_sample_all(&count);

	for (size_t i = 0; i < count; i++)
		if (samples[i].again != sample->again)
			assert_refused(&samples[i], der, sample->name);
}

static void no_structure_is_taken_for_another(void **state)
{
	(void)state;
	for_every_sample(is_refused_as_any_other);
}

static void is_refused_when_over_its_limit(const struct sc_sample *sample, struct sc_view der)
{
	SC_CLEANUP(sc_bytes) large = { 0 };
	SC_CLEANUP(sc_bytes) again = { 0 };
	struct sc_error err = { 0 };

	assert_ok(sc_bytes_new(sample->max + 1, &large, NULL), NULL);
	memcpy(large.data, der.data, der.len);
	assert_status(sample->again(sc_bytes_view(&large), &again, &err), SC_ERR_TOO_LARGE, &err);
}

static void what_is_over_its_limit_is_refused_before_it_is_read(void **state)
{
	(void)state;
	for_every_sample(is_refused_when_over_its_limit);
}

/* An outer length that is three bytes longer than necessary is BER, not DER. */
static void is_refused_with_a_longer_length(const struct sc_sample *sample, struct sc_view der)
{
	SC_CLEANUP(sc_bytes) ber = { 0 };
	size_t header = der.data[1] < 0x80 ? 2 : 2 + (size_t)(der.data[1] & 0x7f);
	size_t content = der.len - header;
	uint8_t start[] = { der.data[0], 0x84, 0, 0, (uint8_t)(content >> 8), (uint8_t)content };

	assert_ok(sc_bytes_new(sizeof start + content, &ber, NULL), NULL);
	memcpy(ber.data, start, sizeof start);
	memcpy(ber.data + sizeof start, der.data + header, content);
	assert_refused(sample, sc_bytes_view(&ber), "length in five bytes");
}

/* An indefinite outer length is BER, not DER. */
static void is_refused_with_an_indefinite_length(const struct sc_sample *sample, struct sc_view der)
{
	SC_CLEANUP(sc_bytes) ber = { 0 };
	size_t header = der.data[1] < 0x80 ? 2 : 2 + (size_t)(der.data[1] & 0x7f);
	size_t content = der.len - header;

	assert_ok(sc_bytes_new(2 + content + 2, &ber, NULL), NULL);
	ber.data[0] = der.data[0];
	ber.data[1] = 0x80;
	memcpy(ber.data + 2, der.data + header, content);
	assert_refused(sample, sc_bytes_view(&ber), "indefinite length");
}

static void other_forms_of_the_same_length_are_refused(void **state)
{
	(void)state;
	for_every_sample(is_refused_with_a_longer_length);
	for_every_sample(is_refused_with_an_indefinite_length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read_and_written_alike),
		cmocka_unit_test(what_is_cut_anywhere_is_refused),
		cmocka_unit_test(one_trailing_byte_is_refused),
		cmocka_unit_test(any_flipped_bit_is_refused_or_is_another_value_in_its_one_form),
		cmocka_unit_test(no_structure_is_taken_for_another),
		cmocka_unit_test(what_is_over_its_limit_is_refused_before_it_is_read),
		cmocka_unit_test(other_forms_of_the_same_length_are_refused),
	};

	return cmocka_run_group_tests_name("formats", tests, NULL, NULL);
}
