/*
 * What each of the server's peers has of its workers, its memory and its places, and who makes room if they
 * are all taken (rule M12).
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/os.h"
#include "fake_clock.h"
#include "fake_core.h"
#include "server_fixture.h"

static atomic_bool cannot_watch; /* new descriptors */

static int watch_if_possible(int epoll, int operation, int fd, struct epoll_event *event)
{
	if (!cannot_watch || operation != EPOLL_CTL_ADD)
		return sc_os_system.epoll_ctl(epoll, operation, fd, event);
	errno = ENOSPC;
	return -1;
}

#define READ_MAX 64

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool holds; /* the server, before it reads */
	bool is_held;
	uint64_t ids[READ_MAX]; /* of the requests read since then */
	unsigned count;
} reading = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static ssize_t read_when_let(int fd, struct msghdr *message, int flags)
{
	struct sc_wire_request_header header;
	struct sc_view body;
	ssize_t got;

	pthread_mutex_lock(&reading.lock);
	reading.is_held = reading.holds;
	pthread_cond_broadcast(&reading.changed);
	while (reading.holds)
		pthread_cond_wait(&reading.changed, &reading.lock);
	got = sc_os_system.recvmsg(fd, message, flags);
	if (got > 0 && reading.count < READ_MAX &&
	    sc_wire_request_read(sc_view_of(message->msg_iov->iov_base, (size_t)got), &header, &body, NULL) ==
		SC_OK)
		reading.ids[reading.count++] = header.id;
	pthread_mutex_unlock(&reading.lock);
	return got;
}

/* Returns once the server is about to read, and reads nothing until let_read(). */
static void hold_reading(int fd)
{
	pthread_mutex_lock(&reading.lock);
	reading.holds = true;
	reading.is_held = false;
	reading.count = 0;
	ask(fd, SC_COMMAND_ENQUIRE, 0);
	while (!reading.is_held)
		pthread_cond_wait(&reading.changed, &reading.lock);
	pthread_mutex_unlock(&reading.lock);
}

static void let_read(void)
{
	pthread_mutex_lock(&reading.lock);
	reading.holds = false;
	pthread_cond_broadcast(&reading.changed);
	pthread_mutex_unlock(&reading.lock);
}

/* How many requests were read before that one, whose answer the caller has had. */
static unsigned read_before(uint64_t id)
{
	unsigned place = 0;

	pthread_mutex_lock(&reading.lock);
	while (place < reading.count && reading.ids[place] != id)
		place++;
	assert_true(place < reading.count);
	pthread_mutex_unlock(&reading.lock);
	return place;
}

static atomic_uint peers_user; /* whose every new connection is */

static int tell_user(int fd, int level, int option, void *value, socklen_t *len)
{
	int failed = sc_os_system.getsockopt(fd, level, option, value, len);

	if (!failed && level == SOL_SOCKET && option == SO_PEERCRED)
		((struct ucred *)value)->uid = peers_user;
	return failed;
}

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool holds; /* the thread that logs */
	bool is_held;
	unsigned lines;
} logging = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

void __wrap_sc_log(enum sc_log_level level, const char *format, ...);
void __wrap_sc_log(enum sc_log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
	pthread_mutex_lock(&logging.lock);
	logging.lines++;
	logging.is_held = logging.holds;
	pthread_cond_broadcast(&logging.changed);
	while (logging.holds)
		pthread_cond_wait(&logging.changed, &logging.lock);
	pthread_mutex_unlock(&logging.lock);
}

/* From now on, a thread that logs waits. */
static void hold_log(void)
{
	pthread_mutex_lock(&logging.lock);
	logging.holds = true;
	logging.is_held = false;
	pthread_mutex_unlock(&logging.lock);
}

static void wait_for_line(void)
{
	pthread_mutex_lock(&logging.lock);
	while (!logging.is_held)
		pthread_cond_wait(&logging.changed, &logging.lock);
	pthread_mutex_unlock(&logging.lock);
}

static unsigned lines_logged(void)
{
	unsigned lines;

	pthread_mutex_lock(&logging.lock);
	lines = logging.lines;
	pthread_mutex_unlock(&logging.lock);
	return lines;
}

static void let_log(void)
{
	pthread_mutex_lock(&logging.lock);
	logging.holds = false;
	pthread_cond_broadcast(&logging.changed);
	pthread_mutex_unlock(&logging.lock);
}

static void change_calls(struct sc_os *os)
{
	peers_user = getuid();
	os->getsockopt = tell_user;
	os->epoll_ctl = watch_if_possible;
	os->recvmsg = read_when_let;
}

/* -- turns and memory -------------------------------------------------------------------------- */

/* However many connections have requests to be read, the other's is read after one turn of theirs. */
static void assert_read_after_a_turn_of_a_crowd(int other)
{
	int crowd[8];

	assert_works(other);
	for (unsigned i = 0; i < 8; i++) {
		crowd[i] = connect_to(&specs[0]);
		assert_works(crowd[i]);
	}
	hold_reading(crowd[0]);
	for (unsigned i = 0; i < 40; i++)
		ask(crowd[i % 8], SC_COMMAND_ENQUIRE, 100);
	ask(other, SC_COMMAND_ENQUIRE, 1000);
	let_read();
	(void)take_answer(other, SC_COMMAND_ENQUIRE, SC_OK);
	assert_true(read_before(1000) <= 2 * SC_HSMD_READ_TURN);
	for (unsigned i = 0; i < 8; i++)
		close(crowd[i]);
	close(other);
}

static void sockets_take_turns_in_being_read(void **state)
{
	(void)state;
	assert_read_after_a_turn_of_a_crowd(connect_to(&specs[1]));
}

static void users_of_a_socket_take_turns_in_being_read(void **state)
{
	int other;

	(void)state;
	peers_user = getuid() + 1;
	other = connect_to(&specs[0]);
	assert_works(other); /* and so it has been accepted */
	peers_user = getuid();
	assert_read_after_a_turn_of_a_crowd(other);
}

/* Reading the largest takes as long as reading a hundred small ones. */
static void a_turn_ends_with_a_large_message(void **state)
{
	int other = connect_to(&specs[1]);
	int large = connect_to(&specs[0]);

	(void)state;
	assert_works(other);
	assert_works(large);
	hold_reading(large);
	ask_of(large, SC_HSMD_READ_TURN_BYTES);
	ask_of(large, SC_HSMD_READ_TURN_BYTES);
	ask_of(large, SC_HSMD_READ_TURN_BYTES);
	ask(other, SC_COMMAND_ENQUIRE, 1000);
	let_read();
	(void)take_answer(other, SC_COMMAND_ENQUIRE, SC_OK);
	/* The one that was being read, one more, and one of the next turn. */
	assert_true(read_before(1000) <= 3);
	close(large);
	close(other);
}

static void sockets_and_connections_take_turns_and_none_has_every_worker(void **state)
{
	int greedy = connect_to(&specs[0]);
	int second = connect_to(&specs[0]);
	int modest = connect_to(&specs[1]);
	uint64_t order[64];
	size_t count;

	(void)state;
	fake_hold();
	/* One worker of two: the rest of this user's requests waits, and another socket's begins at once. */
	for (unsigned i = 0; i <= 40; i++)
		ask(greedy, SC_COMMAND_SIGN, i);
	fake_wait_held(1);
	for (unsigned i = 0; i < 3; i++)
		ask(second, SC_COMMAND_SIGN, 500 + i);
	ask(second, SC_COMMAND_KEY_GENERATE, 99); /* once this is held, all of these have been read */
	fake_wait_held(2);
	ask(modest, SC_COMMAND_SIGN, 1000);
	fake_wait_held(3);
	ask(modest, SC_COMMAND_SIGN, 1001);
	ask(modest, SC_COMMAND_KEY_GENERATE, 1099); /* likewise */
	fake_wait_held(4);
	fake_let_go();
	for (unsigned i = 0; i < 3; i++)
		(void)recv(modest, order, sizeof order, 0);
	for (unsigned i = 0; i < 4; i++)
		(void)recv(second, order, sizeof order, 0);
	count = fake_order(order, 64);
	assert_true(count >= 6);
	/* Of socket 0: greedy's first, then second's and greedy's in turn. */
	count = 0;
	for (unsigned i = 0; count < 5; i++)
		if (order[i] < 1000)
			order[count++] = order[i];
	assert_int_equal(order[0], 0);
	assert_true(order[1] == 500 || order[2] == 500);
	assert_true(order[1] == 1 || order[2] == 1);
	assert_true(order[3] == 501 || order[4] == 501);
	assert_true(order[3] == 2 || order[4] == 2);
	close(greedy);
	close(second);
	close(modest);
}

static void a_peer_that_asks_without_end_is_not_read_without_end(void **state)
{
	uint8_t message[64];
	size_t len = write_request(message, sizeof message, SC_COMMAND_SIGN, 1, (struct sc_view){ 0 });
	int greedy = connect_to(&specs[0]);
	int other = connect_to(&specs[1]);
	size_t sent = 0;

	(void)state;
	fake_hold();
	while (send(greedy, message, len, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
		sent++;
	assert_int_equal(errno, EAGAIN);
	assert_true(sent > SC_HSMD_CONNECTION_REQUESTS);
	/* No accepted request is lost. */
	fake_let_go();
	for (size_t i = 0; i < sent; i++)
		(void)take_answer(greedy, SC_COMMAND_SIGN, SC_OK);
	assert_works(greedy);
	assert_works(other);
	close(greedy);
	close(other);
}

/* The largest messages take a quarter of a socket's 512 KiB each. */
static void the_biggest_holder_makes_room_and_the_other_socket_sees_nothing(void **state)
{
	int other = connect_to(&specs[1]);
	int big = connect_to(&specs[0]);
	int small = connect_to(&specs[0]);
	int equal[2] = { connect_to(&specs[0]), connect_to(&specs[0]) };

	(void)state;
	/* Each has been accepted. */
	assert_works(other);
	assert_works(big);
	assert_works(small);
	assert_works(equal[0]);
	assert_works(equal[1]);
	fake_hold();
	ask_at_length(big, 2);
	fake_wait_held(1);
	wait_read(big);
	for (unsigned i = 0; i < 2; i++) {
		ask_at_length(equal[i], 1);
		wait_read(equal[i]);
	}
	/*
	 * The memory is full. A small request makes the biggest holder go, and a large one then takes its
	 * room.
	 */
	assert_works(small);
	assert_closed(big);
	ask_at_length(small, 1);
	wait_read(small);
	assert_works(other);
	/* Nobody holds more than this one would then. */
	big = connect_to(&specs[0]);
	ask_at_length(big, 1);
	assert_int_equal(take_answer(big, SC_COMMAND_KEY_GENERATE, SC_ERR_BUSY), 1);
	ask_at_length(other, 2);
	fake_wait_held(2);
	fake_let_go();
	for (unsigned i = 0; i < 2; i++) {
		(void)take_answer(other, SC_COMMAND_KEY_GENERATE, SC_OK);
		(void)take_answer(equal[i], SC_COMMAND_KEY_GENERATE, SC_OK);
		close(equal[i]);
	}
	(void)take_answer(small, SC_COMMAND_KEY_GENERATE, SC_OK);
	assert_works(big);
	close(big);
	close(small);
	close(other);
}

/* Nobody reads the log: the thread that logs waits, and no other. */
static void while_a_line_is_logged_others_are_answered(void **state)
{
	int other = connect_to(&specs[1]);
	int big = connect_to(&specs[0]);
	int small = connect_to(&specs[0]);
	int equal[2] = { connect_to(&specs[0]), connect_to(&specs[0]) };

	(void)state;
	assert_works(small);
	fake_hold();
	ask_at_length(big, 2);
	fake_wait_held(1);
	wait_read(big);
	for (unsigned i = 0; i < 2; i++) {
		ask_at_length(equal[i], 1);
		wait_read(equal[i]);
	}
	/* The memory is full, and the biggest holder is closed for the next request. */
	hold_log();
	ask(small, SC_COMMAND_ENQUIRE, 1);
	wait_for_line();
	fake_let_go();
	for (unsigned i = 0; i < 2; i++)
		(void)take_answer(equal[i], SC_COMMAND_KEY_GENERATE, SC_OK);
	let_log();
	(void)take_answer(small, SC_COMMAND_ENQUIRE, SC_OK);
	assert_closed(big);
	for (unsigned i = 0; i < 2; i++)
		close(equal[i]);
	close(small);
	close(other);
}

static void send_no_request(const struct sc_hsmd_socket_spec *spec)
{
	int fd = connect_to(spec);

	assert_works(fd);
	assert_int_equal(send(fd, "x", 1, MSG_NOSIGNAL), 1);
	assert_closed(fd); /* after its line */
}

static void lines_about_the_peers_of_one_socket_leave_out_none_of_another(void **state)
{
	unsigned before = lines_logged();
	unsigned after;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		send_no_request(&specs[0]);
	after = lines_logged();
	assert_in_range(after - before, 1, 19);
	send_no_request(&specs[1]);
	assert_int_equal(lines_logged(), after + 1);
}

/* With one small request, these take a quarter of the memory. */
static void fill_quarter(int fd, int other)
{
	for (size_t len = 64; len < SC_WIRE_BODY_MAX; len *= 2) {
		ask_of(fd, len);
		assert_works(other);
		assert_works(other);
	}
}

/* One peer has a small request in each quarter of the memory, and has what was between them released. */
static void small_requests_everywhere_keep_no_large_one_out(void **state)
{
	int other = connect_to(&specs[1]);
	int small = connect_to(&specs[0]);
	int large;
	int fds[3];

	(void)state;
	assert_works(other);
	fake_hold();
	for (unsigned i = 0; i < 4; i++) {
		ask_of(small, 64);
		assert_works(other);
		assert_works(other);
		if (i == 3)
			break;
		fds[i] = connect_to(&specs[0]);
		fill_quarter(fds[i], other);
	}
	fake_wait_held(1);
	for (unsigned i = 0; i < 3; i++)
		close(fds[i]);
	fake_wait_sessions(2);
	large = connect_to(&specs[0]);
	ask_at_length(large, 1);
	wait_read(large);
	assert_works(other);
	fake_let_go();
	(void)take_answer(large, SC_COMMAND_KEY_GENERATE, SC_OK);
	for (unsigned i = 0; i < 4; i++)
		(void)take_answer(small, SC_COMMAND_KEY_GENERATE, SC_OK);
	close(small);
	close(large);
	close(other);
}

static void a_peer_that_never_reads_is_not_read_and_nothing_of_it_begins(void **state)
{
	uint8_t message[64];
	size_t len = write_request(message, sizeof message, SC_COMMAND_EVIDENCE, 1, (struct sc_view){ 0 });
	int unread = connect_to(&specs[0]);
	int other = connect_to(&specs[0]);
	unsigned asked = 0;

	(void)state;
	/* Each answer is 32 KiB: the peer's socket is full long before the last. */
	while (asked < 10000 && send(unread, message, len, MSG_NOSIGNAL | MSG_DONTWAIT) > 0) {
		asked++;
		if (asked % 50 == 0)
			assert_works(other);
	}
	assert_int_equal(errno, EAGAIN);
	assert_works(other);
	/* No accepted request is lost. */
	for (unsigned i = 0; i < asked; i++)
		(void)take_answer(unread, SC_COMMAND_EVIDENCE, SC_OK);
	assert_works(unread);
	close(unread);
	close(other);
}

/* -- places ------------------------------------------------------------------------------------ */

static void a_place_is_given_by_who_has_been_idle_long_and_by_nobody_else(void **state)
{
	int fds[5];
	int other;

	(void)state;
	/* 8 in all, so 4 on each. */
	for (unsigned i = 0; i < 4; i++) {
		fds[i] = connect_to(&specs[0]);
		assert_works(fds[i]);
		fake_clock_advance(SC_SECOND / 1000);
	}
	/* None has been idle for long. */
	assert_closed(connect_to(&specs[0]));
	other = connect_to(&specs[1]);
	assert_works(other);
	/* Now the first has been idle longer than the others, but for a request in progress. */
	fake_clock_advance(SC_HSMD_IDLE_AGE);
	fake_hold();
	ask(fds[0], SC_COMMAND_KEY_GENERATE, 1);
	fake_wait_held(1);
	fds[4] = connect_to(&specs[0]);
	assert_works(fds[4]);
	assert_closed(fds[1]);
	fake_let_go();
	(void)take_answer(fds[0], SC_COMMAND_KEY_GENERATE, SC_OK);
	for (unsigned i = 0; i < 5; i++) {
		if (i == 1)
			continue;
		assert_works(fds[i]);
		close(fds[i]);
	}
	assert_works(other);
	close(other);
}

static void a_connection_that_cannot_be_made_costs_nobody_a_place(void **state)
{
	int fds[4];
	int last;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		fds[i] = connect_to(&specs[0]);
		assert_works(fds[i]);
	}
	fake_clock_advance(SC_HSMD_IDLE_AGE + 1);
	cannot_watch = true;
	assert_closed(connect_to(&specs[0]));
	cannot_watch = false;
	for (unsigned i = 0; i < 4; i++)
		assert_works(fds[i]);
	fake_clock_advance(SC_HSMD_IDLE_AGE + 1);
	last = connect_to(&specs[0]);
	assert_works(last);
	assert_closed(fds[0]);
	for (unsigned i = 1; i < 4; i++) {
		assert_works(fds[i]);
		close(fds[i]);
	}
	close(last);
}

static void a_custody_socket_has_places_for_custodians_and_no_crowd(void **state)
{
	int fds[2][SC_HSMD_CUSTODY_CONNECTIONS + 1];

	(void)state;
	for (unsigned i = 0; i < SC_HSMD_CUSTODY_CONNECTIONS; i++) {
		fds[0][i] = connect_to(&specs[0]);
		assert_works(fds[0][i]);
	}
	assert_closed(connect_to(&specs[0]));
	for (unsigned i = 0; i <= SC_HSMD_CUSTODY_CONNECTIONS; i++) {
		fds[1][i] = connect_to(&specs[1]);
		assert_works(fds[1][i]);
	}
	for (unsigned i = 0; i < SC_HSMD_CUSTODY_CONNECTIONS; i++)
		close(fds[0][i]);
	for (unsigned i = 0; i <= SC_HSMD_CUSTODY_CONNECTIONS; i++)
		close(fds[1][i]);
}

static void more_sockets_than_the_memory_has_parts_are_refused(void **state)
{
	const struct sc_hsmd_server_options small = { 8, 2, 2, 1u << 20 };
	struct sc_hsmd_socket_spec more[3];
	struct sc_hsmd_server *usual = server;
	struct sc_error err = { 0 };

	(void)state;
	assert_int_equal(sc_hsmd_server_new(&small, &server, NULL), SC_OK);
	listen_at(&more[0], "a", SC_ROLE_USE);
	listen_at(&more[1], "b", SC_ROLE_USE);
	listen_at(&more[2], "c", SC_ROLE_USE);
	assert_int_equal(sc_hsmd_server_start(server, &err), SC_ERR_MODULE_FULL);
	assert_non_null(strstr(err.message, "3 sockets need 1536 KiB"));
	assert_non_null(strstr(err.message, "--arena"));
	sc_hsmd_server_free(server);
	server = usual;
	for (unsigned i = 0; i < 3; i++)
		unlink(more[i].path);
}

#define USUAL(name)  cmocka_unit_test_setup_teardown(name, start_usual, stop)
#define NARROW(name) cmocka_unit_test_setup_teardown(name, start_narrow, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		USUAL(sockets_take_turns_in_being_read),
		USUAL(users_of_a_socket_take_turns_in_being_read),
		USUAL(a_turn_ends_with_a_large_message),
		NARROW(sockets_and_connections_take_turns_and_none_has_every_worker),
		NARROW(a_peer_that_asks_without_end_is_not_read_without_end),
		NARROW(the_biggest_holder_makes_room_and_the_other_socket_sees_nothing),
		NARROW(while_a_line_is_logged_others_are_answered),
		NARROW(lines_about_the_peers_of_one_socket_leave_out_none_of_another),
		NARROW(small_requests_everywhere_keep_no_large_one_out),
		USUAL(a_peer_that_never_reads_is_not_read_and_nothing_of_it_begins),
		NARROW(a_place_is_given_by_who_has_been_idle_long_and_by_nobody_else),
		NARROW(a_connection_that_cannot_be_made_costs_nobody_a_place),
		cmocka_unit_test_setup_teardown(a_custody_socket_has_places_for_custodians_and_no_crowd,
						start_large, stop),
		NARROW(more_sockets_than_the_memory_has_parts_are_refused),
	};

	alarm(110);
	server_change_calls = change_calls;
	hold_stop_signal();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
