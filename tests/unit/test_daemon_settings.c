/* The settings that vaultd and signind have in common, with an option of a daemon's own. */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "scratch.h"
#include "web/daemon_settings.h"

#define NEEDED                                                                                               \
	"domain = localhost\nport = 8443\ntls-certificate = tls.pem\ntls-key = /keys/tls.blob\n"             \
	"tls-module = module.socket\n"

static struct scratch scratch;
static const char *own;
static const struct sc_option own_options[] = {
	{ .name = "own", .argument = "TEXT", .help = "the daemon's own", .value = &own },
	{ 0 },
};
static const struct sc_command_line line = { "vaultd", "--config=FILE", "Serves.", own_options, NULL };

static struct sc_web_daemon_settings settings;
static struct sc_error err;

/* Reads a file with this content and, unless it is NULL, one more argument. */
static sc_status read_settings(const char *content, const char *argument)
{
	const char *path = scratch_path(&scratch, "vaultd.conf");
	char option[128];
	char *argv[] = { (char *)(uintptr_t)"vaultd", option, (char *)(uintptr_t)argument, NULL };
	bool done = false;

	scratch_write(path, content, strlen(content));
	snprintf(option, sizeof option, "--config=%s", path);
	sc_web_daemon_settings_free(&settings);
	settings = (struct sc_web_daemon_settings){ 0 };
	own = NULL;
	err = (struct sc_error){ 0 };
	return sc_web_daemon_settings_read(&line, argument ? 3 : 2, argv, &settings, &done, &err);
}

static void what_is_needed_suffices(void **state)
{
	struct sc_web_settings server;

	(void)state;
	assert_ok(read_settings(NEEDED, NULL), &err);
	assert_string_equal(settings.domain, "localhost");
	assert_int_equal(settings.port, 8443);
	assert_int_equal(settings.address_count, 2);
	assert_string_equal(settings.addresses[0], "127.0.0.1");
	assert_string_equal(settings.addresses[1], "::1");
	assert_int_equal(settings.threads, 0);
	assert_int_equal(settings.ready_fd, -1);
	assert_string_equal(settings.tls.certificate, scratch_path(&scratch, "tls.pem"));
	assert_string_equal(settings.tls.blob, "/keys/tls.blob");
	assert_string_equal(settings.tls.module, scratch_path(&scratch, "module.socket"));
	assert_string_equal(settings.tls.daemon, "vaultd");
	server = sc_web_daemon_settings_server(&settings);
	assert_string_equal(server.domain, "localhost");
	assert_int_equal(server.port, 8443);
	assert_int_equal(server.address_count, 2);
	assert_string_equal(server.addresses[1], "::1");
	assert_null(server.tls_key);
}

static void the_rest_may_be_set_and_the_daemon_has_options_of_its_own(void **state)
{
	(void)state;
	assert_ok(read_settings(NEEDED "threads = 64\naddress = 10.0.0.1\nown = x\n", "--ready-fd=2"), &err);
	assert_int_equal(settings.threads, 64);
	assert_int_equal(settings.address_count, 1);
	assert_string_equal(settings.addresses[0], "10.0.0.1");
	assert_int_equal(settings.ready_fd, 2);
	assert_string_equal(own, "x");
	assert_int_equal(sc_web_daemon_settings_server(&settings).threads, 64);
}

static void the_limits_may_be_set(void **state)
{
	struct sc_web_settings server;

	(void)state;
	assert_ok(read_settings(NEEDED "connections = 4000\nconnections-per-address = 1000\n"
				       "transfer-seconds = 20\ndeadline-seconds = 10\n"
				       "behind-strict-proxy = yes\n",
				NULL),
		  &err);
	server = sc_web_daemon_settings_server(&settings);
	assert_int_equal(server.connections, 4000);
	assert_int_equal(server.connections_per_address, 1000);
	assert_int_equal(server.transfer_ms, 20000);
	assert_int_equal(server.deadline_ms, 10000);
	assert_true(server.is_behind_strict_proxy);
	assert_ok(read_settings(NEEDED, NULL), &err);
	server = sc_web_daemon_settings_server(&settings);
	assert_int_equal(server.connections + server.connections_per_address, 0);
	assert_int_equal(server.transfer_ms + server.deadline_ms, 0);
	assert_false(server.is_behind_strict_proxy);
}

static void a_value_that_is_missing_or_out_of_range_is_named(void **state)
{
	static const struct {
		const char *content;
		const char *words;
	} cases[] = {
		{ "port = 1\n", "needs a line `domain = " },
		{ "domain = a\n", "needs a line `port = " },
		{ "domain = a\nport = 1\n", "needs a line `tls-certificate = " },
		{ "domain = a\nport = 0\n", "vaultd.conf:2: port: 0 is not a number from 1 to 65535" },
		{ "domain = a\nport = 65536\n", "vaultd.conf:2: port: 65536 is not" },
		{ NEEDED "threads = 65\n", "vaultd.conf:6: threads: 65 is not a number from 1 to 64" },
		{ NEEDED "connections = 0\n",
		  "vaultd.conf:6: connections: 0 is not a number from 1 to 100000" },
		{ NEEDED "connections-per-address = x\n",
		  "vaultd.conf:6: connections-per-address: x is not" },
		{ NEEDED "transfer-seconds = 3601\n", "vaultd.conf:6: transfer-seconds: 3601 is not" },
		{ NEEDED "deadline-seconds = 0\n", "vaultd.conf:6: deadline-seconds: 0 is not" },
		{ NEEDED "behind-strict-proxy = 1\n", "vaultd.conf:6: behind-strict-proxy" },
		{ NEEDED "ready-fd = x\n", "vaultd.conf:6: ready-fd: x is not a number" },
		{ NEEDED "ready-fd = 987\n", "--ready-fd: descriptor 987 is not open" },
		{ NEEDED "owl = x\n", "vaultd.conf:6: no such setting: owl" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_not_equal(read_settings(cases[i].content, NULL), SC_OK);
		if (!strstr(err.message, cases[i].words))
			fail_msg("%s", err.message);
	}
	assert_ok(read_settings(NEEDED "threads = 64\nready-fd = 2\nown = x\n", NULL), &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_needed_suffices),
		cmocka_unit_test(the_rest_may_be_set_and_the_daemon_has_options_of_its_own),
		cmocka_unit_test(the_limits_may_be_set),
		cmocka_unit_test(a_value_that_is_missing_or_out_of_range_is_named),
	};
	int result;

	scratch = scratch_make();
	result = cmocka_run_group_tests(tests, NULL, NULL);
	sc_web_daemon_settings_free(&settings);
	scratch_remove(&scratch);
	return result;
}
