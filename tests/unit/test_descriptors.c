/*
 * The standard descriptors are open before main, whatever the program was started with, and a descriptor that
 * a user gives is one that the user opened. The test starts itself again, with some of the three closed.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/descriptors.h"

#define STANDARD 3
#define SUBSETS  (1u << STANDARD) /* bit n: descriptor n is closed at the start */

static const char *self;

/* -- in the process that was started again ------------------------------------------------------ */

static bool fails_as_if_closed(int fd)
{
	char byte = 'x';
	ssize_t done = fd == STDIN_FILENO ? read(fd, &byte, 1) : write(fd, &byte, 1);

	return done < 0 && errno == EBADF;
}

/* The files that the test put there before the start are not touched. */
static bool is_the_starters(int fd)
{
	char path[64];
	char target[64] = "";

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return readlink(path, target, sizeof target - 1) > 0 && !strcmp(target, "/dev/zero");
}

static int report(unsigned closed)
{
	for (int fd = 0; fd < STANDARD; fd++) {
		if (fcntl(fd, F_GETFD) != 0)
			return 1;
		if (closed & 1u << fd ? !fails_as_if_closed(fd) : !is_the_starters(fd))
			return 2;
	}
	/* The next file gets a number of its own. */
	return open("/dev/null", O_RDWR) >= STANDARD ? 0 : 3;
}

/* -- the tests ---------------------------------------------------------------------------------- */

static int outcome_without(unsigned closed)
{
	char argument[16];
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		int zero = open("/dev/zero", O_RDWR);

		for (int fd = 0; fd < STANDARD; fd++)
			(void)(closed & 1u << fd ? close(fd) : dup2(zero, fd));
		(void)close(zero);
		snprintf(argument, sizeof argument, "%u", closed);
		execl(self, self, argument, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void what_is_closed_at_the_start_is_open_in_main_and_unusable(void **state)
{
	(void)state;
	for (unsigned closed = 0; closed < SUBSETS; closed++)
		if (outcome_without(closed) != 0)
			fail_msg("closed %u: %d", closed, outcome_without(closed));
}

static void a_given_descriptor_must_be_open(void **state)
{
	struct sc_error err = { 0 };
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= STANDARD);
	assert_ok(sc_fd_ensure_given(fd, "--ready-fd", &err), &err);
	close(fd);
	assert_int_equal(sc_fd_ensure_given(fd, "--ready-fd", &err), SC_ERR_USAGE);
	assert_non_null(strstr(err.message, "--ready-fd: descriptor "));
	assert_non_null(strstr(err.message, " is not open"));
}

static void a_descriptor_is_given_by_its_number(void **state)
{
	struct sc_error err = { 0 };
	int fd = -1;

	(void)state;
	assert_ok(sc_fd_given_read("1", "--pins-from-fd", &fd, &err), &err);
	assert_int_equal(fd, 1);
	assert_status(sc_fd_given_read("987", "--pins-from-fd", &fd, &err), SC_ERR_USAGE, &err);
	assert_status(sc_fd_given_read("4294967297", "--pins-from-fd", &fd, &err), SC_ERR_ARGUMENT, &err);
	assert_int_equal(fd, 1);
}

static void a_pipe_that_nobody_reads_ends_no_program(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	assert_int_equal(write(ends[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(ends[1]);
}

static void a_given_descriptor_is_closed_but_a_standard_ones_number_stays_taken(void **state)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	int kept = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STANDARD);

	(void)state;
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	sc_fd_close_given(fd);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	sc_fd_close_given(STDIN_FILENO);
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), 0);
	assert_true(fails_as_if_closed(STDIN_FILENO));
	assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
	close(kept);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_closed_at_the_start_is_open_in_main_and_unusable),
		cmocka_unit_test(a_given_descriptor_must_be_open),
		cmocka_unit_test(a_descriptor_is_given_by_its_number),
		cmocka_unit_test(a_pipe_that_nobody_reads_ends_no_program),
		cmocka_unit_test(a_given_descriptor_is_closed_but_a_standard_ones_number_stays_taken),
	};

	self = argv[0];
	if (argc == 2)
		return report((unsigned)atoi(argv[1]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
