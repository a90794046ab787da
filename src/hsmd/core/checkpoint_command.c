/* CHECKPOINT: a statement over a hash that the caller gives (rule F6). */
#include "base/version.h"
#include "hsmd/core/handlers.h"
#include "hsmd/core/operations.h"

static sc_status fill(const struct sc_core_request *request, const struct sc_hash *digest,
		      struct sc_checkpoint *out, struct sc_error *err)
{
	const struct sc_snapshot *s = request->snapshot;

	SC_TRY(sc_operations_checkpoint(request->session->operations, out, err));
	out->digest = *digest;
	out->world = s->world;
	out->region = s->region;
	out->hkm = s->hkm;
	out->esn = s->esn;
	out->time = request->now;
	return sc_text_set(&out->code_version, SC_VERSION, "version", err);
}

sc_status sc_handle_checkpoint(struct sc_core_request *request, const struct sc_checkpoint_request *in,
			       struct sc_checkpoint_response *out, struct sc_error *err)
{
	SC_CLEANUP(sc_checkpoint) checkpoint = sc_checkpoint_new();
	SC_CLEANUP(sc_bytes) statement = { 0 };
	struct sc_statement_signer signer = sc_snapshot_signer(request->snapshot);

	SC_TRY(sc_check_allocated(checkpoint, err));
	SC_TRY(fill(request, &in->digest, checkpoint, err));
	SC_TRY(sc_statement_sign_checkpoint(&signer, checkpoint, &statement, err));
	SC_TRY(sc_module_check_memory(request->module, err));
	out->statement = sc_core_request_keep(request, &statement);
	return SC_OK;
}
