/*
 * An administrator card: one share of the world's token, protected by a PIN (rules C1, C2). The card alone
 * cannot be used to test a PIN: the share is masked with Argon2id(PIN), and both tags use keys derived from
 * KM.
 *
 *   Card ::= SEQUENCE { body CardBody, recordTag OCTET STRING (32) }
 *
 * recordTag covers the body, so an altered, foreign or old card is reported before the PIN is checked.
 * shareTag covers the unmasked share: with it, and only with KM, a module detects a wrong PIN.
 */
#ifndef SC_FORMATS_CARD_H
#define SC_FORMATS_CARD_H

#include "formats/der.h"

#define SC_TOKEN_SIZE 32 /* the secret that the cards share */
#define SC_SHARE_SIZE 64 /* as long as what is shared: the token and a digest of it */

#define SC_PIN_MIN_CHARACTERS                                                                                \
	6 /* as sc_view_characters counts them; module and tools refuse fewer (rule C1) */

struct sc_card_body {
	struct sc_text format; /* "safeconduct.card.1" */
	struct sc_hash world;
	struct sc_hash set;
	uint32_t set_generation;
	uint32_t index; /* 1 … N: the share's x coordinate */
	uint32_t k;
	uint32_t n;
	struct sc_text custodian; /* "" if none was named */
	uint32_t argon2_passes;
	uint32_t argon2_memory; /* KiB */
	struct sc_hash salt;
	struct sc_bytes masked_share;
	struct sc_hash share_tag;
};

struct sc_card {
	struct sc_card_body *body;
	struct sc_hash record_tag;
};

#define SC_CARD_MAX 1024
SC_DER_DECLARE(sc_card_body)
SC_DER_DECLARE(sc_card)

#endif
