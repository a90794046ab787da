/* The administrator card set: the token that its cards share, making cards, opening a card (rules C1, C2). */
#ifndef SC_HSMD_CORE_ACS_H
#define SC_HSMD_CORE_ACS_H

#include "base/secret.h"
#include "formats/card.h"
#include "hsmd/core/pin.h"
#include "hsmd/core/shamir.h"

/* What identifies a card set: the same on each of its cards. */
struct sc_acs {
	struct sc_hash world;
	struct sc_hash set;
	uint32_t set_generation;
	uint32_t k;
	uint32_t n;
};

/* What is on one new card besides that. */
struct sc_acs_new_card {
	struct sc_view pin;
	struct sc_view custodian; /* text, may be empty */
	uint32_t argon2_passes;
	const struct sc_pin_memory *memory; /* reserved; its size is the cost that the card names */
};

/* token ‖ SHA-256(context ‖ 0 ‖ token ‖ set id ‖ generation). The digest detects wrong shares. */
sc_status sc_acs_shared_value(const struct sc_acs *acs, const struct sc_secret *token, struct sc_secret *out,
			      struct sc_error *err) SC_WARN_UNUSED;

/* Combines K shares into the token. SC_ERR_CARD_SET if they do not yield one. */
sc_status sc_acs_combine(const struct sc_acs *acs, const struct sc_shamir_share *shares, size_t k,
			 struct sc_secret *token, struct sc_error *err) SC_WARN_UNUSED;

/* Makes one card's record, in DER. SC_ERR_PIN_SHORT. */
sc_status sc_acs_make_card(const struct sc_acs *acs, const struct sc_secret *km,
			   const struct sc_shamir_share *share, const struct sc_acs_new_card *card,
			   struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Checks everything that a module with KM can check without the PIN. SC_ERR_CARD_FOREIGN: another world or
 * set. SC_ERR_CARD_OLD: a replaced generation. SC_ERR_CARD_ALTERED: the record's tag is wrong, or PIN
 * stretching costs less than this module allows.
 */
sc_status sc_acs_check_card(const struct sc_acs *acs, const struct sc_secret *km, const struct sc_card *card,
			    uint32_t least_passes, uint32_t least_memory,
			    struct sc_error *err) SC_WARN_UNUSED;

/*
 * Checks what a module without KM can check: that the card belongs to exactly this set, and that its PIN
 * stretching costs as much as this module asks for, and no more than it can bear: the record's tag cannot be
 * checked. SC_ERR_CARD_FOREIGN, SC_ERR_CARD_OLD, SC_ERR_CARD_ALTERED.
 */
sc_status sc_acs_check_bare_card(const struct sc_acs *acs, const struct sc_card *card, uint32_t least_passes,
				 uint32_t least_memory, struct sc_error *err) SC_WARN_UNUSED;

/*
 * A card that is being opened, in three steps, so that the module can count the PIN's try between the first
 * and the second (rule C1), and take it back if the second fails.
 */
struct sc_acs_opening {
	const struct sc_card_body *card;
	struct sc_pin_memory memory;
	struct sc_secret key;  /* of the share's tag */
	struct sc_secret mask; /* from the PIN */
	struct sc_shamir_share share;
	struct sc_hash tag; /* of the unmasked share */
};

void sc_acs_opening_end(struct sc_acs_opening *opening);
SC_CLEANUP_VALUE(sc_acs_opening, sc_acs_opening_end)

/*
 * Reserves what the next steps need: see sc_pin_reserve, which may wait. The card must live as long as the
 * opening. Without KM, an empty secret, there is no tag. SC_ERR_CANCELLED, SC_ERR_MEMORY, SC_ERR_CRYPTO. The
 * caller ends *out.
 */
sc_status sc_acs_opening_begin(const struct sc_secret *km, const struct sc_card_body *card,
			       const atomic_bool *is_abandoned, struct sc_acs_opening *out,
			       struct sc_error *err) SC_WARN_UNUSED;

/*
 * Stretches the PIN, unmasks the share and computes its tag. SC_ERR_MEMORY, SC_ERR_CRYPTO: nothing about the
 * PIN.
 */
sc_status sc_acs_opening_stretch(struct sc_acs_opening *opening, struct sc_view pin,
				 struct sc_error *err) SC_WARN_UNUSED;

/*
 * Compares the tag. The share moves to *out. SC_ERR_CARD_PIN: the PIN is wrong. It fails for no other reason.
 */
sc_status sc_acs_opening_judge(struct sc_acs_opening *opening, struct sc_shamir_share *out,
			       struct sc_error *err) SC_WARN_UNUSED;

/* Without KM: takes the share, right or wrong. Only K of them together show that (sc_acs_combine). */
void sc_acs_opening_take(struct sc_acs_opening *opening, struct sc_shamir_share *out);

#endif
