/* A daemon's configuration, from its file and its command line. */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "scratch.h"
#include "web/config.h"

static struct scratch scratch;
static char path[128];
static char option[160];
static const char *config_path;
static const char *domain;
static const char *port;
static bool verbose;
static const char *addresses[2];
static size_t address_count;
static const char *regions[2];
static size_t region_count;

static const struct sc_option options[] = {
	{ .name = "config", .argument = "FILE", .help = "the file", .value = &config_path },
	{ .name = "domain", .argument = "NAME", .help = "the domain", .value = &domain },
	{ .name = "port", .argument = "N", .help = "the port", .value = &port },
	{ .name = "verbose", .help = "talk", .flag = &verbose },
	{ .name = "address",
	  .argument = "IP",
	  .help = "address",
	  .list = addresses,
	  .list_max = 2,
	  .list_count = &address_count },
	{ .name = "region",
	  .argument = "R",
	  .help = "region",
	  .list = regions,
	  .list_max = 2,
	  .list_count = &region_count },
	{ 0 },
};
static const struct sc_command_line line = { "vaultd", "[OPTIONS]", "Serves.", options, NULL };

static struct sc_error err;
static struct sc_web_config *config;

#define A(text) ((char *)(uintptr_t)(text))
#define READ(content, ...)                                                                                   \
	__extension__({                                                                                      \
		char *argv[] = { A("vaultd"), option, __VA_ARGS__ };                                         \
		read_config(content, sizeof(content) - 1, (int)(sizeof argv / sizeof argv[0]), argv);        \
	})

static sc_status read_config(const char *content, size_t len, int argc, char **argv)
{
	bool done = false;

	scratch_write(path, content, len);
	sc_web_config_free(config);
	config = NULL;
	config_path = domain = port = NULL;
	verbose = false;
	address_count = region_count = 0;
	err = (struct sc_error){ 0 };
	return sc_web_config_read(&line, argc, argv, &config, &done, &err);
}

static void lines_set_what_they_name(void **state)
{
	(void)state;
	assert_ok(
	    READ("# a comment\n\n  domain = localhost  \nport=8443\n\taddress = 127.0.0.1\naddress = ::1\n"
		 "verbose = yes\nregion = EU /run/a = b.socket\t/srv/EU"),
	    &err);
	assert_string_equal(domain, "localhost");
	assert_string_equal(port, "8443");
	assert_int_equal(address_count, 2);
	assert_string_equal(addresses[1], "::1");
	assert_true(verbose);
	assert_string_equal(regions[0], "EU /run/a = b.socket /srv/EU");
}

static void the_command_line_wins(void **state)
{
	(void)state;
	assert_ok(READ("domain = a\naddress = 1\naddress = 2\nverbose = no\n", A("--domain=b"),
		       A("--address=3"), A("--verbose")),
		  &err);
	assert_string_equal(domain, "b");
	assert_int_equal(address_count, 1);
	assert_string_equal(addresses[0], "3");
	assert_true(verbose);
	assert_null(port);
}

#define REFUSED(content, words)                                                                              \
	do {                                                                                                 \
		assert_int_not_equal(READ(content), SC_OK);                                                  \
		if (!strstr(err.message, words))                                                             \
			fail_msg("%s", err.message);                                                         \
	} while (0)

static void what_is_not_understood_is_named_by_file_and_line(void **state)
{
	(void)state;
	assert_ok(READ("domain = a\nport = 1\n"), &err);
	REFUSED("domain = a\nprt = 1\n", "vaultd.conf:2: no such setting: prt");
	REFUSED("domain = a\n\ndomain = b\n", "vaultd.conf:3: domain is already set on line 1");
	REFUSED("domain = a\ndomain = a\n", "vaultd.conf:2: domain is already set on line 1");
	REFUSED("domain\n", "vaultd.conf:1: should be `name = value`");
	REFUSED("domain =\n", "vaultd.conf:1: domain has no value");
	REFUSED("Domain = a\n", "no such setting: Domain");
	REFUSED("dom = a\n", "no such setting: dom");
	REFUSED("= a\n", "no such setting");
	REFUSED("config = a\n", "no such setting: config");
	REFUSED("verbose = true\n", "vaultd.conf:1: verbose must be yes or no");
	REFUSED("verbose = no\nverbose = no\n", "vaultd.conf:2: verbose is already set on line 1");
	REFUSED("address = 1\naddress = 2\naddress = 3\n", "vaultd.conf:3: at most 2 `address` lines");
	REFUSED("domain = a\001b\n", "vaultd.conf:1: a control character");
	REFUSED("domain = a\rb\n", "vaultd.conf: a carriage return without a line feed");
	REFUSED("domain = \xff\n", "vaultd.conf:1: a control character, or invalid UTF-8");
	REFUSED("domain = a\0b\n", "vaultd.conf: a NUL byte");
}

static void a_missing_file_or_setting_is_named(void **state)
{
	char *none[] = { A("vaultd") };
	bool done = false;

	(void)state;
	assert_ok(READ("domain = a\n"), &err);
	assert_ok(sc_web_config_need(config, "domain", domain, &err), &err);
	assert_status(sc_web_config_need(config, "port", port, &err), SC_ERR_USAGE, &err);
	assert_non_null(strstr(err.message, "`port = …` (or --port=…)"));
	sc_web_config_free(config);
	config = NULL;
	config_path = NULL;
	assert_status(sc_web_config_read(&line, 1, none, &config, &done, &err), SC_ERR_USAGE, &err);
	assert_non_null(strstr(err.message, "--config=FILE"));
	snprintf(option, sizeof option, "--config=%s/none", scratch.path);
	assert_status(sc_web_config_read(&line, 2, (char *[]){ A("vaultd"), option }, &config, &done, &err),
		      SC_ERR_NOT_FOUND, &err);
	snprintf(option, sizeof option, "--config=%s", path);
}

static void paths_are_beneath_the_files_directory_and_words_counted(void **state)
{
	const char *text = NULL;
	const char *words[3];
	char expected[256];

	(void)state;
	assert_ok(READ("region = EU  a b\n"), &err);
	assert_ok(sc_web_config_path(config, "tls.pem", &text, &err), &err);
	snprintf(expected, sizeof expected, "%s/tls.pem", scratch.path);
	assert_string_equal(text, expected);
	assert_ok(sc_web_config_path(config, "/etc/tls.pem", &text, &err), &err);
	assert_string_equal(text, "/etc/tls.pem");
	assert_ok(sc_web_config_words(config, "region", regions[0], "CODE SOCKET DIRECTORY", words, 3, &err),
		  &err);
	assert_string_equal(words[0], "EU");
	assert_string_equal(words[2], "b");
	assert_ok(sc_web_config_words(config, "region", "EU \"/run/key vault/s\"  \"/srv/EU\"",
				      "CODE SOCKET DIRECTORY", words, 3, &err),
		  &err);
	assert_string_equal(words[1], "/run/key vault/s");
	assert_string_equal(words[2], "/srv/EU");
	assert_ok(READ("\xef\xbb\xbfregion = EU a b\r\n\r\n# Windows\r\n"), &err);
	assert_string_equal(regions[0], "EU a b");
	assert_status(sc_web_config_words(config, "region", "EU a", "CODE SOCKET DIRECTORY", words, 3, &err),
		      SC_ERR_USAGE, &err);
	assert_status(
	    sc_web_config_words(config, "region", "EU a b c", "CODE SOCKET DIRECTORY", words, 3, &err),
	    SC_ERR_USAGE, &err);
	assert_non_null(strstr(err.message, "CODE SOCKET DIRECTORY"));
}

static void a_value_that_is_not_what_it_should_be_is_named_by_file_and_line(void **state)
{
	uint64_t number = 0;
	const char *words[3];

	(void)state;
	assert_ok(READ("# one\n\ndomain = a\nport\t=\t8443 \nregion = EU a\n"), &err);
	assert_ok(sc_web_config_number(config, "port", port, 1, 8443, &number, &err), &err);
	assert_int_equal(number, 8443);
	assert_status(sc_web_config_number(config, "port", port, 1, 8442, &number, &err), SC_ERR_ARGUMENT,
		      &err);
	assert_non_null(strstr(err.message, "vaultd.conf:4: port: 8443 is not a number from 1 to 8442"));
	assert_status(
	    sc_web_config_words(config, "region", regions[0], "CODE SOCKET DIRECTORY", words, 3, &err),
	    SC_ERR_USAGE, &err);
	assert_non_null(
	    strstr(err.message, "vaultd.conf:5: `region = EU a` should be `region = CODE SOCKET"));
	/* A value from the command line is on no line. */
	assert_ok(READ("port = 1\n", A("--port=x")), &err);
	assert_status(sc_web_config_number(config, "port", port, 1, 2, &number, &err), SC_ERR_ARGUMENT, &err);
	assert_int_equal(strncmp(err.message, "port: x is not", 14), 0);
}

/* For a program that needs some of a daemon's settings: only those are checked. */
static void some_settings_are_read_from_a_file_that_has_others(void **state)
{
	const char *some = NULL;
	const struct sc_option table[] = { { .name = "domain", .value = &some }, { 0 } };
	static const char file[] = "port = 1\nother = x\ndomain = cloud\nport = 2\n";
	static const char twice[] = "domain = cloud\ndomain = other\n";
	static const char malformed[] = "domain = cloud\nport\n";

	(void)state;
	sc_web_config_free(config);
	config = NULL;
	scratch_write(path, file, sizeof file - 1);
	assert_ok(sc_web_config_read_some(path, table, &config, &err), &err);
	assert_string_equal(some, "cloud");
	sc_web_config_free(config);
	config = NULL;
	scratch_write(path, twice, sizeof twice - 1);
	assert_status(sc_web_config_read_some(path, table, &config, &err), SC_ERR_USAGE, &err);
	scratch_write(path, malformed, sizeof malformed - 1);
	assert_status(sc_web_config_read_some(path, table, &config, &err), SC_ERR_USAGE, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_set_what_they_name),
		cmocka_unit_test(the_command_line_wins),
		cmocka_unit_test(what_is_not_understood_is_named_by_file_and_line),
		cmocka_unit_test(a_missing_file_or_setting_is_named),
		cmocka_unit_test(a_value_that_is_not_what_it_should_be_is_named_by_file_and_line),
		cmocka_unit_test(paths_are_beneath_the_files_directory_and_words_counted),
		cmocka_unit_test(some_settings_are_read_from_a_file_that_has_others),
	};
	int result;

	scratch = scratch_make();
	snprintf(path, sizeof path, "%s/vaultd.conf", scratch.path);
	snprintf(option, sizeof option, "--config=%s", path);
	result = cmocka_run_group_tests(tests, NULL, NULL);
	sc_web_config_free(config);
	scratch_remove(&scratch);
	return result;
}
