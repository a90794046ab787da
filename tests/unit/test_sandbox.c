/*
 * Inside the sandbox every forbidden call is refused or kills the process (rule M10). Each attempt runs in
 * its own child, once without the sandbox, where it must succeed, and once inside.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/log.h"
#include "hsmd/os/libraries.h"
#include "hsmd/os/sandbox.h"
#include "hsmd/os/sanitizer.h"
#include "wire/commands.h"

/* Sanitizer builds, and only these, allow the sanitizer's own calls. Such attempts are skipped there. */
#ifdef SC_SANITIZED
static const bool is_sanitized = true;
#else
static const bool is_sanitized = false;
#endif

#define DONE    0 /* exit code of a child: the attempt succeeded */
#define REFUSED 1 /* the attempt was refused with an error */
#define BROKEN  2 /* the sandbox could not be set up */

static char directory[] = "/tmp/safeconduct-sandbox-XXXXXX";
static struct sc_dir state_dir = SC_DIR_NONE;
static pid_t test_process;

/* True if it succeeds. */
typedef bool attempt(void);

static void enter(uint32_t *protection)
{
	struct sc_sandbox sandbox = { 0 };

	if (sc_sandbox_begin(&sandbox, NULL) != SC_OK ||
	    sc_sandbox_files(&sandbox, &state_dir, NULL) != SC_OK ||
	    sc_sandbox_seal(&sandbox, &state_dir, NULL) != SC_OK)
		_exit(BROKEN);
	*protection = sandbox.protection;
}

/* The child's exit code, or 128 and the signal that killed it. */
static int outcome(attempt *try, bool inside)
{
	const struct rlimit no_core = { 0, 0 };
	uint32_t protection = 0;
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		(void)setrlimit(RLIMIT_CORE, &no_core);
		alarm(20);
		/* A crash must end the child; the test runner must not catch it. */
		(void)signal(SIGSEGV, SIG_DFL);
		if (inside)
			enter(&protection);
		_exit(try() ? DONE : REFUSED);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void assert_kills(attempt *try)
{
	assert_int_equal(outcome(try, false), DONE);
	assert_int_equal(outcome(try, true), 128 + SIGSYS);
}

static void assert_refuses(attempt *try)
{
	assert_int_equal(outcome(try, false), DONE);
	assert_int_equal(outcome(try, true), REFUSED);
}

static void assert_allows(attempt *try)
{
	assert_int_equal(outcome(try, false), DONE);
	assert_int_equal(outcome(try, true), DONE);
}

static bool can_make_a_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool can_connect_to_the_network(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool can_execute(void)
{
	execl("/bin/true", "true", NULL);
	return false;
}

static bool can_fork(void)
{
	/* Not the C library's fork, whose handlers may do more. */
	long child = syscall(SYS_fork);

	if (child == 0)
		_exit(0);
	return child > 0;
}

static bool can_trace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static void *thread(void *argument)
{
	return argument;
}

static bool can_start_a_thread(void)
{
	pthread_t id;

	return pthread_create(&id, NULL, thread, NULL) == 0;
}

static bool can_open_passwd(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static bool can_open_outside_through_the_state_directory(void)
{
	return openat(state_dir.fd, "/etc/passwd", O_RDONLY) >= 0;
}

static bool can_write_outside_through_the_state_directory(void)
{
	char name[64];
	int fd;

	snprintf(name, sizeof name, "../safeconduct-sandbox-%d", (int)getpid());
	fd = openat(state_dir.fd, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd >= 0)
		unlinkat(state_dir.fd, name, 0);
	return fd >= 0;
}

static bool can_make_memory_executable(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool can_map_executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool can_signal_another_process(void)
{
	return kill(test_process, 0) == 0;
}

static bool can_read_another_process(void)
{
	char byte = 0;
	char copy;
	struct iovec local = { &copy, 1 };
	struct iovec remote = { &byte, 1 };

	return syscall(SYS_process_vm_readv, getpid(), &local, 1, &remote, 1, 0) == 1;
}

static bool can_change_a_socket_otherwise(void)
{
	int fd = STDIN_FILENO;
	int on = 1;

	return setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0;
}

#ifdef __x86_64__
/* getpid through the 32-bit gate. A filter that checks only the call's number would let it through. */
static bool can_call_as_another_architecture(void)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory", "cc");
	return result > 0;
}
#endif

static bool can_rename_elsewhere(void)
{
	return renameat2(AT_FDCWD, "/nonexistent/a", AT_FDCWD, "/nonexistent/b", 0) == -1;
}

static void calls_that_hsmd_never_makes_kill_it(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(dup2(pair[0], STDIN_FILENO), STDIN_FILENO);
	assert_kills(can_make_a_socket);
	assert_kills(can_connect_to_the_network);
	assert_kills(can_execute);
	assert_kills(can_fork);
	assert_kills(can_read_another_process);
	assert_kills(can_signal_another_process);
	assert_kills(can_change_a_socket_otherwise);
	assert_kills(can_rename_elsewhere);
#ifdef __x86_64__
	/* Kernels without support for 32-bit programs have no such gate. */
	if (outcome(can_call_as_another_architecture, false) == DONE)
		assert_kills(can_call_as_another_architecture);
#endif
	if (!is_sanitized) {
		assert_kills(can_trace);
		assert_kills(can_start_a_thread);
		assert_kills(can_make_memory_executable);
		assert_kills(can_map_executable_memory);
	}
	close(pair[0]);
	close(pair[1]);
}

static void files_outside_the_state_directory_stay_closed(void **state)
{
	bool has_landlock = syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0;

	(void)state;
	if (!is_sanitized)
		assert_refuses(can_open_passwd);
	if (!is_sanitized && has_landlock)
		assert_refuses(can_open_outside_through_the_state_directory);
	if (has_landlock)
		assert_refuses(can_write_outside_through_the_state_directory);
}

static bool can_write_a_state_file(void)
{
	return sc_file_write(&state_dir, "state", sc_view_of("abc", 3), SC_FILE_REPLACE, 0600, NULL) ==
		   SC_OK &&
	       sc_file_exists(&state_dir, "state");
}

static bool can_allocate(void)
{
	for (size_t size = 1; size < 300u << 20; size *= 3) {
		volatile char *block = malloc(size);

		if (!block)
			return false;
		block[size - 1] = 1;
		free((void *)(uintptr_t)block);
	}
	return true;
}

static bool can_write_a_line(void)
{
	sc_log(SC_LOG_ERROR, "from inside the sandbox, as it should be");
	return true;
}

static void what_the_module_needs_still_works(void **state)
{
	(void)state;
	assert_allows(can_write_a_state_file);
	assert_allows(can_allocate);
	assert_allows(can_write_a_line);
}

static bool aborts(void)
{
	abort();
}

static void an_assertion_ends_as_an_abort(void **state)
{
	(void)state;
	assert_int_equal(outcome(aborts, false), 128 + SIGABRT);
	assert_int_equal(outcome(aborts, true), 128 + SIGABRT);
}

/* For a thread that was running before the seal. */
static pthread_barrier_t before_seal;
static pthread_barrier_t after_seal;

static void *make_a_socket_later(void *argument)
{
	pthread_barrier_wait(&before_seal);
	pthread_barrier_wait(&after_seal);
	(void)socket(AF_UNIX, SOCK_STREAM, 0);
	return argument;
}

static void threads_that_run_already_are_sealed_too(void **state)
{
	int status = 0;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		uint32_t protection;
		pthread_t id;

		pthread_barrier_init(&before_seal, NULL, 2);
		pthread_barrier_init(&after_seal, NULL, 2);
		if (pthread_create(&id, NULL, make_a_socket_later, NULL))
			_exit(BROKEN);
		pthread_barrier_wait(&before_seal);
		enter(&protection);
		pthread_barrier_wait(&after_seal);
		pthread_join(id, NULL);
		_exit(DONE);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static bool is_protected_as_reported(void)
{
	struct sc_sandbox sandbox = { 0 };
	struct rlimit core;
	uint32_t expected = SC_PROTECTION_NO_NEW_PRIVS | SC_PROTECTION_NOT_DUMPABLE | SC_PROTECTION_NO_CORE;

	if (sc_sandbox_begin(&sandbox, NULL) != SC_OK || (sandbox.protection & expected) != expected)
		return false;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    getrlimit(RLIMIT_CORE, &core) || core.rlim_max != 0)
		return false;
	if (sc_sandbox_files(&sandbox, &state_dir, NULL) != SC_OK ||
	    !(sandbox.protection & SC_PROTECTION_LANDLOCK) != !sandbox.landlock_abi)
		return false;
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0 || sandbox.protection & SC_PROTECTION_SECCOMP)
		return false;
	return sc_sandbox_seal(&sandbox, &state_dir, NULL) == SC_OK &&
	       sandbox.protection & SC_PROTECTION_SECCOMP;
}

static void what_is_reported_is_in_force(void **state)
{
	(void)state;
	assert_int_equal(outcome(is_protected_as_reported, false), DONE);
}

static int make_directory(void **state)
{
	(void)state;
	test_process = getpid();
	return sc_hsmd_libraries_prepare(NULL) != SC_OK || !mkdtemp(directory) ||
	       sc_dir_open(directory, &state_dir, NULL) != SC_OK;
}

static int remove_directory(void **state)
{
	(void)state;
	(void)unlinkat(state_dir.fd, "state", 0);
	sc_dir_close(&state_dir);
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_that_hsmd_never_makes_kill_it),
		cmocka_unit_test(files_outside_the_state_directory_stay_closed),
		cmocka_unit_test(what_the_module_needs_still_works),
		cmocka_unit_test(an_assertion_ends_as_an_abort),
		cmocka_unit_test(threads_that_run_already_are_sealed_too),
		cmocka_unit_test(what_is_reported_is_in_force),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
