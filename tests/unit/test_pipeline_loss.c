/*
 * What a pipeline guarantees when its connection ends or a system call fails (rules P1, P4): every accepted
 * request ends exactly once, and the pipeline reconnects to the module.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/os.h"
#include "pipeline_fixture.h"

/* -- ends of connections ----------------------------------------------------------------------- */

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
	ends_it(f, FLIPS, 8);  /* id: one never used */
	ends_it(f, FLIPS, 15); /* id: another slot */
	ends_it(f, FLIPS, 47); /* length */
	ends_it(f, CUTS, 1);
	ends_it(f, CUTS, SC_WIRE_RESPONSE_HEADER_SIZE - 1);
	ends_it(f, CUTS, SC_WIRE_RESPONSE_HEADER_SIZE);
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

static void *sign_and_wait(void *context)
{
	struct fixture *f = context;

	return (void *)(intptr_t)sign(f->pipeline, "data", LONG, NULL);
}

/* A daemon that ends must not wait for a module that hangs. */
static void stopping_ends_a_thread_that_waits(void **state)
{
	struct fixture *f = *state;
	struct outcome refused = { 0 };
	void *waited = NULL;
	pthread_t thread;

	f->behaviour = SILENT;
	assert_int_equal(pthread_create(&thread, NULL, sign_and_wait, f), 0);
	while (f->requests == 0)
		usleep(1000);
	sc_pipeline_stop(f->pipeline);
	assert_int_equal(pthread_join(thread, &waited), 0);
	assert_int_equal((intptr_t)waited, SC_ERR_UNAVAILABLE);
	/* It stays stopped, and can still be closed. */
	assert_int_equal(submit(f->pipeline, "data", LONG, &refused), SC_ERR_UNAVAILABLE);
	sc_pipeline_stop(f->pipeline);
}

/* -- system calls that fail -------------------------------------------------------------------- */

/* Whichever system call fails, and whenever, every accepted request ends exactly once (rule P4). */
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
	const struct sc_os *usual = sc_os;
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
	sc_os = usual;
	assert_int_equal(sc_pipeline_open(socket_path(f), &f->pipeline, NULL), SC_OK);
}

static void a_call_that_fails_ends_no_request_twice_and_forgets_none(void **state)
{
	struct fixture *f = *state;
	static struct sc_os failing, full, deaf;

	failing = full = deaf = *sc_os;
	failing.sendmsg = failing_sendmsg;
	full.sendmsg = full_sendmsg;
	deaf.recvmsg = failing_recvmsg;
	for (int nth = 1; nth <= 12; nth++) {
		use_failing(f, &failing, nth);
		use_failing(f, &full, nth);
		use_failing(f, &deaf, nth);
	}
}

static int no_eventfd(unsigned count, int flags)
{
	(void)count, (void)flags;
	errno = EMFILE;
	return -1;
}

static void a_pipeline_without_a_descriptor_is_not_opened(void **state)
{
	struct fixture *f = *state;
	struct sc_pipeline *none = NULL;
	struct sc_error err = { 0 };
	static struct sc_os narrow;

	/* The table is changed while no other thread uses it. */
	sc_pipeline_close(f->pipeline);
	f->pipeline = NULL;
	fake_module_stop(f->fake);
	f->fake = NULL;
	narrow = sc_os_system;
	narrow.eventfd = no_eventfd;
	sc_os = &narrow;
	assert_int_equal(sc_pipeline_open(socket_path(f), &none, &err), SC_ERR_SYSTEM);
	sc_os = &sc_os_system;
	assert_null(none);
	assert_non_null(strstr(err.message, "eventfd"));
	f->fake = fake_module_start(socket_path(f), serve, f);
	assert_int_equal(sc_pipeline_open(socket_path(f), &none, &err), SC_OK);
	sc_pipeline_close(none);
}

/* Nothing else is in progress that would wake the reader. */
static void a_request_that_found_no_room_goes_as_soon_as_there_is_some(void **state)
{
	struct fixture *f = *state;
	static struct sc_os full;

	sc_pipeline_close(f->pipeline);
	full = *sc_os;
	full.sendmsg = full_sendmsg;
	calls_left = 1;
	sc_os = &full;
	assert_int_equal(sc_pipeline_open(socket_path(f), &f->pipeline, NULL), SC_OK);
	/* The clock stands still, so no pause that ends would help. */
	assert_int_equal(sign(f->pipeline, "data", LONG, NULL), SC_OK);
	sc_pipeline_close(f->pipeline);
	f->pipeline = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_lost_connection_is_told_to_everyone_once_and_made_anew),
		TEST(a_module_that_is_not_there_is_found_when_it_comes),
		TEST(a_pipeline_may_be_opened_before_its_module),
		TEST(an_answer_that_is_none_ends_the_connection),
		TEST(a_second_answer_to_one_request_ends_the_connection),
		TEST(closing_tells_everyone_before_it_returns),
		TEST(stopping_ends_a_thread_that_waits),
		TEST(a_call_that_fails_ends_no_request_twice_and_forgets_none),
		TEST(a_pipeline_without_a_descriptor_is_not_opened),
		TEST(a_request_that_found_no_room_goes_as_soon_as_there_is_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
