/*
 * The time limits of web/, without HTTP: timers, which the test runs at the times that it chooses or on its
 * own clock, and the limits of a connection, shown on a pair of sockets.
 */
#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "fake_clock.h"
#include "web/http_connection.h"
#include "web/timers.h"

#define LIMIT (60 * SC_SECOND)

static struct sc_web_timers *timers;
static int64_t begun; /* when the test began, by the clock in use */

static int set_up(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	fake_clock_start();
	begun = sc_clock_monotonic();
	assert_ok(sc_web_timers_new(&timers, &err), &err);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sc_web_timers_free(timers);
	fake_clock_stop();
	return 0;
}

/* -- timers ------------------------------------------------------------------------------------ */

/* The contexts of the timers that have expired, one character each, in their order. */
static char expired[16];
static atomic_size_t expired_count;

static void note(void *context)
{
	expired[expired_count] = *(const char *)context;
	expired_count++;
}

static void forget(void)
{
	memset(expired, 0, sizeof expired);
	expired_count = 0;
}

static void timers_expire_when_they_are_due_in_the_order_of_their_deadlines(void **state)
{
	struct sc_web_timer timer[4] = { 0 };

	(void)state;
	forget();
	assert_true(sc_web_timer_set(timers, &timer[0], 30, note, "d"));
	assert_true(sc_web_timer_set(timers, &timer[1], 10, note, "a"));
	assert_true(sc_web_timer_set(timers, &timer[2], 20, note, "b"));
	assert_true(sc_web_timer_set(timers, &timer[3], 20, note, "c"));
	sc_web_timers_run(timers, 9);
	assert_string_equal(expired, "");
	sc_web_timers_run(timers, 10);
	assert_string_equal(expired, "a");
	sc_web_timers_run(timers, 29);
	assert_string_equal(expired, "abc");
	sc_web_timers_run(timers, 30);
	sc_web_timers_run(timers, 1000);
	assert_string_equal(expired, "abcd");
}

static void a_timer_that_is_cancelled_does_not_expire(void **state)
{
	struct sc_web_timer timer[3] = { 0 };

	(void)state;
	/* Each of the three in turn: the first, the last and the one between. */
	for (int cancelled = -1; cancelled < 3; cancelled++) {
		static const char *const names[] = { "a", "b", "c" };
		static const char *const rest[] = { "abc", "bc", "ac", "ab" };

		forget();
		for (int i = 0; i < 3; i++)
			assert_true(
			    sc_web_timer_set(timers, &timer[i], 10 + i, note, (void *)(uintptr_t)names[i]));
		if (cancelled >= 0)
			sc_web_timer_cancel(timers, &timer[cancelled]);
		sc_web_timers_run(timers, 100);
		assert_string_equal(expired, rest[cancelled + 1]);
		sc_web_timer_cancel(timers, &timer[0]); /* neither set nor running: nothing happens */
	}
}

static void a_timer_that_is_set_again_expires_once_at_its_new_time(void **state)
{
	struct sc_web_timer timer = { 0 };

	(void)state;
	forget();
	assert_true(sc_web_timer_set(timers, &timer, 10, note, "a"));
	assert_true(sc_web_timer_set(timers, &timer, 20, note, "b"));
	sc_web_timers_run(timers, 19);
	assert_string_equal(expired, "");
	sc_web_timers_run(timers, 20);
	assert_string_equal(expired, "b");
	assert_true(sc_web_timer_set(timers, &timer, 30, note, "c"));
	sc_web_timers_run(timers, 30);
	assert_string_equal(expired, "bc");
}

static struct sc_web_timer own;

static void cancel_and_set_own(void *context)
{
	note(context);
	sc_web_timer_cancel(timers, &own);
	assert_true(sc_web_timer_set(timers, &own, 20, note, "b"));
}

static void a_callback_may_cancel_and_set_its_own_timer(void **state)
{
	(void)state;
	forget();
	assert_true(sc_web_timer_set(timers, &own, 10, cancel_and_set_own, "a"));
	sc_web_timers_run(timers, 10);
	assert_string_equal(expired, "a");
	sc_web_timers_run(timers, 20);
	assert_string_equal(expired, "ab");
}

/* -- cancelling while the callback runs -------------------------------------------------------- */

static sem_t entered;
static sem_t release;
static sem_t cancelled;
static atomic_bool has_ended;
static bool had_ended; /* when sc_web_timer_cancel() returned */

static void hold(void *context)
{
	(void)context;
	sem_post(&entered);
	while (sem_wait(&release))
		continue;
	has_ended = true;
}

static void *run(void *argument)
{
	sc_web_timers_run(timers, 10);
	return argument;
}

static void *cancel(void *timer)
{
	sc_web_timer_cancel(timers, timer);
	had_ended = has_ended;
	sem_post(&cancelled);
	return NULL;
}

/* False if that does not happen while a wrong answer would. */
static bool happens_soon(sem_t *semaphore)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 50 * (long)SC_MILLISECOND;
	if (until.tv_nsec >= SC_SECOND) {
		until.tv_sec++;
		until.tv_nsec -= SC_SECOND;
	}
	return sem_timedwait(semaphore, &until) == 0;
}

static void cancelling_waits_for_the_end_of_a_callback_on_another_thread(void **state)
{
	struct sc_web_timer timer = { 0 };
	struct sc_web_timer other = { 0 };
	pthread_t runner;
	pthread_t canceller;

	(void)state;
	sem_init(&entered, 0, 0);
	sem_init(&release, 0, 0);
	sem_init(&cancelled, 0, 0);
	has_ended = had_ended = false;
	forget();
	assert_true(sc_web_timer_set(timers, &timer, 10, hold, NULL));
	assert_true(sc_web_timer_set(timers, &other, 10, note, "a"));
	assert_int_equal(pthread_create(&runner, NULL, run, NULL), 0);
	while (sem_wait(&entered))
		continue;
	/* Another timer than the one that runs is cancelled without waiting. */
	sc_web_timer_cancel(timers, &other);
	assert_int_equal(pthread_create(&canceller, NULL, cancel, &timer), 0);
	assert_false(happens_soon(&cancelled));
	sem_post(&release);
	pthread_join(canceller, NULL);
	assert_true(had_ended);
	pthread_join(runner, NULL);
	assert_string_equal(expired, "");
	sem_destroy(&entered);
	sem_destroy(&release);
	sem_destroy(&cancelled);
}

static void do_nothing(void *context)
{
	(void)context;
}

/* Owners set, cancel and free timers while others run them: for the sanitizers. */
static void *come_and_go(void *argument)
{
	for (int i = 0; i < 2000; i++) {
		struct sc_web_timer *timer = calloc(1, sizeof *timer);

		assert_non_null(timer);
		assert_true(sc_web_timer_set(timers, timer, i % 7, do_nothing, NULL));
		sc_web_timer_cancel(timers, timer);
		free(timer);
	}
	return argument;
}

static atomic_bool is_over;

static void *run_until_over(void *argument)
{
	while (!is_over)
		sc_web_timers_run(timers, 4);
	return argument;
}

static void timers_may_be_freed_once_cancelled_however_often_others_run_them(void **state)
{
	pthread_t owner[3];
	pthread_t runner[2];

	(void)state;
	is_over = false;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&runner[i], NULL, run_until_over, NULL), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&owner[i], NULL, come_and_go, NULL), 0);
	for (int i = 0; i < 3; i++)
		pthread_join(owner[i], NULL);
	is_over = true;
	for (int i = 0; i < 2; i++)
		pthread_join(runner[i], NULL);
}

/* -- the end, and the thread ------------------------------------------------------------------- */

static void closing_expires_all_and_accepts_no_more(void **state)
{
	struct sc_web_timer timer[3] = { 0 };

	(void)state;
	forget();
	assert_true(sc_web_timer_set(timers, &timer[0], 10, note, "a"));
	assert_true(sc_web_timer_set(timers, &timer[1], INT64_MAX, note, "b"));
	sc_web_timers_close(timers);
	assert_string_equal(expired, "ab");
	assert_false(sc_web_timer_set(timers, &timer[2], 10, note, "c"));
	sc_web_timers_run(timers, 100);
	assert_string_equal(expired, "ab");
}

static bool has_expired(void *count)
{
	return expired_count >= *(const size_t *)count;
}

static void the_thread_runs_what_is_due_by_the_clock(void **state)
{
	struct sc_web_timer late = { 0 };
	struct sc_web_timer early = { 0 };
	struct sc_error err = { 0 };
	size_t one = 1;
	size_t two = 2;

	(void)state;
	forget();
	assert_ok(sc_web_timers_start(timers, &err), &err);
	assert_true(sc_web_timer_set(timers, &late, begun + 3600 * SC_SECOND, note, "b"));
	/* The thread sleeps without a limit until a first timer is set. */
	assert_true(sc_web_timer_set(timers, &early, begun, note, "a"));
	await_that(has_expired, &one);
	assert_string_equal(expired, "a");
	fake_clock_advance(3600 * SC_SECOND);
	await_that(has_expired, &two);
	assert_string_equal(expired, "ab");
}

/* -- connections ------------------------------------------------------------------------------- */

static struct sc_web_connections *connections;
static struct sc_web_connection *connection;
static int sockets[2]; /* the server's end, the client's */
static const struct sc_web_peer_limits few = { 3, 3, 1000, 1 };

static int set_up_connection(void **state)
{
	struct sc_error err = { 0 };

	set_up(state);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	assert_ok(sc_web_connections_new(timers, LIMIT, &few, &connections, &err), &err);
	connection = sc_web_connection_open(connections, NULL, sockets[0]);
	assert_non_null(connection);
	return 0;
}

static int tear_down_connection(void **state)
{
	sc_web_connection_close(connection);
	sc_web_connections_free(connections);
	close(sockets[0]);
	close(sockets[1]);
	return tear_down(state);
}

/* Moves the clock and runs what is due. */
static void wait_for(int64_t nanoseconds)
{
	fake_clock_advance(nanoseconds);
	sc_web_timers_run(timers, sc_clock_monotonic());
}

static bool is_cut_off(void)
{
	struct pollfd client = { .fd = sockets[1], .events = POLLIN };
	char byte;

	return poll(&client, 1, 0) == 1 && read(sockets[1], &byte, 1) == 0;
}

/* Whether the server's end has been told that nothing more comes. */
static bool is_told_to_end(void)
{
	struct pollfd end = { .fd = sockets[0], .events = POLLIN };
	char byte;

	return poll(&end, 1, 0) == 1 && read(sockets[0], &byte, 1) == 0;
}

/* An answer that is just being made is still sent. */
static void a_client_that_sends_nothing_is_ended_gently_at_the_limit(void **state)
{
	(void)state;
	wait_for(LIMIT - 1);
	assert_false(is_told_to_end());
	wait_for(1);
	assert_true(is_told_to_end());
	assert_false(is_cut_off());
	assert_int_equal(write(sockets[0], "a", 1), 1);
}

static void a_request_has_its_own_time_from_its_first_line_on(void **state)
{
	(void)state;
	wait_for(LIMIT - 1);
	sc_web_connection_begin(connection, SC_WEB_CONNECTION_RECEIVING);
	wait_for(LIMIT - 1);
	assert_false(is_cut_off());
	wait_for(1);
	assert_true(is_cut_off());
}

static void while_a_request_is_handled_its_client_has_time(void **state)
{
	(void)state;
	wait_for(LIMIT - 1);
	sc_web_connection_begin(connection, SC_WEB_CONNECTION_HANDLING);
	wait_for(10 * LIMIT);
	assert_false(is_cut_off());
	sc_web_connection_begin(connection, SC_WEB_CONNECTION_SENDING);
	wait_for(LIMIT - 1);
	assert_false(is_cut_off());
	sc_web_connection_begin(connection, SC_WEB_CONNECTION_RECEIVING);
	wait_for(LIMIT - 1);
	assert_false(is_cut_off());
	wait_for(1);
	assert_true(is_cut_off());
}

static void a_client_that_does_not_read_its_answer_is_cut_off_at_the_limit(void **state)
{
	(void)state;
	sc_web_connection_begin(connection, SC_WEB_CONNECTION_HANDLING);
	sc_web_connection_begin(connection, SC_WEB_CONNECTION_SENDING);
	wait_for(LIMIT - 1);
	assert_false(is_cut_off());
	wait_for(1);
	assert_true(is_cut_off());
}

static void a_client_that_does_not_read_its_answer_makes_room_for_another(void **state)
{
	const struct sockaddr_in other = { .sin_family = AF_INET };
	const struct sockaddr *address = (const struct sockaddr *)&other;
	struct sc_web_connection *more[3];
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	sc_web_connection_begin(connection, SC_WEB_CONNECTION_HANDLING);
	for (size_t i = 0; i < 2; i++) {
		more[i] = sc_web_connection_open(connections, NULL, fds[0]);
		sc_web_connection_begin(more[i], SC_WEB_CONNECTION_HANDLING);
	}
	assert_null(sc_web_connection_open(connections, address, fds[0]));
	assert_false(is_cut_off());
	sc_web_connection_begin(connection, SC_WEB_CONNECTION_SENDING);
	more[2] = sc_web_connection_open(connections, address, fds[0]);
	assert_non_null(more[2]);
	assert_true(is_cut_off());
	for (size_t i = 0; i < 3; i++)
		sc_web_connection_close(more[i]);
	close(fds[0]);
	close(fds[1]);
}

static void a_connection_that_is_closed_is_not_shut_down_later(void **state)
{
	(void)state;
	sc_web_connection_close(connection);
	connection = NULL;
	wait_for(2 * LIMIT);
	assert_false(is_cut_off());
}

/* -- descriptors ------------------------------------------------------------------------------- */

#define OWNERS      4
#define ROUNDS      1000
#define HELD        4
#define DESCRIPTORS 1024

static atomic_bool is_open[DESCRIPTORS]; /* its connection is not closed */
static atomic_uint shutdowns;
static atomic_uint stray; /* shutdowns of descriptors that may belong to somebody else */

static int note_shutdown(int socket, int how)
{
	(void)how;
	shutdowns++;
	if (!is_open[socket])
		stray++;
	return 0;
}

/* Opens more connections than there may be and closes them, as an HTTP thread does. */
static void *open_and_close(void *argument)
{
	struct sc_web_connection *mine[HELD];
	int fds[HELD];

	for (int i = 0; i < ROUNDS; i++) {
		for (int k = 0; k < HELD; k += 2)
			if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, &fds[k]) != 0)
				abort();
		for (int k = 0; k < HELD; k++) {
			is_open[fds[k]] = true;
			mine[k] = sc_web_connection_open(connections, NULL, fds[k]);
			if (mine[k] && k % 2)
				sc_web_connection_begin(mine[k], SC_WEB_CONNECTION_RECEIVING);
		}
		for (int k = 0; k < HELD; k++) {
			sc_web_connection_close(mine[k]);
			is_open[fds[k]] = false;
			close(fds[k]);
		}
	}
	return argument;
}

static void no_descriptor_is_shut_down_after_its_connection_has_been_closed(void **state)
{
	const struct sc_os *const before = sc_os;
	struct sc_os os = *sc_os;
	pthread_t owner[OWNERS];

	(void)state;
	os.shutdown = note_shutdown;
	sc_os = &os;
	is_open[sockets[0]] = true; /* the connection of the set-up may end for the others, too */
	for (int i = 0; i < OWNERS; i++)
		assert_int_equal(pthread_create(&owner[i], NULL, open_and_close, NULL), 0);
	for (int i = 0; i < OWNERS; i++)
		pthread_join(owner[i], NULL);
	sc_os = before;
	assert_true(shutdowns > ROUNDS);
	assert_int_equal(stray, 0);
}

static void *settle(void *argument)
{
	sc_web_connections_settle(connections, 3600 * SC_SECOND);
	return argument;
}

static void settling_ends_with_the_last_answer(void **state)
{
	pthread_t settler;

	(void)state;
	sc_web_connections_settle(connections, 3600 * SC_SECOND); /* none is busy: at once */
	sc_web_connection_begin(connection, SC_WEB_CONNECTION_SENDING);
	assert_int_equal(pthread_create(&settler, NULL, settle, NULL), 0);
	assert_int_equal(pthread_tryjoin_np(settler, NULL), EBUSY);
	sc_web_connection_begin(connection, SC_WEB_CONNECTION_RECEIVING);
	pthread_join(settler, NULL);
	/* Without an answer it ends at its limit; a closed connection is not awaited either. */
	sc_web_connection_begin(connection, SC_WEB_CONNECTION_HANDLING);
	sc_web_connections_settle(connections, SC_MILLISECOND);
	sc_web_connection_close(connection);
	connection = NULL;
	sc_web_connections_settle(connections, 3600 * SC_SECOND);
}

#define TEST(name)       cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define CONNECTION(name) cmocka_unit_test_setup_teardown(name, set_up_connection, tear_down_connection)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(timers_expire_when_they_are_due_in_the_order_of_their_deadlines),
		TEST(a_timer_that_is_cancelled_does_not_expire),
		TEST(a_timer_that_is_set_again_expires_once_at_its_new_time),
		TEST(a_callback_may_cancel_and_set_its_own_timer),
		TEST(cancelling_waits_for_the_end_of_a_callback_on_another_thread),
		TEST(timers_may_be_freed_once_cancelled_however_often_others_run_them),
		TEST(closing_expires_all_and_accepts_no_more),
		TEST(the_thread_runs_what_is_due_by_the_clock),
		CONNECTION(a_client_that_sends_nothing_is_ended_gently_at_the_limit),
		CONNECTION(a_request_has_its_own_time_from_its_first_line_on),
		CONNECTION(while_a_request_is_handled_its_client_has_time),
		CONNECTION(a_client_that_does_not_read_its_answer_is_cut_off_at_the_limit),
		CONNECTION(a_client_that_does_not_read_its_answer_makes_room_for_another),
		CONNECTION(a_connection_that_is_closed_is_not_shut_down_later),
		CONNECTION(no_descriptor_is_shut_down_after_its_connection_has_been_closed),
		CONNECTION(settling_ends_with_the_last_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
