/*
 * The server answers peers that speak the protocol, closes on those that do not, and lets no peer wait for
 * another (rule M1). What shares they have is in test_server_shares.c.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/os.h"
#include "fake_clock.h"
#include "fake_core.h"
#include "server_fixture.h"

static atomic_bool out_of_files;      /* for a connection */
static atomic_bool out_of_user_files; /* for a user, who has one as well */
static atomic_uint refused;           /* calls that found no descriptor */

static int accept_with_files(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	if (!out_of_files)
		return sc_os_system.accept4(fd, address, len, flags);
	refused++;
	errno = EMFILE;
	return -1;
}

static int epoll_create1_with_files(int flags)
{
	if (!out_of_user_files)
		return sc_os_system.epoll_create1(flags);
	refused++;
	errno = EMFILE;
	return -1;
}

static void change_calls(struct sc_os *os)
{
	os->epoll_create1 = epoll_create1_with_files;
	os->accept4 = accept_with_files;
	refused = 0;
}

static bool have_been_refused(void *count)
{
	return refused == *(const unsigned *)count;
}

/* Sends bytes that are not a request, on a new connection. */
static void assert_closes_on(const void *message, size_t len)
{
	int fd = connect_to(&specs[0]);

	assert_works(fd);
	assert_int_equal(send(fd, message, len, MSG_NOSIGNAL), (ssize_t)len);
	assert_closed(fd);
}

/* -- the tests --------------------------------------------------------------------------------- */

static void pipelined_requests_are_all_answered(void **state)
{
	int fd = connect_to(&specs[0]);
	bool seen[500] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 500; i += 50) {
		for (unsigned j = i; j < i + 50; j++)
			ask(fd, SC_COMMAND_ENQUIRE, j);
		for (unsigned j = 0; j < 50; j++) {
			uint64_t id = take_answer(fd, SC_COMMAND_ENQUIRE, SC_OK);

			assert_true(id < 500 && !seen[id]);
			seen[id] = true;
		}
	}
	close(fd);
}

static void each_socket_has_its_role_and_knows_its_peer(void **state)
{
	static const enum sc_role roles[] = { SC_ROLE_CUSTODY, SC_ROLE_USE };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		uint8_t message[1024];
		struct sc_wire_response_header header;
		struct sc_enquire_response answer;
		struct sc_view body;
		int fd = connect_to(&specs[i]);
		ssize_t got;

		ask(fd, SC_COMMAND_ENQUIRE, 1);
		got = recv(fd, message, sizeof message, 0);
		assert_int_equal(
		    sc_wire_response_read(sc_view_of(message, (size_t)got), &header, &body, NULL), SC_OK);
		assert_int_equal(sc_enquire_response_read(body, &answer), SC_OK);
		assert_int_equal(answer.role, roles[i]);
		assert_int_equal(answer.protection & SC_PROTECTION_USERS_APART, 0);
		close(fd);
	}
}

static void the_largest_message_passes_and_a_larger_one_closes(void **state)
{
	static const uint8_t body[SC_WIRE_BODY_MAX + 1];
	static uint8_t message[SC_WIRE_REQUEST_HEADER_SIZE + sizeof body];
	size_t len =
	    write_request(message, sizeof message, SC_COMMAND_ENQUIRE, 5, sc_view_of(body, SC_WIRE_BODY_MAX));
	int fd = connect_to(&specs[0]);

	(void)state;
	assert_int_equal(send(fd, message, len, MSG_NOSIGNAL), (ssize_t)len);
	assert_int_equal(take_answer(fd, SC_COMMAND_ENQUIRE, SC_OK), 5);
	close(fd);
	len = write_request(message, sizeof message, SC_COMMAND_ENQUIRE, 5, sc_view_of(body, sizeof body));
	assert_closes_on(message, len);
}

static void what_is_no_request_closes_its_connection_only(void **state)
{
	uint8_t message[64];
	uint8_t changed[64];
	int other = connect_to(&specs[0]);
	size_t len = write_request(message, sizeof message, SC_COMMAND_ENQUIRE, 1, sc_view_text("abcd"));

	(void)state;
	for (size_t cut = 1; cut < len; cut++)
		assert_closes_on(message, cut);
	memcpy(changed, message, sizeof changed);
	assert_closes_on(changed, len + 1);
	/* each byte of magic, version, command and the body's length, but not of the id and the authority */
	for (size_t i = 0; i < SC_WIRE_REQUEST_HEADER_SIZE; i++) {
		if (i >= 8 && i < 24)
			continue;
		memcpy(changed, message, sizeof changed);
		changed[i] ^= 0x80;
		assert_closes_on(changed, len);
	}
	assert_works(other);
	close(other);
}

static void an_unknown_command_closes_and_a_known_one_does_not(void **state)
{
	uint8_t message[64];

	(void)state;
	for (uint32_t command = 0; command < 0x100; command++) {
		size_t len = write_request(message, sizeof message, command, 1, (struct sc_view){ 0 });

		if (!sc_command_find(command))
			assert_closes_on(message, len);
	}
}

static void passed_descriptors_close_the_connection(void **state)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	uint8_t message[64];
	size_t len = write_request(message, sizeof message, SC_COMMAND_ENQUIRE, 1, (struct sc_view){ 0 });
	struct iovec vector = { message, len };
	struct msghdr header = {
		.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control
	};
	struct cmsghdr *part = CMSG_FIRSTHDR(&header);
	int fd = connect_to(&specs[0]);

	(void)state;
	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(part), &fd, sizeof fd);
	assert_int_equal(sendmsg(fd, &header, MSG_NOSIGNAL), (ssize_t)len);
	assert_closed(fd);
}

static void a_slow_request_does_not_delay_a_quick_one(void **state)
{
	int slow = connect_to(&specs[0]);
	int quick = connect_to(&specs[0]);

	(void)state;
	fake_hold();
	/* More than the number of slow workers. */
	for (unsigned i = 0; i < 12; i++)
		ask(slow, SC_COMMAND_KEY_GENERATE, i);
	fake_wait_held(3); /* all but one */
	assert_works(quick);
	assert_works(slow);
	fake_let_go();
	for (unsigned i = 0; i < 12; i++)
		(void)take_answer(slow, SC_COMMAND_KEY_GENERATE, SC_OK);
	close(slow);
	close(quick);
}

static void the_module_is_told_at_once_that_a_peer_has_left(void **state)
{
	int fd = connect_to(&specs[0]);

	(void)state;
	fake_hold();
	ask(fd, SC_COMMAND_KEY_GENERATE, 1);
	fake_wait_held(1);
	close(fd);
	fake_wait_abandoned(1); /* while the request is still in progress */
	fake_let_go();
}

static void a_slow_reader_gets_everything(void **state)
{
	int fd = connect_to(&specs[0]);
	unsigned before = fake_evidence();

	(void)state;
	/* More than the socket can hold: the rest is begun when some has been read. */
	for (unsigned i = 0; i < 24; i++)
		ask(fd, SC_COMMAND_EVIDENCE, i);
	fake_wait_evidence(before + 8);
	for (unsigned i = 0; i < 24; i++)
		(void)take_answer(fd, SC_COMMAND_EVIDENCE, SC_OK);
	assert_works(fd);
	close(fd);
}

static void a_peer_that_has_said_all_gets_its_answers(void **state)
{
	int fd = connect_to(&specs[0]);

	(void)state;
	for (unsigned i = 0; i < 24; i++)
		ask(fd, SC_COMMAND_EVIDENCE, i);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	for (unsigned i = 0; i < 24; i++)
		(void)take_answer(fd, SC_COMMAND_EVIDENCE, SC_OK);
	assert_closed(fd);
}

static void a_peer_may_leave_while_its_requests_are_in_work(void **state)
{
	int other = connect_to(&specs[0]);

	(void)state;
	fake_hold();
	for (unsigned i = 0; i < 3; i++) {
		int fd = connect_to(&specs[0]);

		ask(fd, SC_COMMAND_KEY_GENERATE, 1);
		fake_wait_held(i + 1);
		ask(fd, SC_COMMAND_KEY_GENERATE, 2);
		close(fd);
	}
	assert_works(other);
	assert_true(fake_sessions() > 1);
	fake_let_go();
	/* Their sessions end when the requests in progress do. */
	fake_wait_sessions(1);
	assert_int_equal(fake_sessions(), 1);
	assert_works(other);
	close(other);
}

/*
 * Descriptors run out while others keep the loop busy. Once some are free again, the waiting peer is
 * accepted. Each accept is awaited: what the loop does between two answers depends on how its threads are
 * run.
 */
static void assert_asks_again_after_rests(atomic_bool *is_out)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int busy = connect_to(&specs[1]);
	int waiting = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	uint8_t message[1024];
	unsigned asked = 1;

	refused = 0;
	assert_works(busy);
	*is_out = true;
	memcpy(address.sun_path, specs[0].path, strlen(specs[0].path) + 1);
	assert_int_equal(connect(waiting, (const struct sockaddr *)&address, sizeof address), 0);
	ask(waiting, SC_COMMAND_ENQUIRE, 1);
	await_that(have_been_refused, &asked);
	/* At the end of its pause, the socket is asked again, and pauses again. */
	for (; asked < 4; asked++) {
		unsigned next = asked + 1;

		assert_works(busy);
		fake_clock_advance(SC_SECOND);
		assert_works(busy);
		await_that(have_been_refused, &next);
	}
	*is_out = false;
	/* While the clock stands still, the socket keeps its pause, even if the loop is busy. */
	for (unsigned i = 0; i < 3; i++) {
		assert_works(busy);
		assert_int_equal(recv(waiting, message, sizeof message, MSG_DONTWAIT), -1);
	}
	assert_int_equal(refused, asked);
	fake_clock_advance(SC_SECOND);
	assert_works(busy);
	(void)take_answer(waiting, SC_COMMAND_ENQUIRE, SC_OK);
	close(waiting);
	close(busy);
}

static void a_socket_that_rested_is_asked_again_under_load(void **state)
{
	(void)state;
	assert_asks_again_after_rests(&out_of_files);
}

/* Its descriptor is found before the connection is accepted, which could only be closed without one. */
static void a_new_user_without_a_descriptor_waits_and_is_not_lost(void **state)
{
	(void)state;
	/* The descriptor that is set aside is taken by this connection. */
	close(connect_to(&specs[0]));
	fake_wait_sessions(0);
	assert_asks_again_after_rests(&out_of_user_files);
}

/* More than Linux gives to any process. */
static void too_few_descriptors_are_said_at_the_start(void **state)
{
	const struct sc_hsmd_server_options many = { 1u << 29, 2, 2, 1u << 20 };
	struct sc_hsmd_server *never = NULL;
	struct sc_error err = { 0 };

	(void)state;
	assert_int_equal(sc_hsmd_server_new(&many, &never, &err), SC_ERR_SYSTEM);
	assert_non_null(strstr(err.message, "536870912 connections need 1073742080 descriptors, but only "));
	assert_non_null(strstr(err.message, "RLIMIT_NOFILE"));
	assert_null(never);
}

/* A server that is stopping accepts no more connections. */
static bool has_stopped_listening(void *spec)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	bool is_refused;

	strcpy(address.sun_path, ((const struct sc_hsmd_socket_spec *)spec)->path);
	is_refused = connect(fd, (const struct sockaddr *)&address, sizeof address) && errno == ECONNREFUSED;
	close(fd);
	return is_refused;
}

static void *let_go_later(void *argument)
{
	await_that(has_stopped_listening, &specs[0]);
	fake_let_go();
	return argument;
}

static void a_stop_finishes_what_is_in_work(void **state)
{
	int busy = connect_to(&specs[0]);
	int idle = connect_to(&specs[1]);
	pthread_t later;

	(void)state;
	assert_works(idle);
	fake_hold();
	ask(busy, SC_COMMAND_KEY_GENERATE, 5);
	fake_wait_held(1);
	assert_int_equal(pthread_create(&later, NULL, let_go_later, NULL), 0);
	stop_server();
	pthread_join(later, NULL);
	assert_int_equal(take_answer(busy, SC_COMMAND_KEY_GENERATE, SC_OK), 5);
	assert_closed(busy);
	assert_closed(idle);
	assert_int_equal(fake_sessions(), 0);
}

/* A world of 64 cards takes longer than a service manager waits. */
static void the_module_is_told_that_a_peer_has_left_even_while_it_stops(void **state)
{
	int leaving = connect_to(&specs[0]);
	int staying = connect_to(&specs[1]);

	(void)state;
	fake_hold();
	ask(leaving, SC_COMMAND_KEY_GENERATE, 1);
	ask(staying, SC_COMMAND_KEY_GENERATE, 2);
	fake_wait_held(2);
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	await_that(has_stopped_listening, &specs[0]);
	assert_int_equal(kill(getpid(), SIGTERM), 0); /* which changes nothing */
	close(leaving);
	fake_wait_abandoned(1); /* while both requests are still in progress */
	fake_let_go();
	join_server();
	assert_int_equal(take_answer(staying, SC_COMMAND_KEY_GENERATE, SC_OK), 2);
	assert_closed(staying);
}

static void many_peers_at_once_are_served_and_leave_nothing(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		int fds[30];

		for (unsigned i = 0; i < 30; i++) {
			fds[i] = connect_to(&specs[0]);
			for (unsigned j = 0; j < 5; j++)
				ask(fds[i], j % 2 ? SC_COMMAND_EVIDENCE : SC_COMMAND_ENQUIRE, j);
		}
		for (unsigned i = 0; i < 30; i++) {
			/* Every third peer leaves without reading its answers. */
			for (unsigned j = 0; j < 5 && i % 3; j++) {
				static uint8_t message[SC_WIRE_MESSAGE_MAX];

				assert_true(recv(fds[i], message, sizeof message, 0) > 0);
			}
			close(fds[i]);
		}
		fake_wait_sessions(0);
		assert_int_equal(fake_sessions(), 0);
	}
}

#define USUAL(name)  cmocka_unit_test_setup_teardown(name, start_usual, stop)
#define NARROW(name) cmocka_unit_test_setup_teardown(name, start_narrow, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		USUAL(pipelined_requests_are_all_answered),
		USUAL(each_socket_has_its_role_and_knows_its_peer),
		USUAL(the_largest_message_passes_and_a_larger_one_closes),
		USUAL(what_is_no_request_closes_its_connection_only),
		USUAL(an_unknown_command_closes_and_a_known_one_does_not),
		USUAL(passed_descriptors_close_the_connection),
		USUAL(a_slow_request_does_not_delay_a_quick_one),
		NARROW(the_module_is_told_at_once_that_a_peer_has_left),
		USUAL(a_slow_reader_gets_everything),
		USUAL(a_peer_that_has_said_all_gets_its_answers),
		USUAL(a_peer_may_leave_while_its_requests_are_in_work),
		USUAL(a_socket_that_rested_is_asked_again_under_load),
		USUAL(a_new_user_without_a_descriptor_waits_and_is_not_lost),
		cmocka_unit_test(too_few_descriptors_are_said_at_the_start),
		USUAL(a_stop_finishes_what_is_in_work),
		USUAL(the_module_is_told_that_a_peer_has_left_even_while_it_stops),
		USUAL(many_peers_at_once_are_served_and_leave_nothing),
	};

	alarm(110);
	server_change_calls = change_calls;
	hold_stop_signal();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
