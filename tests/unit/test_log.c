/*
 * Log lines: one write per line, outside input cannot forge a line, and nothing below the threshold is
 * written.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/log_limit.h"
#include "base/os.h"

static int saved = -1;
static int pipe_ends[2];

static int catch_standard_error(void **state)
{
	(void)state;
	saved = dup(STDERR_FILENO);
	return saved < 0 || pipe(pipe_ends) || fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK) ||
	       dup2(pipe_ends[1], STDERR_FILENO) < 0;
}

static int release_standard_error(void **state)
{
	(void)state;
	return dup2(saved, STDERR_FILENO) < 0 || close(saved) || close(pipe_ends[0]) || close(pipe_ends[1]);
}

/* What has been written since the last call, NUL-terminated. */
static const char *written(void)
{
	static char text[4096];
	ssize_t len = read(pipe_ends[0], text, sizeof text - 1);

	text[len > 0 ? len : 0] = '\0';
	return text;
}

static void a_line_names_program_level_and_event(void **state)
{
	(void)state;
	sc_log_start("hsmd", SC_LOG_NOTICE);
	sc_log(SC_LOG_NOTICE, "listening on %d sockets", 3);
	assert_string_equal(written(), "hsmd: notice: listening on 3 sockets\n");
	sc_log(SC_LOG_ERROR, "x");
	assert_string_equal(written(), "hsmd: error: x\n");
}

static void what_is_below_the_threshold_is_not_written(void **state)
{
	(void)state;
	sc_log_start("hsmd", SC_LOG_WARNING);
	sc_log(SC_LOG_NOTICE, "x");
	sc_log(SC_LOG_DEBUG, "x");
	assert_string_equal(written(), "");
	sc_log(SC_LOG_WARNING, "x");
	assert_string_equal(written(), "hsmd: warning: x\n");
}

static void nothing_from_outside_forges_a_line_or_drives_a_terminal(void **state)
{
	(void)state;
	sc_log_start("hsmd", SC_LOG_NOTICE);
	sc_log(SC_LOG_NOTICE, "name %s", "a\nhsmd: error: b\r\x1b[2J\x7f\tc");
	assert_string_equal(written(), "hsmd: notice: name a\\nhsmd: error: b\\r\\x1b[2J\\x7f\\tc\n");
	/* C1 controls in UTF-8: NEL, CSI. Letters in the same range are kept. */
	sc_log(SC_LOG_NOTICE, "%s",
	       "a\xc2\x85"
	       "b\xc2\x9b"
	       "2J Z\xc3\xbcrich \xc2\xa7");
	assert_string_equal(written(), "hsmd: notice: a\\x85b\\x9b2J Z\xc3\xbcrich \xc2\xa7\n");
}

static void too_long_a_line_is_cut_and_still_ended(void **state)
{
	char text[3000];
	const char *line;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	sc_log_start("hsmd", SC_LOG_NOTICE);
	sc_log(SC_LOG_NOTICE, "%s", text);
	line = written();
	assert_int_equal(strlen(line), 1001);
	assert_int_equal(line[1000], '\n');
}

static void a_program_name_that_is_too_long_is_cut_too(void **state)
{
	static char name[3000];

	(void)state;
	memset(name, 'p', sizeof name - 1);
	sc_log_start(name, SC_LOG_NOTICE);
	sc_log(SC_LOG_NOTICE, "x");
	assert_int_equal(strlen(written()), 1001);
}

/* Every write() of the program comes here (meson.build). While `tells` is set, `is_writing` counts them. */
static sem_t is_writing;
static bool tells;

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	if (tells)
		sem_post(&is_writing);
	return __real_write(fd, data, len);
}

static void *read_late(void *is_read)
{
	char text[4096];
	ssize_t len;

	while (sem_wait(&is_writing))
		;
	while ((len = read(pipe_ends[0], text, sizeof text - 1)) > 0) {
		text[len] = '\0';
		*(bool *)is_read |= strstr(text, "the only cards") != NULL;
	}
	return NULL;
}

/* Users who stop their terminal during a ceremony still get all of its warnings. */
static void a_tool_waits_until_its_warning_is_read(void **state)
{
	char filling[4096];
	pthread_t reader;
	bool is_read = false;

	(void)state;
	memset(filling, 'x', sizeof filling);
	assert_int_equal(fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK), 0);
	while (write(STDERR_FILENO, filling, sizeof filling) > 0)
		continue;
	assert_int_equal(fcntl(STDERR_FILENO, F_SETFL, 0), 0);
	sc_log_start("new-world", SC_LOG_NOTICE);
	assert_int_equal(sem_init(&is_writing, 0, 0), 0);
	assert_int_equal(pthread_create(&reader, NULL, read_late, &is_read), 0);
	tells = true;
	sc_log(SC_LOG_WARNING, "these are the only cards");
	tells = false;
	sem_post(&is_writing); /* for a log that never came to write */
	assert_int_equal(pthread_join(reader, NULL), 0);
	is_read |= strstr(written(), "the only cards") != NULL;
	assert_true(is_read);
}

static ssize_t no_write(int fd, const void *data, size_t len)
{
	(void)fd, (void)data, (void)len;
	errno = EIO;
	return -1;
}

/* There is nowhere to report it, and a log must work when everything else fails (rule P4). */
static void a_line_that_cannot_be_written_stops_nothing(void **state)
{
	struct sc_os full = sc_os_system;

	(void)state;
	full.write = no_write;
	sc_log_start("hsmd", SC_LOG_NOTICE);
	sc_os = &full;
	sc_log(SC_LOG_NOTICE, "lost");
	sc_os = &sc_os_system;
	assert_string_equal(written(), "");
	sc_log(SC_LOG_NOTICE, "the next");
	assert_string_equal(written(), "hsmd: notice: the next\n");
}

static unsigned polls;

static int poll_at_once(struct pollfd *places, nfds_t count, int timeout)
{
	assert_int_equal(timeout, 0);
	polls++;
	return sc_os_system.poll(places, count, timeout);
}

/* The pipe holds 64 KiB and nobody reads it: lines are lost, and the program goes on and reports it later. */
static void a_reader_that_stopped_keeps_nobody_waiting(void **state)
{
	struct sc_os watched = sc_os_system;
	char text[1000];
	unsigned missing = 0;
	const char *line;

	(void)state;
	watched.poll = poll_at_once;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	sc_log_start("hsmd", SC_LOG_NOTICE);
	sc_log_never_wait();
	alarm(30);
	sc_os = &watched;
	for (unsigned i = 0; i < 1000; i++)
		sc_log(SC_LOG_NOTICE, "%s", text);
	alarm(0);
	sc_os = &sc_os_system;
	assert_true(polls >= 1000);
	while (*written())
		continue;
	sc_log(SC_LOG_NOTICE, "and then");
	line = written();
	assert_int_equal(sscanf(line, "hsmd: warning: %u lines are missing here: nobody was", &missing), 1);
	assert_true(missing > 900 && missing < 1000);
	assert_string_equal(strchr(line, '\n'), "\nhsmd: notice: and then\n");
	sc_log(SC_LOG_NOTICE, "x");
	assert_string_equal(written(), "hsmd: notice: x\n");
}

static void lines_over_a_limit_are_counted_and_the_count_comes_with_the_next(void **state)
{
	struct sc_log_limit limit = { .lines = 2, .period = 100 };
	uint64_t left_out = 99;

	(void)state;
	assert_true(sc_log_limit_permits(&limit, 1000, &left_out));
	assert_int_equal(left_out, 0);
	assert_true(sc_log_limit_permits(&limit, 1099, &left_out));
	for (int i = 0; i < 3; i++)
		assert_false(sc_log_limit_permits(&limit, 1099, &left_out));
	assert_true(sc_log_limit_permits(&limit, 1100, &left_out));
	assert_int_equal(left_out, 3);
	assert_true(sc_log_limit_permits(&limit, 1101, &left_out));
	assert_int_equal(left_out, 0);
	assert_false(sc_log_limit_permits(&limit, 1199, &left_out));
}

int main(void)
{
#define CAUGHT(test) cmocka_unit_test_setup_teardown(test, catch_standard_error, release_standard_error)
	const struct CMUnitTest tests[] = {
		CAUGHT(a_line_names_program_level_and_event),
		CAUGHT(what_is_below_the_threshold_is_not_written),
		CAUGHT(nothing_from_outside_forges_a_line_or_drives_a_terminal),
		CAUGHT(too_long_a_line_is_cut_and_still_ended),
		CAUGHT(a_program_name_that_is_too_long_is_cut_too),
		CAUGHT(a_tool_waits_until_its_warning_is_read),
		CAUGHT(a_line_that_cannot_be_written_stops_nothing),
		cmocka_unit_test(lines_over_a_limit_are_counted_and_the_count_comes_with_the_next),
		CAUGHT(a_reader_that_stopped_keeps_nobody_waiting), /* the last: from here on nothing waits */
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
