/* Wrong PINs and waits: see pin_try.h. */
#include "hsmd/core/pin_try.h"

#define LONGEST_WAIT 3600 /* seconds */

struct attempt {
	const struct sc_card_body *card;
	int64_t now;
	uint64_t seconds;
};

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

static struct sc_card_delay *add_delay(struct sc_module_state *state, const struct sc_card_body *card)
{
	struct sc_card_delay *delay = sc_card_delay_new();

	if (!delay || sk_sc_card_delay_push(state->delays, delay) <= 0) {
		OPENSSL_free(delay);
		return NULL;
	}
	delay->set = card->set;
	delay->set_generation = card->set_generation;
	delay->index = card->index;
	return delay;
}

static uint64_t wait_after(uint32_t failures)
{
	return failures < 12 ? 1u << failures : LONGEST_WAIT;
}

static sc_status spend(struct sc_module_state *state, void *context, struct sc_error *err)
{
	struct attempt *attempt = context;
	int at = find_delay(state, attempt->card);
	struct sc_card_delay *delay;

	delay = at >= 0 ? sk_sc_card_delay_value(state->delays, at) : add_delay(state, attempt->card);
	SC_TRY(sc_check_allocated(delay, err));
	if (attempt->now < delay->next_try) {
		sc_fail(err, SC_ERR_CARD_WAIT, "too soon after a wrong PIN or an interrupted try");
		err->numbers[1] = (uint64_t)(delay->next_try - attempt->now);
		return SC_ERR_CARD_WAIT;
	}
	delay->failures++;
	attempt->seconds = wait_after(delay->failures);
	delay->next_try = attempt->now + (int64_t)attempt->seconds;
	return SC_OK;
}

sc_status sc_pin_try_begin(struct sc_core_state *state, const struct sc_card_body *card, int64_t now,
			   uint64_t *seconds, struct sc_error *err)
{
	struct attempt attempt = { card, now, 0 };

	SC_TRY(sc_core_state_update(state, spend, &attempt, err));
	*seconds = attempt.seconds;
	return SC_OK;
}

static sc_status forget(struct sc_module_state *state, void *context, struct sc_error *err)
{
	int at = find_delay(state, context);

	(void)err;
	if (at >= 0)
		OPENSSL_free(sk_sc_card_delay_delete(state->delays, at));
	return SC_OK;
}

sc_status sc_pin_try_succeed(struct sc_core_state *state, const struct sc_card_body *card,
			     struct sc_error *err)
{
	struct sc_card_body copy = *card;

	return sc_core_state_update(state, forget, &copy, err);
}
