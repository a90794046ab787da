/* Worlds and cards that seal nothing: see sample_world.h. */
#include "sample_world.h"

#include <stdlib.h>

#include "base/libcrypto.h"
#include "formats/card.h"
#include "formats/key_blob.h"
#include "formats/suite.h"

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void fill_wrapped(struct sc_wrapped_key *wrapped)
{
	uint8_t zeros[48] = { 0 };

	must(sc_octets_set(&wrapped->ciphertext, sc_view_of(zeros, sizeof zeros), NULL) == SC_OK);
	must(sc_octets_set(&wrapped->tag, sc_view_of(zeros, SC_GCM_TAG_SIZE), NULL) == SC_OK);
}

struct sc_bytes sample_world(EVP_PKEY *knso, uint32_t k, uint32_t n, uint64_t sequence, struct sc_hash *id)
{
	SC_CLEANUP(sc_world_file) file = sc_world_file_new();
	SC_CLEANUP(sc_pkey_ctx) ctx = EVP_PKEY_CTX_new(knso, NULL);
	struct sc_world_body *body = file->body;
	struct sc_bytes der = { 0 };
	struct sc_hash digest;
	uint8_t signature[160];
	size_t len = sizeof signature;

	must(sc_text_set(&body->format, "safeconduct.world.1", "format", NULL) == SC_OK);
	body->suite = SC_SUITE_ECP521;
	body->km_generation = body->set_generation = 1;
	body->k = k;
	body->n = n;
	body->sequence = sequence;
	must(sc_spki_of(knso, &body->knso, NULL) == SC_OK);
	must(sc_world_id(sc_bytes_view(&body->knso), &body->hkm, body->suite, &body->id, NULL) == SC_OK);
	fill_wrapped(&body->wrapped_km);
	fill_wrapped(&body->wrapped_knso);
	must(sc_octets_set(&body->statement, sc_view_text("statement"), NULL) == SC_OK);
	must(sc_world_digest(body, &digest, NULL) == SC_OK);
	must(EVP_PKEY_sign_init(ctx) == 1 &&
	     EVP_PKEY_sign(ctx, signature, &len, digest.b, sizeof digest.b) == 1);
	must(sc_octets_set(&file->signature, sc_view_of(signature, len), NULL) == SC_OK);
	must(sc_world_file_encode(file, &der, NULL) == SC_OK);
	*id = body->id;
	return der;
}

struct sc_bytes sample_card(const struct sc_hash *world, uint32_t index, uint32_t k, uint32_t n)
{
	SC_CLEANUP(sc_card) card = sc_card_new();
	struct sc_bytes der = { 0 };

	must(sc_text_set(&card->body->format, "safeconduct.card.1", "format", NULL) == SC_OK);
	card->body->world = *world;
	card->body->set_generation = 1;
	card->body->index = index;
	card->body->k = k;
	card->body->n = n;
	must(sc_bytes_new(SC_SHARE_SIZE, &card->body->masked_share, NULL) == SC_OK);
	must(sc_card_encode(card, &der, NULL) == SC_OK);
	return der;
}
