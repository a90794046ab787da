/*
 * WORLD_ERASE: takes the module out of its world: KM leaves the state, the loaded keys and open quorums are
 * wiped, and all other connections end. The module keeps its identity, its warrant and the waits after wrong
 * PINs. Copies of the disk keep what they have (THREATS.md).
 */
#include "hsmd/core/handlers.h"
#include "hsmd/core/adopt.h"

static sc_status leave(struct sc_module_state *state, void *context, struct sc_error *err)
{
	const struct sc_hash *world = context;

	SC_ENSURE(state->world && sc_hash_equals(&state->world->id, world), err, SC_ERR_STATE,
		  "the module is not in that world");
	sc_state_world_free(state->world);
	state->world = NULL;
	return SC_OK;
}

sc_status sc_handle_world_erase(struct sc_core_request *request, const struct sc_world_erase_request *in,
				struct sc_world_erase_response *out, struct sc_error *err)
{
	struct sc_hash world = in->world;
	sc_status status;

	(void)out;
	SC_TRY(sc_core_request_check_peer(request, err));
	status = sc_adopt_change(request, leave, &world, err);
	if (request->has_changed)
		atomic_store(&request->session->dismisses_others, true);
	return status;
}
