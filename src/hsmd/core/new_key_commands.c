/* KEY_GENERATE and KEY_IMPORT: a new key, made here or brought in the clear. */
#include "hsmd/core/blob.h"
#include "hsmd/core/handlers.h"
#include "hsmd/core/keycheck.h"
#include "hsmd/core/permit.h"

/* Whose the new key is and what it may do, once that is permitted. */
struct new_key {
	uint32_t application; /* enum sc_application */
	struct sc_owner owner;
	struct sc_acl *acl;
	uint32_t origin; /* enum sc_origin */
};

static void new_key_free(struct new_key *key)
{
	sc_acl_free(key->acl);
}
SC_CLEANUP_VALUE(new_key, new_key_free)

/*
 * Fills in what is permitted, before any work. SC_ERR_ARGUMENT for an unknown application. The caller frees
 * *out.
 */
static sc_status permit(const struct sc_core_request *request, struct sc_view application,
			struct sc_view owner, const struct sc_key_type *type, uint32_t uses,
			struct new_key *out, struct sc_error *err)
{
	SC_CLEANUP(new_key) key = { 0 };
	struct sc_text name;

	SC_TRY(sc_text_set_view(&name, application, "application", err));
	key.application = sc_application_by_name(name.s);
	SC_ENSURE(key.application, err, SC_ERR_ARGUMENT, "application %s is unknown", name.s);
	SC_ENSURE(request->session->policy.make & key.application, err, SC_ERR_OWNER,
		  "this socket does not make %s keys", name.s);
	SC_TRY(sc_permit_owner(request, owner, key.application, &key.owner, err));
	SC_ENSURE(sc_key_type_is_known(type), err, SC_ERR_KEY_TYPE,
		  "that type or size of key is not supported");
	SC_TRY(sc_permit_new_acl(request->snapshot, key.application, type, uses, &key.acl, err));
	*out = sc_steal(key);
	return SC_OK;
}

/* The answer of both commands. */
struct sealed {
	struct sc_view blob;
	struct sc_view spki;
	struct sc_hash key_hash;
};

static sc_status seal(struct sc_core_request *request, const struct sc_material *material,
		      const struct new_key *key, struct sealed *out, struct sc_error *err)
{
	const struct sc_blob_request seal = { material,     key->application,
					      &key->owner,  key->acl,
					      key->origin,  NULL,
					      request->now, sc_core_state_counter(request->module->state) };
	SC_CLEANUP(sc_core_key) loaded = NULL;
	SC_CLEANUP(sc_bytes) blob = { 0 };
	SC_CLEANUP(sc_bytes) spki = { 0 };

	SC_TRY(sc_blob_seal(request->snapshot, &seal, &blob, &loaded, err));
	SC_TRY(sc_module_check_memory(request->module, err));
	SC_TRY(sc_bytes_copy(sc_bytes_view(&loaded->header->spki), &spki, err));
	out->key_hash = loaded->header->key_hash;
	out->blob = sc_core_request_keep(request, &blob);
	out->spki = sc_core_request_keep(request, &spki);
	return SC_OK;
}

sc_status sc_handle_key_generate(struct sc_core_request *request, const struct sc_key_generate_request *in,
				 struct sc_key_generate_response *out, struct sc_error *err)
{
	const struct sc_key_type type = { in->algorithm, in->bits };
	SC_CLEANUP(new_key) key = { 0 };
	SC_CLEANUP(sc_material) material = { 0 };
	struct sealed sealed;

	SC_TRY(permit(request, in->application, in->owner, &type, in->uses, &key, err));
	key.origin = SC_ORIGIN_GENERATED;
	SC_TRY(sc_material_generate(&type, in->exponent, &request->session->is_abandoned, &material, err));
	SC_TRY(seal(request, &material, &key, &sealed, err));
	*out = (struct sc_key_generate_response){ sealed.blob, sealed.spki, sealed.key_hash };
	return SC_OK;
}

/* The key is in the clear outside, so each refusal may name what is wrong with it. */
sc_status sc_handle_key_import(struct sc_core_request *request, const struct sc_key_import_request *in,
			       struct sc_key_import_response *out, struct sc_error *err)
{
	const struct sc_key_type type = { in->algorithm, in->bits };
	SC_CLEANUP(new_key) key = { 0 };
	SC_CLEANUP(sc_material) material = { 0 };
	struct sealed sealed;

	SC_TRY(permit(request, in->application, in->owner, &type, in->uses, &key, err));
	SC_ENSURE(key.application & (SC_APPLICATION_SIMPLE | SC_APPLICATION_VAULT), err, SC_ERR_OWNER,
		  "%s keys are made in a module, not imported", sc_application_name(key.application));
	key.origin = SC_ORIGIN_IMPORTED_IN_CLEAR;
	SC_TRY(sc_keycheck_clear(in->material, &type, &material, err));
	SC_TRY(seal(request, &material, &key, &sealed, err));
	*out = (struct sc_key_import_response){ sealed.blob, sealed.spki, sealed.key_hash };
	return SC_OK;
}
