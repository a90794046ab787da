/*
 * Wrong PINs: after each one the card must wait, twice as long each time, up to an hour, from the end of the
 * check (rule C1). A try is counted as failed, and on disk, before the PIN is checked, so killing the module
 * or copying a card saves no time. A try that is not checked does not count: the module takes it back. There
 * is no permanent lock: any local user could trigger it against the custodians.
 */
#ifndef SC_HSMD_CORE_PIN_TRY_H
#define SC_HSMD_CORE_PIN_TRY_H

#include "formats/card.h"
#include "hsmd/core/acs.h"
#include "hsmd/core/module_parts.h"

#define SC_PIN_TRY_ROOM 4 /* pieces of memory: less has to be free in one place */

/* A try that has been counted. It ends in one of four ways: the last three functions, or the process ends. */
struct sc_pin_try {
	struct sc_module *module;
	const struct sc_card_body *card;
	uint32_t failures; /* of this card, before this try */
	int64_t next_try;  /* as it was before this try */
	struct sc_secret room[SC_PIN_TRY_ROOM];
};

/* Frees what the try holds. It changes no count. */
void sc_pin_try_free(struct sc_pin_try *attempt);
SC_CLEANUP_VALUE(sc_pin_try, sc_pin_try_free)

/* The seconds until the module takes the next try with this card: 0 if it takes one now. */
uint64_t sc_pin_try_wait(struct sc_module *module, const struct sc_card_body *card);

/* SC_ERR_CARD_WAIT if a try comes too soon. It counts nothing. */
sc_status sc_pin_try_check(struct sc_module *module, const struct sc_card_body *card,
			   struct sc_error *err) SC_WARN_UNUSED;

/*
 * Sets memory aside for the end of the try, then counts it as failed. The card must live as long as *out,
 * which the caller frees. SC_ERR_CARD_WAIT, SC_ERR_MEMORY, and what the host's save returns: the PIN must not
 * be checked, and nothing was counted, except with SC_ERR_NOT_DURABLE: then the count stands unless the power
 * fails.
 */
sc_status sc_pin_try_begin(struct sc_module *module, const struct sc_card_body *card, struct sc_pin_try *out,
			   struct sc_error *err) SC_WARN_UNUSED;

/*
 * The end of a try. `withdraw`: the PIN was not checked, and the count is again what it was. `fail`: it was
 * wrong, and the wait begins now. `succeed`: it was right, and the count is zero. If the state cannot be
 * saved, the count and the wait of sc_pin_try_begin remain, except with SC_ERR_NOT_DURABLE: then they do if
 * the power fails.
 */
sc_status sc_pin_try_withdraw(struct sc_pin_try *attempt, struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_pin_try_fail(struct sc_pin_try *attempt, struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_pin_try_succeed(struct sc_pin_try *attempt, struct sc_error *err) SC_WARN_UNUSED;

/*
 * In a module without KM only the last of K cards shows whether their PINs were right. The tries with the
 * others have ended as failed; this takes them back.
 */
sc_status sc_pin_try_forget_set(struct sc_module *module, const struct sc_acs *acs,
				const struct sc_shamir_share *shares, size_t count,
				struct sc_error *err) SC_WARN_UNUSED;

#endif
