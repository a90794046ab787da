/*
 * Who may hold how many connections, and which one ends: first the bookkeeping alone, then the server with
 * clients of several addresses.
 */
#include "support/test.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/os.h"
#include "echo_server.h"
#include "fake_clock.h"
#include "web/peers.h"
#include "web/server_state.h"

/* -- the bookkeeping --------------------------------------------------------------------------- */

static struct sc_web_peers *peers;
static struct sc_web_held held[1024];
static struct sc_web_held *ended;
static size_t used;

#define BODY 100 /* bytes of a legal body */

static int no_peers(void **state)
{
	(void)state;
	memset(held, 0, sizeof held);
	used = 0;
	return 0;
}

static int free_peers(void **state)
{
	(void)state;
	for (size_t i = 0; i < used; i++)
		if (held[i].peer)
			sc_web_peers_remove(peers, &held[i]);
	sc_web_peers_free(peers);
	return 0;
}

static void set_limits(size_t connections, size_t share, size_t bodies)
{
	const struct sc_web_peer_limits limits = { connections, share, bodies, BODY };

	assert_ok(sc_web_peers_new(&limits, &peers, NULL), NULL);
}

/* Adds a connection from a numeric address; false if it is refused. */
static bool add(const char *from)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	const struct sockaddr *address = (const struct sockaddr *)&v4;

	if (inet_pton(AF_INET, from, &v4.sin_addr) != 1) {
		assert_int_equal(inet_pton(AF_INET6, from, &v6.sin6_addr), 1);
		address = (const struct sockaddr *)&v6;
	}
	if (!sc_web_peers_add(peers, address, &held[used], &ended))
		return false;
	used++;
	return true;
}

static void an_address_has_its_share_and_its_oldest_idle_connection_ends_for_a_new_one(void **state)
{
	(void)state;
	set_limits(800, 256, 1000);
	for (size_t i = 0; i < 256; i++) {
		assert_true(add("10.0.0.1"));
		assert_null(ended);
	}
	assert_true(add("10.0.0.2"));
	assert_null(ended);
	sc_web_peers_serve(peers, &held[0]);
	sc_web_peers_await(peers, &held[1], false);
	assert_true(add("10.0.0.1"));
	assert_ptr_equal(ended, &held[2]);
	/* One that has been idle again since a request is the newest. */
	sc_web_peers_await(peers, &held[3], false);
	sc_web_peers_await(peers, &held[3], true);
	assert_true(add("10.0.0.1"));
	assert_ptr_equal(ended, &held[4]);
	/* What has ended need not be closed yet, and never ends twice. */
	sc_web_peers_remove(peers, &held[2]);
	held[2].peer = NULL;
	assert_true(add("10.0.0.1"));
	assert_ptr_equal(ended, &held[5]);
}

static void an_address_whose_share_is_busy_gets_no_more(void **state)
{
	(void)state;
	set_limits(800, 2, 1000);
	assert_true(add("10.0.0.1"));
	assert_true(add("10.0.0.1"));
	sc_web_peers_serve(peers, &held[0]);
	sc_web_peers_await(peers, &held[1], false);
	assert_false(add("10.0.0.1"));
	assert_null(ended);
	assert_true(add("10.0.0.2"));
	sc_web_peers_remove(peers, &held[0]);
	held[0].peer = NULL;
	assert_true(add("10.0.0.1"));
	assert_null(ended);
}

static void an_IPv6_peer_is_a_64(void **state)
{
	(void)state;
	set_limits(800, 1, 1000);
	assert_true(add("2001:db8::1"));
	assert_true(add("2001:db8::ffff:1:2:3"));
	assert_ptr_equal(ended, &held[0]);
	assert_true(add("2001:db8:0:1::1"));
	assert_null(ended);
	assert_true(add("32.1.13.184"));
	assert_null(ended);
	assert_true(add("32.1.13.185"));
	assert_null(ended);
}

static void near_the_limit_the_biggest_holders_oldest_idle_connection_ends(void **state)
{
	(void)state;
	set_limits(32, 32, 1000); /* 2 are kept free */
	assert_true(add("10.0.0.1"));
	for (size_t i = 0; i < 20; i++)
		assert_true(add("10.0.0.2"));
	for (size_t i = 0; i < 9; i++)
		assert_true(add("10.0.0.3"));
	assert_null(ended);
	sc_web_peers_serve(peers, &held[1]);
	for (size_t i = 0; i < 10; i++) {
		assert_true(add("10.0.0.4"));
		assert_ptr_equal(ended, &held[2 + i]);
	}
}

static void an_unfinished_request_of_the_biggest_holder_ends_if_it_has_no_idle_connection(void **state)
{
	(void)state;
	set_limits(4, 4, 1000);
	for (size_t i = 0; i < 3; i++) {
		assert_true(add("10.0.0.1"));
		sc_web_peers_await(peers, &held[i], false);
	}
	assert_true(add("10.0.0.2"));
	sc_web_peers_serve(peers, &held[0]);
	assert_true(add("10.0.0.3"));
	assert_ptr_equal(ended, &held[1]);
}

static void when_all_are_busy_a_new_one_is_refused(void **state)
{
	(void)state;
	set_limits(3, 3, 1000);
	for (size_t i = 0; i < 3; i++) {
		assert_true(add("10.0.0.1"));
		sc_web_peers_serve(peers, &held[i]);
	}
	assert_false(add("10.0.0.2"));
	assert_null(ended);
	sc_web_peers_await(peers, &held[2], true);
	assert_true(add("10.0.0.2"));
	assert_ptr_equal(ended, &held[2]);
}

/* Its next request was already under way: then it holds its place until it has been closed. */
static void one_that_has_ended_counts_again_while_it_is_served(void **state)
{
	(void)state;
	set_limits(800, 2, 1000);
	assert_true(add("10.0.0.1"));
	assert_true(add("10.0.0.1"));
	assert_true(add("10.0.0.1"));
	assert_ptr_equal(ended, &held[0]);
	sc_web_peers_await(peers, &held[0], false);
	sc_web_peers_serve(peers, &held[0]);
	sc_web_peers_await(peers, &held[0], true);
	/* It never ends twice, but a new connection must wait for it. */
	assert_false(add("10.0.0.1"));
	assert_ptr_equal(ended, &held[1]);
	sc_web_peers_remove(peers, &held[0]);
	held[0].peer = NULL;
	assert_true(add("10.0.0.1"));
	assert_null(ended);
}

static void unfinished_bodies_are_limited_for_each_address_and_together(void **state)
{
	(void)state;
	set_limits(4, 2, 1000);
	for (size_t i = 0; i < 3; i++) {
		static const char *const from[] = { "10.0.0.1", "10.0.0.2", "10.0.0.3" };

		assert_true(add(from[i]));
		sc_web_peers_await(peers, &held[i], false);
	}
	assert_true(sc_web_peers_keep(peers, &held[0], 500, &ended));
	assert_false(sc_web_peers_keep(peers, &held[0], 1, &ended));
	assert_true(sc_web_peers_keep(peers, &held[1], 400, &ended));
	assert_null(ended);
	/* The address that has most makes room. */
	assert_true(sc_web_peers_keep(peers, &held[2], 200, &ended));
	assert_ptr_equal(ended, &held[0]);
	assert_false(sc_web_peers_keep(peers, &held[0], 1, &ended));
	/* A finished body does not count. */
	sc_web_peers_serve(peers, &held[1]);
	assert_true(sc_web_peers_keep(peers, &held[2], 300, &ended));
	assert_null(ended);
}

static void a_share_has_room_for_one_whole_body(void **state)
{
	(void)state;
	set_limits(1000, 1, 1000);
	assert_true(add("10.0.0.1"));
	sc_web_peers_await(peers, &held[0], false);
	assert_true(sc_web_peers_keep(peers, &held[0], BODY, &ended));
	assert_false(sc_web_peers_keep(peers, &held[0], 1, &ended));
	assert_null(ended);
}

/* The oldest bodies of the biggest holder are tiny here. */
static void as_many_bodies_end_as_must(void **state)
{
	(void)state;
	set_limits(8, 7, 1000);
	for (size_t i = 0; i < 6; i++) {
		assert_true(add("10.0.0.1"));
		sc_web_peers_await(peers, &held[i], false);
		assert_true(sc_web_peers_keep(peers, &held[i], i < 4 ? 1 : 400, &ended));
		assert_null(ended);
	}
	assert_true(add("10.0.0.2"));
	sc_web_peers_await(peers, &held[6], false);
	assert_true(sc_web_peers_keep(peers, &held[6], 300, &ended));
	for (size_t i = 5; i-- > 0; ended = ended->next)
		assert_ptr_equal(ended, &held[i]);
	assert_null(ended);
	/* The rest still counts. */
	assert_true(sc_web_peers_keep(peers, &held[5], 300, &ended));
	assert_null(ended);
}

/* A connection that ends for another reason takes its body with it. */
static void the_body_of_a_connection_that_has_ended_does_not_count(void **state)
{
	(void)state;
	set_limits(2, 2, 1000);
	assert_true(add("10.0.0.1"));
	sc_web_peers_await(peers, &held[0], false);
	assert_true(sc_web_peers_keep(peers, &held[0], 900, &ended));
	assert_true(add("10.0.0.2"));
	assert_true(add("10.0.0.3"));
	assert_ptr_equal(ended, &held[0]);
	sc_web_peers_await(peers, &held[2], false);
	assert_true(sc_web_peers_keep(peers, &held[2], 900, &ended));
	assert_null(ended);
}

/* -- the server -------------------------------------------------------------------------------- */

#define SHARE       4
#define CONNECTIONS 10

static int few_connections(void **state)
{
	static const char *const three[] = { "127.0.0.1", "127.0.0.2", "::1" };
	const struct sc_web_settings settings = {
		.domain = "localhost",
		.addresses = three,
		.address_count = 3,
		.tls_key = NULL,
		.hosts = hosts,
		.context = (void *)(uintptr_t)"context",
		.threads = 1,
		.connections = CONNECTIONS,
		.connections_per_address = SHARE,
	};
	struct sc_web_settings whole = settings;
	struct sc_error err = { 0 };

	if (set_up(state) != 0)
		return -1;
	sc_web_server_free(server);
	server = NULL;
	whole.tls_key = fixture.tls_key;
	assert_ok(sc_web_server_start(&whole, &server, &err), &err);
	return 0;
}

static struct web_client clients[CONNECTIONS + 1];

/* What the first client sends at the moment when the server ends its connection. */
static const char *last_words;

static int send_last_words(int socket, int how)
{
	char text[1024];

	if (last_words && how == SHUT_RD) {
		web_client_send(&clients[0], text, fill_in_port(last_words, text, sizeof text));
		/* It arrives, or the connection's thread has already read it and waits for us. */
		(void)poll(&(struct pollfd){ .fd = socket, .events = POLLIN }, 1, WAIT_MS);
	}
	last_words = NULL;
	return sc_os_system.shutdown(socket, how);
}

static int few_connections_with_last_words(void **state)
{
	static struct sc_os os;

	os = sc_os_system;
	os.shutdown = send_last_words;
	sc_os = &os;
	return few_connections(state);
}

static bool open_from(size_t client, const char *from)
{
	return web_client_open(&clients[client], from, "127.0.0.1", sc_web_server_port(server));
}

static bool is_closed(size_t client)
{
	return web_client_read(&clients[client], WAIT_MS, answer, sizeof answer) == 0;
}

static bool is_served(size_t client)
{
	char request[256];
	size_t len = fill_in_port("GET /echo HTTP/1.1\r\n" HOST "\r\n", request, sizeof request);

	web_client_send(&clients[client], request, len);
	return web_client_read(&clients[client], WAIT_MS, answer, sizeof answer) == 1 &&
	       status_of(answer) == 200;
}

static void close_clients(size_t count)
{
	for (size_t i = 0; i < count; i++)
		web_client_close(&clients[i]);
}

static void idle_connections_of_one_client_shut_nobody_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < SHARE; i++)
		assert_true(open_from(i, "127.0.0.1"));
	/* Neither the client itself … */
	assert_true(open_from(SHARE, "127.0.0.1"));
	assert_true(is_served(SHARE));
	assert_true(is_closed(0));
	/* … nor another. */
	assert_true(open_from(SHARE + 1, "127.0.0.3"));
	assert_true(is_served(SHARE + 1));
	assert_true(is_served(1));
	close_clients(SHARE + 2);
}

static unsigned count_answers(const char *text)
{
	unsigned count = 0;

	while ((text = strstr(text, "HTTP/1.1 "))) {
		count++;
		text++;
	}
	return count;
}

/* Otherwise a client that is never silent would keep a connection that no longer counts. */
static void an_ended_connection_has_one_more_answer_and_no_second(void **state)
{
	(void)state;
	for (size_t i = 0; i < SHARE; i++)
		assert_true(open_from(i, "127.0.0.1"));
	last_words = "GET /echo HTTP/1.1\r\n" HOST "\r\nGET /echo HTTP/1.1\r\n" HOST "\r\n";
	/* Through another address of the server's, so on another thread than the one that reads those. */
	assert_true(web_client_open(&clients[SHARE], "127.0.0.1", "127.0.0.2", sc_web_server_port(server)));
	assert_true(is_closed(0));
	assert_int_equal(count_answers(answer), 1);
	assert_int_equal(status_of(answer), 200);
	assert_non_null(strstr(answer, "Connection: close"));
	assert_true(is_served(SHARE));
	close_clients(SHARE + 1);
}

static void idle_connections_of_many_clients_shut_nobody_out(void **state)
{
	char from[16];

	(void)state;
	for (size_t i = 0; i < CONNECTIONS; i++) {
		snprintf(from, sizeof from, "127.0.1.%u", (unsigned)(i / 2));
		assert_true(open_from(i, from));
	}
	assert_true(open_from(CONNECTIONS, "127.0.0.9"));
	assert_true(is_served(CONNECTIONS));
	assert_true(is_closed(0));
	assert_true(is_served(1));
	close_clients(CONNECTIONS + 1);
}

/* Each HTTP thread of each address has some of its own, besides the connections'. */
static void descriptors_are_reserved_for_connections_and_threads(void **state)
{
	const char *const three[] = { "127.0.0.1", "127.0.0.2", "127.0.0.3" };
	struct sc_web_settings settings = {
		.domain = "localhost",
		.addresses = three,
		.address_count = 3,
		.tls_key = fixture.tls_key,
		.hosts = hosts,
		.threads = 4,
		.connections = CONNECTIONS,
	};
	struct sc_error err = { 0 };
	struct rlimit before;
	struct rlimit limit;

	(void)state;
	sc_web_server_free(server);
	server = NULL;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = (struct rlimit){ 64, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_ok(sc_web_server_start(&settings, &server, &err), &err);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(limit.rlim_cur, CONNECTIONS + 128 + 3 * 4 * 3);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static bool is_parked(void *context)
{
	(void)context;
	return parked;
}

/* The limit is not per address of ours, because descriptors belong to the process. */
static void connections_are_shared_by_the_addresses(void **state)
{
	static const char *const to[] = { "127.0.0.1", "127.0.0.2" };
	struct sc_web_request *all[CONNECTIONS];
	char request[256];
	char from[16];
	size_t len = fill_in_port("GET /park HTTP/1.1\r\n" HOST END, request, sizeof request);

	(void)state;
	for (size_t i = 0; i < CONNECTIONS; i++) {
		parked = NULL;
		snprintf(from, sizeof from, "127.0.1.%u", (unsigned)(i / 2));
		assert_true(web_client_open(&clients[i], from, to[i % 2], sc_web_server_port(server)));
		web_client_send(&clients[i], request, len);
		await_that(is_parked, NULL);
		all[i] = parked;
	}
	assert_false(open_from(CONNECTIONS, "127.0.0.9"));
	sc_web_answer(all[0], 204, NULL);
	assert_true(is_closed(0));
	assert_true(open_from(CONNECTIONS, "127.0.0.9"));
	assert_true(is_served(CONNECTIONS));
	for (size_t i = 1; i < CONNECTIONS; i++)
		sc_web_answer(all[i], 204, NULL);
	close_clients(CONNECTIONS + 1);
}

/* One of the eight clients of the two addresses that hold most. */
static bool has_one_closed(void *context)
{
	(void)context;
	for (size_t i = 0; i < 2 * SHARE; i++)
		if (web_client_read(&clients[i], 1, answer, sizeof answer) == 0)
			return true;
	return false;
}

static void an_unfinished_body_of_the_biggest_holder_makes_room(void **state)
{
	char request[256];
	size_t len = fill_in_port("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\na", request,
				  sizeof request);
	char from[16];

	(void)state;
	for (size_t i = 0; i < CONNECTIONS; i++) {
		snprintf(from, sizeof from, "127.0.1.%u", (unsigned)(i / SHARE));
		assert_true(open_from(i, from));
		web_client_send(&clients[i], request, len);
	}
	assert_true(open_from(CONNECTIONS, "127.0.0.9"));
	assert_true(is_served(CONNECTIONS));
	await_that(has_one_closed, NULL);
	close_clients(CONNECTIONS + 1);
}

#define BOOKS(name)  cmocka_unit_test_setup_teardown(name, no_peers, free_peers)
#define SERVER(name) cmocka_unit_test_setup_teardown(name, few_connections, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOKS(an_address_has_its_share_and_its_oldest_idle_connection_ends_for_a_new_one),
		BOOKS(an_address_whose_share_is_busy_gets_no_more),
		BOOKS(an_IPv6_peer_is_a_64),
		BOOKS(near_the_limit_the_biggest_holders_oldest_idle_connection_ends),
		BOOKS(an_unfinished_request_of_the_biggest_holder_ends_if_it_has_no_idle_connection),
		BOOKS(when_all_are_busy_a_new_one_is_refused),
		BOOKS(one_that_has_ended_counts_again_while_it_is_served),
		BOOKS(unfinished_bodies_are_limited_for_each_address_and_together),
		BOOKS(a_share_has_room_for_one_whole_body),
		BOOKS(as_many_bodies_end_as_must),
		BOOKS(the_body_of_a_connection_that_has_ended_does_not_count),
		SERVER(idle_connections_of_one_client_shut_nobody_out),
		SERVER(idle_connections_of_many_clients_shut_nobody_out),
		cmocka_unit_test_setup_teardown(an_ended_connection_has_one_more_answer_and_no_second,
						few_connections_with_last_words, tear_down),
		SERVER(connections_are_shared_by_the_addresses),
		SERVER(descriptors_are_reserved_for_connections_and_threads),
		SERVER(an_unfinished_body_of_the_biggest_holder_makes_room),
	};

	signal(SIGPIPE, SIG_IGN); /* from the client's own writes */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
