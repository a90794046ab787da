/* See pipeline_fixture.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/os.h"
#include "fake_clock.h"
#include "pipeline_fixture.h"

/* -- the fake ---------------------------------------------------------------------------------- */

static struct sc_writer body_for(uint32_t command, struct sc_view request)
{
	struct sc_writer body = sc_writer_new(SC_WIRE_BODY_MAX);
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
			SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

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

bool serve(void *context, int connection, struct sc_view message)
{
	struct fixture *f = context;
	struct sc_view request;
	uint32_t command = fake_command(message, &request);
	enum behaviour behaviour = f->behaviour; /* read before the request is counted */

	f->requests++;
	switch (behaviour) {
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

/* -- starting and stopping --------------------------------------------------------------------- */

const char *socket_path(const struct fixture *f)
{
	return scratch_path(&f->scratch, "socket");
}

int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	fake_clock_start();
	sem_init(&f->may_go_on, 0, 0);
	f->scratch = scratch_make();
	f->fake = fake_module_start(socket_path(f), serve, f);
	assert_int_equal(sc_pipeline_open(socket_path(f), &f->pipeline, NULL), SC_OK);
	assert_true(sc_pipeline_is_connected(f->pipeline));
	*state = f;
	return 0;
}

int tear_down(void **state)
{
	struct fixture *f = *state;

	sc_pipeline_close(f->pipeline);
	fake_clock_stop();
	if (f->fake)
		fake_module_stop(f->fake);
	for (size_t i = 0; i < f->held_count; i++)
		sc_bytes_free(&f->held[i].message);
	scratch_remove(&f->scratch);
	sem_destroy(&f->may_go_on);
	free(f);
	return 0;
}

/* -- the callers ------------------------------------------------------------------------------- */

static const uint8_t blob[] = "a blob";

struct sc_pipeline_key a_key(void)
{
	struct sc_pipeline_key key = { .blob = sc_view_of(blob, sizeof blob) };

	assert_int_equal(sc_sha256(key.blob, &key.digest, NULL), SC_OK);
	return key;
}

sc_status sign(struct sc_pipeline *pipeline, const char *data, uint32_t timeout, struct sc_error *err)
{
	struct sc_pipeline_key key = a_key();
	SC_CLEANUP(sc_bytes) signature = { 0 };
	sc_status status = sc_pipeline_key_sign_call(pipeline, &key, SC_MECHANISM_RS256, sc_view_text(data),
						     timeout, &signature, err);

	if (status == SC_OK)
		assert_true(sc_view_equals(sc_bytes_view(&signature), sc_view_text(data)));
	return status;
}

sc_status sign_in_vain(struct sc_pipeline *pipeline, const char *data)
{
	sc_status status;

	fake_clock_skip(BRIEFLY);
	status = sign(pipeline, data, SOON, NULL);
	fake_clock_skip(0);
	return status;
}

void keep_outcome(void *context, sc_status status, const struct sc_error *err, struct sc_view reply)
{
	struct outcome *outcome = context;

	outcome->status = status;
	outcome->number = err->numbers[0];
	outcome->when = sc_clock_monotonic();
	if (reply.len < sizeof outcome->reply && reply.len)
		memcpy(outcome->reply, reply.data, reply.len);
	outcome->told++;
}

sc_status submit(struct sc_pipeline *pipeline, const char *data, uint32_t timeout, struct outcome *outcome)
{
	struct sc_pipeline_key key = a_key();

	return sc_pipeline_key_sign(pipeline, &key, SC_MECHANISM_RS256, sc_view_text(data), timeout,
				    keep_outcome, outcome, NULL);
}

static bool is_told(void *outcome)
{
	return ((const struct outcome *)outcome)->told > 0;
}

void await(struct outcome *outcomes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		await_that(is_told, &outcomes[i]);
}

static bool is_lost(void *pipeline)
{
	return !sc_pipeline_is_connected(pipeline);
}

struct request_count {
	struct fixture *fixture;
	unsigned count;
};

static bool has_received(void *context)
{
	const struct request_count *expected = context;

	return expected->fixture->requests >= expected->count;
}

void await_requests(struct fixture *f, unsigned count)
{
	struct request_count expected = { f, count };

	await_that(has_received, &expected);
}

void await_loss(struct sc_pipeline *pipeline)
{
	await_that(is_lost, pipeline);
}

static bool is_connected(void *pipeline)
{
	return sc_pipeline_is_connected(pipeline);
}

void await_connection(struct sc_pipeline *pipeline)
{
	fake_clock_skip(BRIEFLY);
	await_that(is_connected, pipeline);
	fake_clock_skip(0);
}
