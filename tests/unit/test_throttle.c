/*
 * Wrong passwords are counted for the account and for the address, and nothing that an attacker does resets
 * the counts. What is not yet decided is not counted, and waits where it could be too much.
 */
#include "base/clock.h"
#include "signind/throttle.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "fake_clock.h"
#include "support/test.h"

#define HERE "192.0.2.1"

static int setup(void **state)
{
	struct sc_signind_throttle *throttle;
	struct sc_error err = { 0 };

	fake_clock_start();
	if (sc_signind_throttle_new(&throttle, &err) != SC_OK)
		return -1;
	*state = throttle;
	return 0;
}

static int teardown(void **state)
{
	sc_signind_throttle_free(*state);
	fake_clock_stop();
	return 0;
}

static bool always(void *context)
{
	(void)context;
	return true;
}

static unsigned begin(void **state, struct sc_signind_attempt *attempt, const char *account,
		      const char *address)
{
	struct sc_error err = { 0 };
	unsigned wait = 9999;

	assert_ok(sc_signind_throttle_name(*state, account, address, attempt, &err), &err);
	assert_ok(sc_signind_throttle_begin(*state, attempt, always, NULL, &wait, &err), &err);
	return wait;
}

/* The seconds to wait; 0 if the attempt was judged, with that outcome. */
static unsigned judge(void **state, const char *account, const char *address,
		      enum sc_signind_throttle_outcome outcome)
{
	struct sc_signind_attempt attempt;
	unsigned wait = begin(state, &attempt, account, address);

	assert_int_equal(sc_signind_throttle_wait(*state, &attempt), wait);
	if (wait == 0)
		sc_signind_throttle_end(*state, &attempt, outcome);
	return wait;
}

static unsigned fail_once(void **state, const char *account, const char *address)
{
	return judge(state, account, address, SC_SIGNIND_THROTTLE_WRONG);
}

/* `count` failures, each from a different address. */
static void fail_from_everywhere(void **state, const char *account, unsigned count)
{
	char address[32];

	for (unsigned i = 0; i < count; i++) {
		snprintf(address, sizeof address, "10.0.%u.%u", i / 250, i % 250);
		assert_int_equal(fail_once(state, account, address), 0);
	}
}

static void an_account_waits_twice_as_long_after_each_further_failure(void **state)
{
	fail_from_everywhere(state, "ann@example.org", SC_SIGNIND_THROTTLE_ACCOUNT_FREE);
	for (unsigned wait = 1; wait < 1000; wait *= 2) {
		unsigned expected =
		    wait < SC_SIGNIND_THROTTLE_ACCOUNT_CAP ? wait : SC_SIGNIND_THROTTLE_ACCOUNT_CAP;

		assert_int_equal(fail_once(state, "ann@example.org", HERE), 0);
		assert_int_equal(fail_once(state, "ann@example.org", HERE), expected);
		fake_clock_advance(expected * SC_SECOND);
	}
}

static void letter_case_of_a_name_is_no_way_around(void **state)
{
	fail_from_everywhere(state, "ann@example.org", SC_SIGNIND_THROTTLE_ACCOUNT_FREE + 1);
	assert_int_equal(fail_once(state, "ANN@Example.org", HERE), 1);
	assert_int_equal(fail_once(state, "bob@example.org", HERE), 0);
}

static void waiting_attempts_are_not_counted(void **state)
{
	fail_from_everywhere(state, "ann@example.org", SC_SIGNIND_THROTTLE_ACCOUNT_FREE + 1);
	for (int i = 0; i < 100; i++)
		assert_int_equal(fail_once(state, "ann@example.org", HERE), 1);
	fake_clock_advance(SC_SECOND);
	assert_int_equal(fail_once(state, "ann@example.org", HERE), 0);
}

static void the_right_password_forgets_the_accounts_failures(void **state)
{
	fail_from_everywhere(state, "ann@example.org", SC_SIGNIND_THROTTLE_ACCOUNT_FREE);
	assert_int_equal(judge(state, "ann@example.org", HERE, SC_SIGNIND_THROTTLE_RIGHT), 0);
	fail_from_everywhere(state, "ann@example.org", SC_SIGNIND_THROTTLE_ACCOUNT_FREE + 1);
	assert_int_equal(fail_once(state, "ann@example.org", HERE), 1);
}

static void an_attempt_that_was_not_judged_is_not_counted(void **state)
{
	for (int i = 0; i < 3 * SC_SIGNIND_THROTTLE_ADDRESS_FREE; i++)
		assert_int_equal(judge(state, "ann@example.org", HERE, SC_SIGNIND_THROTTLE_UNDECIDED), 0);
}

/* -- many at once ------------------------------------------------------------------------------ */

#define MANY 30

struct crowd {
	struct sc_signind_throttle *throttle;
	pthread_t thread[MANY];
	bool is_right;
	atomic_bool may_end;
	atomic_uint judged;    /* at this moment */
	atomic_uint most;      /* of them, ever */
	atomic_uint admitted;  /* in all */
	atomic_uint throttled; /* told to wait */
};

static void *try_in_crowd(void *context)
{
	struct crowd *crowd = context;
	struct sc_signind_attempt attempt;
	unsigned wait = 9999;
	unsigned judged;

	if (sc_signind_throttle_name(crowd->throttle, "ann@example.org", HERE, &attempt, NULL) != SC_OK ||
	    sc_signind_throttle_begin(crowd->throttle, &attempt, always, NULL, &wait, NULL) != SC_OK)
		return NULL;
	if (wait > 0) {
		crowd->throttled++;
		return NULL;
	}
	judged = ++crowd->judged;
	crowd->admitted++;
	if (judged > crowd->most)
		crowd->most = judged;
	while (!crowd->may_end)
		sched_yield();
	crowd->judged--;
	sc_signind_throttle_end(crowd->throttle, &attempt,
				crowd->is_right ? SC_SIGNIND_THROTTLE_RIGHT : SC_SIGNIND_THROTTLE_WRONG);
	return NULL;
}

static bool has_filled(void *context)
{
	return ((struct crowd *)context)->judged == SC_SIGNIND_THROTTLE_ACCOUNT_FREE;
}

static void run_crowd(void **state, struct crowd *crowd)
{
	crowd->throttle = *state;
	for (int i = 0; i < MANY; i++)
		assert_int_equal(pthread_create(&crowd->thread[i], NULL, try_in_crowd, crowd), 0);
	await_that(has_filled, crowd);
	crowd->may_end = true;
	for (int i = 0; i < MANY; i++)
		pthread_join(crowd->thread[i], NULL);
	assert_int_equal(crowd->most, SC_SIGNIND_THROTTLE_ACCOUNT_FREE);
}

static void right_passwords_at_once_are_all_accepted(void **state)
{
	struct crowd crowd = { .is_right = true };

	run_crowd(state, &crowd);
	assert_int_equal(crowd.admitted, MANY);
	assert_int_equal(crowd.throttled, 0);
}

static void wrong_passwords_at_once_gain_nothing(void **state)
{
	struct crowd crowd = { .is_right = false };

	run_crowd(state, &crowd);
	assert_int_equal(crowd.admitted, SC_SIGNIND_THROTTLE_ACCOUNT_FREE + 1);
	assert_int_equal(crowd.throttled, MANY - crowd.admitted);
}

static bool never(void *context)
{
	(void)context;
	return false;
}

static void an_attempt_that_nobody_awaits_stops_waiting(void **state)
{
	struct sc_signind_attempt judged[SC_SIGNIND_THROTTLE_ACCOUNT_FREE];
	struct sc_signind_attempt attempt;
	struct sc_error err = { 0 };
	unsigned wait;

	for (size_t i = 0; i < SC_SIGNIND_THROTTLE_ACCOUNT_FREE; i++)
		assert_int_equal(begin(state, &judged[i], "ann@example.org", HERE), 0);
	assert_ok(sc_signind_throttle_name(*state, "ann@example.org", HERE, &attempt, &err), &err);
	assert_status(sc_signind_throttle_begin(*state, &attempt, never, NULL, &wait, &err), SC_ERR_TIMEOUT,
		      &err);
	for (size_t i = 0; i < SC_SIGNIND_THROTTLE_ACCOUNT_FREE; i++)
		sc_signind_throttle_end(*state, &judged[i], SC_SIGNIND_THROTTLE_UNDECIDED);
	assert_int_equal(judge(state, "ann@example.org", HERE, SC_SIGNIND_THROTTLE_RIGHT), 0);
}

/* -- addresses --------------------------------------------------------------------------------- */

static void an_address_waits_whatever_accounts_it_tries(void **state)
{
	char account[32];

	for (unsigned i = 0; i <= SC_SIGNIND_THROTTLE_ADDRESS_FREE; i++) {
		snprintf(account, sizeof account, "user%u@example.org", i);
		assert_int_equal(fail_once(state, account, HERE), 0);
	}
	assert_int_equal(fail_once(state, "another@example.org", HERE), 1);
	assert_int_equal(fail_once(state, "another@example.org", "192.0.2.2"), 0);
}

static void an_account_of_ones_own_does_not_clear_an_address(void **state)
{
	char account[32];

	for (unsigned i = 0; i <= SC_SIGNIND_THROTTLE_ADDRESS_FREE; i++) {
		snprintf(account, sizeof account, "user%u@example.org", i);
		assert_int_equal(judge(state, "mallory@example.org", HERE, SC_SIGNIND_THROTTLE_RIGHT), 0);
		assert_int_equal(fail_once(state, account, HERE), 0);
	}
	assert_int_equal(fail_once(state, "mallory@example.org", HERE), 1);
}

static void neighbours_in_a_64_bit_prefix_are_one_address(void **state)
{
	char account[32];
	char address[64];

	for (unsigned i = 0; i <= SC_SIGNIND_THROTTLE_ADDRESS_FREE; i++) {
		snprintf(account, sizeof account, "user%u@example.org", i);
		snprintf(address, sizeof address, "2001:db8::%x", i + 1);
		assert_int_equal(fail_once(state, account, address), 0);
	}
	assert_int_equal(fail_once(state, "another@example.org", "2001:db8:0:0:ffff::1"), 1);
	assert_int_equal(fail_once(state, "another@example.org", "2001:db8:0:1::1"), 0);
}

static void failures_are_forgotten_after_a_quiet_time(void **state)
{
	fail_from_everywhere(state, "ann@example.org", SC_SIGNIND_THROTTLE_ACCOUNT_FREE + 1);
	fake_clock_advance((SC_SIGNIND_THROTTLE_ACCOUNT_FORGET + 1) * SC_SECOND);
	fail_from_everywhere(state, "ann@example.org", SC_SIGNIND_THROTTLE_ACCOUNT_FREE + 1);
}

static void a_flood_of_made_up_names_forgets_no_account_under_attack(void **state)
{
	char account[32];
	char address[32];

	fail_from_everywhere(state, "ann@example.org", SC_SIGNIND_THROTTLE_ACCOUNT_FREE + 1);
	for (unsigned i = 0; i < 30000; i++) { /* more than the table holds */
		snprintf(account, sizeof account, "nobody%u@example.org", i);
		snprintf(address, sizeof address, "172.16.%u.%u", i / 250, i % 250);
		(void)fail_once(state, account, address);
	}
	assert_int_equal(fail_once(state, "ann@example.org", HERE), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_account_waits_twice_as_long_after_each_further_failure),
		TEST(letter_case_of_a_name_is_no_way_around),
		TEST(waiting_attempts_are_not_counted),
		TEST(the_right_password_forgets_the_accounts_failures),
		TEST(an_attempt_that_was_not_judged_is_not_counted),
		TEST(right_passwords_at_once_are_all_accepted),
		TEST(wrong_passwords_at_once_gain_nothing),
		TEST(an_attempt_that_nobody_awaits_stops_waiting),
		TEST(an_address_waits_whatever_accounts_it_tries),
		TEST(an_account_of_ones_own_does_not_clear_an_address),
		TEST(neighbours_in_a_64_bit_prefix_are_one_address),
		TEST(failures_are_forgotten_after_a_quiet_time),
		TEST(a_flood_of_made_up_names_forgets_no_account_under_attack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
