/*
 * Wrong PINs: after each one the card must wait, twice as long each time, up to an hour (rule C1). The wait
 * is recorded on disk before the PIN is checked, so killing the module or copying a card saves no time. There
 * is no permanent lock: any local user could trigger it against the custodians.
 */
#ifndef SC_HSMD_CORE_PIN_TRY_H
#define SC_HSMD_CORE_PIN_TRY_H

#include "formats/card.h"
#include "hsmd/core/core_state.h"

/*
 * Counts a try as failed. *seconds is how long the next try must wait if this one does fail. SC_ERR_CARD_WAIT
 * if it comes too soon; err->numbers[1] then holds the remaining seconds.
 */
sc_status sc_pin_try_begin(struct sc_core_state *state, const struct sc_card_body *card, int64_t now,
			   uint64_t *seconds, struct sc_error *err) SC_WARN_UNUSED;

/* The PIN was right: resets the card's count. */
sc_status sc_pin_try_succeed(struct sc_core_state *state, const struct sc_card_body *card,
			     struct sc_error *err) SC_WARN_UNUSED;

#endif
