/*
 * The worker threads of web/ and the gates in front of them, without HTTP. Jobs hold their worker until the
 * test lets them go, so nothing here depends on how fast a thread is.
 */
#include "support/test.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

#include "web/jobs.h"

#define PATIENCE     20 /* seconds; a test that waits longer fails */
#define QUICK        2
#define SLOW         3
#define RECORDED_MAX 1024

static struct sc_web_jobs *jobs;
static struct sc_web_gate *one_at_a_time;
static struct sc_web_gate *two_at_a_time;

static sem_t begun;   /* posted by each job that begins */
static sem_t release; /* awaited by each job that holds its worker */
static sem_t other;   /* awaited instead by a job that is let go apart from the rest */

static int set_up(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_web_jobs_new(QUICK, SLOW, &jobs, &err), &err);
	assert_ok(sc_web_gate_new(1, &one_at_a_time, &err), &err);
	assert_ok(sc_web_gate_new(2, &two_at_a_time, &err), &err);
	assert_int_equal(sem_init(&begun, 0, 0), 0);
	assert_int_equal(sem_init(&release, 0, 0), 0);
	assert_int_equal(sem_init(&other, 0, 0), 0);
	return 0;
}

static void let_go(unsigned count)
{
	while (count--)
		sem_post(&release);
}

static int tear_down(void **state)
{
	(void)state;
	let_go(RECORDED_MAX); /* what a failed test left waiting */
	sem_post(&other);
	sc_web_jobs_free(jobs);
	sc_web_gate_free(one_at_a_time);
	sc_web_gate_free(two_at_a_time);
	sem_destroy(&begun);
	sem_destroy(&release);
	return 0;
}

static bool wait_for(sem_t *semaphore)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE;
	while (sem_timedwait(semaphore, &until))
		if (errno != EINTR)
			return false;
	return true;
}

static int value_of(sem_t *semaphore)
{
	int value = 0;

	assert_int_equal(sem_getvalue(semaphore, &value), 0);
	return value;
}

/* -- jobs -------------------------------------------------------------------------------------- */

/* The context is the semaphore to wait for; NULL is `release`. */
static void hold(void *context)
{
	sem_post(&begun);
	(void)wait_for(context ? context : &release);
}

static void pass(void *context)
{
	sem_post(context);
}

/* The contexts of the jobs that ran, in the order in which they began. */
static atomic_uint recorded;
static uintptr_t record[RECORDED_MAX];

static void hold_and_record(void *context)
{
	record[recorded++] = (uintptr_t)context;
	hold(NULL);
}

static void run_slow(struct sc_web_gate *gate, sc_web_job job, void *context)
{
	struct sc_error err = { 0 };

	assert_ok(sc_web_jobs_run(jobs, SC_WEB_SLOW, gate, job, context, &err), &err);
}

/* A job outside the gates takes its turn after all that were accepted before it, and shows that they had theirs. */
static void see_an_ungated_job_pass(void)
{
	sem_t passed;

	assert_int_equal(sem_init(&passed, 0, 0), 0);
	run_slow(NULL, pass, &passed);
	assert_true(wait_for(&passed));
	sem_destroy(&passed);
}

/* -- gates ------------------------------------------------------------------------------------- */

static void a_job_that_hangs_delays_only_those_of_its_gate(void **state)
{
	sem_t passed;

	(void)state;
	assert_int_equal(sem_init(&passed, 0, 0), 0);
	for (int i = 0; i < 10; i++)
		run_slow(two_at_a_time, hold, NULL);
	assert_true(wait_for(&begun));
	assert_true(wait_for(&begun));
	/* One of three workers is left, for the other gate and for jobs without one. */
	for (int i = 0; i < 20; i++)
		run_slow(one_at_a_time, pass, &passed);
	for (int i = 0; i < 20; i++)
		assert_true(wait_for(&passed));
	see_an_ungated_job_pass();
	assert_int_equal(value_of(&begun), 0);
	let_go(10);
	for (int i = 0; i < 8; i++)
		assert_true(wait_for(&begun));
	sem_destroy(&passed);
}

static void at_most_that_many_jobs_of_a_gate_hold_a_worker(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++)
		run_slow(two_at_a_time, hold, NULL);
	for (int ended = 0; ended < 4; ended++) {
		while (value_of(&begun) < 2 + ended)
			see_an_ungated_job_pass();
		see_an_ungated_job_pass();
		assert_int_equal(value_of(&begun), 2 + ended);
		let_go(1);
	}
	let_go(2);
}

static void jobs_of_a_gate_begin_in_their_order(void **state)
{
	const unsigned count = 1 + SC_WEB_GATE_WAITING_MAX;

	(void)state;
	recorded = 0;
	for (uintptr_t i = 0; i < count; i++)
		run_slow(one_at_a_time, hold_and_record, (void *)i);
	let_go(count);
	sc_web_jobs_stop(jobs);
	assert_int_equal(recorded, count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(record[i], i);
}

static void the_jobs_that_wait_in_a_gate_are_limited(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	for (int i = 0; i < 1 + SC_WEB_GATE_WAITING_MAX; i++)
		run_slow(one_at_a_time, hold, NULL);
	assert_status(sc_web_jobs_run(jobs, SC_WEB_SLOW, one_at_a_time, hold, NULL, &err), SC_ERR_BUSY, &err);
	/* The limit is the gate's alone. */
	run_slow(two_at_a_time, hold, &other);
	see_an_ungated_job_pass();
	/* One ends, and there is room for one. */
	while (value_of(&begun) < 2)
		see_an_ungated_job_pass();
	sem_post(&other);
	let_go(1);
	while (value_of(&begun) < 3)
		see_an_ungated_job_pass();
	run_slow(one_at_a_time, hold, NULL);
	assert_status(sc_web_jobs_run(jobs, SC_WEB_SLOW, one_at_a_time, hold, NULL, &err), SC_ERR_BUSY, &err);
	let_go(1 + SC_WEB_GATE_WAITING_MAX);
	sc_web_jobs_stop(jobs);
	assert_int_equal(value_of(&begun), 3 + SC_WEB_GATE_WAITING_MAX);
}

static void what_waits_in_a_gate_takes_no_place_in_the_lane(void **state)
{
	struct sc_error err = { 0 };
	unsigned queued = 0;
	sem_t passed;

	(void)state;
	assert_int_equal(sem_init(&passed, 0, 0), 0);
	for (int i = 0; i < 1 + SC_WEB_GATE_WAITING_MAX; i++)
		run_slow(one_at_a_time, hold, NULL);
	for (int i = 0; i < SLOW - 1; i++)
		run_slow(NULL, hold, NULL);
	for (int i = 0; i < SLOW; i++)
		assert_true(wait_for(&begun));
	while (sc_web_jobs_run(jobs, SC_WEB_SLOW, NULL, pass, &passed, &err) == SC_OK)
		queued++;
	assert_int_equal(err.status, SC_ERR_BUSY);
	assert_int_equal(queued, SC_WEB_JOBS_MAX);
	/* Although the lane is full, what the gate has accepted is not lost. */
	let_go(SLOW - 1 + 1 + SC_WEB_GATE_WAITING_MAX);
	sc_web_jobs_stop(jobs);
	assert_int_equal(value_of(&begun), SC_WEB_GATE_WAITING_MAX);
	assert_int_equal(value_of(&passed), SC_WEB_JOBS_MAX);
	sem_destroy(&passed);
}

static void a_gate_leaves_a_worker_to_others(void **state)
{
	SC_CLEANUP(sc_web_gate) wide = NULL;
	struct sc_error err = { 0 };

	(void)state;
	assert_status(sc_web_gate_new(0, &wide, &err), SC_ERR_ARGUMENT, &err);
	assert_ok(sc_web_gate_new(SLOW, &wide, &err), &err);
	for (int i = 0; i < SLOW; i++)
		run_slow(wide, hold, NULL);
	for (int i = 0; i < SLOW - 1; i++)
		assert_true(wait_for(&begun));
	see_an_ungated_job_pass();
	see_an_ungated_job_pass();
	assert_int_equal(value_of(&begun), 0);
	let_go(SLOW);
	sc_web_jobs_stop(jobs); /* before its gate is freed */
	assert_int_equal(value_of(&begun), 1);
}

static void in_a_lane_of_one_worker_gates_take_turns_with_others(void **state)
{
	SC_CLEANUP(sc_web_gate) gate = NULL;
	SC_CLEANUP(sc_web_jobs) lone = NULL;
	struct sc_error err = { 0 };
	sem_t passed;

	(void)state;
	assert_int_equal(sem_init(&passed, 0, 0), 0);
	assert_ok(sc_web_gate_new(1, &gate, &err), &err);
	assert_ok(sc_web_jobs_new(1, 1, &lone, &err), &err);
	for (int i = 0; i < 3; i++) {
		assert_ok(sc_web_jobs_run(lone, SC_WEB_SLOW, gate, pass, &passed, &err), &err);
		assert_ok(sc_web_jobs_run(lone, SC_WEB_SLOW, NULL, pass, &passed, &err), &err);
	}
	for (int i = 0; i < 6; i++)
		assert_true(wait_for(&passed));
	sc_web_jobs_stop(lone);
	sem_destroy(&passed);
}

/* -- the end ----------------------------------------------------------------------------------- */

static void *stop(void *argument)
{
	sc_web_jobs_stop(jobs);
	return argument;
}

static void stopping_runs_what_waits_in_gates_and_takes_nothing_more(void **state)
{
	struct sc_error err = { 0 };
	pthread_t stopper;
	sem_t passed;

	(void)state;
	assert_int_equal(sem_init(&passed, 0, 0), 0);
	run_slow(one_at_a_time, hold, NULL);
	assert_true(wait_for(&begun));
	/* The quick lane has nothing else to do, and must not end before its share of the gate has come. */
	for (int i = 0; i < 10; i++)
		assert_ok(sc_web_jobs_run(jobs, i % 2 ? SC_WEB_QUICK : SC_WEB_SLOW, one_at_a_time, pass,
					  &passed, &err),
			  &err);
	assert_int_equal(pthread_create(&stopper, NULL, stop, NULL), 0);
	while (sc_web_jobs_run(jobs, SC_WEB_QUICK, NULL, pass, &begun, &err) == SC_OK)
		assert_true(wait_for(&begun));
	assert_int_equal(err.status, SC_ERR_STATE);
	assert_status(sc_web_jobs_run(jobs, SC_WEB_SLOW, one_at_a_time, pass, &passed, &err), SC_ERR_STATE,
		      &err);
	assert_int_equal(value_of(&passed), 0);
	let_go(1);
	assert_int_equal(pthread_join(stopper, NULL), 0);
	assert_int_equal(value_of(&passed), 10);
	sem_destroy(&passed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_job_that_hangs_delays_only_those_of_its_gate),
		TEST(at_most_that_many_jobs_of_a_gate_hold_a_worker),
		TEST(jobs_of_a_gate_begin_in_their_order),
		TEST(the_jobs_that_wait_in_a_gate_are_limited),
		TEST(what_waits_in_a_gate_takes_no_place_in_the_lane),
		TEST(a_gate_leaves_a_worker_to_others),
		TEST(in_a_lane_of_one_worker_gates_take_turns_with_others),
		TEST(stopping_runs_what_waits_in_gates_and_takes_nothing_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
