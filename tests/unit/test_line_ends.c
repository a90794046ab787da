/* Text files that crossed a Windows machine are read, or refused with the reason. */
#include "support/test.h"

#include <string.h>

#include "base/line_ends.h"

static void assert_settled(const char *content, const char *wanted)
{
	SC_CLEANUP(sc_bytes) text = { 0 };

	assert_ok(sc_bytes_copy(sc_view_text(content), &text, NULL), NULL);
	assert_ok(sc_line_ends_settle(&text, "FILE", NULL), NULL);
	assert_view_equal(sc_bytes_view(&text), sc_view_text(wanted));
	assert_int_equal(text.data[text.len], 0);
}

static void cr_lf_becomes_lf_and_a_byte_order_mark_is_dropped(void **state)
{
	(void)state;
	assert_settled("a\r\nb\r\n", "a\nb\n");
	assert_settled("\xef\xbb\xbf"
		       "a\r\n\r\nb",
		       "a\n\nb");
	assert_settled("a\nb\n", "a\nb\n");
	assert_settled("", "");
	/* Where text was put in front. */
	assert_settled("Hello,\r\n\xef\xbb\xbf"
		       "a\r\n\xef\xbb\xbf",
		       "Hello,\na\n");
	assert_settled("a\xef\xbb\xbf"
		       "b",
		       "a\xef\xbb\xbf"
		       "b");
}

static void utf16_binary_and_line_ends_of_cr_alone_are_refused_by_name(void **state)
{
	static const struct {
		const char *content;
		size_t len;
		const char *words;
	} refused[] = {
		{ "\xff\xfe"
		  "a\0\n\0",
		  6, "FILE: is UTF-16 text" },
		{ "\xfe\xff\0a\0\n", 6, "FILE: is UTF-16 text" },
		{ "a\0\n\0", 4, "FILE: is UTF-16 text" },
		{ "abc\0def", 7, "FILE: a NUL byte" },
		{ "a\rb\r", 4, "FILE: a carriage return without a line feed" },
		{ "a\n\r", 3, "FILE: a carriage return without a line feed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		SC_CLEANUP(sc_bytes) text = { 0 };
		struct sc_error err = { 0 };

		assert_ok(sc_bytes_copy(sc_view_of(refused[i].content, refused[i].len), &text, NULL), NULL);
		assert_status(sc_line_ends_settle(&text, "FILE", &err), SC_ERR_ENCODING, &err);
		assert_non_null(strstr(err.message, refused[i].words));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cr_lf_becomes_lf_and_a_byte_order_mark_is_dropped),
		cmocka_unit_test(utf16_binary_and_line_ends_of_cr_alone_are_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
