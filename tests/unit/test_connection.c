/*
 * How much is read from a connection (rule M12): as much as its user may still take, and from a user as much
 * as its socket has free. Two users on one socket; what they send, the test takes for them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "hsmd/os/connection.h"
#include "hsmd/os/limits.h"

#define MEMORY      ((size_t)512 << 10)
#define MESSAGE     ((size_t)16 << 10)
#define USERS       2
#define CONNECTIONS 8 /* of each user */
#define BLOCKS      (MEMORY / MESSAGE)

static struct sc_schedule_turn sockets;
static struct sc_hsmd_listener listener;
static struct sc_hsmd_connection *connections[USERS][CONNECTIONS];
static int peers[USERS][CONNECTIONS];

static struct {
	struct sc_hsmd_connection *connection;
	struct sc_hsmd_block block;
} taken[BLOCKS];
static unsigned taken_count;

static void join(unsigned user, unsigned i)
{
	static const unsigned most[SC_SCHEDULE_LANES] = { 1, 1 };
	struct sc_hsmd_user *of = NULL;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	peers[user][i] = ends[1];
	assert_int_equal(sc_hsmd_listener_reserve(&listener, NULL), SC_OK);
	assert_int_equal(sc_hsmd_listener_user(&listener, user, most, &of, NULL), SC_OK);
	assert_int_equal(sc_hsmd_connection_new(ends[0], NULL, of, &connections[user][i], NULL), SC_OK);
}

static int set_up(void **state)
{
	(void)state;
	taken_count = 0;
	listener =
	    (struct sc_hsmd_listener){ .fd = -1, .epoll = epoll_create1(EPOLL_CLOEXEC), .user_epoll = -1 };
	sc_schedule_turn_start(&sockets, NULL);
	assert_int_equal(sc_hsmd_listener_start(&listener, &sockets, MEMORY, USERS * CONNECTIONS, NULL),
			 SC_OK);
	for (unsigned user = 0; user < USERS; user++)
		for (unsigned i = 0; i < CONNECTIONS; i++)
			join(user, i);
	return 0;
}

/* Gives back what was taken last. */
static void give_one(void)
{
	struct sc_hsmd_connection *connection = taken[--taken_count].connection;

	sc_hsmd_connection_give(connection, &taken[taken_count].block);
	connection->in_flight--;
	sc_hsmd_connection_arm(connection);
}

static void leave(unsigned user, unsigned i)
{
	struct sc_hsmd_connection *connection = connections[user][i];
	struct sc_hsmd_user *of = connection->user;

	sc_hsmd_holder_leave(&connection->holder);
	sc_hsmd_connection_free(connection);
	sc_hsmd_user_release(of);
	close(peers[user][i]);
}

static int tear_down(void **state)
{
	(void)state;
	while (taken_count)
		give_one();
	for (unsigned user = 0; user < USERS; user++)
		for (unsigned i = 0; i < CONNECTIONS; i++)
			leave(user, i);
	sc_hsmd_listener_end(&listener);
	return close(listener.epoll);
}

static bool may_be_read(struct sc_hsmd_connection *connection)
{
	sc_hsmd_connection_arm(connection);
	return connection->armed & EPOLLIN;
}

/* Takes one message from the connection, if it may be read. */
static bool take_one(struct sc_hsmd_connection *connection)
{
	static const uint8_t message[MESSAGE];

	if (!may_be_read(connection))
		return false;
	assert_true(taken_count < BLOCKS);
	assert_true(sc_hsmd_connection_take(connection, sc_view_of(message, sizeof message),
					    &taken[taken_count].block));
	taken[taken_count++].connection = connection;
	connection->in_flight++;
	return true;
}

/*
 * Takes from the user's first connections in turn until none may be read. Returns how much the user then
 * holds.
 */
static size_t take_all(unsigned user, unsigned count)
{
	bool any;

	do {
		any = false;
		for (unsigned i = 0; i < count; i++)
			any = take_one(connections[user][i]) || any;
	} while (any);
	return connections[user][0]->user->holder.held;
}

static void a_user_holds_what_its_socket_has_free_however_many_its_connections(void **state)
{
	size_t first;
	size_t second;

	(void)state;
	first = take_all(0, CONNECTIONS);
	assert_true(first > MEMORY / 3 && first <= MEMORY / 2 + MESSAGE);
	/* One connection of another user then has what it would have with half of the memory. */
	second = take_all(1, 1);
	assert_true(second >= (MEMORY - first) / 3 && second <= (MEMORY - first) / 2 + MESSAGE);
}

static void a_connection_alone_holds_a_third(void **state)
{
	size_t held;

	(void)state;
	held = take_all(0, 1);
	assert_true(held >= MEMORY / 3 && held <= MEMORY / 3 + MESSAGE);
}

static void a_connection_that_holds_nothing_may_always_ask(void **state)
{
	(void)state;
	(void)take_all(0, CONNECTIONS - 1);
	assert_true(take_one(connections[0][CONNECTIONS - 1]));
	assert_false(may_be_read(connections[0][CONNECTIONS - 1]));
}

static void one_that_was_stopped_is_read_again_once_half_is_free(void **state)
{
	struct sc_hsmd_connection *connection = connections[0][0];
	size_t held;

	(void)state;
	held = take_all(0, 1);
	give_one();
	assert_false(may_be_read(connection));
	while (!may_be_read(connection))
		give_one();
	assert_true(connection->holder.held >= held / 4 && connection->holder.held <= held * 3 / 4);
}

#define CONNECTED(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONNECTED(a_user_holds_what_its_socket_has_free_however_many_its_connections),
		CONNECTED(a_connection_alone_holds_a_third),
		CONNECTED(a_connection_that_holds_nothing_may_always_ask),
		CONNECTED(one_that_was_stopped_is_read_again_once_half_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
