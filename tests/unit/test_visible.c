/*
 * Text from files, arguments and peers reaches a person without anything that could steer a terminal,
 * whichever way it takes: an error, a log line (test_log.c), output.
 */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/print.h"
#include "base/visible.h"

#define HOSTILE                                                                                              \
	"\x1b[2J"                                                                                            \
	"a\nb\r"                                                                                             \
	"\xc2\x9b"                                                                                           \
	"31m"                                                                                                \
	"\xe2\x80\xae"                                                                                       \
	"exe"                                                                                                \
	"\xff"                                                                                               \
	"."
#define SHOWN "\\x1b[2Ja\\nb\\r\\x9b31m\\u202eexe\\xff."

static void what_could_steer_a_terminal_or_hide_is_escaped(void **state)
{
	static const struct {
		const char *text;
		const char *shown;
	} rows[] = {
		{ HOSTILE, SHOWN },
		{ "\x01\x7f\t", "\\x01\\x7f\\t" },
		{ "\xc2\x80\xc2\x9f", "\\x80\\x9f" },                            /* C1, as UTF-8 */
		{ "\x80\x9b", "\\x80\\x9b" },                                    /* C1, as bytes */
		{ "\xe2\x81\xa6\xe2\x81\xa9\xd8\x9c", "\\u2066\\u2069\\u061c" }, /* directions */
		{ "a\xc2\xa0\xe2\x80\x8b", "a\\u00a0\\u200b" },   /* spaces that are none, or not seen */
		{ "\xe2\x80\xa8\xef\xbb\xbf", "\\u2028\\ufeff" }, /* a line end, a byte order mark */
		{ "\xf3\xa0\x81\x81", "\\ue0041" },               /* a tag */
		{ "\xe3\x80\x80\xe1\x9a\x80\xe2\xa0\x80", "\\u3000\\u1680\\u2800" }, /* blanks */
		{ "\xe1\x85\x9f\xe1\x85\xa0\xe3\x85\xa4\xef\xbe\xa0",
		  "\\u115f\\u1160\\u3164\\uffa0" }, /* fillers */
		{ "\xd8\x80\xd8\x85\xe1\xa0\x8b\xe1\xa0\x8e", "\\u0600\\u0605\\u180b\\u180e" },
		{ "\xef\xb8\x80\xef\xb8\x8f\xf3\xa0\x84\x80\xf3\xa0\x87\xaf",
		  "\\ufe00\\ufe0f\\ue0100\\ue01ef" }, /* variations */
		{ "\xee\x80\x80\xef\xa3\xbf\xf3\xb0\x80\x80\xf4\x8f\xbf\xbf",
		  "\\ue000\\uf8ff\\uf0000\\u10ffff" },                   /* private use */
		{ "\xc0\xaf\xed\xa0\x80", "\\xc0\\xaf\\xed\\xa0\\x80" }, /* overlong, surrogate */
		{ "\xe6\x97", "\\xe6\\x97" },                            /* cut */
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char shown[200];

		sc_visible(rows[i].text, shown, sizeof shown);
		assert_string_equal(shown, rows[i].shown);
	}
}

static void text_of_any_alphabet_is_shown_as_it_is(void **state)
{
	static const char text[] = "Z\xc3\xbcrich \xe6\x97\xa5\xe6\x9c\xac \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d "
				   "\xf0\x9f\x94\x91 C:\\keys 'x' \"y\"";
	char shown[200];

	(void)state;
	sc_visible(text, shown, sizeof shown);
	assert_string_equal(shown, text);
	/* What is visible stays as it is if it is shown again: a message passes through several hands. */
	sc_visible(SHOWN, shown, sizeof shown);
	assert_string_equal(shown, SHOWN);
}

static void neither_a_character_nor_an_escape_is_cut_in_two(void **state)
{
	char shown[8];

	(void)state;
	for (size_t size = 1; size <= sizeof shown; size++) {
		sc_visible("a\xe6\x97\xa5"
			   "b\x1b",
			   shown, size);
		assert_true(strlen(shown) < size);
		assert_true(sc_view_is_text(sc_view_text(shown)));
	}
	sc_visible("a\xe6\x97\xa5"
		   "b\x1b",
		   shown, 6);
	assert_string_equal(shown, "a\xe6\x97\xa5"
				   "b");
}

static void an_error_message_cannot_steer_a_terminal(void **state)
{
	struct sc_error err = { 0 };
	char longest[3 * SC_ERROR_MESSAGE_MAX];

	(void)state;
	sc_fail(&err, SC_ERR_ARGUMENT, "%s: wrong", HOSTILE);
	assert_string_equal(err.message, SHOWN ": wrong");
	sc_fail_context(&err, SC_ERR_ARGUMENT, "%s", "\x1b]0;title\a");
	assert_string_equal(err.message, "\\x1b]0;title\\x07: " SHOWN ": wrong");
	for (size_t i = 0; i + 3 < sizeof longest; i += 3)
		memcpy(longest + i, "\xe6\x97\xa5", 4);
	sc_fail(&err, SC_ERR_ARGUMENT, "%s", longest);
	assert_true(sc_view_is_text(sc_view_text(err.message)));
	assert_true(strlen(err.message) > SC_ERROR_MESSAGE_MAX - 5);
}

/* What sc_print_to() makes of a format with one argument. */
static const char *printed(const char *format, const char *argument)
{
	static char kept[400];
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	sc_print_to(out, format, argument);
#pragma GCC diagnostic pop
	assert_int_equal(fclose(out), 0);
	snprintf(kept, sizeof kept, "%s", text);
	free(text);
	return kept;
}

static void output_cannot_steer_a_terminal_or_forge_a_line(void **state)
{
	(void)state;
	assert_string_equal(printed("\nregion: %s\n\n", "Europe"), "\nregion: Europe\n\n");
	assert_string_equal(printed("%s\n", HOSTILE), SHOWN "\n");
	assert_string_equal(printed("operator: %s\n", "x\nResult: SUCCESS"),
			    "operator: x\\nResult: SUCCESS\n");
	assert_string_equal(printed("%s", "x\n"), "x\n"); /* the caller's own line */
}

static void lines_of_our_own_are_kept(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	sc_print_lines(out, sc_view_text("one\n two \x1b[2J\n"));
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "one\n two \\x1b[2J\n");
	free(text);
}

static void a_space_that_nobody_would_see_is_shown_in_quotes(void **state)
{
	(void)state;
	assert_string_equal(sc_shown("contoso").s, "contoso");
	assert_string_equal(sc_shown("two words").s, "two words");
	assert_string_equal(sc_shown("contoso ").s, "\"contoso \"");
	assert_string_equal(sc_shown(" contoso").s, "\" contoso\"");
	assert_string_equal(sc_shown("").s, "\"\"");
	assert_string_equal(sc_shown("\tx").s, "\"\\tx\"");
	assert_string_equal(sc_shown("x\xc2\xa0").s, "x\\u00a0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_could_steer_a_terminal_or_hide_is_escaped),
		cmocka_unit_test(text_of_any_alphabet_is_shown_as_it_is),
		cmocka_unit_test(neither_a_character_nor_an_escape_is_cut_in_two),
		cmocka_unit_test(an_error_message_cannot_steer_a_terminal),
		cmocka_unit_test(output_cannot_steer_a_terminal_or_forge_a_line),
		cmocka_unit_test(lines_of_our_own_are_kept),
		cmocka_unit_test(a_space_that_nobody_would_see_is_shown_in_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
