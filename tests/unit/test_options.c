/* Command lines as the users of the article's tools type them. */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/options.h"

static const char *module;
static const char *quorum;
static const char *key;
static bool initialize;
static bool verbose;
static const char *files[2];
static size_t file_count;

/* "Key" comes after the two names that begin with it: an exact match must not depend on the table's order. */
static const struct sc_option options[] = {
	{ .name = "initialize", .letter = 'i', .help = "create", .flag = &initialize },
	{ .name = "module", .letter = 'm', .argument = "N", .help = "module", .value = &module },
	{ .name = "acs-quorum", .letter = 'Q', .argument = "K/N", .help = "quorum", .value = &quorum },
	{ .name = "KeyIdentifier", .argument = "IDENT", .help = "key", .value = &quorum },
	{ .name = "KeyFriendlyName", .argument = "NAME", .help = "name", .value = &quorum },
	{ .name = "Key", .argument = "KEY", .help = "key", .value = &key },
	{ .name = "file",
	  .argument = "FILE",
	  .help = "files",
	  .list = files,
	  .list_max = 2,
	  .list_count = &file_count },
	{ .name = "verbose", .help = "talk", .flag = &verbose },
	{ 0 },
};
static const struct sc_command_line line = { "new-world", "[OPTIONS] NAME…", "Makes a world.", options,
					     NULL };

static const char *operands[2];
static size_t operand_count;
static struct sc_error err;

#define READ(...)                                                                                            \
	__extension__({                                                                                      \
		char *argv[] = { (char *)(uintptr_t)"new-world", __VA_ARGS__ };                              \
		bool done;                                                                                   \
		module = quorum = key = NULL;                                                                \
		initialize = verbose = false;                                                                \
		file_count = 0;                                                                              \
		err = (struct sc_error){ 0 };                                                                \
		sc_options_read(&line, (int)(sizeof argv / sizeof argv[0]), argv, operands, 2,               \
				&operand_count, &done, &err);                                                \
	})
#define A(text) ((char *)(uintptr_t)(text))

static void the_articles_ways_of_writing_an_option_are_read(void **state)
{
	(void)state;
	assert_ok(READ(A("--initialize"), A("--module=1"), A("--acs-quorum=2/3")), &err);
	assert_true(initialize);
	assert_string_equal(module, "1");
	assert_string_equal(quorum, "2/3");
	assert_ok(READ(A("-KeyIdentifier"), A("contosokey")), &err);
	assert_string_equal(quorum, "contosokey");
	assert_ok(READ(A("-m"), A("1"), A("-i")), &err);
	assert_string_equal(module, "1");
	assert_true(initialize);
	assert_ok(READ(A("-keyidentifier=x"), A("-VERB")), &err);
	assert_string_equal(quorum, "x");
	assert_true(verbose);
	assert_ok(READ(A("--module="), A("--acs-quorum"), A("--initialize")), &err);
	assert_string_equal(module, "");
	assert_string_equal(quorum, "--initialize");
}

static void operands_stand_anywhere_and_two_dashes_end_the_options(void **state)
{
	(void)state;
	assert_ok(READ(A("simple"), A("-i"), A("--"), A("--module")), &err);
	assert_int_equal(operand_count, 2);
	assert_string_equal(operands[0], "simple");
	assert_string_equal(operands[1], "--module");
	assert_ok(READ(A("-")), &err);
	assert_string_equal(operands[0], "-");
	assert_status(READ(A("a"), A("b"), A("c")), SC_ERR_USAGE, &err);
	assert_non_null(strstr(err.message, "c: too many arguments"));
}

static void an_exact_name_is_never_ambiguous(void **state)
{
	(void)state;
	assert_ok(READ(A("-Key"), A("k")), &err);
	assert_string_equal(key, "k");
	assert_ok(READ(A("-KeyF"), A("k")), &err);
	assert_string_equal(quorum, "k");
}

static void an_ambiguous_prefix_names_the_candidates(void **state)
{
	(void)state;
	assert_status(READ(A("-Ke"), A("k")), SC_ERR_USAGE, &err);
	assert_string_equal(err.message, "-Ke: could be -KeyIdentifier or -KeyFriendlyName");
	assert_status(READ(A("--KE=k")), SC_ERR_USAGE, &err);
	assert_string_equal(err.message, "--KE: could be --KeyIdentifier or --KeyFriendlyName");
}

static void what_is_no_option_is_named_as_typed(void **state)
{
	static const char *const as_typed[] = { "--frobnicate", "-Frobnicate", "-x", "---module" };
	char expected[128];

	(void)state;
	for (size_t i = 0; i < sizeof as_typed / sizeof as_typed[0]; i++) {
		snprintf(expected, sizeof expected, "%s: no such option (see new-world --help)", as_typed[i]);
		assert_status(READ(A(as_typed[i])), SC_ERR_USAGE, &err);
		assert_string_equal(err.message, expected);
	}
	assert_status(READ(A("--frobnicate=7")), SC_ERR_USAGE, &err);
	assert_string_equal(err.message, "--frobnicate: no such option (see new-world --help)");
	assert_status(READ(A("-x")), SC_ERR_USAGE, &err);
	assert_status(READ(A("--=1")), SC_ERR_USAGE, &err);
	assert_status(READ(A("---module=1")), SC_ERR_USAGE, &err);
	assert_status(READ(A("--m=1"), A("--initialize=yes")), SC_ERR_USAGE, &err);
	assert_status(READ(A("--module")), SC_ERR_USAGE, &err);
	assert_string_equal(err.message, "--module: needs a value (N)");
	assert_status(READ(A("-m")), SC_ERR_USAGE, &err);
	assert_string_equal(err.message, "-m: needs a value (N)");
	assert_status(READ(A("-Initialize=yes")), SC_ERR_USAGE, &err);
	assert_string_equal(err.message, "-Initialize: takes no value");
}

static void an_option_given_twice_is_refused_unless_it_is_a_list(void **state)
{
	(void)state;
	assert_status(READ(A("--module=1"), A("-m"), A("2")), SC_ERR_USAGE, &err);
	assert_string_equal(err.message, "-m: given twice");
	assert_status(READ(A("-initialize"), A("--init")), SC_ERR_USAGE, &err);
	assert_string_equal(err.message, "--init: given twice");
	assert_ok(READ(A("--file=a"), A("--file=b")), &err);
	assert_int_equal(file_count, 2);
	assert_string_equal(files[1], "b");
	assert_status(READ(A("--file=a"), A("--file=b"), A("--file=c")), SC_ERR_USAGE, &err);
}

static void numbers_are_decimal_whole_and_in_range(void **state)
{
	static const char *const bad[] = {
		"", " 1", "1 ", "-1", "+1", "0x1", "1.0", "1e3", "18446744073709551616", "65", "0", "a"
	};
	uint64_t number = 7;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_status(sc_number_read(bad[i], "--n", 1, 64, &number, &err), SC_ERR_ARGUMENT, &err);
	assert_int_equal(number, 7);
	assert_non_null(strstr(err.message, "--n: a is not a number from 1 to 64"));
	assert_ok(sc_number_read("64", "--n", 1, 64, &number, &err), &err);
	assert_int_equal(number, 64);
	assert_ok(sc_number_read("18446744073709551615", "--n", 0, UINT64_MAX, &number, &err), &err);
	assert_true(number == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_articles_ways_of_writing_an_option_are_read),
		cmocka_unit_test(operands_stand_anywhere_and_two_dashes_end_the_options),
		cmocka_unit_test(an_exact_name_is_never_ambiguous),
		cmocka_unit_test(an_ambiguous_prefix_names_the_candidates),
		cmocka_unit_test(what_is_no_option_is_named_as_typed),
		cmocka_unit_test(an_option_given_twice_is_refused_unless_it_is_a_list),
		cmocka_unit_test(numbers_are_decimal_whole_and_in_range),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
