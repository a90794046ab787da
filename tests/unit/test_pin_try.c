/*
 * Tries at a PIN. Each wrong one makes the card wait, from the end of the check; one that was not checked
 * does not count, whatever the module lacked; and a refusal says exactly when the next try is taken.
 */
#include "support/test.h"

#include <stdlib.h>

#include "base/clock.h"
#include "core_module.h"
#include "failing_memory.h"
#include "formats/card.h"
#include "hsmd/core/pin.h"
#include "hsmd/core/pin_try.h"

static struct core core;
static long fail_at;  /* the allocation of the next try that fails; 0: none */
static bool has_full; /* the arena is full during the next try */

/* -- Argon2's memory (ld's --wrap) --------------------------------------------------------------- */

#define ARGON2_MEMORY (8 * 1024) /* bytes, as core_module.c sets it */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static bool argon2_has_none;

void *__wrap_malloc(size_t size)
{
	return argon2_has_none && size == ARGON2_MEMORY ? NULL : __real_malloc(size);
}

/* -- the moment after the count (ld's --wrap) ---------------------------------------------------- */

sc_status __real_sc_pin_stretch(const struct sc_pin_memory *memory, struct sc_view pin, struct sc_view salt,
				struct sc_view context, uint32_t passes, struct sc_secret *out,
				struct sc_error *err);
sc_status __wrap_sc_pin_stretch(const struct sc_pin_memory *memory, struct sc_view pin, struct sc_view salt,
				struct sc_view context, uint32_t passes, struct sc_secret *out,
				struct sc_error *err);

static bool arena_fills;
static long check_fails_at; /* the allocation of the next check that fails; 0: none */

sc_status __wrap_sc_pin_stretch(const struct sc_pin_memory *memory, struct sc_view pin, struct sc_view salt,
				struct sc_view context, uint32_t passes, struct sc_secret *out,
				struct sc_error *err)
{
	if (arena_fills)
		failing_memory_full(true);
	if (check_fails_at)
		failing_memory_at(check_fails_at);
	arena_fills = false;
	check_fails_at = 0;
	return __real_sc_pin_stretch(memory, pin, salt, context, passes, out, err);
}

/* -- one card ------------------------------------------------------------------------------------ */

static int setup(void **state)
{
	(void)state;
	core_start(&core);
	core_make_world(&core);
	core.ran_out = failing_memory_ran_out;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	argon2_has_none = false;
	has_full = false;
	fail_at = 0;
	failing_memory_at(0);
	failing_memory_full(false);
	core_end(&core);
	return 0;
}

static uint64_t open_quorum(void)
{
	/* Makes room by ending those that are open: they belong to the connection. */
	sc_core_session_free(core.custody);
	core.custody = core_session(&core, SC_ROLE_CUSTODY);
	return core_open_quorum(core.custody, SC_COMMAND_ACL_REPLACE, (struct sc_view){ 0 });
}

/* Sends the request. Memory fails as the test says, but for the test's own work. */
static sc_status send_card(struct sc_view body, struct core_answer *answer)
{
	sc_status status;

	failing_memory_full(has_full);
	failing_memory_at(fail_at);
	status = core_send(core.custody, SC_COMMAND_QUORUM_CARD, 0, body, answer);
	fail_at = failing_memory_pause();
	failing_memory_full(false);
	return status;
}

/* A try with the first card. The right PIN if `pin` is NULL. *seconds is what a refusal says. */
static sc_status try_first(const char *pin, uint64_t *seconds)
{
	const struct sc_quorum_card_request in = { open_quorum(), sc_bytes_view(&core.cards[0]),
						   pin ? sc_view_text(pin) : core_pin(0) };
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
	SC_CLEANUP(core_answer) answer = { 0 };
	sc_status status;

	sc_quorum_card_request_write(&body, &in);
	assert_false(body.failed);
	status = send_card(sc_writer_view(&body), &answer);
	*seconds = answer.header.numbers[1];
	return status;
}

static void refused(const char *pin, sc_status expected, uint64_t expected_seconds)
{
	uint64_t seconds;

	assert_status(try_first(pin, &seconds), expected, NULL);
	assert_int_equal(seconds, expected_seconds);
}

static void accepted(void)
{
	uint64_t seconds;

	assert_ok(try_first(NULL, &seconds), NULL);
}

/* -- waits --------------------------------------------------------------------------------------- */

static void each_wrong_pin_doubles_the_wait_up_to_an_hour(void **state)
{
	static const uint64_t waits[] = { 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600, 3600 };

	(void)state;
	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		refused("wrong PIN", SC_ERR_CARD_PIN, waits[i]);
		core_now += (int64_t)waits[i] - 1;
		/* The right PIN does not help, nor does another connection or a restart. */
		refused(NULL, SC_ERR_CARD_WAIT, 1);
		assert_ok(core_reopen(&core, NULL), NULL);
		refused(NULL, SC_ERR_CARD_WAIT, 1);
		core_now++;
	}
}

static void the_right_pin_begins_anew_and_other_cards_do_not_wait(void **state)
{
	(void)state;
	refused("wrong PIN", SC_ERR_CARD_PIN, 2);
	assert_ok(core_present(&core, core.custody, open_quorum(), 1, NULL, NULL), NULL);
	core_now += 2;
	refused("wrong PIN", SC_ERR_CARD_PIN, 4);
	core_now += 4;
	accepted();
	refused("wrong PIN", SC_ERR_CARD_PIN, 2);
}

static int64_t check_takes; /* seconds */
static unsigned saved;
static unsigned fail_from; /* the first save of a try that fails; 0: none */
static sc_status failure;

static void while_saving(void *context)
{
	(void)context;
	if (++saved == 1)
		core_now += check_takes;
	core.save_status = fail_from && saved >= fail_from ? failure : SC_OK;
}

/* From now on, checks take that long, and from the n-th on the saves of each try fail. */
static void disk_and_time(unsigned first_to_fail, sc_status how, int64_t seconds)
{
	check_takes = seconds;
	saved = 0;
	fail_from = first_to_fail;
	failure = how;
	core.save_status = SC_OK;
	core.while_saving = while_saving;
}

static void a_wait_runs_from_the_end_of_the_check(void **state)
{
	(void)state;
	/* Argon2 can take longer than the wait: on a slow machine, or where many cards are checked. */
	disk_and_time(0, SC_OK, 5);
	refused("wrong PIN", SC_ERR_CARD_PIN, 2);
	refused(NULL, SC_ERR_CARD_WAIT, 2);
	core_now++;
	refused(NULL, SC_ERR_CARD_WAIT, 1);
	assert_ok(core_reopen(&core, NULL), NULL);
	refused(NULL, SC_ERR_CARD_WAIT, 1);
	core_now++;
	accepted();
}

/* A process that is killed during the check leaves the state as it was at the last save. */
static void a_try_is_on_disk_before_the_pin_is_checked(void **state)
{
	(void)state;
	disk_and_time(2, SC_ERR_SYSTEM, 0);
	refused(NULL, SC_ERR_SYSTEM, 2);
	core.while_saving = NULL;
	core.save_status = SC_OK;
	assert_ok(core_reopen(&core, NULL), NULL);
	refused(NULL, SC_ERR_CARD_WAIT, 2);
	core_now += 2;
	accepted();
}

static void a_clock_set_back_lengthens_no_wait(void **state)
{
	(void)state;
	refused("wrong PIN", SC_ERR_CARD_PIN, 2);
	core_now -= 30 * SC_DAY;
	refused(NULL, SC_ERR_CARD_WAIT, 2);
	core_monotonic += 2 * SC_SECOND;
	accepted();
}

static void a_clock_set_back_goes_on_however_often_the_state_changes(void **state)
{
	int64_t before = sc_core_state_now(core.module->state);

	(void)state;
	refused("wrong PIN", SC_ERR_CARD_PIN, 2);
	core_now -= 30 * SC_DAY;
	for (int i = 1; i <= 10; i++) {
		core_monotonic += SC_SECOND / 10 * 9;
		assert_ok(sc_core_state_update(core.module->state, sc_core_state_keep, NULL, NULL), NULL);
		assert_int_equal(sc_core_state_now(core.module->state), before + i * 9 / 10);
	}
	accepted();
}

/* -- what was not checked ------------------------------------------------------------------------ */

static void without_argon2s_memory_no_try_is_counted(void **state)
{
	unsigned saves = core.saves;

	(void)state;
	argon2_has_none = true;
	for (int i = 0; i < 3; i++) {
		refused(NULL, SC_ERR_MODULE_FULL, 0);
		refused("wrong PIN", SC_ERR_MODULE_FULL, 0);
	}
	argon2_has_none = false;
	assert_int_equal(core.saves, saves);
	accepted();
}

#define MANY  1000000 /* more allocations than a try makes */
#define STEPS 88

/*
 * A try allocates thousands of times, almost always while the state is written; how often depends on
 * libcrypto. STEPS of them fail in turn. SC_EVERY_ALLOCATION fails every one, for half an hour.
 */
static long step(void)
{
	uint64_t seconds;
	long allocations;

	if (getenv("SC_EVERY_ALLOCATION"))
		return 1;
	fail_at = MANY;
	assert_int_equal(try_first(NULL, &seconds), SC_OK);
	allocations = MANY - fail_at;
	fail_at = 0;
	assert_in_range(allocations, STEPS, MANY - 1);
	return allocations / STEPS;
}

static void an_allocation_that_fails_costs_no_try(void **state)
{
	const long distance = step();
	bool all_passed = false;
	unsigned full = 0;

	(void)state;
	for (long n = 1; !all_passed; n += distance) {
		uint64_t seconds;
		sc_status status;

		fail_at = n;
		status = try_first(NULL, &seconds);
		all_passed = fail_at > 0;
		fail_at = 0;
		if (status != SC_OK && status != SC_ERR_MODULE_FULL)
			fail_msg("allocation %ld: %s", n, sc_status_name(status));
		assert_int_equal(seconds, 0);
		full += status == SC_ERR_MODULE_FULL;
		/* A try that was counted would make this one wait. */
		if (status != SC_OK)
			accepted();
	}
	assert_true(full > 20);
}

/* Between the count and the verdict, whatever fails. */
static void a_check_that_fails_costs_no_try(void **state)
{
	(void)state;
	for (long n = 1; n <= 64; n++) {
		uint64_t seconds;
		sc_status status;

		check_fails_at = n;
		status = try_first("wrong PIN", &seconds);
		fail_at = 0;
		assert_true(status == SC_ERR_MODULE_FULL || status == SC_ERR_CARD_PIN);
		assert_int_equal(seconds, status == SC_ERR_CARD_PIN ? 2 : 0);
		core_now += (int64_t)seconds;
		check_fails_at = n;
		status = try_first(NULL, &seconds);
		fail_at = 0;
		assert_true(status == SC_ERR_MODULE_FULL || status == SC_OK);
		assert_int_equal(seconds, 0);
		if (status != SC_OK)
			accepted();
	}
}

/* Either the PIN was compared, and then the answer and the count say so, or neither does. */
static void a_wrong_pin_is_answered_as_such_or_not_counted(void **state)
{
	const long distance = step();
	bool all_passed = false;
	unsigned wrong = 0;

	(void)state;
	for (long n = 1; !all_passed; n += distance) {
		uint64_t seconds;
		sc_status status;

		fail_at = n;
		status = try_first("wrong PIN", &seconds);
		all_passed = fail_at > 0;
		fail_at = 0;
		if (status != SC_ERR_CARD_PIN && status != SC_ERR_MODULE_FULL)
			fail_msg("allocation %ld: %s", n, sc_status_name(status));
		assert_int_equal(seconds, status == SC_ERR_CARD_PIN ? 2 : 0);
		wrong += status == SC_ERR_CARD_PIN;
		core_now += (int64_t)seconds;
		accepted();
	}
	assert_true(wrong > 20);
}

/* Other peers' requests and keys take all that is free as soon as the try is counted. */
static void a_try_can_be_given_back_in_an_arena_that_has_become_full(void **state)
{
	(void)state;
	core_make_region(&core, "EU");
	arena_fills = true;
	refused(NULL, SC_ERR_MODULE_FULL, 0);
	accepted();
}

static void in_a_full_arena_nothing_is_counted(void **state)
{
	unsigned saves = core.saves;

	(void)state;
	has_full = true;
	for (int i = 0; i < 3; i++)
		refused(NULL, SC_ERR_MODULE_FULL, 0);
	has_full = false;
	assert_int_equal(core.saves, saves);
	accepted();
}

/* -- a disk that is full ------------------------------------------------------------------------- */

static void if_the_count_cannot_be_saved_the_pin_is_not_looked_at(void **state)
{
	(void)state;
	disk_and_time(1, SC_ERR_SYSTEM, 0);
	refused(NULL, SC_ERR_SYSTEM, 0);
	refused("wrong PIN", SC_ERR_SYSTEM, 0);
	refused(NULL, SC_ERR_SYSTEM, 0);
	disk_and_time(0, SC_OK, 0);
	accepted();
}

/* Perhaps only until the power fails, but nobody can tell. */
static void a_count_that_is_on_disk_without_its_mark_is_told_and_obeyed(void **state)
{
	(void)state;
	disk_and_time(1, SC_ERR_NOT_DURABLE, 0);
	refused(NULL, SC_ERR_NOT_DURABLE, 2);
	refused(NULL, SC_ERR_CARD_WAIT, 2);
	disk_and_time(0, SC_OK, 0);
	assert_ok(core_reopen(&core, NULL), NULL);
	refused(NULL, SC_ERR_CARD_WAIT, 2);
	core_now += 2;
	accepted();
}

static void a_right_pin_whose_count_cannot_be_reset_waits_as_it_says(void **state)
{
	(void)state;
	disk_and_time(2, SC_ERR_SYSTEM, 1);
	refused(NULL, SC_ERR_SYSTEM, 1);
	refused(NULL, SC_ERR_CARD_WAIT, 1);
	disk_and_time(0, SC_OK, 0);
	core_now++;
	accepted();
}

static void a_wrong_pin_whose_wait_cannot_be_saved_waits_from_the_beginning_and_says_so(void **state)
{
	(void)state;
	disk_and_time(2, SC_ERR_SYSTEM, 1);
	refused("wrong PIN", SC_ERR_CARD_PIN, 1);
	refused(NULL, SC_ERR_CARD_WAIT, 1);
	core_now++;
	disk_and_time(2, SC_ERR_SYSTEM, 60);
	refused("wrong PIN", SC_ERR_CARD_PIN, 0);
	disk_and_time(0, SC_OK, 0);
	accepted();
}

/* The first allocation of the check fails; two are the host's own, which copies what it saves. */
static void fail_the_check(void *context)
{
	(void)context;
	if (++saved == 1)
		failing_memory_at(3);
	core.save_status = fail_from && saved >= fail_from ? failure : SC_OK;
}

static void a_try_that_cannot_be_given_back_waits_as_it_says(void **state)
{
	(void)state;
	disk_and_time(0, SC_OK, 0);
	core.while_saving = fail_the_check;
	refused(NULL, SC_ERR_MODULE_FULL, 0);
	assert_int_equal(saved, 2);
	disk_and_time(2, SC_ERR_SYSTEM, 0);
	core.while_saving = fail_the_check;
	refused(NULL, SC_ERR_MODULE_FULL, 2);
	refused(NULL, SC_ERR_CARD_WAIT, 2);
	disk_and_time(0, SC_OK, 0);
	assert_ok(core_reopen(&core, NULL), NULL);
	refused(NULL, SC_ERR_CARD_WAIT, 2);
	core_now += 2;
	accepted();
}

static void a_try_that_is_given_back_leaves_the_count_as_it_was(void **state)
{
	(void)state;
	refused("wrong PIN", SC_ERR_CARD_PIN, 2);
	core_now += 2;
	refused("wrong PIN", SC_ERR_CARD_PIN, 4);
	core_now += 4;
	disk_and_time(0, SC_OK, 0);
	core.while_saving = fail_the_check;
	refused("wrong PIN", SC_ERR_MODULE_FULL, 0);
	core.while_saving = NULL;
	refused("wrong PIN", SC_ERR_CARD_PIN, 8);
}

/* -- the functions ------------------------------------------------------------------------------- */

static void a_refused_try_writes_no_output(void **state)
{
	SC_CLEANUP(sc_card) card = NULL;
	SC_CLEANUP(sc_pin_try) first = { 0 };
	struct sc_pin_try second = { .failures = 77 };

	(void)state;
	assert_ok(sc_card_decode(sc_bytes_view(&core.cards[0]), &card, NULL), NULL);
	assert_int_equal(sc_pin_try_wait(core.module, card->body), 0);
	assert_ok(sc_pin_try_begin(core.module, card->body, &first, NULL), NULL);
	assert_int_equal(sc_pin_try_wait(core.module, card->body), 2);
	assert_status(sc_pin_try_begin(core.module, card->body, &second, NULL), SC_ERR_CARD_WAIT, NULL);
	core_now += 2;
	core.save_status = SC_ERR_SYSTEM;
	assert_status(sc_pin_try_begin(core.module, card->body, &second, NULL), SC_ERR_SYSTEM, NULL);
	core.save_status = SC_OK;
	assert_int_equal(second.failures, 77);
	assert_int_equal(sc_pin_try_wait(core.module, card->body), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(each_wrong_pin_doubles_the_wait_up_to_an_hour),
		TEST(the_right_pin_begins_anew_and_other_cards_do_not_wait),
		TEST(a_wait_runs_from_the_end_of_the_check),
		TEST(a_try_is_on_disk_before_the_pin_is_checked),
		TEST(a_clock_set_back_lengthens_no_wait),
		TEST(a_clock_set_back_goes_on_however_often_the_state_changes),
		TEST(without_argon2s_memory_no_try_is_counted),
		TEST(an_allocation_that_fails_costs_no_try),
		TEST(a_check_that_fails_costs_no_try),
		TEST(a_wrong_pin_is_answered_as_such_or_not_counted),
		TEST(a_try_can_be_given_back_in_an_arena_that_has_become_full),
		TEST(in_a_full_arena_nothing_is_counted),
		TEST(if_the_count_cannot_be_saved_the_pin_is_not_looked_at),
		TEST(a_count_that_is_on_disk_without_its_mark_is_told_and_obeyed),
		TEST(a_right_pin_whose_count_cannot_be_reset_waits_as_it_says),
		TEST(a_wrong_pin_whose_wait_cannot_be_saved_waits_from_the_beginning_and_says_so),
		TEST(a_try_that_cannot_be_given_back_waits_as_it_says),
		TEST(a_try_that_is_given_back_leaves_the_count_as_it_was),
		TEST(a_refused_try_writes_no_output),
	};

	if (!failing_memory_start())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
