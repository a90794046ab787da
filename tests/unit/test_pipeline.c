/* What a pipeline promises to every thread that uses it, whatever the module does (rule P1). */
#include <errno.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/os.h"
#include "client/client.h"
#include "client/pipeline.h"
#include "fake_module.h"
#include "scratch.h"

#define LONG       20000 /* milliseconds that no test waits for */
#define SOON       100
#define HELD_MAX   128
#define THREADS    8
#define EACH       1000
#define TEXT_BYTES 900 /* of a plaintext */

/* How the fake answers; SIGN's signature is the data that came. */
enum behaviour {
	GOOD,
	HOLDS,  /* keeps requests until there are `count`, then answers them, the last first */
	LATE,   /* answers a request when the next comes, before that one */
	CLOSES, /* at the request number `count` */
	SILENT,
	EVICTED, /* NOT_LOADED until a blob comes */
	EVICTS_ALWAYS,
	LOADS_ANOTHER,
	HOLDS_SLOW, /* keeps KEY_GENERATE until a SIGN of "go" */
	FLIPS,      /* bit 0 of byte `count` of the answer */
	CUTS,       /* the answer to `count` bytes */
	ANSWERS_TWICE,
	EMPTY_BODY,
	REFUSES,
	STANDS_STILL, /* reads nothing more until the test lets it go */
};

struct held {
	struct sc_bytes message;
	int connection;
};

struct fixture {
	struct scratch scratch;
	struct fake_module *fake;
	struct sc_pipeline *pipeline;
	_Atomic enum behaviour behaviour;
	atomic_size_t count;
	atomic_uint requests;
	atomic_uint loads;
	atomic_uint slow_now; /* KEY_GENERATE that came and are not answered */
	struct held held[HELD_MAX];
	size_t held_count;
	sem_t may_go_on;
};

/* -- the fake ---------------------------------------------------------------------------------------------
 */

static struct sc_writer body_for(uint32_t command, struct sc_view request)
{
	struct sc_writer body = sc_writer_new(SC_BODY_MAX);
	struct sc_sign_request sign;
	struct sc_key_load_request load;
	struct sc_key_load_response loaded = { 0 };

	if (command == SC_COMMAND_SIGN && sc_sign_request_read(request, &sign) == SC_OK)
		sc_sign_response_write(&body, &(struct sc_sign_response){ sign.data });
	if (command == SC_COMMAND_KEY_LOAD && sc_key_load_request_read(request, &load) == SC_OK &&
	    sc_sha256(load.blob, &loaded.key, NULL) == SC_OK)
		sc_key_load_response_write(&body, &loaded);
	if (command == SC_COMMAND_DECRYPT) {
		uint8_t text[TEXT_BYTES];

		memset(text, 'p', sizeof text);
		sc_decrypt_response_write(&body,
					  &(struct sc_decrypt_response){ sc_view_of(text, sizeof text) });
	}
	return body;
}

static void answer_well(int connection, struct sc_view message)
{
	struct sc_view request;
	uint32_t command = fake_command(message, &request);
	SC_CLEANUP(sc_writer) body = body_for(command, request);

	fake_reply(connection, message, SC_OK, 0, 0, sc_writer_view(&body));
}

static void hold(struct fixture *f, int connection, struct sc_view message)
{
	struct held *held = &f->held[f->held_count];

	if (f->held_count == HELD_MAX || sc_bytes_copy(message, &held->message, NULL) != SC_OK)
		abort();
	held->connection = connection;
	f->held_count++;
}

static void answer_held(struct fixture *f)
{
	while (f->held_count > 0) {
		struct held *held = &f->held[--f->held_count];

		answer_well(held->connection, sc_bytes_view(&held->message));
		sc_bytes_free(&held->message);
	}
}

static void refuse(int connection, struct sc_view message, sc_status status)
{
	fake_reply(connection, message, status, 7, 8, (struct sc_view){ 0 });
}

static bool serve_evicting(struct fixture *f, int connection, struct sc_view message, uint32_t command)
{
	bool is_gone = f->behaviour == EVICTS_ALWAYS || f->loads == 0;
	struct sc_key_load_response other = { .key.b[0] = 1 };

	if (command == SC_COMMAND_KEY_LOAD) {
		f->loads++;
		if (f->behaviour == LOADS_ANOTHER) {
			SC_CLEANUP(sc_writer) body = sc_writer_new(SC_BODY_MAX);

			sc_key_load_response_write(&body, &other);
			fake_reply(connection, message, SC_OK, 0, 0, sc_writer_view(&body));
			return true;
		}
	} else if (is_gone) {
		refuse(connection, message, SC_ERR_NOT_LOADED);
		return true;
	}
	answer_well(connection, message);
	return true;
}

static bool serve_slowly(struct fixture *f, int connection, struct sc_view message, uint32_t command,
			 struct sc_view request)
{
	struct sc_sign_request sign;

	if (command == SC_COMMAND_KEY_GENERATE) {
		f->slow_now++;
		hold(f, connection, message);
		return true;
	}
	answer_well(connection, message);
	if (command == SC_COMMAND_SIGN && sc_sign_request_read(request, &sign) == SC_OK &&
	    sc_view_equals(sign.data, sc_view_text("go"))) {
		f->behaviour = GOOD;
		answer_held(f);
	}
	return true;
}

static bool serve_badly(struct fixture *f, int connection, struct sc_view message)
{
	struct sc_view request;
	uint32_t command = fake_command(message, &request);
	SC_CLEANUP(sc_writer) body = body_for(command, request);
	SC_CLEANUP(sc_writer) answer = fake_answer(message, SC_OK, 0, 0, sc_writer_view(&body));

	if (f->behaviour == FLIPS)
		answer.buffer.data[f->count] ^= 1;
	if (f->behaviour == CUTS)
		answer.used = f->count;
	fake_send(connection, sc_writer_view(&answer));
	if (f->behaviour == ANSWERS_TWICE)
		fake_send(connection, sc_writer_view(&answer));
	return true;
}

static bool serve(void *context, int connection, struct sc_view message)
{
	struct fixture *f = context;
	struct sc_view request;
	uint32_t command = fake_command(message, &request);

	f->requests++;
	switch (f->behaviour) {
	case GOOD:
		answer_well(connection, message);
		return true;
	case HOLDS:
		hold(f, connection, message);
		if (f->held_count == f->count)
			answer_held(f);
		return true;
	case LATE:
		answer_held(f);
		hold(f, connection, message);
		return true;
	case CLOSES:
		if (f->requests == f->count) {
			f->behaviour = GOOD;
			return false;
		}
		return true;
	case SILENT:
		return true;
	case EVICTED:
	case EVICTS_ALWAYS:
	case LOADS_ANOTHER:
		return serve_evicting(f, connection, message, command);
	case HOLDS_SLOW:
		return serve_slowly(f, connection, message, command, request);
	case FLIPS:
	case CUTS:
	case ANSWERS_TWICE:
		return serve_badly(f, connection, message);
	case EMPTY_BODY:
		fake_reply(connection, message, SC_OK, 0, 0, (struct sc_view){ 0 });
		return true;
	case REFUSES:
		refuse(connection, message, SC_ERR_ACL);
		return true;
	case STANDS_STILL:
		f->behaviour = GOOD;
		while (sem_wait(&f->may_go_on))
			;
		answer_well(connection, message);
		return true;
	}
	return false;
}

static const char *socket_path(const struct fixture *f)
{
	return scratch_path(&f->scratch, "socket");
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	sem_init(&f->may_go_on, 0, 0);
	f->scratch = scratch_make();
	f->fake = fake_module_start(socket_path(f), serve, f);
	assert_int_equal(sc_pipeline_open(socket_path(f), &f->pipeline, NULL), SC_OK);
	assert_true(sc_pipeline_is_connected(f->pipeline));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	sc_pipeline_close(f->pipeline);
	sc_os = &sc_os_system;
	if (f->fake)
		fake_module_stop(f->fake);
	for (size_t i = 0; i < f->held_count; i++)
		sc_bytes_free(&f->held[i].message);
	scratch_remove(&f->scratch);
	sem_destroy(&f->may_go_on);
	free(f);
	return 0;
}

/* -- those who ask ----------------------------------------------------------------------------------------
 */

static const uint8_t blob[] = "a blob";

static struct sc_pipeline_key a_key(void)
{
	struct sc_pipeline_key key = { .blob = sc_view_of(blob, sizeof blob) };

	assert_int_equal(sc_sha256(key.blob, &key.digest, NULL), SC_OK);
	return key;
}

/* Signs and waits; the reply must be what was sent. */
static sc_status sign(struct sc_pipeline *pipeline, const char *data, uint32_t timeout, struct sc_error *err)
{
	struct sc_pipeline_key key = a_key();
	SC_CLEANUP(sc_bytes) signature = { 0 };
	sc_status status = sc_pipeline_key_sign_call(pipeline, &key, SC_MECHANISM_RS256, sc_view_text(data),
						     timeout, &signature, err);

	if (status == SC_OK)
		assert_true(sc_view_equals(sc_bytes_view(&signature), sc_view_text(data)));
	return status;
}

/* What became of one request that nobody waits for. */
struct outcome {
	atomic_uint told;
	sc_status status;
	char reply[32];
	uint64_t number;
	int64_t when;
};

static void keep_outcome(void *context, sc_status status, const struct sc_error *err, struct sc_view reply)
{
	struct outcome *outcome = context;

	outcome->status = status;
	outcome->number = err->numbers[0];
	outcome->when = sc_clock_monotonic();
	if (reply.len < sizeof outcome->reply && reply.len)
		memcpy(outcome->reply, reply.data, reply.len);
	outcome->told++;
}

static sc_status submit(struct sc_pipeline *pipeline, const char *data, uint32_t timeout,
			struct outcome *outcome)
{
	struct sc_pipeline_key key = a_key();

	return sc_pipeline_key_sign(pipeline, &key, SC_MECHANISM_RS256, sc_view_text(data), timeout,
				    keep_outcome, outcome, NULL);
}

static void await(const struct outcome *outcomes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (int wait = 0; outcomes[i].told == 0; wait++) {
			assert_true(wait < 5000);
			usleep(1000);
		}
}

/* Until the pipeline has noticed that the connection is of no use. */
static void await_loss(struct sc_pipeline *pipeline)
{
	for (int wait = 0; sc_pipeline_is_connected(pipeline); wait++) {
		assert_true(wait < 5000);
		usleep(1000);
	}
}

/* Until the pipeline has found the module again. */
static void await_connection(struct sc_pipeline *pipeline)
{
	for (int wait = 0; !sc_pipeline_is_connected(pipeline); wait++) {
		assert_true(wait < 5000);
		usleep(1000);
	}
}

/* -- answers ----------------------------------------------------------------------------------------------
 */

static void answers_reach_their_askers_in_any_order(void **state)
{
	struct fixture *f = *state;
	struct outcome outcomes[32] = { 0 };

	f->behaviour = HOLDS;
	f->count = 32;
	for (unsigned i = 0; i < 32; i++) {
		char data[16];

		snprintf(data, sizeof data, "request %u", i);
		assert_int_equal(submit(f->pipeline, data, LONG, &outcomes[i]), SC_OK);
	}
	await(outcomes, 32);
	for (unsigned i = 0; i < 32; i++) {
		char data[16];

		snprintf(data, sizeof data, "request %u", i);
		assert_int_equal(outcomes[i].status, SC_OK);
		assert_string_equal(outcomes[i].reply, data);
		assert_int_equal(outcomes[i].told, 1);
	}
	assert_true(outcomes[31].when <= outcomes[0].when);
}

static void a_refusal_comes_with_its_words_and_numbers(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };

	assert_int_equal(sign(f->pipeline, "data", LONG, &err), SC_OK);
	f->behaviour = REFUSES;
	assert_int_equal(sign(f->pipeline, "data", LONG, &err), SC_ERR_ACL);
	assert_non_null(strstr(err.message, socket_path(f)));
	assert_int_equal(err.numbers[0], 7);
	assert_int_equal(err.status, SC_ERR_ACL);
}

static void a_request_longer_than_the_protocol_has_is_refused_here(void **state)
{
	struct fixture *f = *state;
	static uint8_t large[SC_BODY_MAX + 1];
	SC_CLEANUP(sc_bytes) reply = { 0 };

	assert_int_equal(sc_pipeline_call(f->pipeline, SC_COMMAND_ENQUIRE, 0, sc_view_of(large, sizeof large),
					  LONG, &reply, NULL),
			 SC_ERR_TOO_LARGE);
	assert_int_equal(f->requests, 0);
	assert_int_equal(sc_pipeline_call(f->pipeline, SC_COMMAND_ENQUIRE, 0,
					  sc_view_of(large, sizeof large - 1), LONG, &reply, NULL),
			 SC_OK);
}

struct glance {
	struct sc_pipeline_waiter waiter;
	struct sc_view seen;
};

static void glance_at(void *context, sc_status status, const struct sc_error *err, struct sc_view reply)
{
	struct glance *glance = context;

	glance->seen = reply;
	sc_pipeline_wake(&glance->waiter, status, err, reply);
}

/* The plaintext lay in the pipeline's buffer, which a shorter answer has not overwritten to its end. */
static void a_plaintext_is_wiped_after_its_callback(void **state)
{
	struct fixture *f = *state;
	struct sc_pipeline_key key = a_key();
	struct glance glance;
	SC_CLEANUP(sc_bytes) text = { 0 };

	sc_pipeline_waiter_start(&glance.waiter);
	assert_int_equal(sc_pipeline_key_decrypt(f->pipeline, &key, SC_MECHANISM_RSA_OAEP, sc_view_text("x"),
						 LONG, glance_at, &glance, NULL),
			 SC_OK);
	assert_int_equal(sc_pipeline_wait(&glance.waiter, &text, NULL), SC_OK);
	sc_pipeline_waiter_free(&glance.waiter);
	assert_int_equal(text.len, TEXT_BYTES);
	assert_int_equal(text.data[TEXT_BYTES - 1], 'p');
	assert_int_equal(sign(f->pipeline, "x", LONG, NULL), SC_OK);
	assert_int_equal(glance.seen.data[TEXT_BYTES - 1], 0);
}

/* -- keys -------------------------------------------------------------------------------------------------
 */

static void an_evicted_key_is_loaded_again_once(void **state)
{
	struct fixture *f = *state;

	f->behaviour = EVICTED;
	assert_int_equal(sign(f->pipeline, "data", LONG, NULL), SC_OK);
	assert_int_equal(f->loads, 1);
	assert_int_equal(f->requests, 3);
	f->behaviour = EVICTS_ALWAYS;
	assert_int_equal(sign(f->pipeline, "data", LONG, NULL), SC_ERR_NOT_LOADED);
	assert_int_equal(f->loads, 2);
	assert_int_equal(f->requests, 6);
}

static void a_module_that_loads_another_key_is_found_out(void **state)
{
	struct fixture *f = *state;

	f->behaviour = LOADS_ANOTHER;
	assert_int_equal(sign(f->pipeline, "data", LONG, NULL), SC_ERR_PROTOCOL);
	assert_int_equal(f->requests, 2);
}

static void an_answer_without_its_field_is_a_protocol_error(void **state)
{
	struct fixture *f = *state;

	f->behaviour = EMPTY_BODY;
	assert_int_equal(sign(f->pipeline, "data", LONG, NULL), SC_ERR_PROTOCOL);
	f->behaviour = GOOD;
	assert_int_equal(sign(f->pipeline, "data", LONG, NULL), SC_OK);
}

/* -- time -------------------------------------------------------------------------------------------------
 */

static void a_deadline_is_kept(void **state)
{
	struct fixture *f = *state;
	struct outcome patient = { 0 };
	int64_t start = sc_clock_monotonic();
	int64_t took;

	f->behaviour = SILENT;
	assert_int_equal(submit(f->pipeline, "patient", LONG, &patient), SC_OK);
	assert_int_equal(sign(f->pipeline, "data", SOON, NULL), SC_ERR_TIMEOUT);
	took = sc_clock_monotonic() - start;
	assert_true(took >= SOON * (SC_SECOND / 1000) && took < 3 * SC_SECOND);
	assert_int_equal(patient.told, 0);
	/* Here, while there is a place to tell it. */
	sc_pipeline_close(f->pipeline);
	f->pipeline = NULL;
	assert_int_equal(patient.told, 1);
}

static void a_late_answer_is_ignored_and_the_connection_goes_on(void **state)
{
	struct fixture *f = *state;
	struct outcome late = { 0 }, patient = { 0 };

	f->behaviour = LATE;
	assert_int_equal(submit(f->pipeline, "late", SOON, &late), SC_OK);
	await(&late, 1);
	assert_int_equal(late.status, SC_ERR_TIMEOUT);
	/* The answer to `late` goes out when this comes; this one's when the next does. */
	assert_int_equal(submit(f->pipeline, "patient", LONG, &patient), SC_OK);
	assert_int_equal(sign(f->pipeline, "another", SOON, NULL), SC_ERR_TIMEOUT);
	await(&patient, 1);
	assert_int_equal(patient.status, SC_OK);
	assert_string_equal(patient.reply, "patient");
	assert_int_equal(late.told, 1);
	assert_true(sc_pipeline_is_connected(f->pipeline));
}

static _Atomic int64_t seconds_ahead;

static int clock_ahead(clockid_t clock, struct timespec *out)
{
	int failed = clock_gettime(clock, out);

	out->tv_sec += seconds_ahead;
	return failed;
}

static void a_module_that_never_answers_loses_its_connection(void **state)
{
	struct fixture *f = *state;
	static struct sc_os ahead;
	struct outcome outcome = { 0 };

	sc_pipeline_close(f->pipeline);
	seconds_ahead = 0;
	ahead = sc_os_system;
	ahead.clock_gettime = clock_ahead;
	sc_os = &ahead;
	assert_int_equal(sc_pipeline_open(socket_path(f), &f->pipeline, NULL), SC_OK);
	f->behaviour = SILENT;
	assert_int_equal(sign(f->pipeline, "data", SOON, NULL), SC_ERR_TIMEOUT);
	f->behaviour = GOOD;
	seconds_ahead = SC_CLIENT_TIMEOUT - 10;
	assert_int_equal(sign(f->pipeline, "data", LONG, NULL), SC_OK);
	assert_true(sc_pipeline_is_connected(f->pipeline));
	seconds_ahead = SC_CLIENT_TIMEOUT + 1;
	/* Makes the reader look. */
	assert_int_equal(submit(f->pipeline, "data", LONG, &outcome), SC_OK);
	await_loss(f->pipeline);
	await(&outcome, 1);
	await_connection(f->pipeline);
	assert_int_equal(sign(f->pipeline, "data", LONG, NULL), SC_OK);
	sc_pipeline_close(f->pipeline);
	f->pipeline = NULL;
	sc_os = &sc_os_system;
}

/* -- ends of connections ----------------------------------------------------------------------------------
 */

static void a_lost_connection_is_told_to_everyone_once_and_made_anew(void **state)
{
	struct fixture *f = *state;
	struct outcome outcomes[3] = { 0 };

	f->behaviour = CLOSES;
	f->count = 3;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(submit(f->pipeline, "data", LONG, &outcomes[i]), SC_OK);
	await(outcomes, 3);
	await_connection(f->pipeline);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(outcomes[i].status, SC_ERR_UNAVAILABLE);
		assert_int_equal(outcomes[i].told, 1);
	}
	assert_int_equal(sign(f->pipeline, "data", LONG, NULL), SC_OK);
}

static void a_module_that_is_not_there_is_found_when_it_comes(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };
	struct outcome pending = { 0 };

	f->behaviour = SILENT;
	assert_int_equal(submit(f->pipeline, "data", LONG, &pending), SC_OK);
	fake_module_stop(f->fake);
	f->fake = NULL;
	await(&pending, 1);
	assert_int_equal(pending.status, SC_ERR_UNAVAILABLE);
	assert_int_equal(sign(f->pipeline, "data", LONG, &err), SC_ERR_UNAVAILABLE);
	assert_non_null(strstr(err.message, socket_path(f)));

	f->behaviour = GOOD;
	f->fake = fake_module_start(socket_path(f), serve, f);
	await_connection(f->pipeline);
	assert_int_equal(sign(f->pipeline, "data", LONG, NULL), SC_OK);
}

static void a_pipeline_may_be_opened_before_its_module(void **state)
{
	struct fixture *f = *state;
	struct sc_pipeline *early = NULL;
	const char *path = scratch_path(&f->scratch, "later");
	struct fake_module *later;

	assert_int_equal(sc_pipeline_open(path, &early, NULL), SC_OK);
	assert_false(sc_pipeline_is_connected(early));
	later = fake_module_start(path, serve, f);
	await_connection(early);
	assert_int_equal(sign(early, "data", LONG, NULL), SC_OK);
	sc_pipeline_close(early);
	fake_module_stop(later);
	assert_int_equal(sc_pipeline_open("", &early, NULL), SC_ERR_ARGUMENT);
}

static void ends_it(struct fixture *f, enum behaviour behaviour, size_t count)
{
	await_connection(f->pipeline);
	assert_int_equal(sign(f->pipeline, "data", LONG, NULL), SC_OK);
	f->count = count;
	f->behaviour = behaviour;
	assert_int_equal(sign(f->pipeline, "data", LONG, NULL), SC_ERR_UNAVAILABLE);
	f->behaviour = GOOD;
}

static void an_answer_that_is_none_ends_the_connection(void **state)
{
	struct fixture *f = *state;

	ends_it(f, FLIPS, 0);  /* magic */
	ends_it(f, FLIPS, 5);  /* version */
	ends_it(f, FLIPS, 7);  /* command */
	ends_it(f, FLIPS, 8);  /* id: one that nobody has had */
	ends_it(f, FLIPS, 15); /* id: another place */
	ends_it(f, FLIPS, 47); /* length */
	ends_it(f, CUTS, 1);
	ends_it(f, CUTS, SC_RESPONSE_HEADER_SIZE - 1);
	ends_it(f, CUTS, SC_RESPONSE_HEADER_SIZE);
	await_connection(f->pipeline);
	assert_int_equal(sign(f->pipeline, "data", LONG, NULL), SC_OK);
}

static void a_second_answer_to_one_request_ends_the_connection(void **state)
{
	struct fixture *f = *state;

	f->behaviour = ANSWERS_TWICE;
	assert_int_equal(sign(f->pipeline, "data", LONG, NULL), SC_OK);
	await_loss(f->pipeline);
	f->behaviour = GOOD;
	await_connection(f->pipeline);
}

static void closing_tells_everyone_before_it_returns(void **state)
{
	struct fixture *f = *state;
	struct outcome outcomes[10] = { 0 };

	f->behaviour = SILENT;
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(submit(f->pipeline, "data", LONG, &outcomes[i]), SC_OK);
	sc_pipeline_close(f->pipeline);
	f->pipeline = NULL;
	for (size_t i = 0; i < 10; i++) {
		assert_int_equal(outcomes[i].told, 1);
		assert_int_equal(outcomes[i].status, SC_ERR_UNAVAILABLE);
	}
}

/* -- many -------------------------------------------------------------------------------------------------
 */

static void slow_requests_do_not_keep_quick_ones_out(void **state)
{
	struct fixture *f = *state;
	static struct outcome outcomes[100];
	const struct sc_key_generate_request request = { .application = sc_view_text("vault") };
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_BODY_MAX);

	memset(outcomes, 0, sizeof outcomes);
	f->behaviour = HOLDS_SLOW;
	sc_key_generate_request_write(&body, &request);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(sc_pipeline_submit(f->pipeline, SC_COMMAND_KEY_GENERATE, 0,
						    sc_writer_view(&body), LONG, keep_outcome, &outcomes[i],
						    NULL),
				 SC_OK);
	assert_int_equal(sign(f->pipeline, "quick", LONG, NULL), SC_OK);
	/* The module stops at 64 and goes on at half of that (hsmd/os/connection.h). */
	assert_true(f->slow_now >= 1 && f->slow_now < 32);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(outcomes[i].told, 0);
	assert_int_equal(sign(f->pipeline, "go", LONG, NULL), SC_OK);
	await(outcomes, 100);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(outcomes[i].status, SC_OK);
}

static void more_than_the_limit_in_flight_is_busy(void **state)
{
	struct fixture *f = *state;
	static struct outcome outcomes[SC_PIPELINE_IN_FLIGHT];
	struct outcome refused = { 0 };

	memset(outcomes, 0, sizeof outcomes);
	f->behaviour = SILENT;
	for (size_t i = 0; i < SC_PIPELINE_IN_FLIGHT; i++)
		assert_int_equal(submit(f->pipeline, "data", SOON, &outcomes[i]), SC_OK);
	assert_int_equal(submit(f->pipeline, "data", SOON, &refused), SC_ERR_BUSY);
	await(outcomes, SC_PIPELINE_IN_FLIGHT);
	/* Their callers have gone, the module has them still. */
	assert_int_equal(submit(f->pipeline, "data", SOON, &refused), SC_ERR_BUSY);
	assert_int_equal(refused.told, 0);
}

static void what_the_socket_does_not_take_waits_and_too_much_is_busy(void **state)
{
	struct fixture *f = *state;
	static struct outcome outcomes[SC_PIPELINE_QUEUE_MAX / SC_BODY_MAX + 64];
	static const uint8_t large[SC_BODY_MAX];
	sc_status status = SC_OK;
	size_t taken = 0;

	memset(outcomes, 0, sizeof outcomes);
	f->behaviour = STANDS_STILL;
	while (
	    (status = sc_pipeline_submit(f->pipeline, SC_COMMAND_ENQUIRE, 0, sc_view_of(large, sizeof large),
					 LONG, keep_outcome, &outcomes[taken], NULL)) == SC_OK)
		assert_true(++taken < sizeof outcomes / sizeof outcomes[0]);
	assert_int_equal(status, SC_ERR_BUSY);
	assert_true(taken >= SC_PIPELINE_QUEUE_MAX / (SC_BODY_MAX + SC_REQUEST_HEADER_SIZE));
	sem_post(&f->may_go_on);
	await(outcomes, taken);
	for (size_t i = 0; i < taken; i++)
		assert_int_equal(outcomes[i].status, SC_OK);
	assert_int_equal(sign(f->pipeline, "data", LONG, NULL), SC_OK);
}

struct crowd {
	struct sc_pipeline *pipeline;
	unsigned number;
	struct outcome *outcomes;
	unsigned refused;
};

/* Half of them waits for each answer, half does not. */
static void *ask_much(void *context)
{
	struct crowd *one = context;

	for (unsigned i = 0; i < EACH; i++) {
		char data[24];

		snprintf(data, sizeof data, "%u of %u", i, one->number);
		if (one->number % 2) {
			one->outcomes[i].status = sign(one->pipeline, data, LONG, NULL);
			one->outcomes[i].told = 1;
		} else if (submit(one->pipeline, data, LONG, &one->outcomes[i]) != SC_OK) {
			one->refused++;
		}
	}
	return NULL;
}

static void run_crowd(struct fixture *f, struct crowd crowd[THREADS])
{
	static struct outcome outcomes[THREADS][EACH];
	pthread_t threads[THREADS];

	memset(outcomes, 0, sizeof outcomes);
	for (unsigned i = 0; i < THREADS; i++) {
		crowd[i] = (struct crowd){ f->pipeline, i, outcomes[i], 0 };
		assert_int_equal(pthread_create(&threads[i], NULL, ask_much, &crowd[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void thousands_of_requests_of_many_threads_are_each_answered_once(void **state)
{
	struct fixture *f = *state;
	struct crowd crowd[THREADS];

	run_crowd(f, crowd);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(crowd[i].refused, 0);
		await(crowd[i].outcomes, EACH);
		for (unsigned j = 0; j < EACH; j++) {
			char data[24];

			snprintf(data, sizeof data, "%u of %u", j, i);
			assert_int_equal(crowd[i].outcomes[j].status, SC_OK);
			assert_int_equal(crowd[i].outcomes[j].told, 1);
			if (i % 2 == 0)
				assert_string_equal(crowd[i].outcomes[j].reply, data);
		}
	}
}

/* Whatever the system refuses, and whenever: every request that was taken ends, once. -- rule P4 -- */
static atomic_int calls_left;

static bool fails_now(void)
{
	return atomic_fetch_sub(&calls_left, 1) == 1;
}

static ssize_t failing_sendmsg(int fd, const struct msghdr *message, int flags)
{
	if (!fails_now())
		return sendmsg(fd, message, flags);
	errno = ENOBUFS;
	return -1;
}

static ssize_t full_sendmsg(int fd, const struct msghdr *message, int flags)
{
	if (!fails_now())
		return sendmsg(fd, message, flags);
	errno = EAGAIN;
	return -1;
}

static ssize_t failing_recvmsg(int fd, struct msghdr *message, int flags)
{
	if (!fails_now())
		return recvmsg(fd, message, flags);
	errno = ENOMEM;
	return -1;
}

static void use_failing(struct fixture *f, const struct sc_os *table, int nth)
{
	struct outcome outcomes[6] = { 0 };
	sc_status taken[6];
	int attempts = 0;

	sc_pipeline_close(f->pipeline);
	calls_left = nth;
	sc_os = table;
	assert_int_equal(sc_pipeline_open(socket_path(f), &f->pipeline, NULL), SC_OK);
	for (size_t i = 0; i < 6; i++)
		taken[i] = submit(f->pipeline, "data", LONG, &outcomes[i]);
	for (size_t i = 0; i < 6; i++)
		if (taken[i] == SC_OK)
			await(&outcomes[i], 1);
	/* The failure may have come after the last answer. */
	calls_left = 0;
	do
		await_connection(f->pipeline);
	while (sign(f->pipeline, "data", LONG, NULL) != SC_OK && attempts++ < 2);
	assert_true(attempts < 2);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(outcomes[i].told, taken[i] == SC_OK ? 1 : 0);
	sc_pipeline_close(f->pipeline);
	sc_os = &sc_os_system;
	assert_int_equal(sc_pipeline_open(socket_path(f), &f->pipeline, NULL), SC_OK);
}

static void a_call_that_fails_ends_no_request_twice_and_forgets_none(void **state)
{
	struct fixture *f = *state;
	static struct sc_os failing, full, deaf;

	failing = full = deaf = sc_os_system;
	failing.sendmsg = failing_sendmsg;
	full.sendmsg = full_sendmsg;
	deaf.recvmsg = failing_recvmsg;
	for (int nth = 1; nth <= 12; nth++) {
		use_failing(f, &failing, nth);
		use_failing(f, &full, nth);
		use_failing(f, &deaf, nth);
	}
}

/* Nothing else is under way that would make the reader look again. */
static void a_request_that_found_no_room_goes_as_soon_as_there_is_some(void **state)
{
	struct fixture *f = *state;
	static struct sc_os full;
	int64_t start = sc_clock_monotonic();

	sc_pipeline_close(f->pipeline);
	full = sc_os_system;
	full.sendmsg = full_sendmsg;
	calls_left = 1;
	sc_os = &full;
	assert_int_equal(sc_pipeline_open(socket_path(f), &f->pipeline, NULL), SC_OK);
	assert_int_equal(sign(f->pipeline, "data", LONG, NULL), SC_OK);
	assert_true(sc_clock_monotonic() - start < 5 * SC_SECOND);
	sc_pipeline_close(f->pipeline);
	f->pipeline = NULL;
	sc_os = &sc_os_system;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_reach_their_askers_in_any_order),
		TEST(a_refusal_comes_with_its_words_and_numbers),
		TEST(a_request_longer_than_the_protocol_has_is_refused_here),
		TEST(a_plaintext_is_wiped_after_its_callback),
		TEST(an_evicted_key_is_loaded_again_once),
		TEST(a_module_that_loads_another_key_is_found_out),
		TEST(an_answer_without_its_field_is_a_protocol_error),
		TEST(a_deadline_is_kept),
		TEST(a_late_answer_is_ignored_and_the_connection_goes_on),
		TEST(a_module_that_never_answers_loses_its_connection),
		TEST(a_lost_connection_is_told_to_everyone_once_and_made_anew),
		TEST(a_module_that_is_not_there_is_found_when_it_comes),
		TEST(a_pipeline_may_be_opened_before_its_module),
		TEST(an_answer_that_is_none_ends_the_connection),
		TEST(a_second_answer_to_one_request_ends_the_connection),
		TEST(closing_tells_everyone_before_it_returns),
		TEST(slow_requests_do_not_keep_quick_ones_out),
		TEST(more_than_the_limit_in_flight_is_busy),
		TEST(what_the_socket_does_not_take_waits_and_too_much_is_busy),
		TEST(thousands_of_requests_of_many_threads_are_each_answered_once),
		TEST(a_call_that_fails_ends_no_request_twice_and_forgets_none),
		TEST(a_request_that_found_no_room_goes_as_soon_as_there_is_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
