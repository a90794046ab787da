/*
 * What takes time in the HTTPS server: answers that come late or never, clients that are slow or gone, its
 * shutdown, and the jobs that its workers do meanwhile.
 */
#include "support/test.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "echo_server.h"
#include "fake_clock.h"

static bool is_parked(void *context)
{
	(void)context;
	return parked;
}

static void wait_until_parked(void)
{
	await_that(is_parked, NULL);
}

/* A request sent by a thread; its answer comes later. */
struct background {
	pthread_t thread;
	char request[256];
	size_t len;
	char answer[4096];
	int result;
	atomic_bool is_done;
};

static void *ask(void *argument)
{
	struct background *background = argument;

	background->result =
	    web_exchange("127.0.0.1", sc_web_server_port(server), background->request, background->len, 60000,
			 background->answer, sizeof background->answer);
	background->is_done = true;
	return NULL;
}

static void start_sending(struct background *background, const char *text)
{
	memset(background, 0, sizeof *background);
	background->len = fill_in_port(text, background->request, sizeof background->request);
	assert_int_equal(pthread_create(&background->thread, NULL, ask, background), 0);
}

static void start_asking(struct background *background, const char *path)
{
	char text[128];

	snprintf(text, sizeof text, "GET %s HTTP/1.1\r\n" HOST END, path);
	start_sending(background, text);
}

/* -- time -------------------------------------------------------------------------------------- */

static void an_answer_may_come_from_another_thread(void **state)
{
	(void)state;
	assert_int_equal(status_for("GET /later HTTP/1.1\r\n" HOST END), 409);
	assert_non_null(strstr(answer, "from a worker"));
}

static void a_request_that_waits_delays_no_other(void **state)
{
	struct background waiting;

	(void)state; /* one HTTP thread */
	start_asking(&waiting, "/park");
	wait_until_parked();
	for (int i = 0; i < 3; i++)
		assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
	sc_web_answer(parked, 204, NULL);
	pthread_join(waiting.thread, NULL);
	assert_int_equal(status_of(waiting.answer), 204);
}

static void an_answer_that_is_late_is_dropped_and_the_client_told_to_come_again(void **state)
{
	struct background waiting;

	(void)state;
	start_asking(&waiting, "/park");
	wait_until_parked();
	pass_time(DEADLINE - 1);
	assert_true(sc_web_is_awaited(parked));
	pass_time(1);
	pthread_join(waiting.thread, NULL);
	assert_int_equal(waiting.result, 0);
	assert_int_equal(status_of(waiting.answer), 503);
	assert_non_null(strstr(waiting.answer, "\r\nRetry-After: 1\r\n"));
	assert_false(sc_web_is_awaited(parked));
	sc_web_answer_error(parked, 200, "x", "y");
	assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
}

/* libmicrohttpd does not notice. Only our deadline releases thread, connection and memory. */
static void a_client_that_goes_away_while_it_waits_does_no_harm(void **state)
{
	char request[256];
	int len = snprintf(request, sizeof request, "GET /park HTTP/1.1\r\nHost: login.localhost:%u\r\n\r\n",
			   (unsigned)sc_web_server_port(server));

	(void)state;
	for (int i = 0; i < 3; i++) {
		parked = NULL;
		(void)web_exchange("127.0.0.1", sc_web_server_port(server), request, (size_t)len, 50, answer,
				   sizeof answer);
		wait_until_parked();
		assert_string_equal(answer, "");
		assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
		if (i < 2)
			pass_time(DEADLINE);
		if (i == 2)
			sc_web_server_stop(server);
		assert_false(sc_web_is_awaited(parked));
		sc_web_answer(parked, 200, NULL);
	}
}

static bool has_connected(void *before)
{
	return web_handshakes > *(const unsigned *)before;
}

static void a_slow_client_is_cut_off(void **state)
{
	static const char *const beginnings[] = {
		"",
		"GET /echo HT",
		"GET /echo HTTP/1.1\r\n" HOST,
		"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\nabc",
		"GET /echo HTTP/1.1\r\n" HOST "\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
		struct background waiting;
		unsigned before = web_handshakes;

		shutdowns = 0;
		start_sending(&waiting, beginnings[i]);
		await_that(has_connected, &before);
		pass_time(TRANSFER - 1);
		assert_int_equal(shutdowns, 0);
		pass_time(1);
		/* An answer gives the client more time, and may have come only now. */
		while (!waiting.is_done) {
			pass_time(TRANSFER);
			usleep(1000);
		}
		pthread_join(waiting.thread, NULL);
		assert_int_equal(waiting.result, 0);
		assert_int_equal(shutdowns, 1);
	}
	assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
}

static void send_on(struct web_client *client, const char *text)
{
	char filled[512];

	web_client_send(client, filled, fill_in_port(text, filled, sizeof filled));
}

/* What the one HTTP thread was given before, it has dealt with once it has answered this. */
static void wait_for_the_thread(void)
{
	assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
}

/* Its time does not run from the last answer on the connection. */
static void a_request_that_begins_late_on_an_idle_connection_has_all_its_time(void **state)
{
	struct web_client client;

	(void)state;
	assert_true(web_client_open(&client, NULL, "127.0.0.1", sc_web_server_port(server)));
	for (int i = 0; i < 2; i++) {
		wait_for_the_thread();
		pass_time(TRANSFER - 1);
		assert_int_equal(shutdowns, 0);
		send_on(&client, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\na");
		wait_for_the_thread();
		pass_time(TRANSFER - 1);
		assert_int_equal(shutdowns, 0);
		send_on(&client, "bc");
		assert_int_equal(web_client_read(&client, WAIT_MS, answer, sizeof answer), 1);
		assert_int_equal(status_of(answer), 200);
	}
	/* But no more than that. */
	send_on(&client, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\na");
	wait_for_the_thread();
	pass_time(TRANSFER);
	assert_int_equal(shutdowns, 1);
	assert_int_equal(web_client_read(&client, WAIT_MS, answer, sizeof answer), 0);
	assert_string_equal(answer, "");
	web_client_close(&client);
}

static void stopping_answers_what_waits_and_takes_nothing_more(void **state)
{
	struct background waiting;
	uint16_t port = sc_web_server_port(server);

	(void)state;
	start_asking(&waiting, "/park");
	wait_until_parked();
	sc_web_server_stop(server);
	pthread_join(waiting.thread, NULL);
	assert_int_equal(status_of(waiting.answer), 503);
	assert_int_equal(web_exchange("127.0.0.1", port, "", 0, 100, answer, sizeof answer), -1);
	assert_status(sc_web_run_own(server, SC_WEB_QUICK, NULL, &answering, NULL, NULL), SC_ERR_STATE, NULL);
	/* A late answer, from a thread that outlived the server's. */
	sc_web_answer(parked, 200, json_object());
}

/* -- jobs -------------------------------------------------------------------------------------- */

static atomic_bool gate;
static atomic_uint done;
static atomic_uint given_up;

static void wait_at_gate(void *context)
{
	(void)context;
	while (!gate)
		usleep(1000);
	done++;
}

static void note_given_up(void *context, const struct sc_error *why)
{
	(void)context;
	(void)why;
	given_up++;
}

static const struct sc_web_job waiting_at_gate = { .run = wait_at_gate, .give_up = note_given_up };

static atomic_bool has_begun;
static atomic_bool was_awaited;

static void ask_at_gate(void *context)
{
	has_begun = true;
	while (!gate)
		usleep(1000);
	was_awaited = sc_web_is_awaited(context);
	sc_web_answer(context, 204, NULL);
}

static const struct sc_web_job asking_at_gate = { .run = ask_at_gate, .give_up = note_given_up };

static void *stop_server(void *argument)
{
	sc_web_server_stop(server);
	return argument;
}

static void a_job_learns_that_the_server_is_stopping(void **state)
{
	struct background waiting;
	pthread_t stopper;

	(void)state;
	for (int stops = 0; stops < 2; stops++) {
		gate = has_begun = false;
		parked = NULL;
		start_asking(&waiting, "/park");
		wait_until_parked();
		assert_ok(sc_web_run(parked, SC_WEB_SLOW, NULL, &asking_at_gate, parked, NULL), NULL);
		while (!has_begun)
			usleep(1000);
		if (stops) {
			assert_int_equal(pthread_create(&stopper, NULL, stop_server, NULL), 0);
			while (sc_web_run_own(server, SC_WEB_SLOW, NULL, &waiting_at_gate, NULL, NULL) !=
			       SC_ERR_STATE)
				usleep(10000);
		}
		gate = true;
		pthread_join(waiting.thread, NULL);
		assert_int_equal(status_of(waiting.answer), 204);
		assert_int_equal(was_awaited, !stops);
	}
	pthread_join(stopper, NULL);
}

#define WAITING_MAX (256 / 4) /* of one party: a quarter of its share of connections */

static void slow_jobs_do_not_delay_quick_ones_and_are_limited(void **state)
{
	struct sc_error err = { 0 };
	unsigned queued = 0;

	(void)state;
	gate = false;
	done = 0;
	given_up = 0;
	while (sc_web_run_own(server, SC_WEB_SLOW, NULL, &waiting_at_gate, NULL, &err) == SC_OK)
		queued++;
	assert_int_equal(err.status, SC_ERR_BUSY);
	assert_in_range(queued, WAITING_MAX, WAITING_MAX + 1);
	assert_int_equal(status_for("GET /later HTTP/1.1\r\n" HOST END), 409);
	gate = true;
	sc_web_server_stop(server);
	assert_int_equal(done + given_up, queued);
	assert_in_range(given_up, WAITING_MAX - 1, WAITING_MAX);
}

#define TEST(name)  cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define CLOCK(name) cmocka_unit_test_setup_teardown(name, set_up_on_clock, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_may_come_from_another_thread),
		CLOCK(a_request_that_waits_delays_no_other),
		CLOCK(an_answer_that_is_late_is_dropped_and_the_client_told_to_come_again),
		CLOCK(a_client_that_goes_away_while_it_waits_does_no_harm),
		CLOCK(a_slow_client_is_cut_off),
		CLOCK(a_request_that_begins_late_on_an_idle_connection_has_all_its_time),
		TEST(stopping_answers_what_waits_and_takes_nothing_more),
		TEST(slow_jobs_do_not_delay_quick_ones_and_are_limited),
		TEST(a_job_learns_that_the_server_is_stopping),
	};

	signal(SIGPIPE, SIG_IGN); /* from the client's own writes */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
