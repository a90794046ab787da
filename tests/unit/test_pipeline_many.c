/*
 * What a pipeline guarantees with many requests at once: slow ones do not lock out quick ones, a request
 * beyond a limit is refused as busy, and each accepted request is answered exactly once.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_clock.h"
#include "pipeline_fixture.h"

#define THREADS 8
#define EACH    1000

static void slow_requests_do_not_keep_quick_ones_out(void **state)
{
	struct fixture *f = *state;
	static struct outcome outcomes[100];
	const struct sc_key_generate_request request = { .application = sc_view_text("vault") };
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	memset(outcomes, 0, sizeof outcomes);
	f->behaviour = HOLDS_SLOW;
	sc_key_generate_request_write(&body, &request);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(sc_pipeline_submit(f->pipeline, SC_COMMAND_KEY_GENERATE, 0,
						    sc_writer_view(&body), LONG, keep_outcome, &outcomes[i],
						    NULL),
				 SC_OK);
	assert_int_equal(sign(f->pipeline, "quick", LONG, NULL), SC_OK);
	/* The module stops reading at 64 requests and resumes at half of that (hsmd/os/connection.h). */
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
	await_requests(f, SC_PIPELINE_IN_FLIGHT);
	fake_clock_advance(BRIEFLY);
	await(outcomes, SC_PIPELINE_IN_FLIGHT);
	/* Their callers have given up, but the module still has them. */
	assert_int_equal(submit(f->pipeline, "data", SOON, &refused), SC_ERR_BUSY);
	assert_int_equal(refused.told, 0);
}

static void what_the_socket_does_not_take_waits_and_too_much_is_busy(void **state)
{
	struct fixture *f = *state;
	static struct outcome outcomes[SC_PIPELINE_QUEUE_MAX / SC_WIRE_BODY_MAX + 64];
	static const uint8_t large[SC_WIRE_BODY_MAX];
	sc_status status = SC_OK;
	size_t taken = 0;

	memset(outcomes, 0, sizeof outcomes);
	f->behaviour = STANDS_STILL;
	while (
	    (status = sc_pipeline_submit(f->pipeline, SC_COMMAND_ENQUIRE, 0, sc_view_of(large, sizeof large),
					 LONG, keep_outcome, &outcomes[taken], NULL)) == SC_OK)
		assert_true(++taken < sizeof outcomes / sizeof outcomes[0]);
	assert_int_equal(status, SC_ERR_BUSY);
	assert_true(taken >= SC_PIPELINE_QUEUE_MAX / (SC_WIRE_BODY_MAX + SC_WIRE_REQUEST_HEADER_SIZE));
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

/* Half of them wait for each answer, half do not. */
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(slow_requests_do_not_keep_quick_ones_out),
		TEST(more_than_the_limit_in_flight_is_busy),
		TEST(what_the_socket_does_not_take_waits_and_too_much_is_busy),
		TEST(thousands_of_requests_of_many_threads_are_each_answered_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
