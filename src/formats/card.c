/* The administrator card's templates: see card.h. */
#include "formats/card.h"

#include "formats/world_file.h"

#define BODY_FORMAT "safeconduct.card.1"

ASN1_SEQUENCE(sc_card_body) = {
	ASN1_EMBED(struct sc_card_body, format, SC_DER_TEXT),
	ASN1_EMBED(struct sc_card_body, world, SC_DER_HASH),
	ASN1_EMBED(struct sc_card_body, set, SC_DER_HASH),
	ASN1_EMBED(struct sc_card_body, set_generation, UINT32),
	ASN1_EMBED(struct sc_card_body, index, UINT32),
	ASN1_EMBED(struct sc_card_body, k, UINT32),
	ASN1_EMBED(struct sc_card_body, n, UINT32),
	ASN1_EMBED(struct sc_card_body, custodian, SC_DER_TEXT),
	ASN1_EMBED(struct sc_card_body, argon2_passes, UINT32),
	ASN1_EMBED(struct sc_card_body, argon2_memory, UINT32),
	ASN1_EMBED(struct sc_card_body, salt, SC_DER_HASH),
	ASN1_EMBED(struct sc_card_body, masked_share, SC_DER_OCTETS),
	ASN1_EMBED(struct sc_card_body, share_tag, SC_DER_HASH),
} ASN1_SEQUENCE_END_name(struct sc_card_body, sc_card_body)

ASN1_SEQUENCE(sc_card) = {
	ASN1_SIMPLE(struct sc_card, body, sc_card_body),
	ASN1_EMBED(struct sc_card, record_tag, SC_DER_HASH),
} ASN1_SEQUENCE_END_name(struct sc_card, sc_card)

static bool body_is_valid(const void *value)
{
	const struct sc_card_body *body = value;

	return body->k >= 1 && body->k <= body->n && body->n <= SC_CARDS_MAX && body->index >= 1 &&
	       body->index <= body->n && body->set_generation >= 1 && body->masked_share.len == SC_SHARE_SIZE;
}

static bool card_is_valid(const void *value)
{
	return body_is_valid(((const struct sc_card *)value)->body);
}

SC_DER_IMPLEMENT(sc_card_body, BODY_FORMAT, "card", SC_CARD_MAX, SC_DER_ELEMENTS, body_is_valid)
SC_DER_IMPLEMENT_ENVELOPE(sc_card, BODY_FORMAT, "card", SC_CARD_MAX, SC_DER_ELEMENTS, card_is_valid)
