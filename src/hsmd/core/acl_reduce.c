/* ACL_REDUCE: another blob of a loaded key, with fewer permissions (rule M5). */
#include "hsmd/core/blob.h"
#include "hsmd/core/handlers.h"
#include "hsmd/core/permit.h"

/*
 * The blob repeats everything but the ACL. A failure may have spoilt the loaded key, which is then evicted
 * (M8).
 */
static sc_status seal(const struct sc_core_request *request, const struct sc_core_key *key,
		      const struct sc_acl *acl, struct sc_bytes *out, struct sc_error *err)
{
	const struct sc_key_blob_header *header = key->header;
	const struct sc_blob_request seal = {
		&key->material,  key->application,
		&key->owner,     acl,
		header->origin,  &header->package,
		header->created, sc_core_state_counter(request->module->state)
	};

	SC_TRY(sc_blob_seal(request->snapshot, &seal, out, NULL, err));
	return sc_module_check_memory(request->module, err);
}

sc_status sc_handle_acl_reduce(struct sc_core_request *request, const struct sc_acl_reduce_request *in,
			       struct sc_acl_reduce_response *out, struct sc_error *err)
{
	SC_CLEANUP(sc_core_key) key = NULL;
	SC_CLEANUP(sc_acl) acl = NULL;
	SC_CLEANUP(sc_bytes) blob = { 0 };
	sc_status status;

	SC_TRY(sc_permit(request, &in->key, in->owner, SC_PERMIT_REDUCE, 0, &key, err));
	SC_TRY(sc_acl_decode(in->acl, &acl, err));
	SC_ENSURE(sc_acl_is_part(acl, key->header->acl), err, SC_ERR_ACL,
		  "the new permissions are not a part of the key's");
	status = seal(request, key, acl, &blob, err);
	if (status != SC_OK) {
		sc_cache_forget(request->module->cache, key);
		return status;
	}
	out->blob = sc_core_request_keep(request, &blob);
	return SC_OK;
}
