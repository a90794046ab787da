/* What a pipeline guarantees its callers: their answers, their keys, their time limits (rule P1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "client/client.h"
#include "fake_clock.h"
#include "pipeline_fixture.h"

/* -- answers ----------------------------------------------------------------------------------- */

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
	static uint8_t large[SC_WIRE_BODY_MAX + 1];
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

/* The plaintext was in the pipeline's buffer, whose end a shorter answer has not overwritten. */
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

/* -- keys -------------------------------------------------------------------------------------- */

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

/* -- time -------------------------------------------------------------------------------------- */

static void a_deadline_is_kept(void **state)
{
	struct fixture *f = *state;
	struct outcome patient = { 0 };
	int64_t start = sc_clock_monotonic();
	int64_t took;

	f->behaviour = SILENT;
	assert_int_equal(submit(f->pipeline, "patient", LONG, &patient), SC_OK);
	assert_int_equal(sign_in_vain(f->pipeline, "data"), SC_ERR_TIMEOUT);
	took = sc_clock_monotonic() - start;
	assert_int_equal(took, SOON * (SC_SECOND / 1000));
	assert_int_equal(patient.told, 0);
	/* Closed here, while `patient` still exists. */
	sc_pipeline_close(f->pipeline);
	f->pipeline = NULL;
	assert_int_equal(patient.told, 1);
}

static void a_late_answer_is_ignored_and_the_connection_goes_on(void **state)
{
	struct fixture *f = *state;
	struct outcome late = { 0 }, patient = { 0 };

	f->behaviour = LATE;
	fake_clock_skip(BRIEFLY);
	assert_int_equal(submit(f->pipeline, "late", SOON, &late), SC_OK);
	await(&late, 1);
	fake_clock_skip(0);
	assert_int_equal(late.status, SC_ERR_TIMEOUT);
	/* The fake answers `late` when this request arrives, and this one when the next arrives. */
	assert_int_equal(submit(f->pipeline, "patient", LONG, &patient), SC_OK);
	assert_int_equal(sign_in_vain(f->pipeline, "another"), SC_ERR_TIMEOUT);
	await(&patient, 1);
	assert_int_equal(patient.status, SC_OK);
	assert_string_equal(patient.reply, "patient");
	assert_int_equal(late.told, 1);
	assert_true(sc_pipeline_is_connected(f->pipeline));
}

static void a_module_that_never_answers_loses_its_connection(void **state)
{
	struct fixture *f = *state;
	struct outcome outcome = { 0 };

	f->behaviour = SILENT;
	assert_int_equal(sign_in_vain(f->pipeline, "data"), SC_ERR_TIMEOUT);
	await_requests(f, 1);
	f->behaviour = GOOD;
	fake_clock_advance((SC_CLIENT_TIMEOUT - 10) * SC_SECOND);
	assert_int_equal(sign(f->pipeline, "data", LONG, NULL), SC_OK);
	assert_true(sc_pipeline_is_connected(f->pipeline));
	f->behaviour = SILENT;
	assert_int_equal(submit(f->pipeline, "data", LONG, &outcome), SC_OK);
	fake_clock_advance(11 * SC_SECOND);
	await_loss(f->pipeline);
	await(&outcome, 1);
	assert_int_equal(outcome.status, SC_ERR_UNAVAILABLE);
	f->behaviour = GOOD;
	await_connection(f->pipeline);
	assert_int_equal(sign(f->pipeline, "data", LONG, NULL), SC_OK);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
