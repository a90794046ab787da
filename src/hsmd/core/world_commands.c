/*
 * WORLD_BEGIN and WORLD_COMMIT: a new security world (article step 3.1). WORLD_BEGIN makes everything and
 * returns the world file and the cards. Only WORLD_COMMIT, sent when all of them are durable, makes the
 * module adopt KM. So a tool that is killed between the two does not leave a world without cards.
 */
#include <string.h>

#include "base/clock.h"
#include "base/os.h"
#include "base/version.h"
#include "evidence/certificate.h"
#include "hsmd/core/acs.h"
#include "hsmd/core/handlers.h"
#include "hsmd/core/keygen.h"
#include "hsmd/core/knso.h"
#include "hsmd/core/adopt.h"
#include "hsmd/core/wrap.h"

#define KM_SIZE 32

/* A world being made. */
struct new_world {
	struct sc_secret km;
	struct sc_secret token;
	EVP_PKEY *knso;
	struct sc_acs acs;
	struct sc_world_file *file;
};

static void new_world_free(struct new_world *world)
{
	sc_secret_free(&world->km);
	sc_secret_free(&world->token);
	EVP_PKEY_free(world->knso);
	sc_world_file_free(world->file);
}
SC_CLEANUP_VALUE(new_world, new_world_free)

static sc_status check_request(const struct sc_world_begin_request *in, struct sc_error *err)
{
	SC_ENSURE(sc_suite_by_number(in->suite), err, SC_ERR_SUITE, "cipher suite %u is unknown", in->suite);
	SC_ENSURE(in->pins.count >= 1 && in->pins.count <= SC_CARDS_MAX &&
		      in->pins.count == in->custodians.count && in->k >= 1 && in->k <= in->pins.count,
		  err, SC_ERR_ARGUMENT, "%u of %u is not a valid quorum", in->k, in->pins.count);
	for (uint32_t i = 0; i < in->pins.count; i++) {
		if (sc_view_characters(in->pins.item[i]) >= SC_PIN_MIN_CHARACTERS)
			continue;
		sc_fail(err, SC_ERR_PIN_SHORT, "the PIN of card %u is shorter than %d characters", i + 1,
			SC_PIN_MIN_CHARACTERS);
		err->numbers[0] = i + 1;
		return SC_ERR_PIN_SHORT;
	}
	return SC_OK;
}

static sc_status make_keys(const struct sc_world_begin_request *in, struct new_world *world,
			   struct sc_error *err)
{
	struct sc_world_body *body = world->file->body;

	SC_TRY(sc_secret_random(KM_SIZE, &world->km, err));
	SC_TRY(sc_secret_random(SC_TOKEN_SIZE, &world->token, err));
	SC_TRY(sc_knso_generate((enum sc_suite)in->suite, &world->knso, err));
	sc_bytes_free(&body->knso);
	SC_TRY(sc_spki_of(world->knso, &body->knso, err));
	SC_TRY(sc_adopt_hash_km(&world->km, &body->hkm, err));
	SC_TRY(sc_world_id(sc_bytes_view(&body->knso), &body->hkm, in->suite, &body->id, err));
	SC_TRY(sc_random(body->set.b, sizeof body->set.b, err));
	return SC_OK;
}

/* "This world was generated in this module, now." Signed under the warrant: the world is not yet a region. */
static sc_status make_statement(const struct sc_core_request *request, struct sc_world_body *body,
				struct sc_error *err)
{
	SC_CLEANUP(sc_world_statement) statement = sc_world_statement_new();
	struct sc_statement_signer signer = sc_snapshot_signer(request->snapshot);

	SC_TRY(sc_check_allocated(statement, err));
	SC_TRY(sc_octets_set(&statement->knso, sc_bytes_view(&body->knso), err));
	statement->world = body->id;
	statement->hkm = body->hkm;
	statement->suite = body->suite;
	statement->k = body->k;
	statement->n = body->n;
	statement->set_generation = body->set_generation;
	statement->esn = request->snapshot->esn;
	SC_TRY(sc_text_set(&statement->code_version, SC_VERSION, "version", err));
	statement->time = request->now;
	sc_bytes_free(&body->statement);
	return sc_statement_sign_world(&signer, statement, &body->statement, err);
}

static sc_status wrap_keys(struct new_world *world, struct sc_error *err)
{
	struct sc_world_body *body = world->file->body;
	SC_CLEANUP(sc_secret) knso = { 0 };

	SC_TRY(sc_pkcs8_encode(world->knso, &knso, err));
	SC_TRY(sc_wrap(&world->token, SC_WRAP_KM, &body->id, sc_secret_view(&world->km), &body->wrapped_km,
		       err));
	return sc_wrap(&world->token, SC_WRAP_KNSO, &body->id, sc_secret_view(&knso), &body->wrapped_knso,
		       err);
}

static sc_status make_world(const struct sc_core_request *request, const struct sc_world_begin_request *in,
			    struct new_world *world, struct sc_error *err)
{
	struct sc_world_body *body;

	world->file = sc_world_file_new();
	SC_TRY(sc_check_allocated(world->file, err));
	body = world->file->body;
	SC_TRY(make_keys(in, world, err));
	body->suite = in->suite;
	body->km_generation = 1;
	body->set_generation = 1;
	body->k = in->k;
	body->n = in->pins.count;
	body->sequence = 1;
	body->is_final = true;
	body->created = request->now;
	SC_TRY(make_statement(request, body, err));
	SC_TRY(wrap_keys(world, err));
	world->acs = (struct sc_acs){ body->id, body->set, body->set_generation, body->k, body->n };
	return sc_knso_sign_world(world->knso, world->file, err);
}

/* -- cards ------------------------------------------------------------------------------------- */

static void free_shares(struct sc_shamir_share *shares)
{
	for (size_t i = 0; i < SC_CARDS_MAX; i++)
		sc_secret_free(&shares[i].value);
}

struct share_set {
	struct sc_shamir_share share[SC_CARDS_MAX];
};

static void share_set_free(struct share_set *set)
{
	free_shares(set->share);
}
SC_CLEANUP_VALUE(share_set, share_set_free)

static sc_status make_cards(struct sc_core_request *request, const struct sc_world_begin_request *in,
			    const struct new_world *world, struct sc_views *out, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) shared = { 0 };
	SC_CLEANUP(share_set) set = { 0 };
	struct sc_views made = { .count = in->pins.count };

	SC_TRY(sc_acs_shared_value(&world->acs, &world->token, &shared, err));
	SC_TRY(sc_shamir_split(&shared, (uint8_t)in->k, (uint8_t)in->pins.count, set.share, err));
	for (uint32_t i = 0; i < in->pins.count; i++) {
		SC_CLEANUP(sc_pin_memory) memory = { 0 };
		SC_CLEANUP(sc_bytes) record = { 0 };
		const struct sc_acs_new_card card = { in->pins.item[i], in->custodians.item[i],
						      request->module->options.argon2_passes, &memory };

		SC_TRY(sc_pin_reserve(request->module->options.argon2_memory, &request->session->is_abandoned,
				      &memory, err));
		SC_TRY(sc_acs_make_card(&world->acs, &world->km, &set.share[i], &card, &record, err));
		made.item[i] = sc_core_request_keep(request, &record);
	}
	*out = made;
	return SC_OK;
}

static sc_status make_pending(const struct sc_core_request *request, const struct new_world *world,
			      struct sc_state_world **out, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) member = { 0 };

	SC_TRY(sc_adopt_member(request, world->knso, &world->acs.world, &member, err));
	return sc_adopt_new(world->file->body, &world->km, &member, out, err);
}

sc_status sc_handle_world_begin(struct sc_core_request *request, const struct sc_world_begin_request *in,
				struct sc_world_begin_response *out, struct sc_error *err)
{
	SC_CLEANUP(new_world) world = { 0 };
	SC_CLEANUP(sc_state_world) pending = NULL;
	SC_CLEANUP(sc_bytes) file = { 0 };
	struct sc_views cards = { 0 };

	SC_TRY(check_request(in, err));
	SC_TRY(make_world(request, in, &world, err));
	SC_TRY(make_cards(request, in, &world, &cards, err));
	SC_TRY(make_pending(request, &world, &pending, err));
	SC_TRY(sc_world_file_encode(world.file, &file, err));
	SC_TRY(sc_module_check_memory(request->module, err));
	out->cards = cards;
	out->world = world.acs.world;
	out->world_file = sc_core_request_keep(request, &file);
	sc_core_session_set_pending(request->session, sc_steal(pending));
	return SC_OK;
}

/* -- WORLD_COMMIT ------------------------------------------------------------------------------ */

static sc_status adopt(struct sc_module_state *state, void *context, struct sc_error *err)
{
	struct sc_state_world **pending = context;

	SC_ENSURE(!state->world, err, SC_ERR_HAS_WORLD, "the module is already in a security world");
	state->world = sc_steal(*pending);
	return SC_OK;
}

sc_status sc_handle_world_commit(struct sc_core_request *request, const struct sc_world_commit_request *in,
				 struct sc_world_commit_response *out, struct sc_error *err)
{
	SC_CLEANUP(sc_state_world) pending = sc_core_session_take_pending(request->session, &in->world);

	(void)out;
	SC_ENSURE(pending, err, SC_ERR_STATE, "no world with that id is pending on this connection");
	return sc_adopt_change(request, adopt, &pending, err);
}
