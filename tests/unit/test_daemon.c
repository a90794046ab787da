/* What the daemons do alike as processes: the ready descriptor, and the signals that end them. */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/daemon.h"

static void ready_is_written_once_and_the_descriptor_closed(void **state)
{
	char text[16] = "";
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	sc_daemon_announce(ends[1]);
	assert_int_equal(read(ends[0], text, sizeof text - 1), 6);
	assert_string_equal(text, "READY\n");
	assert_int_equal(read(ends[0], text, sizeof text), 0);
	close(ends[0]);
	sc_daemon_announce(-1);
}

static void a_ready_descriptor_that_cannot_be_written_is_closed_too(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	sc_daemon_announce(fd);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(errno, EBADF);
}

static void ready_on_standard_output_leaves_it_open(void **state)
{
	char text[16] = "";
	int ends[2];
	int kept = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
	sc_daemon_announce(STDOUT_FILENO);
	assert_int_equal(fcntl(STDOUT_FILENO, F_GETFD), 0);
	assert_int_equal(dup2(kept, STDOUT_FILENO), STDOUT_FILENO);
	assert_int_equal(read(ends[0], text, sizeof text - 1), 6);
	assert_string_equal(text, "READY\n");
	close(kept);
	close(ends[0]);
	close(ends[1]);
}

static void a_reader_that_goes_away_does_not_end_the_process(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	sc_daemon_survive_readers();
	assert_int_equal(write(ends[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(ends[1]);
}

/* Inherits the mask; a signal that it did not block would end the process. */
static void *wait_in_a_thread(void *ends)
{
	sc_daemon_wait(ends);
	return ends;
}

static void either_signal_ends_the_wait_and_nothing_else_does(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT };
	sigset_t ends;

	(void)state;
	sc_daemon_hold_signals(&ends);
	assert_int_equal(sigismember(&ends, SIGHUP), 0);
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		void *result = NULL;
		pthread_t waiting;

		assert_int_equal(pthread_create(&waiting, NULL, wait_in_a_thread, &ends), 0);
		assert_int_equal(kill(getpid(), signals[i]), 0);
		assert_int_equal(pthread_join(waiting, &result), 0);
		assert_ptr_equal(result, &ends);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ready_is_written_once_and_the_descriptor_closed),
		cmocka_unit_test(a_ready_descriptor_that_cannot_be_written_is_closed_too),
		cmocka_unit_test(ready_on_standard_output_leaves_it_open),
		cmocka_unit_test(a_reader_that_goes_away_does_not_end_the_process),
		cmocka_unit_test(either_signal_ends_the_wait_and_nothing_else_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
