/* Command lines are read as the users of the article's tools type them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/options.h"

#define WORDS 16

/* What a command line came to. */
struct result {
	const char *module;
	const char *quorum;
	const char *key_identifier;
	const char *key_friendly_name;
	const char *key;
	bool initialize;
	const char *files[2];
	size_t file_count;
	const char *operands[3];
	size_t operand_count;
	bool done;
	struct sc_error err;
};

static sc_status read(struct result *r, ...)
{
	char *argv[WORDS] = { (char[]){ "tool" } };
	int argc = 1;
	va_list args;
	const struct sc_option options[] = {
		{ .name = "initialize", .letter = 'i', .help = "a switch", .flag = &r->initialize },
		{ .name = "module", .letter = 'm', .argument = "N", .help = "a value", .value = &r->module },
		{ .name = "acs-quorum",
		  .letter = 'Q',
		  .argument = "K/N",
		  .help = "a value",
		  .value = &r->quorum },
		{ .name = "KeyIdentifier", .argument = "ID", .help = "a value", .value = &r->key_identifier },
		{ .name = "KeyFriendlyName",
		  .argument = "NAME",
		  .help = "a value",
		  .value = &r->key_friendly_name },
		{ .name = "key", .argument = "FILE", .help = "begins two others", .value = &r->key },
		{ .name = "file",
		  .letter = 'f',
		  .argument = "FILE",
		  .help = "a list",
		  .list = r->files,
		  .list_max = 2,
		  .list_count = &r->file_count },
		{ 0 },
	};
	const struct sc_command_line line = { "tool", "[OPTIONS]", "For the test.", options, NULL };

	va_start(args, r);
	while (argc < WORDS && (argv[argc] = va_arg(args, char *)) != NULL)
		argc++;
	va_end(args);
	return sc_options_read(&line, argc, argv, r->operands, 3, &r->operand_count, &r->done, &r->err);
}

static void the_articles_lines_are_read(void **state)
{
	struct result r = { 0 };
	struct result t = { 0 };

	(void)state;
	assert_int_equal(read(&r, "--initialize", "--module=1", "--acs-quorum=2/3", NULL), SC_OK);
	assert_true(r.initialize);
	assert_string_equal(r.module, "1");
	assert_string_equal(r.quorum, "2/3");
	/* One dash, long name, value after a space. */
	assert_int_equal(
	    read(&t, "-KeyIdentifier", "contosokey", "-KeyFriendlyName", "ContosoFirstHSMkey", NULL), SC_OK);
	assert_string_equal(t.key_identifier, "contosokey");
	assert_string_equal(t.key_friendly_name, "ContosoFirstHSMkey");
}

static void letters_and_operands_mix(void **state)
{
	struct result r = { 0 };

	(void)state;
	assert_int_equal(read(&r, "-i", "simple", "-m", "7", "size=2048", "--", "-i", NULL), SC_OK);
	assert_true(r.initialize);
	assert_string_equal(r.module, "7");
	assert_int_equal(r.operand_count, 3);
	assert_string_equal(r.operands[0], "simple");
	assert_string_equal(r.operands[1], "size=2048");
	assert_string_equal(r.operands[2], "-i");
}

static void long_names_may_be_shortened_and_in_either_case(void **state)
{
	struct result r = { 0 };

	(void)state;
	assert_int_equal(read(&r, "--INIT", "--Acs=1/1", "-keyid=x", NULL), SC_OK);
	assert_true(r.initialize);
	assert_string_equal(r.quorum, "1/1");
	assert_string_equal(r.key_identifier, "x");
}

static void an_ambiguous_prefix_is_refused_with_its_candidates(void **state)
{
	struct result r = { 0 };
	struct result exact = { 0 };

	(void)state;
	assert_int_equal(read(&r, "--ke=x", NULL), SC_ERR_USAGE);
	assert_non_null(strstr(r.err.message, "KeyIdentifier"));
	assert_non_null(strstr(r.err.message, "--key"));
	/* The whole name is not ambiguous, although two others begin with it. */
	assert_int_equal(read(&exact, "--key=x", NULL), SC_OK);
	assert_string_equal(exact.key, "x");
}

static void what_is_not_understood_is_refused_by_name(void **state)
{
	(void)state;
	{
		struct result r = { 0 };

		assert_int_equal(read(&r, "--force", NULL), SC_ERR_USAGE);
		assert_non_null(strstr(r.err.message, "force"));
	}
	{
		struct result r = { 0 };

		assert_int_equal(read(&r, "-x", NULL), SC_ERR_USAGE);
	}
	{
		struct result r = { 0 };

		assert_int_equal(read(&r, "--=x", NULL), SC_ERR_USAGE);
	}
	{
		struct result r = { 0 };

		assert_int_equal(read(&r, "--module", NULL), SC_ERR_USAGE);
		assert_non_null(strstr(r.err.message, "needs a value"));
	}
	{
		struct result r = { 0 };

		assert_int_equal(read(&r, "--module=1", "-m", "2", NULL), SC_ERR_USAGE);
		assert_non_null(strstr(r.err.message, "twice"));
	}
	{
		struct result r = { 0 };

		assert_int_equal(read(&r, "--initialize=yes", NULL), SC_ERR_USAGE);
	}
	{
		struct result r = { 0 };

		assert_int_equal(read(&r, "a", "b", "c", "d", NULL), SC_ERR_USAGE);
		assert_non_null(strstr(r.err.message, "d: one argument too many"));
	}
}

static void a_list_takes_as_many_as_it_has_room_for(void **state)
{
	struct result r = { 0 };
	struct result more = { 0 };

	(void)state;
	assert_int_equal(read(&r, "-f", "a", "--file=b", NULL), SC_OK);
	assert_int_equal(r.file_count, 2);
	assert_string_equal(r.files[1], "b");
	assert_int_equal(read(&more, "-f", "a", "-f", "b", "-f", "c", NULL), SC_ERR_USAGE);
}

static void an_empty_value_is_a_value(void **state)
{
	struct result r = { 0 };

	(void)state;
	assert_int_equal(read(&r, "--module=", "-", NULL), SC_OK);
	assert_string_equal(r.module, "");
	assert_string_equal(r.operands[0], "-");
}

static void a_number_is_decimal_and_within_its_limits(void **state)
{
	static const char *const wrong[] = { "",   "0",  "65",  "-1",  "+1",
					     " 1", "1 ", "0x1", "1.0", "18446744073709551617" };
	uint64_t number = 0;
	struct sc_error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(sc_number_read(wrong[i], "N", 1, 64, &number, &err), SC_ERR_ARGUMENT);
	assert_int_equal(number, 0);
	assert_int_equal(sc_number_read("1", "N", 1, 64, &number, NULL), SC_OK);
	assert_int_equal(number, 1);
	assert_int_equal(sc_number_read("64", "N", 1, 64, &number, NULL), SC_OK);
	assert_int_equal(number, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_articles_lines_are_read),
		cmocka_unit_test(letters_and_operands_mix),
		cmocka_unit_test(long_names_may_be_shortened_and_in_either_case),
		cmocka_unit_test(an_ambiguous_prefix_is_refused_with_its_candidates),
		cmocka_unit_test(what_is_not_understood_is_refused_by_name),
		cmocka_unit_test(a_list_takes_as_many_as_it_has_room_for),
		cmocka_unit_test(an_empty_value_is_a_value),
		cmocka_unit_test(a_number_is_decimal_and_within_its_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
