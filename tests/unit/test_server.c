/*
 * The server answers peers that speak the protocol, closes on those that do not, and lets no peer wait for
 * another (rule M1). A server with the stand-in for core/ runs in a thread; the tests are its peers.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/os.h"
#include "fake_clock.h"
#include "fake_core.h"
#include "hsmd/os/server.h"
#include "hsmd/os/sockets.h"

#define WAIT 20 /* seconds that a peer waits for an answer before the test fails */

static char directory[64];
static struct sc_hsmd_server *server;
static struct sc_module *module;
static pthread_t thread;
static struct sc_hsmd_socket_spec specs[2];
static struct sc_hsmd_server_options options;

static struct sc_os os; /* the fake clock's, with this accept4 */
static atomic_bool out_of_files;
static atomic_uint refused; /* accepts that found no descriptor */

static int accept_with_files(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	if (!out_of_files)
		return sc_os_system.accept4(fd, address, len, flags);
	refused++;
	errno = EMFILE;
	return -1;
}

static atomic_bool cannot_watch; /* new descriptors */

static int watch_if_possible(int epoll, int operation, int fd, struct epoll_event *event)
{
	if (!cannot_watch || operation != EPOLL_CTL_ADD)
		return sc_os_system.epoll_ctl(epoll, operation, fd, event);
	errno = ENOSPC;
	return -1;
}

static bool have_been_refused(void *count)
{
	return refused == *(const unsigned *)count;
}

static void *run(void *argument)
{
	return (void *)(uintptr_t)sc_hsmd_server_run(server, module, argument);
}

static void listen_at(struct sc_hsmd_socket_spec *spec, const char *name, enum sc_role role)
{
	int fd = -1;

	*spec = (struct sc_hsmd_socket_spec){ .policy.role = role, .mode = 0600, .group = (gid_t)-1 };
	snprintf(spec->path, sizeof spec->path, "%s/%s", directory, name);
	assert_int_equal(sc_hsmd_socket_listen(spec, &fd, NULL), SC_OK);
	assert_int_equal(sc_hsmd_server_add(server, fd, &spec->policy, NULL), SC_OK);
}

static int start(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/safeconduct-server-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	fake_clock_start();
	os = *sc_os;
	os.accept4 = accept_with_files;
	os.epoll_ctl = watch_if_possible;
	sc_os = &os;
	out_of_files = false;
	refused = 0;
	module = fake_module();
	assert_int_equal(sc_hsmd_server_new(&options, &server, NULL), SC_OK);
	listen_at(&specs[0], "custody", SC_ROLE_CUSTODY);
	listen_at(&specs[1], "use", SC_ROLE_USE);
	assert_int_equal(sc_hsmd_server_start(server, NULL), SC_OK);
	return pthread_create(&thread, NULL, run, NULL);
}

static int start_usual(void **state)
{
	options = (struct sc_hsmd_server_options){ 64, 2, 4, 4u << 20 };
	return start(state);
}

/* As few workers, places and bytes as there can be. */
static int start_narrow(void **state)
{
	options = (struct sc_hsmd_server_options){ 8, 2, 2, 1u << 20 };
	return start(state);
}

/* More places than a custody socket gets. */
static int start_large(void **state)
{
	options = (struct sc_hsmd_server_options){ 4 * SC_HSMD_CUSTODY_CONNECTIONS, 2, 2, 1u << 20 };
	return start(state);
}

static void join_server(void)
{
	void *status = NULL;

	assert_int_equal(pthread_join(thread, &status), 0);
	assert_int_equal((uintptr_t)status, SC_OK);
	sc_hsmd_server_free(server);
	server = NULL;
}

static void stop_server(void)
{
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	join_server();
}

static int stop(void **state)
{
	(void)state;
	fake_let_go();
	if (server)
		stop_server();
	assert_int_equal(fake_sessions(), 0);
	sc_module_free(module);
	fake_clock_stop();
	unlink(specs[0].path);
	unlink(specs[1].path);
	return rmdir(directory);
}

/* -- a peer ------------------------------------------------------------------------------------ */

static int connect_to(const struct sc_hsmd_socket_spec *spec)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = WAIT };
	int size = SC_WIRE_SOCKET_BUFFER;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, spec->path, strlen(spec->path) + 1);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
	return fd;
}

static size_t write_request(uint8_t *message, size_t max, uint32_t command, uint64_t id, struct sc_view body)
{
	struct sc_writer writer = { .buffer = { message, max }, .max = max };
	const struct sc_wire_request_header header = { .command = (uint16_t)command, .id = id };

	sc_wire_request_header_write(&writer, &header, body.len);
	sc_write_raw(&writer, body);
	assert_false(writer.failed);
	return writer.used;
}

static void ask(int fd, uint32_t command, uint64_t id)
{
	uint8_t message[64];
	size_t len = write_request(message, sizeof message, command, id, (struct sc_view){ 0 });

	assert_int_equal(send(fd, message, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* Receives the next answer. Returns its id. */
static uint64_t take_answer(int fd, uint32_t command, sc_status status)
{
	static uint8_t message[SC_WIRE_MESSAGE_MAX + 1];
	struct sc_wire_response_header header;
	struct sc_view body;
	ssize_t got = recv(fd, message, sizeof message, 0);

	assert_true(got > 0);
	assert_int_equal(sc_wire_response_read(sc_view_of(message, (size_t)got), &header, &body, NULL),
			 SC_OK);
	assert_int_equal(header.command, command);
	assert_int_equal(header.status, status);
	return header.id;
}

static void assert_works(int fd)
{
	ask(fd, SC_COMMAND_ENQUIRE, 77);
	assert_int_equal(take_answer(fd, SC_COMMAND_ENQUIRE, SC_OK), 77);
}

static void assert_closed(int fd)
{
	uint8_t byte;
	ssize_t got;

	/* Answers already on their way may still arrive. */
	do
		got = recv(fd, &byte, 1, 0);
	while (got > 0);
	assert_true(got == 0 || errno == ECONNRESET);
	close(fd);
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

/* Sends a request for slow work with a body of that length. */
static void ask_of(int fd, size_t body_len)
{
	static const uint8_t body[SC_WIRE_BODY_MAX];
	static uint8_t message[SC_WIRE_REQUEST_HEADER_SIZE + sizeof body];
	size_t len =
	    write_request(message, sizeof message, SC_COMMAND_KEY_GENERATE, 1, sc_view_of(body, body_len));

	assert_int_equal(send(fd, message, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* Sends `count` of the largest. */
static void ask_at_length(int fd, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		ask_of(fd, SC_WIRE_BODY_MAX);
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
	/* What is asked after the others have been read is answered after that. */
	for (unsigned i = 0; i < 2; i++) {
		ask_at_length(equal[i], 1);
		assert_works(other);
		assert_works(other);
	}
	/* The memory is full. A small request makes the biggest holder go, and a large one then takes its room. */
	assert_works(small);
	assert_closed(big);
	ask_at_length(small, 1);
	assert_works(other);
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
	assert_works(other);
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

/*
 * Descriptors run out while others keep the loop busy. Once some are free again, the waiting peer is
 * accepted. Each accept is awaited: what the loop does between two answers depends on how its threads are run.
 */
static void a_socket_that_rested_is_asked_again_under_load(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int busy = connect_to(&specs[1]);
	int waiting = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	uint8_t message[1024];
	unsigned asked = 1;

	(void)state;
	assert_works(busy);
	out_of_files = true;
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
	out_of_files = false;
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
		NARROW(sockets_and_connections_take_turns_and_none_has_every_worker),
		NARROW(a_peer_that_asks_without_end_is_not_read_without_end),
		NARROW(the_biggest_holder_makes_room_and_the_other_socket_sees_nothing),
		NARROW(small_requests_everywhere_keep_no_large_one_out),
		USUAL(a_peer_that_never_reads_is_not_read_and_nothing_of_it_begins),
		USUAL(a_slow_reader_gets_everything),
		USUAL(a_peer_that_has_said_all_gets_its_answers),
		USUAL(a_peer_may_leave_while_its_requests_are_in_work),
		NARROW(a_place_is_given_by_who_has_been_idle_long_and_by_nobody_else),
		NARROW(a_connection_that_cannot_be_made_costs_nobody_a_place),
		cmocka_unit_test_setup_teardown(a_custody_socket_has_places_for_custodians_and_no_crowd,
						start_large, stop),
		NARROW(more_sockets_than_the_memory_has_parts_are_refused),
		USUAL(a_socket_that_rested_is_asked_again_under_load),
		USUAL(a_stop_finishes_what_is_in_work),
		USUAL(the_module_is_told_that_a_peer_has_left_even_while_it_stops),
		USUAL(many_peers_at_once_are_served_and_leave_nothing),
	};
	sigset_t stop_signals;

	alarm(110);
	/* As in hsmd, the signal is read by the server, whatever thread it is sent to. */
	sigemptyset(&stop_signals);
	sigaddset(&stop_signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &stop_signals, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
