/*
 * The program from the outside: command line, files, sandbox, exit. argv[1] is hsmd linked with the stand-in
 * for core/.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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
#include "hsmd/os/sanitizer.h"

#define READY_FD 9

static const char *hsmd;
static char directory[64];
static char state_option[96];
static char socket_path[96];
static char socket_option[128];
static char output[8192]; /* output of the last program that ended */

#define STANDARD 3

/* Bit n: the program is started without descriptor n. */
static unsigned closed;

/* The system call that fails in the program, and how; 0: none does. */
static int denied_call;
static int denied_with;

static int setup(void **state)
{
	(void)state;
	closed = 0;
	denied_call = 0;
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

static void close_some(void)
{
	for (int fd = 0; fd < STANDARD; fd++)
		if (closed & 1u << fd)
			close(fd);
}

static void deny_one(void)
{
	scmp_filter_ctx filter = denied_call ? seccomp_init(SCMP_ACT_ALLOW) : NULL;

	if (!denied_call)
		return;
	if (!filter || seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)denied_with), denied_call, 0) ||
	    seccomp_load(filter))
		_exit(127);
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
		close_some();
		deny_one();
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

static uint8_t message[4096];

/* Sends one request. Returns the length of the answer in `message`; 0 or less: the module has gone. */
static ssize_t exchange(int fd, uint32_t command, struct sc_view body)
{
	struct sc_writer writer = { .buffer = { message, sizeof message }, .max = sizeof message };
	const struct sc_wire_request_header request = { .command = (uint16_t)command, .id = 1 };

	sc_wire_request_header_write(&writer, &request, body.len);
	sc_write_raw(&writer, body);
	assert_int_equal(send(fd, message, writer.used, MSG_NOSIGNAL), (ssize_t)writer.used);
	return recv(fd, message, sizeof message, 0);
}

/* Sends one request without a body. Returns the answer's status. */
static sc_status ask(int fd, uint32_t command, struct sc_enquire_response *enquire)
{
	struct sc_wire_response_header header;
	struct sc_view body;
	ssize_t got = exchange(fd, command, sc_view_of(NULL, 0));

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

/* -- descriptors that are closed at the start -------------------------------------------------- */

/* The state directory has exactly these files, and nothing of the log is in any of them. */
static void assert_only_state_files(void)
{
	char command[512];

	snprintf(command, sizeof command,
		 "cd %s/state && [ \"$(ls -A | sort | tr '\\n' ' ')\" = "
		 "'lock mark state unlock.key warrant-request.der ' ] && [ ! -s lock ] && ! grep -q hsmd: *",
		 directory);
	if (system(command) != 0) {
		snprintf(command, sizeof command, "cd %s/state && ls -lA && grep -a hsmd: *", directory);
		(void)!system(command);
		fail_msg("closed %u", closed);
	}
}

static void the_log_never_gets_into_a_state_file(void **state)
{
	pid_t daemon;
	int out;
	int fd;

	for (unsigned subset = 0; subset < 1u << STANDARD; subset++) {
		assert_int_equal(setup(state), 0);
		assert_int_equal(RUN(state_option, "--initialise"), 0);
		closed = subset;
		daemon = SERVE(&out, state_option, socket_option, "--arena=4");
		fd = connect_to_daemon();
		assert_int_equal(ask(fd, SC_COMMAND_WORLD_COMMIT, NULL), SC_OK);
		close(fd);
		assert_int_equal(kill(daemon, SIGTERM), 0);
		assert_int_equal(finish(daemon, out), 0);
		assert_only_state_files();
		closed = subset;
		(void)RUN(state_option, "--initialise");
		assert_only_state_files();
		assert_int_equal(teardown(state), 0);
	}
}

static void a_descriptor_that_is_not_open_is_refused_before_a_file_gets_its_number(void **state)
{
	(void)state;
	assert_int_equal(RUN(state_option, "--initialise"), 0);
	for (int fd = STANDARD; fd < 12; fd++) {
		char option[32];

		snprintf(option, sizeof option, "--ready-fd=%d", fd);
		closed = 0;
		if (fcntl(fd, F_GETFD) >= 0 && !(fcntl(fd, F_GETFD) & FD_CLOEXEC))
			continue; /* the test's own parent left it open */
		assert_int_equal(RUN(state_option, socket_option, option), 2);
		assert_output("is not open");
		snprintf(option, sizeof option, "--unlock-key-fd=%d", fd);
		assert_int_equal(RUN(state_option, socket_option, option), 2);
		assert_output("is not open");
		assert_only_state_files();
	}
}

/* -- an attacker who has taken over a worker of the serving module -------------------------------- */

#define KILLS        0
#define TEXT         FAKE_CALL_TEXT
#define OF_SANITIZER 1 /* allowed in a sanitizer build, which needs it */

#ifdef SC_SANITIZED
static const bool is_sanitized = true;
#else
static const bool is_sanitized = false;
#endif

/* clang-format off */
static const struct attempt {
	const char *what;
	struct fake_call call;
	int refusal; /* KILLS, or the errno with which it fails */
	int allowed_in;
} attempts[] = {
	{ "open a file", { SYS_openat, { AT_FDCWD, TEXT, O_RDONLY }, "/etc/passwd" }, EACCES, OF_SANITIZER },
	{ "make a file", { SYS_openat, { AT_FDCWD, TEXT, O_WRONLY | O_CREAT, 0600 }, "/tmp/safeconduct-taken-over" }, EACCES, OF_SANITIZER },
	{ "list a directory", { SYS_getdents64, { 3, TEXT, 64 }, "" }, KILLS, OF_SANITIZER },
	{ "remove a file", { SYS_unlinkat, { AT_FDCWD, TEXT, 0 }, "/nonexistent/file" }, KILLS, 0 },
	{ "rename a file", { SYS_renameat2, { AT_FDCWD, TEXT, AT_FDCWD, TEXT, 0 }, "/nonexistent/file" }, KILLS, 0 },
	{ "link a file", { SYS_linkat, { AT_FDCWD, TEXT, AT_FDCWD, TEXT, 0 }, "/nonexistent/file" }, KILLS, 0 },
	{ "make a network socket", { SYS_socket, { AF_INET, SOCK_STREAM, 0 }, "" }, KILLS, 0 },
	{ "connect", { SYS_connect, { 0, TEXT, 16 }, "" }, KILLS, 0 },
	{ "make a pipe", { SYS_pipe2, { TEXT, 0 }, "" }, KILLS, 0 },
	{ "copy a descriptor", { SYS_dup, { 0 }, "" }, KILLS, 0 },
	{ "execute", { SYS_execve, { TEXT, 0, 0 }, "/bin/true" }, KILLS, 0 },
	{ "clone", { SYS_clone, { SIGCHLD }, "" }, KILLS, OF_SANITIZER },
	{ "trace", { SYS_ptrace, { PTRACE_TRACEME }, "" }, KILLS, OF_SANITIZER },
	{ "map executable memory", { SYS_mmap, { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 }, "" }, KILLS, OF_SANITIZER },
	{ "map a file", { SYS_mmap, { 0, 4096, PROT_READ, MAP_PRIVATE, 0, 0 }, "" }, KILLS, OF_SANITIZER },
	{ "make memory executable", { SYS_mprotect, { 0, 0, PROT_READ | PROT_EXEC }, "" }, KILLS, OF_SANITIZER },
	{ "map a secret again", { SYS_memfd_secret, { 0 }, "" }, KILLS, 0 },
	{ "signal a process", { SYS_kill, { 1, 0 }, "" }, KILLS, 0 },
	{ "signal a thread", { SYS_tgkill, { 1, 1, 0 }, "" }, KILLS, OF_SANITIZER },
	{ "open a process", { SYS_pidfd_open, { 1, 0 }, "" }, KILLS, 0 },
	{ "read another's memory", { SYS_process_vm_readv, { 1, TEXT, 1, TEXT, 1, 0 }, "" }, KILLS, 0 },
	{ "mount", { SYS_mount, { TEXT, TEXT, 0, 0, 0 }, "/nonexistent" }, KILLS, 0 },
	{ "change the root", { SYS_chroot, { TEXT }, "/nonexistent" }, KILLS, 0 },
	{ "leave its namespaces", { SYS_unshare, { CLONE_NEWUSER }, "" }, KILLS, 0 },
	{ "queue calls past the filter", { SYS_io_uring_setup, { 1, TEXT }, "" }, KILLS, 0 },
	{ "load a program into the kernel", { SYS_bpf, { 0, TEXT, 64 }, "" }, KILLS, 0 },
	{ "watch performance", { SYS_perf_event_open, { TEXT, 0, -1, -1, 0 }, "" }, KILLS, 0 },
	{ "change its personality", { SYS_personality, { 0xffffffff }, "" }, KILLS, 0 },
	{ "use the kernel's keys", { SYS_keyctl, { 0, 0, 0, 0, 0 }, "" }, KILLS, 0 },
	{ "become dumpable", { SYS_prctl, { PR_SET_DUMPABLE, 1, 0, 0, 0 }, "" }, KILLS, OF_SANITIZER },
	{ "change its limits", { SYS_prlimit64, { 0, RLIMIT_CORE, 0, 0 }, "" }, KILLS, 0 },
	{ "change its user", { SYS_setresuid, { -1, -1, -1 }, "" }, KILLS, 0 },
	{ "control a device", { SYS_ioctl, { 0, TIOCSTI, TEXT }, "x" }, KILLS, OF_SANITIZER },
};
/* clang-format on */

/* The daemon's end: its worker has made the call. */
static int outcome(const struct attempt *attempt, uint32_t command, long *result)
{
	struct sc_wire_response_header header;
	struct sc_view body;
	ssize_t got;
	int out;
	pid_t daemon = SERVE(&out, state_option, socket_option, "--arena=4");
	int fd = connect_to_daemon();

	*result = 0;
	got = exchange(fd, command, sc_view_of(&attempt->call, sizeof attempt->call));
	if (got > 0) {
		assert_int_equal(
		    sc_wire_response_read(sc_view_of(message, (size_t)got), &header, &body, NULL), SC_OK);
		assert_int_equal(body.len, sizeof *result);
		memcpy(result, body.data, sizeof *result);
		(void)kill(daemon, SIGTERM);
	}
	close(fd);
	return finish(daemon, out);
}

static void a_taken_over_worker_can_do_nothing_but_serve(void **state)
{
	static const uint32_t lanes[] = { SC_COMMAND_KEY_LOAD, SC_COMMAND_WORLD_BEGIN };
	const struct attempt allowed = { "ask for its id", { .number = SYS_getpid }, KILLS, 0 };
	long result;

	(void)state;
	assert_int_equal(RUN(state_option, "--initialise"), 0);
	/* What it needs for serving works, in both kinds of worker. */
	for (size_t i = 0; i < sizeof lanes / sizeof lanes[0]; i++) {
		assert_int_equal(outcome(&allowed, lanes[i], &result), 0);
		assert_true(result > 0);
	}
	for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
		int code;

		if (is_sanitized && attempts[i].allowed_in == OF_SANITIZER)
			continue;
		code = outcome(&attempts[i], lanes[i % 2], &result);
		if (attempts[i].refusal == KILLS ? code != 128 + SIGSYS
						 : code != 0 || result != -attempts[i].refusal)
			fail_msg("%s: exit %d, result %ld", attempts[i].what, code, result);
	}
}

/* -- what this host's kernel does not have -------------------------------------------------------- */

static void what_the_kernel_does_not_have_is_a_warning_at_every_start(void **state)
{
	static const struct {
		int call;
		int error;
		const char *words[3];
	} cases[] = {
		{ SCMP_SYS(landlock_create_ruleset),
		  ENOSYS,
		  { "hsmd: warning: sandbox: Landlock is not in force (ABI 0",
		    "can open, rename and remove any file that its user can", "CONFIG_SECURITY_LANDLOCK" } },
		{ SCMP_SYS(landlock_create_ruleset),
		  EOPNOTSUPP,
		  { "Landlock is not in force (ABI 0", "any file that its user can",
		    "add landlock to lsm=" } },
		{ SCMP_SYS(landlock_create_ruleset),
		  EPERM,
		  { "Landlock is not in force (ABI 0", "any file that its user can",
		    "the container's seccomp profile" } },
		{ SYS_memfd_secret,
		  ENOSYS,
		  { "hsmd: warning: memory: memfd_secret is not available", "root can read",
		    "CONFIG_SECRETMEM" } },
	};
	struct sc_enquire_response answer;

	(void)state;
	assert_int_equal(RUN(state_option, "--initialise"), 0);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		pid_t daemon;
		int out;
		int fd;

		denied_call = cases[i].call;
		denied_with = cases[i].error;
		daemon = SERVE(&out, state_option, socket_option, "--arena=4");
		fd = connect_to_daemon();
		assert_int_equal(ask(fd, SC_COMMAND_ENQUIRE, &answer), SC_OK);
		if (cases[i].call != SYS_memfd_secret)
			assert_int_equal(answer.landlock_abi, 0);
		close(fd);
		assert_int_equal(kill(daemon, SIGTERM), 0);
		assert_int_equal(finish(daemon, out), 0);
		for (size_t j = 0; j < 3; j++)
			assert_output(cases[i].words[j]);
	}
	/* With all that this kernel has, nothing else is warned of. */
	denied_call = 0;
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0) {
		int out;
		pid_t daemon = SERVE(&out, state_option, socket_option, "--arena=4");

		assert_int_equal(kill(daemon, SIGTERM), 0);
		assert_int_equal(finish(daemon, out), 0);
		assert_null(strstr(output, "Landlock"));
	}
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
		cmocka_unit_test(the_log_never_gets_into_a_state_file),
		TEST(a_descriptor_that_is_not_open_is_refused_before_a_file_gets_its_number),
		TEST(a_taken_over_worker_can_do_nothing_but_serve),
		TEST(what_the_kernel_does_not_have_is_a_warning_at_every_start),
	};

	if (argc != 2)
		return 2;
	hsmd = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
