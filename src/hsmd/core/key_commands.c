/* KEY_GENERATE, KEY_LOAD, KEY_INFO, KEY_ATTEST, KEY_FORGET. */
#include "hsmd/core/attest_key.h"
#include "hsmd/core/blob.h"
#include "hsmd/core/handlers.h"
#include "hsmd/core/permit.h"

/* The application that a request names. SC_ERR_ARGUMENT if it is unknown. */
static sc_status application_of(struct sc_view name, uint32_t *out, struct sc_error *err)
{
	struct sc_text text;
	uint32_t application;

	SC_TRY(sc_text_set_view(&text, name, "application", err));
	application = sc_application_by_name(text.s);
	SC_ENSURE(application, err, SC_ERR_ARGUMENT, "application %s is unknown", text.s);
	*out = application;
	return SC_OK;
}

sc_status sc_handle_key_generate(struct sc_core_request *request, const struct sc_key_generate_request *in,
				 struct sc_key_generate_response *out, struct sc_error *err)
{
	const struct sc_key_type type = { in->algorithm, in->bits };
	SC_CLEANUP(sc_material) key = { 0 };
	SC_CLEANUP(sc_acl) acl = NULL;
	SC_CLEANUP(sc_core_key) loaded = NULL;
	SC_CLEANUP(sc_bytes) blob = { 0 };
	SC_CLEANUP(sc_bytes) spki = { 0 };
	struct sc_owner owner;
	uint32_t application = 0;

	SC_TRY(application_of(in->application, &application, err));
	SC_ENSURE(request->session->policy.make & application, err, SC_ERR_OWNER,
		  "this socket does not make %s keys", sc_application_name(application));
	SC_TRY(sc_permit_owner(request, in->owner, application, &owner, err));
	SC_ENSURE(sc_key_type_is_known(&type), err, SC_ERR_KEY_TYPE,
		  "that type or size of key is not supported");
	SC_TRY(sc_permit_new_acl(request->snapshot, application, &type, in->uses, &acl, err));
	SC_TRY(sc_material_generate(&type, in->exponent, &request->session->is_abandoned, &key, err));
	const struct sc_blob_request seal = { &key,
					      application,
					      &owner,
					      acl,
					      SC_ORIGIN_GENERATED,
					      NULL,
					      request->now,
					      sc_core_state_counter(request->module->state) };
	SC_TRY(sc_blob_seal(request->snapshot, &seal, &blob, &loaded, err));
	SC_TRY(sc_module_check_memory(request->module, err));
	SC_TRY(sc_bytes_copy(sc_bytes_view(&loaded->header->spki), &spki, err));
	out->key_hash = loaded->header->key_hash;
	out->blob = sc_core_request_keep(request, &blob);
	out->spki = sc_core_request_keep(request, &spki);
	return SC_OK;
}

/*
 * Opens a blob, and counts what the key takes: what this thread has allocated and kept, and what libcrypto
 * adds to the key at its first use.
 */
static sc_status open_key(struct sc_core_request *request, struct sc_view blob, struct sc_core_key **out,
			  struct sc_error *err)
{
	const struct sc_module_host *host = &request->module->host;
	uint64_t failures = host->failures(host->context);
	int64_t before = host->held(host->context);

	SC_TRY(sc_blob_open(request->snapshot, blob, out, err));
	(*out)->failures = failures;
	(*out)->size = (size_t)(host->held(host->context) - before) +
		       SC_CORE_KEY_USE * sc_material_result_size(&(*out)->material);
	return SC_OK;
}

/* Nothing changes before the key is open and permitted: a request that is refused evicts no key (M12). */
sc_status sc_handle_key_load(struct sc_core_request *request, const struct sc_key_load_request *in,
			     struct sc_key_load_response *out, struct sc_error *err)
{
	SC_CLEANUP(sc_core_key) key = NULL;

	SC_TRY(open_key(request, in->blob, &key, err));
	SC_TRY(sc_permit_load(request, key, err));
	SC_ENSURE(sc_cache_put(request->module->cache, key), err, SC_ERR_MODULE_FULL,
		  "the key is larger than the memory for loaded keys: raise --arena");
	out->key = key->digest;
	return SC_OK;
}

sc_status sc_handle_key_info(struct sc_core_request *request, const struct sc_key_info_request *in,
			     struct sc_key_info_response *out, struct sc_error *err)
{
	SC_CLEANUP(sc_core_key) key = NULL;
	SC_CLEANUP(sc_bytes) acl = { 0 };
	SC_CLEANUP(sc_bytes) spki = { 0 };
	const struct sc_key_blob_header *header;

	SC_TRY(sc_permit(request, &in->key, in->owner, SC_PERMIT_LOOK, 0, &key, err));
	header = key->header;
	SC_TRY(sc_acl_encode(header->acl, &acl, err));
	SC_TRY(sc_bytes_copy(sc_bytes_view(&header->spki), &spki, err));
	out->application = sc_view_text(sc_application_name(key->application));
	out->algorithm = header->type.algorithm;
	out->bits = header->type.bits;
	out->spki = sc_core_request_keep(request, &spki);
	out->key_hash = header->key_hash;
	out->origin = header->origin;
	out->acl = sc_core_request_keep(request, &acl);
	return SC_OK;
}

sc_status sc_handle_key_attest(struct sc_core_request *request, const struct sc_key_attest_request *in,
			       struct sc_key_attest_response *out, struct sc_error *err)
{
	SC_CLEANUP(sc_core_key) key = NULL;
	SC_CLEANUP(sc_bytes) statement = { 0 };

	SC_TRY(sc_permit(request, &in->key, in->owner, SC_PERMIT_LOOK, 0, &key, err));
	SC_TRY(sc_attest_key(request, request->snapshot, key->header, in->nonce, NULL, &statement, err));
	out->statement = sc_core_request_keep(request, &statement);
	return SC_OK;
}

sc_status sc_handle_key_forget(struct sc_core_request *request, const struct sc_key_forget_request *in,
			       struct sc_key_forget_response *out, struct sc_error *err)
{
	SC_CLEANUP(sc_core_key) key = NULL;

	(void)out;
	SC_TRY(sc_permit(request, &in->key, in->owner, SC_PERMIT_LOOK, 0, &key, err));
	sc_cache_forget(request->module->cache, key);
	return SC_OK;
}
