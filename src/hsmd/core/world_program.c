/*
 * WORLD_PROGRAM: brings a module that is not in a world into the world of a file, under K of that world's
 * cards (article: a second module, or a replacement for one that was lost). KM is unwrapped under the cards'
 * token and compared with the file's hash of it. KNSO, in the clear during this command only, certifies the
 * new member.
 */
#include <string.h>

#include "formats/key_type.h"
#include "hsmd/core/handlers.h"
#include "hsmd/core/keygen.h"
#include "hsmd/core/adopt.h"
#include "hsmd/core/wrap.h"

/*
 * The quorum consented to this request, but was opened with a file of its own: both must name the same cards.
 */
static bool is_of_quorum(const struct sc_world_body *body, const struct sc_acs *acs)
{
	return sc_hash_equals(&body->id, &acs->world) && sc_hash_equals(&body->set, &acs->set) &&
	       body->set_generation == acs->set_generation && body->k == acs->k && body->n == acs->n;
}

static sc_status check_not_revoked(const struct sc_world_body *body, const struct sc_text *esn,
				   struct sc_error *err)
{
	for (int i = 0; i < sk_sc_revoked_esn_num(body->revoked); i++)
		SC_ENSURE(strcmp(sk_sc_revoked_esn_value(body->revoked, i)->esn.s, esn->s) != 0, err,
			  SC_ERR_EVIDENCE_REVOKED, "the world has revoked this module, %s", esn->s);
	return SC_OK;
}

static sc_status check_file(const struct sc_core_request *request, const struct sc_world_file *file,
			    struct sc_error *err)
{
	const struct sc_world_body *body = file->body;

	SC_TRY(sc_world_file_verify(file, err));
	SC_ENSURE(body->is_final, err, SC_ERR_WORLD_DRAFT,
		  "the world file was made by racs and not yet committed");
	SC_ENSURE(is_of_quorum(body, &request->quorum->acs), err, SC_ERR_QUORUM,
		  "the quorum's cards are those of another world file");
	SC_TRY(check_not_revoked(body, &request->snapshot->esn, err));
	return sc_adopt_check_region(request->snapshot, body, request->now, err);
}

static sc_status unwrap_km(const struct sc_core_request *request, const struct sc_world_body *body,
			   struct sc_secret *out, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) km = { 0 };
	struct sc_hash hkm;

	SC_TRY(sc_unwrap(request->token, SC_WRAP_KM, &body->id, &body->wrapped_km, &km, err));
	SC_TRY(sc_adopt_hash_km(&km, &hkm, err));
	SC_ENSURE(sc_hash_equals(&hkm, &body->hkm), err, SC_ERR_INTEGRITY,
		  "world file: its module key is not the one that it names");
	*out = sc_steal(km);
	return SC_OK;
}

static sc_status unwrap_knso(const struct sc_core_request *request, const struct sc_world_body *body,
			     EVP_PKEY **out, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) material = { 0 };
	SC_CLEANUP(sc_pkey) knso = NULL;
	SC_CLEANUP(sc_bytes) spki = { 0 };

	SC_TRY(sc_unwrap(request->token, SC_WRAP_KNSO, &body->id, &body->wrapped_knso, &material, err));
	SC_TRY(sc_pkcs8_decode(sc_secret_view(&material), &knso, err));
	SC_TRY(sc_spki_of(knso, &spki, err));
	SC_ENSURE(sc_view_equals(sc_bytes_view(&spki), sc_bytes_view(&body->knso)), err, SC_ERR_INTEGRITY,
		  "world file: its security officer key is not the one that it names");
	*out = sc_steal(knso);
	return SC_OK;
}

static sc_status make_world(const struct sc_core_request *request, const struct sc_world_body *body,
			    struct sc_state_world **out, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) km = { 0 };
	SC_CLEANUP(sc_pkey) knso = NULL;
	SC_CLEANUP(sc_bytes) member = { 0 };

	SC_TRY(unwrap_km(request, body, &km, err));
	SC_TRY(unwrap_knso(request, body, &knso, err));
	SC_TRY(sc_adopt_member(request, knso, &body->id, &member, err));
	return sc_adopt_new(body, &km, &member, out, err);
}

static sc_status enter(struct sc_module_state *state, void *context, struct sc_error *err)
{
	struct sc_state_world **world = context;

	/* Asked again: another command may have been faster. */
	SC_ENSURE(!state->world, err, SC_ERR_HAS_WORLD, "the module is already in a security world");
	state->world = sc_steal(*world);
	return SC_OK;
}

sc_status sc_handle_world_program(struct sc_core_request *request, const struct sc_world_program_request *in,
				  struct sc_world_program_response *out, struct sc_error *err)
{
	SC_CLEANUP(sc_world_file) file = NULL;
	SC_CLEANUP(sc_state_world) world = NULL;

	SC_TRY(sc_world_file_decode(in->world_file, &file, err));
	SC_TRY(check_file(request, file, err));
	SC_TRY(make_world(request, file->body, &world, err));
	SC_TRY(sc_module_check_memory(request->module, err));
	SC_TRY(sc_core_request_check_peer(request, err));
	SC_TRY(sc_adopt_change(request, enter, &world, err));
	out->world = file->body->id;
	return SC_OK;
}
