/*
 * The program from the outside: command line, files, sandbox, exit. argv[1] is hsmd linked with the stand-in
 * for core/.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/file.h"
#include "fake_core.h"
#include "forge.h"

#define READY_FD 9

static const char *hsmd;
static char directory[64];
static char state_option[96];
static char socket_path[96];
static char socket_option[128];
static char output[8192]; /* output of the last program that ended */

static int setup(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/safeconduct-process-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(state_option, sizeof state_option, "--state=%s/state", directory);
	snprintf(socket_path, sizeof socket_path, "%s/socket", directory);
	snprintf(socket_option, sizeof socket_option, "--socket=role=custody,path=%s", socket_path);
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", directory);
	return system(command);
}

/* Starts the program. Its output can be read from *out. */
static pid_t start(const char *const *arguments, int *out)
{
	const char *argv[12] = { hsmd };
	int ends[2];
	pid_t child;

	for (size_t i = 0; arguments[i]; i++)
		argv[i + 1] = arguments[i];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		execv(hsmd, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(ends[1]);
	*out = ends[0];
	return child;
}

/*
 * Reads the rest of a program's output and waits for its end. Returns the exit code, or 128 plus the signal.
 */
static int finish(pid_t child, int out)
{
	size_t used = 0;
	ssize_t got;
	int status = 0;

	while (used < sizeof output - 1 && (got = read(out, output + used, sizeof output - 1 - used)) > 0)
		used += (size_t)got;
	output[used] = '\0';
	close(out);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

#define RUN(...) run((const char *const[]){ __VA_ARGS__, NULL })
static int run(const char *const *arguments)
{
	int out;
	pid_t child = start(arguments, &out);

	return finish(child, out);
}

static void assert_output(const char *text)
{
	if (!strstr(output, text))
		fail_msg("\"%s\" is not in: %s", text, output);
}

/* Starts a daemon and waits for READY. */
#define SERVE(out, ...) serve(out, (const char *const[]){ __VA_ARGS__, "--ready-fd=9", NULL })
static pid_t serve(int *out, const char *const *arguments)
{
	char text[7] = { 0 };
	int ends[2];
	pid_t child;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(dup2(ends[1], READY_FD), READY_FD);
	close(ends[1]);
	child = start(arguments, out);
	close(READY_FD);
	if (read(ends[0], text, 6) != 6)
		fail_msg("exit %d: %s", finish(child, *out), output);
	assert_string_equal(text, "READY\n");
	close(ends[0]);
	return child;
}

static int connect_to_daemon(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, socket_path);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

/* Sends one request without a body. Returns the answer's status. */
static sc_status ask(int fd, uint32_t command, struct sc_enquire_response *enquire)
{
	static uint8_t message[4096];
	struct sc_writer writer = { .buffer = { message, sizeof message }, .max = sizeof message };
	const struct sc_wire_request_header request = { .command = (uint16_t)command, .id = 1 };
	struct sc_wire_response_header header;
	struct sc_view body;
	ssize_t got;

	sc_wire_request_header_write(&writer, &request, 0);
	assert_int_equal(send(fd, message, writer.used, MSG_NOSIGNAL), (ssize_t)writer.used);
	got = recv(fd, message, sizeof message, 0);
	assert_true(got > 0);
	assert_int_equal(sc_wire_response_read(sc_view_of(message, (size_t)got), &header, &body, NULL),
			 SC_OK);
	if (enquire)
		assert_int_equal(sc_enquire_response_read(body, enquire), SC_OK);
	return header.status;
}

/* -- the tests --------------------------------------------------------------------------------- */

static void the_command_line_says_one_thing(void **state)
{
	(void)state;
	assert_int_equal(RUN("--help"), 0);
	assert_output("--install-warrant");
	assert_int_equal(RUN(state_option), 2);
	assert_output("--socket, --initialise or --install-warrant");
	assert_int_equal(RUN("--initialise"), 2);
	assert_output("--state");
	assert_int_equal(RUN(state_option, "--initialise", socket_option), 2);
	assert_int_equal(RUN(state_option, "--install-warrant=x"), 2);
	assert_output("--root");
	assert_int_equal(RUN(state_option, "--install-warrant=x", "--root=12"), 2);
	assert_output("64 hexadecimal digits");
	assert_int_equal(RUN(state_option, socket_option, "--request=x"), 2);
	assert_int_equal(RUN(state_option, socket_option, "--arena=0"), 2);
	assert_output("--arena");
	assert_int_equal(RUN(state_option, socket_option, "--cache=many"), 2);
	assert_int_equal(RUN(state_option, socket_option, "--unlock-key-fd=0", "--unlock-key-file=x"), 2);
	assert_int_equal(RUN(state_option, "surplus"), 2);
}

static void an_identity_is_made_once(void **state)
{
	struct stat status;
	char path[128];

	(void)state;
	assert_int_equal(RUN(state_option, "--initialise"), 0);
	assert_output(FAKE_ESN);
	assert_output("warrant-request.der");
	snprintf(path, sizeof path, "%s/state", directory);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	snprintf(path, sizeof path, "%s/state/state", directory);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	snprintf(path, sizeof path, "%s/state/warrant-request.der", directory);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0644);
	/* Interrupted before its request was carried away: the same identity again. */
	snprintf(path, sizeof path, "--request=%s/request", directory);
	assert_int_equal(RUN(state_option, "--initialise", path), 0);
	assert_output(FAKE_ESN);
	assert_int_equal(access(path + strlen("--request="), R_OK), 0);
}

static void a_daemon_serves_sealed_and_stops_cleanly(void **state)
{
	const uint32_t expected = SC_PROTECTION_NO_NEW_PRIVS | SC_PROTECTION_NOT_DUMPABLE |
				  SC_PROTECTION_SECCOMP | SC_PROTECTION_NO_CORE;
	struct sc_enquire_response answer;
	pid_t daemon;
	int out;
	int fd;

	(void)state;
	assert_int_equal(mkdir(strchr(state_option, '=') + 1, 0700), 0);
	assert_int_equal(RUN(state_option, socket_option), 66);
	assert_output("--initialise makes one");
	assert_int_equal(RUN(state_option, "--initialise"), 0);
	/* Twice: the second one finds the first one's socket. */
	for (unsigned round = 0; round < 2; round++) {
		daemon = SERVE(&out, state_option, socket_option, "--arena=4");
		fd = connect_to_daemon();
		assert_int_equal(ask(fd, SC_COMMAND_ENQUIRE, &answer), SC_OK);
		assert_int_equal(answer.protection & expected, expected);
		assert_int_equal(answer.protection & SC_PROTECTION_UNLOCK_GIVEN, 0);
		assert_int_equal(!(answer.protection & SC_PROTECTION_LANDLOCK), !answer.landlock_abi);
		assert_int_equal(answer.arena_size, 4 << 20);
		assert_true(answer.arena_used > 0 && answer.arena_used < answer.arena_size);
		assert_int_equal(ask(fd, SC_COMMAND_WORLD_COMMIT, NULL), SC_OK);
		assert_int_equal(ask(fd, SC_COMMAND_KEY_GENERATE, NULL), SC_OK);
		assert_int_equal(RUN(state_option, socket_option), 75);
		assert_output("in use by another process");
		assert_int_equal(RUN(state_option, "--initialise"), 75);
		assert_int_equal(ask(fd, SC_COMMAND_ENQUIRE, &answer), SC_OK);
		assert_int_equal(kill(daemon, round ? SIGTERM : SIGINT), 0);
		assert_int_equal(finish(daemon, out), 0);
		assert_output("ready, ESN " FAKE_ESN);
		assert_output("unlock key is stored next to the state");
		assert_output("stopped");
		close(fd);
	}
}

static void a_missing_socket_directory_is_named(void **state)
{
	char option[192];
	char expected[192];
	char path[128];
	int out;
	pid_t child;

	(void)state;
	assert_int_equal(RUN(state_option, "--initialise"), 0);
	snprintf(path, sizeof path, "%s/run/module", directory);
	snprintf(option, sizeof option, "--socket=role=custody,path=%s/custody", path);
	snprintf(expected, sizeof expected, "there is no directory %s: create it", path);
	assert_int_equal(RUN(state_option, option), sc_status_exit(SC_ERR_NOT_FOUND));
	assert_output(expected);

	snprintf(path, sizeof path, "%s/run", directory);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/run/module", directory);
	assert_int_equal(mkdir(path, 0700), 0);
	child = SERVE(&out, state_option, option);
	assert_int_equal(kill(child, SIGTERM), 0);
	assert_int_equal(finish(child, out), 0);
}

static void the_unlock_key_may_come_from_outside(void **state)
{
	static const uint8_t key[32] = { 1, 2, 3 };
	static const uint8_t wrong[32] = { 3, 2, 1 };
	struct sc_enquire_response answer;
	char key_option[128];
	char wrong_option[128];
	char path[128];
	pid_t daemon;
	int out;
	int fd;

	(void)state;
	snprintf(key_option, sizeof key_option, "--unlock-key-file=%s/key", directory);
	snprintf(wrong_option, sizeof wrong_option, "--unlock-key-file=%s/wrong", directory);
	assert_int_equal(sc_file_write_path(strchr(key_option, '=') + 1, sc_view_of(key, sizeof key),
					    SC_FILE_NEW, 0600, NULL),
			 SC_OK);
	assert_int_equal(sc_file_write_path(strchr(wrong_option, '=') + 1, sc_view_of(wrong, sizeof wrong),
					    SC_FILE_NEW, 0600, NULL),
			 SC_OK);
	assert_int_equal(RUN(state_option, "--initialise", key_option), 0);
	snprintf(path, sizeof path, "%s/state/unlock.key", directory);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(RUN(state_option, socket_option), 66);
	assert_output("unlock.key");
	assert_int_equal(RUN(state_option, socket_option, wrong_option), 65);
	assert_output("another unlock key");
	daemon = SERVE(&out, state_option, socket_option, key_option);
	fd = connect_to_daemon();
	assert_int_equal(ask(fd, SC_COMMAND_ENQUIRE, &answer), SC_OK);
	assert_int_equal(answer.protection & SC_PROTECTION_UNLOCK_GIVEN, SC_PROTECTION_UNLOCK_GIVEN);
	close(fd);
	assert_int_equal(kill(daemon, SIGTERM), 0);
	assert_int_equal(finish(daemon, out), 0);
	assert_null(strstr(output, "stored next to"));
}

static void a_killed_daemon_starts_again(void **state)
{
	pid_t daemon;
	int out;

	(void)state;
	assert_int_equal(RUN(state_option, "--initialise"), 0);
	daemon = SERVE(&out, state_option, socket_option);
	assert_int_equal(kill(daemon, SIGKILL), 0);
	assert_int_equal(finish(daemon, out), 128 + SIGKILL);
	daemon = SERVE(&out, state_option, socket_option);
	close(connect_to_daemon());
	assert_int_equal(kill(daemon, SIGTERM), 0);
	assert_int_equal(finish(daemon, out), 0);
}

/* Installs a file of these certificates: "r" a root, "w" a warrant from it, "x" something malformed. */
static int install(const struct sc_forge *forge, const char *what)
{
	static const char root[] = "--root=0000000000000000000000000000000000000000000000000000000000000000";
	char option[128];
	FILE *file;

	snprintf(option, sizeof option, "--install-warrant=%s/answer", directory);
	file = fopen(strchr(option, '=') + 1, "w");
	assert_non_null(file);
	for (; *what; what++) {
		if (*what == 'x')
			fputs("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", file);
		else
			assert_true(PEM_write_X509(file, *what == 'r' ? forge->root : forge->warrant));
	}
	fclose(file);
	return RUN(state_option, option, root);
}

static void a_warrant_is_root_and_warrant_and_nothing_else(void **state)
{
	static const char *const bad[] = { "", "r", "w", "wr", "rr", "ww", "rww", "rwr", "x", "rx", "rwx" };
	struct sc_forge *forge = sc_forge_new((int64_t)time(NULL), "EU");

	(void)state;
	assert_non_null(forge);
	assert_int_equal(RUN(state_option, "--initialise"), 0);
	/* It gets as far as the module, which must judge. */
	assert_int_equal(install(forge, "rw"), 65);
	assert_output("the stand-in trusts nobody");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(install(forge, bad[i]), 65);
		assert_output("answer:");
		assert_null(strstr(output, "stand-in"));
	}
	sc_forge_free(forge);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(the_command_line_says_one_thing),
		TEST(an_identity_is_made_once),
		TEST(a_daemon_serves_sealed_and_stops_cleanly),
		TEST(a_missing_socket_directory_is_named),
		TEST(the_unlock_key_may_come_from_outside),
		TEST(a_killed_daemon_starts_again),
		TEST(a_warrant_is_root_and_warrant_and_nothing_else),
	};

	if (argc != 2)
		return 2;
	hsmd = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
