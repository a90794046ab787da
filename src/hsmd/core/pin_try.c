/* Wrong PINs and waits: see pin_try.h. */
#include "hsmd/core/pin_try.h"

#define LONGEST_WAIT 3600 /* seconds */

/*
 * For one change of the state in an arena that has become full: its copy, encoding and snapshot. All pieces
 * together are enough for the state of a region (a test measures it). A state with many further roots may
 * take more than that.
 */
#define PIECE 65000 /* bytes: almost a block */

/* -- the counts in the state ------------------------------------------------------------------- */

static int find_delay(const struct sc_module_state *state, const struct sc_card_body *card)
{
	for (int i = 0; i < sk_sc_card_delay_num(state->delays); i++) {
		const struct sc_card_delay *delay = sk_sc_card_delay_value(state->delays, i);

		if (sc_hash_equals(&delay->set, &card->set) &&
		    delay->set_generation == card->set_generation && delay->index == card->index)
			return i;
	}
	return -1;
}

/*
 * The table is full only in a module that was brought into many worlds, or is in none: there, anyone with the
 * custody socket can present cards that they made up. The one that waits least makes room: custodians must
 * not be kept out, and K copied cards can be searched without a module.
 */
static void make_room(struct sc_module_state *state)
{
	int least = 0;

	if (sk_sc_card_delay_num(state->delays) < SC_DELAYS_MAX)
		return;
	for (int i = 1; i < sk_sc_card_delay_num(state->delays); i++)
		if (sk_sc_card_delay_value(state->delays, i)->next_try <
		    sk_sc_card_delay_value(state->delays, least)->next_try)
			least = i;
	OPENSSL_free(sk_sc_card_delay_delete(state->delays, least));
}

static struct sc_card_delay *add_delay(struct sc_module_state *state, const struct sc_card_body *card)
{
	struct sc_card_delay *delay = sc_card_delay_new();

	make_room(state);
	if (!delay || sk_sc_card_delay_push(state->delays, delay) <= 0) {
		OPENSSL_free(delay);
		return NULL;
	}
	delay->set = card->set;
	delay->set_generation = card->set_generation;
	delay->index = card->index;
	return delay;
}

static void forget_delay(struct sc_module_state *state, const struct sc_card_body *card)
{
	int at = find_delay(state, card);

	if (at >= 0)
		OPENSSL_free(sk_sc_card_delay_delete(state->delays, at));
}

static uint64_t remaining(const struct sc_card_delay *delay, int64_t now)
{
	return now < delay->next_try ? (uint64_t)(delay->next_try - now) : 0;
}

static void wait_from(struct sc_card_delay *delay, int64_t now)
{
	delay->next_try = now + (delay->failures < 12 ? 1 << delay->failures : LONGEST_WAIT);
}

/* -- how long to wait -------------------------------------------------------------------------- */

struct wait {
	const struct sc_card_body *card;
	uint64_t seconds;
};

static void read_wait(const struct sc_module_state *state, int64_t now, void *context)
{
	struct wait *wait = context;
	int at = find_delay(state, wait->card);

	wait->seconds = at >= 0 ? remaining(sk_sc_card_delay_value(state->delays, at), now) : 0;
}

uint64_t sc_pin_try_wait(struct sc_module *module, const struct sc_card_body *card)
{
	struct wait wait = { card, 0 };

	sc_core_state_read(module->state, read_wait, &wait);
	return wait.seconds;
}

static sc_status check_wait(uint64_t seconds, struct sc_error *err)
{
	SC_ENSURE(!seconds, err, SC_ERR_CARD_WAIT, "too soon after a wrong PIN or an interrupted try");
	return SC_OK;
}

sc_status sc_pin_try_check(struct sc_module *module, const struct sc_card_body *card, struct sc_error *err)
{
	return check_wait(sc_pin_try_wait(module, card), err);
}

/* -- the beginning of a try -------------------------------------------------------------------- */

static sc_status count(struct sc_module_state *state, void *context, struct sc_error *err)
{
	struct sc_pin_try *attempt = context;
	int at = find_delay(state, attempt->card);
	struct sc_card_delay *delay;

	delay = at >= 0 ? sk_sc_card_delay_value(state->delays, at) : add_delay(state, attempt->card);
	SC_TRY(sc_check_allocated(delay, err));
	SC_TRY(check_wait(remaining(delay, state->time_floor), err));
	attempt->failures = delay->failures;
	attempt->next_try = delay->next_try;
	delay->failures++;
	wait_from(delay, state->time_floor);
	return SC_OK;
}

static void free_room(struct sc_pin_try *attempt)
{
	for (int i = 0; i < SC_PIN_TRY_ROOM; i++)
		sc_secret_free(&attempt->room[i]);
}

sc_status sc_pin_try_begin(struct sc_module *module, const struct sc_card_body *card, struct sc_pin_try *out,
			   struct sc_error *err)
{
	SC_CLEANUP(sc_pin_try) attempt = { .module = module, .card = card };

	for (int i = 0; i < SC_PIN_TRY_ROOM; i++)
		SC_TRY(sc_secret_new(PIECE, &attempt.room[i], err));
	SC_TRY(sc_core_state_update(module->state, count, &attempt, err));
	*out = sc_steal(attempt);
	return SC_OK;
}

void sc_pin_try_free(struct sc_pin_try *attempt)
{
	free_room(attempt);
}

/* -- the end of a try -------------------------------------------------------------------------- */

/* If there is no memory for the change, uses what was set aside. */
static sc_status end(struct sc_pin_try *attempt, sc_core_state_change *change, struct sc_error *err)
{
	struct sc_module *module = attempt->module;
	sc_status status = sc_core_state_update(module->state, change, attempt, err);

	if (!sc_module_lacks_memory(module, status))
		return status;
	free_room(attempt);
	status = sc_core_state_update(module->state, change, attempt, err);
	return sc_module_lacks_memory(module, status) ? SC_ERR_MEMORY : status;
}

static sc_status withdraw(struct sc_module_state *state, void *context, struct sc_error *err)
{
	const struct sc_pin_try *attempt = context;
	int at = find_delay(state, attempt->card);

	(void)err;
	if (at >= 0 && attempt->failures) {
		struct sc_card_delay *delay = sk_sc_card_delay_value(state->delays, at);

		delay->failures = attempt->failures;
		delay->next_try = attempt->next_try;
	} else {
		forget_delay(state, attempt->card);
	}
	return SC_OK;
}

static sc_status wait_from_now(struct sc_module_state *state, void *context, struct sc_error *err)
{
	const struct sc_pin_try *attempt = context;
	int at = find_delay(state, attempt->card);

	(void)err;
	if (at >= 0)
		wait_from(sk_sc_card_delay_value(state->delays, at), state->time_floor);
	return SC_OK;
}

static sc_status forget(struct sc_module_state *state, void *context, struct sc_error *err)
{
	const struct sc_pin_try *attempt = context;

	(void)err;
	forget_delay(state, attempt->card);
	return SC_OK;
}

sc_status sc_pin_try_withdraw(struct sc_pin_try *attempt, struct sc_error *err)
{
	return end(attempt, withdraw, err);
}

sc_status sc_pin_try_fail(struct sc_pin_try *attempt, struct sc_error *err)
{
	return end(attempt, wait_from_now, err);
}

sc_status sc_pin_try_succeed(struct sc_pin_try *attempt, struct sc_error *err)
{
	return end(attempt, forget, err);
}

/* -- a set of cards ---------------------------------------------------------------------------- */

struct set_of_cards {
	const struct sc_acs *acs;
	const struct sc_shamir_share *shares;
	size_t count;
};

static sc_status forget_set(struct sc_module_state *state, void *context, struct sc_error *err)
{
	const struct set_of_cards *cards = context;
	struct sc_card_body card = { .set = cards->acs->set, .set_generation = cards->acs->set_generation };

	(void)err;
	for (size_t i = 0; i < cards->count; i++) {
		card.index = cards->shares[i].index;
		forget_delay(state, &card);
	}
	return SC_OK;
}

sc_status sc_pin_try_forget_set(struct sc_module *module, const struct sc_acs *acs,
				const struct sc_shamir_share *shares, size_t count, struct sc_error *err)
{
	struct set_of_cards cards = { acs, shares, count };

	return sc_core_state_update(module->state, forget_set, &cards, err);
}
