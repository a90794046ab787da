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
#include <unistd.h>

#include "web/jobs.h"

#define PATIENCE     20 /* seconds; a test that waits longer fails */
#define QUICK        2
#define SLOW         3
#define RECORDED_MAX 2048

static struct sc_web_jobs *jobs;
static struct sc_web_gate *one_at_a_time;
static struct sc_web_gate *two_at_a_time;

/* None is on a stack: sem_post may still read it once sem_wait has returned. */
static sem_t begun;   /* posted by each job that begins */
static sem_t passed;  /* posted by jobs that only pass */
static sem_t ungated; /* the same, in see_an_ungated_job_pass() */
static sem_t release; /* awaited by each job that holds its worker */
static sem_t other;   /* awaited instead by a job that is let go apart from the rest */

static sem_t given_up; /* posted for each job that is given up */
static atomic_bool is_nobody_there;

static int set_up(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_web_jobs_new(QUICK, SLOW, SC_WEB_JOBS_MAX, &jobs, &err), &err);
	assert_ok(sc_web_gate_new(1, &one_at_a_time, &err), &err);
	assert_ok(sc_web_gate_new(2, &two_at_a_time, &err), &err);
	assert_int_equal(sem_init(&begun, 0, 0), 0);
	assert_int_equal(sem_init(&passed, 0, 0), 0);
	assert_int_equal(sem_init(&ungated, 0, 0), 0);
	assert_int_equal(sem_init(&release, 0, 0), 0);
	assert_int_equal(sem_init(&other, 0, 0), 0);
	assert_int_equal(sem_init(&given_up, 0, 0), 0);
	is_nobody_there = false;
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
	sem_destroy(&passed);
	sem_destroy(&ungated);
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

static atomic_int why_given_up;

static void note_given_up(void *context, const struct sc_error *why)
{
	(void)context;
	why_given_up = (int)why->status;
	sem_post(&given_up);
}

static bool is_somebody_there(void *context)
{
	(void)context;
	return !is_nobody_there;
}

static const struct sc_web_job holding = { .run = hold, .give_up = note_given_up };
static const struct sc_web_job recording = { .run = hold_and_record, .give_up = note_given_up };
static const struct sc_web_job passing = { .run = pass, .give_up = note_given_up };
static const struct sc_web_job asking = { .run = pass,
					  .give_up = note_given_up,
					  .is_awaited = is_somebody_there };

/* Each gate has a party of its own, and so have the jobs without one. */
static const char *party_of(const struct sc_web_gate *gate)
{
	return gate == one_at_a_time ? "one" : gate ? "two" : "none";
}

static sc_status try_slow(struct sc_web_gate *gate, const struct sc_web_job *job, void *context)
{
	return sc_web_jobs_run(jobs, SC_WEB_SLOW, gate, party_of(gate), job, context, NULL);
}

static void run_slow(struct sc_web_gate *gate, const struct sc_web_job *job, void *context)
{
	assert_int_equal(try_slow(gate, job, context), SC_OK);
}

static void run_of(const char *party, const struct sc_web_job *job, void *context)
{
	struct sc_error err = { 0 };

	assert_ok(sc_web_jobs_run(jobs, SC_WEB_SLOW, NULL, party, job, context, &err), &err);
}

/*
 * A job outside the gates takes its turn after all that were accepted before it, and shows that they had
 * theirs.
 */
static void see_an_ungated_job_pass(void)
{
	run_slow(NULL, &passing, &ungated);
	assert_true(wait_for(&ungated));
}

/* -- gates ------------------------------------------------------------------------------------- */

static void a_job_that_hangs_delays_only_those_of_its_gate(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		run_slow(two_at_a_time, &holding, NULL);
	assert_true(wait_for(&begun));
	assert_true(wait_for(&begun));
	/* One of three workers is left, for the other gate and for jobs without one. */
	for (int i = 0; i < 20; i++)
		run_slow(one_at_a_time, &passing, &passed);
	for (int i = 0; i < 20; i++)
		assert_true(wait_for(&passed));
	see_an_ungated_job_pass();
	assert_int_equal(value_of(&begun), 0);
	let_go(10);
	for (int i = 0; i < 8; i++)
		assert_true(wait_for(&begun));
}

static void at_most_that_many_jobs_of_a_gate_hold_a_worker(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++)
		run_slow(two_at_a_time, &holding, NULL);
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
		run_slow(one_at_a_time, &recording, (void *)i);
	let_go(count);
	for (unsigned i = 0; i < count; i++)
		assert_true(wait_for(&begun));
	assert_int_equal(recorded, count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(record[i], i);
}

static void the_jobs_that_wait_in_a_gate_are_limited(void **state)
{
	(void)state;
	for (int i = 0; i < 1 + SC_WEB_GATE_WAITING_MAX; i++)
		run_slow(one_at_a_time, &holding, NULL);
	assert_int_equal(try_slow(one_at_a_time, &holding, NULL), SC_ERR_BUSY);
	/* The limit is the gate's alone. */
	run_slow(two_at_a_time, &holding, &other);
	see_an_ungated_job_pass();
	/* One ends, and there is room for one. */
	while (value_of(&begun) < 2)
		see_an_ungated_job_pass();
	sem_post(&other);
	let_go(1);
	while (value_of(&begun) < 3)
		see_an_ungated_job_pass();
	run_slow(one_at_a_time, &holding, NULL);
	assert_int_equal(try_slow(one_at_a_time, &holding, NULL), SC_ERR_BUSY);
	let_go(1 + SC_WEB_GATE_WAITING_MAX);
	for (int i = 0; i < 3 + SC_WEB_GATE_WAITING_MAX; i++)
		assert_true(wait_for(&begun));
}

static void what_waits_in_a_gate_takes_no_place_in_the_lane(void **state)
{
	unsigned queued = 0;
	(void)state;
	for (int i = 0; i < 1 + SC_WEB_GATE_WAITING_MAX; i++)
		run_slow(one_at_a_time, &holding, NULL);
	for (int i = 0; i < SLOW - 1; i++)
		run_slow(NULL, &holding, NULL);
	for (int i = 0; i < SLOW; i++)
		assert_true(wait_for(&begun));
	while (try_slow(NULL, &passing, &passed) == SC_OK)
		queued++;
	assert_int_equal(queued, SC_WEB_JOBS_MAX);
	/* Although the lane is full, what the gate has accepted is not lost. */
	let_go(SLOW - 1 + 1 + SC_WEB_GATE_WAITING_MAX);
	for (int i = 0; i < SC_WEB_GATE_WAITING_MAX; i++)
		assert_true(wait_for(&begun));
	for (int i = 0; i < SC_WEB_JOBS_MAX; i++)
		assert_true(wait_for(&passed));
}

static void a_gate_leaves_a_worker_to_others(void **state)
{
	SC_CLEANUP(sc_web_gate) wide = NULL;
	struct sc_error err = { 0 };

	(void)state;
	assert_status(sc_web_gate_new(0, &wide, &err), SC_ERR_ARGUMENT, &err);
	assert_ok(sc_web_gate_new(SLOW, &wide, &err), &err);
	for (int i = 0; i < SLOW; i++)
		run_slow(wide, &holding, NULL);
	for (int i = 0; i < SLOW - 1; i++)
		assert_true(wait_for(&begun));
	see_an_ungated_job_pass();
	see_an_ungated_job_pass();
	assert_int_equal(value_of(&begun), 0);
	let_go(SLOW);
	assert_true(wait_for(&begun));
	sc_web_jobs_stop(jobs); /* before its gate is freed */
}

static void in_a_lane_of_one_worker_gates_take_turns_with_others(void **state)
{
	SC_CLEANUP(sc_web_gate) gate = NULL;
	SC_CLEANUP(sc_web_jobs) lone = NULL;
	struct sc_error err = { 0 };
	(void)state;
	assert_ok(sc_web_gate_new(1, &gate, &err), &err);
	assert_ok(sc_web_jobs_new(1, 1, SC_WEB_JOBS_MAX, &lone, &err), &err);
	for (int i = 0; i < 3; i++) {
		assert_ok(sc_web_jobs_run(lone, SC_WEB_SLOW, gate, "a", &passing, &passed, &err), &err);
		assert_ok(sc_web_jobs_run(lone, SC_WEB_SLOW, NULL, "a", &passing, &passed, &err), &err);
	}
	for (int i = 0; i < 6; i++)
		assert_true(wait_for(&passed));
	sc_web_jobs_stop(lone);
}

#define ENDS 4
static sem_t end_of[ENDS]; /* of the jobs 1 to 3, and of all others */

static void hold_by_number(void *context)
{
	uintptr_t number = (uintptr_t)context;

	record[recorded++] = number;
	hold(&end_of[number < ENDS ? number : 0]);
}

static const struct sc_web_job numbered = { .run = hold_by_number, .give_up = note_given_up };

static void run_numbered(struct sc_web_gate *gate, const char *party, uintptr_t number)
{
	struct sc_error err = { 0 };

	assert_ok(sc_web_jobs_run(jobs, SC_WEB_SLOW, gate, party, &numbered, (void *)number, &err), &err);
}

/* A party that has many other jobs does not hold the gate's places behind them. */
static void a_place_of_a_gate_waits_behind_no_job_outside_it(void **state)
{
	(void)state;
	recorded = 0;
	for (int i = 0; i < ENDS; i++)
		assert_int_equal(sem_init(&end_of[i], 0, 0), 0);
	for (uintptr_t i = 0; i < 20; i++)
		run_numbered(NULL, "much", 100 + i);
	for (int i = 0; i < SLOW - 1; i++)
		assert_true(wait_for(&begun));
	run_numbered(two_at_a_time, "much", 1);
	run_numbered(two_at_a_time, "much", 2);
	run_numbered(two_at_a_time, "little", 3);
	for (int i = 0; i < SLOW - 1; i++)
		sem_post(&end_of[0]);
	assert_true(wait_for(&begun));
	assert_true(wait_for(&begun));
	assert_int_equal(record[SLOW - 1] + record[SLOW], 1 + 2);
	sem_post(&end_of[1]);
	assert_true(wait_for(&begun));
	assert_true(wait_for(&begun));
	assert_true(record[SLOW + 1] == 3 || record[SLOW + 2] == 3);
	for (int i = 0; i < 20; i++)
		sem_post(&end_of[0]);
	sem_post(&end_of[2]);
	sem_post(&end_of[3]);
	for (unsigned i = SLOW + 3; i < 20 + 3; i++)
		assert_true(wait_for(&begun));
	sc_web_jobs_stop(jobs);
	for (int i = 0; i < ENDS; i++)
		sem_destroy(&end_of[i]);
}

/* -- the end ----------------------------------------------------------------------------------- */

static void *stop(void *argument)
{
	sc_web_jobs_stop(jobs);
	return argument;
}

static void stopping_finishes_what_has_begun_and_gives_up_the_rest(void **state)
{
	struct sc_error err = { 0 };
	pthread_t stopper;
	(void)state;
	run_slow(one_at_a_time, &holding, NULL);
	assert_true(wait_for(&begun));
	/* Both lanes have a share of the gate, and the slow one also has jobs that wait in no gate. */
	for (int i = 0; i < 10; i++)
		assert_ok(sc_web_jobs_run(jobs, i % 2 ? SC_WEB_QUICK : SC_WEB_SLOW, one_at_a_time, "one",
					  &passing, &passed, &err),
			  &err);
	for (int i = 0; i < SLOW - 1; i++)
		run_slow(NULL, &holding, NULL);
	for (int i = 0; i < SLOW - 1; i++)
		assert_true(wait_for(&begun));
	for (int i = 0; i < 5; i++)
		run_slow(NULL, &passing, &passed);
	assert_int_equal(pthread_create(&stopper, NULL, stop, NULL), 0);
	while (sc_web_jobs_run(jobs, SC_WEB_QUICK, NULL, "probe", &passing, &begun, &err) == SC_OK)
		usleep(1000);
	assert_int_equal(err.status, SC_ERR_STATE);
	assert_status(sc_web_jobs_run(jobs, SC_WEB_SLOW, one_at_a_time, "one", &passing, &passed, &err),
		      SC_ERR_STATE, &err);
	/* At once, while what has begun still runs: its end may be far. */
	for (int i = 0; i < 10 + 5; i++)
		assert_true(wait_for(&given_up));
	assert_int_equal(value_of(&passed), 0);
	let_go(SLOW);
	assert_int_equal(pthread_join(stopper, NULL), 0);
	assert_int_equal(value_of(&passed), 0);
	assert_int_equal(why_given_up, SC_ERR_STATE);
}

/* -- parties ----------------------------------------------------------------------------------- */

static void a_job_that_nobody_awaits_is_given_up(void **state)
{
	(void)state;
	run_slow(NULL, &asking, &passed);
	assert_true(wait_for(&passed));
	is_nobody_there = true;
	run_slow(NULL, &asking, &passed);
	assert_true(wait_for(&given_up));
	assert_int_equal(why_given_up, SC_ERR_TIMEOUT);
	assert_int_equal(value_of(&passed), 0);
}

static void a_party_leaves_a_worker_to_others(void **state)
{
	(void)state;
	for (int i = 0; i < 10 * SLOW; i++)
		run_of("much", &holding, NULL);
	for (int i = 0; i < SLOW - 1; i++)
		assert_true(wait_for(&begun));
	for (int i = 0; i < 10; i++) {
		run_of("little", &passing, &passed);
		assert_true(wait_for(&passed));
	}
	assert_int_equal(value_of(&begun), 0);
	let_go(10 * SLOW);
	for (int i = 0; i < 9 * SLOW + 1; i++)
		assert_true(wait_for(&begun));
}

/* With one worker, each of two parties has every second turn, however much one of them asks for. */
static void parties_take_turns(void **state)
{
	SC_CLEANUP(sc_web_jobs) lone = NULL;
	struct sc_error err = { 0 };

	(void)state;
	recorded = 0;
	assert_ok(sc_web_jobs_new(1, 1, SC_WEB_JOBS_MAX, &lone, &err), &err);
	for (uintptr_t i = 0; i < 20; i++)
		assert_ok(
		    sc_web_jobs_run(lone, SC_WEB_SLOW, NULL, "much", &recording, (void *)(100 + i), &err),
		    &err);
	assert_true(wait_for(&begun));
	for (uintptr_t i = 0; i < 5; i++)
		assert_ok(sc_web_jobs_run(lone, SC_WEB_SLOW, NULL, "little", &recording, (void *)i, &err),
			  &err);
	let_go(25);
	for (unsigned i = 0; i < 24; i++)
		assert_true(wait_for(&begun));
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(record[1 + 2 * i], 101 + i);
		assert_int_equal(record[2 + 2 * i], i);
	}
	sc_web_jobs_stop(lone);
}

/* What waits in a gate counts as well; what a worker has begun does not. */
static void a_party_has_a_limit_of_waiting_jobs(void **state)
{
	SC_CLEANUP(sc_web_jobs) limited = NULL;
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_web_jobs_new(1, 1, 4, &limited, &err), &err);
	assert_ok(sc_web_jobs_run(limited, SC_WEB_SLOW, NULL, "much", &holding, NULL, &err), &err);
	assert_true(wait_for(&begun));
	for (int i = 0; i < 4; i++)
		assert_ok(sc_web_jobs_run(limited, SC_WEB_SLOW, i % 2 ? one_at_a_time : NULL, "much",
					  &passing, &passed, &err),
			  &err);
	assert_status(sc_web_jobs_run(limited, SC_WEB_SLOW, NULL, "much", &passing, &passed, &err),
		      SC_ERR_BUSY, &err);
	assert_status(sc_web_jobs_run(limited, SC_WEB_SLOW, one_at_a_time, "much", &passing, &passed, &err),
		      SC_ERR_BUSY, &err);
	assert_ok(sc_web_jobs_run(limited, SC_WEB_SLOW, NULL, "little", &passing, &passed, &err), &err);
	assert_ok(sc_web_jobs_run(limited, SC_WEB_QUICK, NULL, "much", &passing, &passed, &err), &err);
	let_go(1);
	for (int i = 0; i < 6; i++)
		assert_true(wait_for(&passed));
	sc_web_jobs_stop(limited);
}

/* In a full lane or gate, it is the party with the most that loses a job, its last. */
static void a_party_that_fills_a_queue_makes_room_for_others(void **state)
{
	(void)state;
	for (int i = 0; i < SLOW - 1; i++)
		run_of("much", &holding, NULL);
	for (int i = 0; i < SLOW - 1; i++)
		assert_true(wait_for(&begun));
	for (int i = 0; i < SC_WEB_JOBS_MAX; i++)
		run_of("much", &holding, NULL);
	assert_status(sc_web_jobs_run(jobs, SC_WEB_SLOW, NULL, "much", &holding, NULL, NULL), SC_ERR_BUSY,
		      NULL);
	assert_int_equal(value_of(&given_up), 0);
	for (int i = 1; i <= 10; i++) {
		run_of("little", &passing, &passed);
		assert_true(wait_for(&passed));
	}
	assert_int_equal(why_given_up, SC_ERR_BUSY);
	assert_int_equal(value_of(&given_up), 1); /* each of the ten had that one place */
	let_go(SLOW - 1 + SC_WEB_JOBS_MAX);
	for (int i = 0; i < SC_WEB_JOBS_MAX - 1; i++)
		assert_true(wait_for(&begun));
}

static void a_party_that_fills_a_gate_makes_room_for_others(void **state)
{
	struct sc_error err = { 0 };
	(void)state;
	for (int i = 0; i < 1 + SC_WEB_GATE_WAITING_MAX; i++)
		run_slow(one_at_a_time, &holding, NULL);
	for (int i = 0; i < 3; i++)
		assert_ok(
		    sc_web_jobs_run(jobs, SC_WEB_SLOW, one_at_a_time, "little", &passing, &passed, &err),
		    &err);
	assert_int_equal(value_of(&given_up), 3);
	/* Their turns alternate, beginning with the party that waited first. */
	let_go(4);
	for (int i = 0; i < 3; i++)
		assert_true(wait_for(&passed));
	let_go(SC_WEB_GATE_WAITING_MAX - 6);
	for (int i = 0; i < SC_WEB_GATE_WAITING_MAX - 2; i++)
		assert_true(wait_for(&begun));
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
		TEST(a_place_of_a_gate_waits_behind_no_job_outside_it),
		TEST(stopping_finishes_what_has_begun_and_gives_up_the_rest),
		TEST(a_job_that_nobody_awaits_is_given_up),
		TEST(a_party_leaves_a_worker_to_others),
		TEST(parties_take_turns),
		TEST(a_party_has_a_limit_of_waiting_jobs),
		TEST(a_party_that_fills_a_queue_makes_room_for_others),
		TEST(a_party_that_fills_a_gate_makes_room_for_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
