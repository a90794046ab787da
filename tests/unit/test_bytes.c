/* Views, owned bytes, secrets, hexadecimal. */
#include "support/test.h"

#include <string.h>

#include "base/big_endian.h"
#include "base/clock.h"
#include "base/secret.h"

static void an_empty_string_is_told_from_an_absent_one(void **state)
{
	SC_CLEANUP(sc_bytes) empty = { 0 };

	(void)state;
	assert_null(empty.data);
	assert_ok(sc_bytes_new(0, &empty, NULL), NULL);
	assert_non_null(empty.data);
	assert_int_equal(empty.len, 0);
	sc_bytes_free(&empty);
	assert_null(empty.data);
	sc_bytes_free(&empty);
}

static void a_copy_is_its_own(void **state)
{
	uint8_t source[] = { 1, 2, 3 };
	SC_CLEANUP(sc_bytes) copy = { 0 };
	SC_CLEANUP(sc_bytes) none = { 0 };

	(void)state;
	assert_ok(sc_bytes_copy(sc_view_of(source, sizeof source), &copy, NULL), NULL);
	source[0] = 9;
	assert_int_equal(copy.data[0], 1);
	assert_ok(sc_bytes_copy((struct sc_view){ 0 }, &none, NULL), NULL);
	assert_int_equal(none.len, 0);
}

static void taking_leaves_nothing_behind(void **state)
{
	SC_CLEANUP(sc_bytes) from = { 0 };
	SC_CLEANUP(sc_bytes) to = { 0 };

	(void)state;
	assert_ok(sc_bytes_copy(sc_view_text("abc"), &from, NULL), NULL);
	to = sc_steal(from);
	assert_null(from.data);
	assert_int_equal(from.len, 0);
	assert_view_equal(sc_bytes_view(&to), sc_view_text("abc"));
}

static void views_are_equal_by_content_and_length(void **state)
{
	(void)state;
	assert_true(sc_view_equals(sc_view_text("abc"), sc_view_text("abc")));
	assert_true(sc_view_equals((struct sc_view){ 0 }, sc_view_text("")));
	assert_false(sc_view_equals(sc_view_text("abc"), sc_view_text("abd")));
	assert_false(sc_view_equals(sc_view_text("abc"), sc_view_text("ab")));
	assert_false(sc_view_equals((struct sc_view){ 0 }, sc_view_text("a")));
}

static void hexadecimal_is_read_as_it_was_written(void **state)
{
	uint8_t all[256];
	uint8_t again[256];
	char text[513];

	(void)state;
	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (uint8_t)i;
	sc_hex(sc_view_of(all, sizeof all), text);
	assert_int_equal(strlen(text), 512);
	assert_memory_equal(text, "000102", 6);
	assert_true(sc_hex_read(text, again, sizeof again));
	assert_memory_equal(all, again, sizeof all);
	sc_hex((struct sc_view){ 0 }, text);
	assert_string_equal(text, "");
}

static void anything_but_exact_hexadecimal_is_refused(void **state)
{
	static const char *const bad[] = { "",     "0",    "000",  "00000", "0g00",
					   "0x00", " 000", "00 0", "000\n", "-000" };
	uint8_t out[2];

	(void)state;
	assert_true(sc_hex_read("aBCd", out, 2));
	assert_int_equal(out[0], 0xab);
	assert_int_equal(out[1], 0xcd);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(sc_hex_read(bad[i], out, 2));
}

static void characters_are_counted_and_not_bytes(void **state)
{
	(void)state;
	assert_int_equal(sc_view_characters((struct sc_view){ 0 }), 0);
	assert_int_equal(sc_view_characters(sc_view_text("six or")), 6);
	assert_int_equal(sc_view_characters(sc_view_text("éàü")), 3);
	assert_int_equal(sc_view_characters(sc_view_text("€€\xf0\x9f\x94\x91")), 3);
	assert_int_equal(sc_view_characters(sc_view_text("\x80\x80\x80\xff")), 1);
}

static void numbers_are_written_with_the_most_significant_byte_first(void **state)
{
	struct sc_big_endian32 small = sc_big_endian32_of(0x01020304);
	struct sc_big_endian64 large = sc_big_endian64_of(UINT64_C(0x0102030405060708));

	(void)state;
	assert_int_equal(sc_big_endian32_view(&small).len, 4);
	assert_memory_equal(small.b, "\1\2\3\4", 4);
	assert_int_equal(sc_big_endian64_view(&large).len, 8);
	assert_memory_equal(large.b, "\1\2\3\4\5\6\7\10", 8);
	assert_int_equal(sc_big_endian_read(large.b, 8), UINT64_C(0x0102030405060708));
}

static void secrets_are_equal_by_content_and_length(void **state)
{
	SC_CLEANUP(sc_secret) a = { 0 };
	SC_CLEANUP(sc_secret) b = { 0 };
	SC_CLEANUP(sc_secret) shorter = { 0 };

	(void)state;
	assert_ok(sc_secret_random(32, &a, NULL), NULL);
	assert_ok(sc_secret_copy(sc_secret_view(&a), &b, NULL), NULL);
	assert_ok(sc_secret_copy(sc_view_of(a.data, 31), &shorter, NULL), NULL);
	assert_true(sc_secret_equals(&a, &b));
	assert_false(sc_secret_equals(&a, &shorter));
	b.data[31] ^= 1;
	assert_false(sc_secret_equals(&a, &b));
	sc_secret_free(&a);
	assert_null(a.data);
	assert_int_equal(a.len, 0);
}

static void two_random_secrets_differ(void **state)
{
	SC_CLEANUP(sc_secret) a = { 0 };
	SC_CLEANUP(sc_secret) b = { 0 };

	(void)state;
	assert_ok(sc_secret_random(32, &a, NULL), NULL);
	assert_ok(sc_secret_random(32, &b, NULL), NULL);
	assert_false(sc_secret_equals(&a, &b));
}

static void times_are_written_as_nfkminfo_does_and_with_their_zone(void **state)
{
	char stamp[SC_CLOCK_STAMP_SIZE];
	char text[SC_CLOCK_TEXT_SIZE];

	(void)state;
	sc_clock_text(INT64_C(1795517120), text);
	assert_string_equal(text, "2026-11-24 10:45:20 UTC");
	sc_clock_text(0, text);
	assert_string_equal(text, "1970-01-01 00:00:00 UTC");
	sc_clock_text(INT64_C(253402300799), text);
	assert_string_equal(text, "9999-12-31 23:59:59 UTC");
	sc_clock_text(INT64_C(253402300800), text);
	assert_string_equal(text, "?");
	sc_clock_text(INT64_MAX, text);
	assert_string_equal(text, "?");
	sc_clock_text(INT64_MIN, text);
	assert_string_equal(text, "?");
	sc_clock_stamp(INT64_C(1795517120), stamp);
	assert_string_equal(stamp, "2026-11-24T10:45:20Z");
	sc_clock_stamp(INT64_MAX, stamp);
	assert_string_equal(stamp, "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_string_is_told_from_an_absent_one),
		cmocka_unit_test(a_copy_is_its_own),
		cmocka_unit_test(taking_leaves_nothing_behind),
		cmocka_unit_test(views_are_equal_by_content_and_length),
		cmocka_unit_test(hexadecimal_is_read_as_it_was_written),
		cmocka_unit_test(anything_but_exact_hexadecimal_is_refused),
		cmocka_unit_test(characters_are_counted_and_not_bytes),
		cmocka_unit_test(numbers_are_written_with_the_most_significant_byte_first),
		cmocka_unit_test(secrets_are_equal_by_content_and_length),
		cmocka_unit_test(two_random_secrets_differ),
		cmocka_unit_test(times_are_written_as_nfkminfo_does_and_with_their_zone),
	};

	return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
