/*
 * Failed sign-ins are counted for the account and for the address, and nothing that an attacker does resets
 * the counts.
 */
#include "base/clock.h"
#include "signind/throttle.h"
#include <stdio.h>
#include <string.h>

#include "support/test.h"

#define HERE  "192.0.2.1"
#define START (1000 * SC_SECOND)

static int setup(void **state)
{
	struct sc_signind_throttle *throttle;
	struct sc_error err = { 0 };

	if (sc_signind_throttle_new(&throttle, &err) != SC_OK)
		return -1;
	*state = throttle;
	return 0;
}

static int teardown(void **state)
{
	sc_signind_throttle_free(*state);
	return 0;
}

static unsigned begin(void **state, const char *account, const char *address, int64_t now)
{
	struct sc_error err = { 0 };
	unsigned wait = 9999;

	assert_int_equal(sc_signind_throttle_begin(*state, account, address, now, &wait, &err), SC_OK);
	return wait;
}

static void end(void **state, const char *account, const char *address, int64_t now,
		enum sc_signind_throttle_outcome outcome)
{
	struct sc_error err = { 0 };

	assert_int_equal(sc_signind_throttle_end(*state, account, address, now, outcome, &err), SC_OK);
}

/* `count` failures, each from a different address. */
static void fail_from_everywhere(void **state, const char *account, unsigned count, int64_t now)
{
	char address[32];

	for (unsigned i = 0; i < count; i++) {
		snprintf(address, sizeof address, "10.0.%u.%u", i / 250, i % 250);
		assert_int_equal(begin(state, account, address, now), 0);
	}
}

static void an_account_waits_twice_as_long_after_each_further_failure(void **state)
{
	int64_t now = START;

	fail_from_everywhere(state, "ann@example.org", SC_SIGNIND_THROTTLE_ACCOUNT_FREE, now);
	for (unsigned wait = 1; wait < 1000; wait *= 2) {
		unsigned expected =
		    wait < SC_SIGNIND_THROTTLE_ACCOUNT_CAP ? wait : SC_SIGNIND_THROTTLE_ACCOUNT_CAP;

		assert_int_equal(begin(state, "ann@example.org", HERE, now), 0);
		assert_int_equal(begin(state, "ann@example.org", HERE, now), expected);
		now += expected * SC_SECOND;
	}
}

static void letter_case_of_a_name_is_no_way_around(void **state)
{
	fail_from_everywhere(state, "ann@example.org", SC_SIGNIND_THROTTLE_ACCOUNT_FREE + 1, START);
	assert_int_equal(begin(state, "ANN@Example.org", HERE, START), 1);
	assert_int_equal(begin(state, "bob@example.org", HERE, START), 0);
}

static void waiting_attempts_are_not_counted(void **state)
{
	fail_from_everywhere(state, "ann@example.org", SC_SIGNIND_THROTTLE_ACCOUNT_FREE + 1, START);
	for (int i = 0; i < 100; i++)
		assert_int_equal(begin(state, "ann@example.org", HERE, START), 1);
	assert_int_equal(begin(state, "ann@example.org", HERE, START + SC_SECOND), 0);
}

static void many_at_once_gain_nothing(void **state)
{
	unsigned allowed = 0;

	/* No password is checked before all attempts have begun. */
	for (int i = 0; i < 100; i++)
		allowed += begin(state, "ann@example.org", HERE, START) == 0;
	assert_int_equal(allowed, SC_SIGNIND_THROTTLE_ACCOUNT_FREE + 1);
}

static void the_right_password_forgets_the_accounts_failures(void **state)
{
	fail_from_everywhere(state, "ann@example.org", SC_SIGNIND_THROTTLE_ACCOUNT_FREE, START);
	assert_int_equal(begin(state, "ann@example.org", HERE, START), 0);
	end(state, "ann@example.org", HERE, START, SC_SIGNIND_THROTTLE_RIGHT);
	fail_from_everywhere(state, "ann@example.org", SC_SIGNIND_THROTTLE_ACCOUNT_FREE + 1, START);
	assert_int_equal(begin(state, "ann@example.org", HERE, START), 1);
}

static void an_attempt_that_was_not_judged_is_given_back(void **state)
{
	for (int i = 0; i < 3 * SC_SIGNIND_THROTTLE_ADDRESS_FREE; i++) {
		assert_int_equal(begin(state, "ann@example.org", HERE, START), 0);
		end(state, "ann@example.org", HERE, START, SC_SIGNIND_THROTTLE_UNDECIDED);
	}
}

static void an_address_waits_whatever_accounts_it_tries(void **state)
{
	char account[32];

	for (unsigned i = 0; i <= SC_SIGNIND_THROTTLE_ADDRESS_FREE; i++) {
		snprintf(account, sizeof account, "user%u@example.org", i);
		assert_int_equal(begin(state, account, HERE, START), 0);
	}
	assert_int_equal(begin(state, "another@example.org", HERE, START), 1);
	assert_int_equal(begin(state, "another@example.org", "192.0.2.2", START), 0);
}

static void an_account_of_ones_own_does_not_clear_an_address(void **state)
{
	char account[32];

	for (unsigned i = 0; i < SC_SIGNIND_THROTTLE_ADDRESS_FREE; i++) {
		snprintf(account, sizeof account, "user%u@example.org", i);
		assert_int_equal(begin(state, account, HERE, START), 0);
		assert_int_equal(begin(state, "mallory@example.org", HERE, START), 0);
		end(state, "mallory@example.org", HERE, START, SC_SIGNIND_THROTTLE_RIGHT);
	}
	assert_int_equal(begin(state, "another@example.org", HERE, START), 0);
	assert_int_equal(begin(state, "mallory@example.org", HERE, START), 1);
}

static void neighbours_in_a_64_bit_prefix_are_one_address(void **state)
{
	char account[32];
	char address[64];

	for (unsigned i = 0; i <= SC_SIGNIND_THROTTLE_ADDRESS_FREE; i++) {
		snprintf(account, sizeof account, "user%u@example.org", i);
		snprintf(address, sizeof address, "2001:db8::%x", i + 1);
		assert_int_equal(begin(state, account, address, START), 0);
	}
	assert_int_equal(begin(state, "another@example.org", "2001:db8:0:0:ffff::1", START), 1);
	assert_int_equal(begin(state, "another@example.org", "2001:db8:0:1::1", START), 0);
}

static void failures_are_forgotten_after_a_quiet_time(void **state)
{
	fail_from_everywhere(state, "ann@example.org", SC_SIGNIND_THROTTLE_ACCOUNT_FREE + 1, START);
	fail_from_everywhere(state, "ann@example.org", SC_SIGNIND_THROTTLE_ACCOUNT_FREE + 1,
			     START + (SC_SIGNIND_THROTTLE_ACCOUNT_FORGET + 1) * SC_SECOND);
}

static void a_flood_of_made_up_names_forgets_no_account_under_attack(void **state)
{
	char account[32];
	char address[32];

	fail_from_everywhere(state, "ann@example.org", SC_SIGNIND_THROTTLE_ACCOUNT_FREE + 1, START);
	for (unsigned i = 0; i < 30000; i++) { /* more than the table holds */
		snprintf(account, sizeof account, "nobody%u@example.org", i);
		snprintf(address, sizeof address, "172.16.%u.%u", i / 250, i % 250);
		begin(state, account, address, START);
	}
	assert_int_equal(begin(state, "ann@example.org", HERE, START), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_account_waits_twice_as_long_after_each_further_failure,
						setup, teardown),
		cmocka_unit_test_setup_teardown(letter_case_of_a_name_is_no_way_around, setup, teardown),
		cmocka_unit_test_setup_teardown(waiting_attempts_are_not_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(many_at_once_gain_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(the_right_password_forgets_the_accounts_failures, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_attempt_that_was_not_judged_is_given_back, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_address_waits_whatever_accounts_it_tries, setup, teardown),
		cmocka_unit_test_setup_teardown(an_account_of_ones_own_does_not_clear_an_address, setup,
						teardown),
		cmocka_unit_test_setup_teardown(neighbours_in_a_64_bit_prefix_are_one_address, setup,
						teardown),
		cmocka_unit_test_setup_teardown(failures_are_forgotten_after_a_quiet_time, setup, teardown),
		cmocka_unit_test_setup_teardown(a_flood_of_made_up_names_forgets_no_account_under_attack,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
