/* The administrator card set: see acs.h. */
#include "hsmd/core/acs.h"

#include <string.h>

#include "base/big_endian.h"
#include "base/os.h"
#include "hsmd/core/seal.h"

#define TOKEN_CONTEXT  "safeconduct token 1"
#define TAG_CONTEXT    "safeconduct card tags 1"
#define RECORD_CONTEXT "safeconduct card record 1"
#define SHARE_CONTEXT  "safeconduct card share 1"

/* What a card may cost a module that cannot check its tag. */
#define BARE_PASSES_MAX 16
#define BARE_MEMORY_MAX (1024 * 1024) /* KiB */

/* -- the shared value -------------------------------------------------------------------------- */

static sc_status token_digest(const struct sc_acs *acs, struct sc_view token, struct sc_hash *out,
			      struct sc_error *err)
{
	struct sc_big_endian32 generation = sc_big_endian32_of(acs->set_generation);
	struct sc_view parts[] = { token, sc_hash_view(&acs->set), sc_big_endian32_view(&generation) };

	return sc_hash_parts(TOKEN_CONTEXT, parts, 3, out, err);
}

sc_status sc_acs_shared_value(const struct sc_acs *acs, const struct sc_secret *token, struct sc_secret *out,
			      struct sc_error *err)
{
	struct sc_hash digest;

	SC_TRY(token_digest(acs, sc_secret_view(token), &digest, err));
	SC_TRY(sc_secret_new(SC_SHARE_SIZE, out, err));
	memcpy(out->data, token->data, SC_TOKEN_SIZE);
	memcpy(out->data + SC_TOKEN_SIZE, digest.b, sizeof digest.b);
	OPENSSL_cleanse(&digest, sizeof digest);
	return SC_OK;
}

sc_status sc_acs_combine(const struct sc_acs *acs, const struct sc_shamir_share *shares, size_t k,
			 struct sc_secret *token, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) value = { 0 };
	struct sc_hash digest;
	bool same;

	SC_TRY(sc_shamir_combine(shares, k, &value, err));
	SC_ENSURE(value.len == SC_SHARE_SIZE, err, SC_ERR_CARD_SET, "the shares have the wrong length");
	SC_TRY(token_digest(acs, sc_view_of(value.data, SC_TOKEN_SIZE), &digest, err));
	same = sc_memory_equals(digest.b, value.data + SC_TOKEN_SIZE, sizeof digest.b);
	OPENSSL_cleanse(&digest, sizeof digest);
	SC_ENSURE(same, err, SC_ERR_CARD_SET, "one of these cards or PINs is wrong");
	return sc_secret_copy(sc_view_of(value.data, SC_TOKEN_SIZE), token, err);
}

/* -- tags and masks ---------------------------------------------------------------------------- */

static sc_status tag_key(const struct sc_secret *km, struct sc_secret *out, struct sc_error *err)
{
	return sc_derive(km, (struct sc_view){ 0 }, TAG_CONTEXT, NULL, 0, SC_HASH_SIZE, out, err);
}

/* A tag over the whole body: altered, foreign and old cards are detected before the PIN is examined. */
static sc_status record_tag(const struct sc_secret *key, const struct sc_card_body *body, struct sc_hash *out,
			    struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	struct sc_view part;

	SC_TRY(sc_card_body_encode(body, &der, err));
	part = sc_bytes_view(&der);
	return sc_hmac_parts(key, RECORD_CONTEXT, &part, 1, out, err);
}

/* A tag over the unmasked share. It detects a wrong PIN, but only in a module that holds KM. */
static sc_status share_tag(const struct sc_secret *key, const struct sc_card_body *body, struct sc_view share,
			   struct sc_hash *out, struct sc_error *err)
{
	struct sc_big_endian32 generation = sc_big_endian32_of(body->set_generation);
	struct sc_big_endian32 index = sc_big_endian32_of(body->index);
	struct sc_view parts[] = { sc_hash_view(&body->set), sc_big_endian32_view(&generation),
				   sc_big_endian32_view(&index), share };

	return sc_hmac_parts(key, SHARE_CONTEXT, parts, 4, out, err);
}

/* data ⊕= Argon2id(PIN, salt), by way of `mask`. The associated data is the card's place in the set. */
static sc_status apply_mask(const struct sc_card_body *body, const struct sc_pin_memory *memory,
			    struct sc_view pin, struct sc_secret *mask, uint8_t *data, struct sc_error *err)
{
	struct sc_big_endian32 index = sc_big_endian32_of(body->index);
	struct sc_view parts[] = { sc_hash_view(&body->world), sc_hash_view(&body->set),
				   sc_big_endian32_view(&index) };
	struct sc_hash place;

	SC_TRY(sc_hash_parts("safeconduct card place 1", parts, 3, &place, err));
	SC_TRY(sc_pin_stretch(memory, pin, sc_hash_view(&body->salt), sc_hash_view(&place),
			      body->argon2_passes, mask, err));
	for (size_t i = 0; i < SC_SHARE_SIZE; i++)
		data[i] ^= mask->data[i];
	return SC_OK;
}

/* -- making a card ----------------------------------------------------------------------------- */

static sc_status fill_body(const struct sc_acs *acs, const struct sc_shamir_share *share,
			   const struct sc_acs_new_card *card, struct sc_card_body *body,
			   struct sc_error *err)
{
	SC_CLEANUP(sc_secret) mask = { 0 };

	body->world = acs->world;
	body->set = acs->set;
	body->set_generation = acs->set_generation;
	body->index = share->index;
	body->k = acs->k;
	body->n = acs->n;
	body->argon2_passes = card->argon2_passes;
	body->argon2_memory = sc_pin_memory_kib(card->memory);
	SC_TRY(sc_text_set_view(&body->custodian, card->custodian, "custodian", err));
	SC_TRY(sc_random(body->salt.b, sizeof body->salt.b, err));
	SC_TRY(sc_octets_set(&body->masked_share, sc_secret_view(&share->value), err));
	SC_TRY(sc_secret_new(SC_SHARE_SIZE, &mask, err));
	return apply_mask(body, card->memory, card->pin, &mask, body->masked_share.data, err);
}

sc_status sc_acs_make_card(const struct sc_acs *acs, const struct sc_secret *km,
			   const struct sc_shamir_share *share, const struct sc_acs_new_card *card,
			   struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_card) record = sc_card_new();
	SC_CLEANUP(sc_secret) key = { 0 };

	SC_TRY(sc_check_allocated(record, err));
	SC_ENSURE(sc_view_characters(card->pin) >= SC_PIN_MIN_CHARACTERS, err, SC_ERR_PIN_SHORT,
		  "the PIN of card %u is shorter than %d characters", share->index, SC_PIN_MIN_CHARACTERS);
	SC_TRY(fill_body(acs, share, card, record->body, err));
	SC_TRY(tag_key(km, &key, err));
	SC_TRY(share_tag(&key, record->body, sc_secret_view(&share->value), &record->body->share_tag, err));
	SC_TRY(record_tag(&key, record->body, &record->record_tag, err));
	return sc_card_encode(record, out, err);
}

/* -- opening a card ---------------------------------------------------------------------------- */

static sc_status check_place(const struct sc_acs *acs, const struct sc_card *card, struct sc_error *err)
{
	const struct sc_card_body *body = card->body;

	SC_ENSURE(sc_hash_equals(&body->world, &acs->world) && sc_hash_equals(&body->set, &acs->set), err,
		  SC_ERR_CARD_FOREIGN, "the card belongs to another security world or card set");
	SC_ENSURE(body->set_generation >= acs->set_generation, err, SC_ERR_CARD_OLD,
		  "the card is of generation %u, which generation %u has replaced", body->set_generation,
		  acs->set_generation);
	return SC_OK;
}

sc_status sc_acs_check_bare_card(const struct sc_acs *acs, const struct sc_card *card, uint32_t least_passes,
				 uint32_t least_memory, struct sc_error *err)
{
	const struct sc_card_body *body = card->body;

	SC_TRY(check_place(acs, card, err));
	SC_ENSURE(body->set_generation == acs->set_generation, err, SC_ERR_CARD_FOREIGN,
		  "the card is of generation %u, but the world file is of generation %u",
		  body->set_generation, acs->set_generation);
	SC_ENSURE(body->k == acs->k && body->n == acs->n, err, SC_ERR_CARD_ALTERED,
		  "the card and the world file name different quorums");
	SC_ENSURE(body->argon2_passes >= least_passes && body->argon2_passes <= BARE_PASSES_MAX &&
		      body->argon2_memory >= least_memory && body->argon2_memory <= BARE_MEMORY_MAX,
		  err, SC_ERR_CARD_ALTERED,
		  "the card's PIN stretching is weaker or costs more than this module allows");
	return SC_OK;
}

sc_status sc_acs_check_card(const struct sc_acs *acs, const struct sc_secret *km, const struct sc_card *card,
			    uint32_t least_passes, uint32_t least_memory, struct sc_error *err)
{
	const struct sc_card_body *body = card->body;
	SC_CLEANUP(sc_secret) key = { 0 };
	struct sc_hash tag;

	SC_TRY(check_place(acs, card, err));
	SC_TRY(tag_key(km, &key, err));
	SC_TRY(record_tag(&key, body, &tag, err));
	SC_ENSURE(sc_hash_equals(&tag, &card->record_tag), err, SC_ERR_CARD_ALTERED,
		  "the card's record has been altered");
	SC_ENSURE(body->argon2_passes >= least_passes && body->argon2_memory >= least_memory, err,
		  SC_ERR_CARD_ALTERED, "the card's PIN stretching is weaker than this module allows");
	return SC_OK;
}

void sc_acs_opening_end(struct sc_acs_opening *opening)
{
	sc_secret_free(&opening->key);
	sc_secret_free(&opening->mask);
	sc_shamir_share_free(&opening->share);
	sc_pin_release(&opening->memory);
}

sc_status sc_acs_opening_begin(const struct sc_secret *km, const struct sc_card_body *card,
			       const atomic_bool *is_abandoned, struct sc_acs_opening *out,
			       struct sc_error *err)
{
	SC_CLEANUP(sc_acs_opening) opening = { .card = card, .share.index = (uint8_t)card->index };

	if (km->len)
		SC_TRY(tag_key(km, &opening.key, err));
	SC_TRY(sc_secret_new(SC_SHARE_SIZE, &opening.mask, err));
	SC_TRY(sc_secret_copy(sc_bytes_view(&card->masked_share), &opening.share.value, err));
	SC_TRY(sc_pin_reserve(card->argon2_memory, is_abandoned, &opening.memory, err));
	*out = sc_steal(opening);
	return SC_OK;
}

sc_status sc_acs_opening_stretch(struct sc_acs_opening *opening, struct sc_view pin, struct sc_error *err)
{
	struct sc_secret *share = &opening->share.value;

	SC_TRY(apply_mask(opening->card, &opening->memory, pin, &opening->mask, share->data, err));
	if (!opening->key.len)
		return SC_OK;
	return share_tag(&opening->key, opening->card, sc_secret_view(share), &opening->tag, err);
}

sc_status sc_acs_opening_judge(struct sc_acs_opening *opening, struct sc_shamir_share *out,
			       struct sc_error *err)
{
	SC_ENSURE(sc_hash_equals(&opening->tag, &opening->card->share_tag), err, SC_ERR_CARD_PIN,
		  "wrong PIN");
	*out = sc_steal(opening->share);
	return SC_OK;
}

void sc_acs_opening_take(struct sc_acs_opening *opening, struct sc_shamir_share *out)
{
	*out = sc_steal(opening->share);
}
