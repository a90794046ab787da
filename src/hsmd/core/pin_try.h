/*
 * Wrong PINs: after each, a card must wait, twice as long every time, up to an hour (rule C1). The wait is spent,
 * that is on disk, before the PIN is looked at: a kill or a copied card image saves nobody a second. There is no
 * permanent lock, which any local user could put on the custodians.
 */
#ifndef SC_HSMD_CORE_PIN_TRY_H
#define SC_HSMD_CORE_PIN_TRY_H

#include "formats/card.h"
#include "hsmd/core/internal.h"

/*
 * Counts a try as failed. SC_ERR_CARD_WAIT with the seconds to wait in *seconds where it comes too soon; else
 * *seconds is how long the next try would have to wait if this one does fail.
 */
sc_status sc_pin_try_begin(struct sc_module *module, const struct sc_card_body *card, int64_t now, uint64_t *seconds,
			 struct sc_error *err) SC_WARN_UNUSED;

/* The PIN was right: the card's count begins anew. */
sc_status sc_pin_try_succeed(struct sc_module *module, const struct sc_card_body *card,
			  struct sc_error *err) SC_WARN_UNUSED;

#endif
