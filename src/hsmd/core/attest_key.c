/*
 * Key statements: see attest_key.h. Every field comes from the sealed header or from the module itself (rule
 * F6).
 */
#include "hsmd/core/attest_key.h"

#include "base/version.h"

static sc_status fill(const struct sc_snapshot *s, const struct sc_key_blob_header *header,
		      struct sc_view nonce, int64_t now, struct sc_key_statement *out, struct sc_error *err)
{
	SC_TRY(sc_octets_set(&out->spki, sc_bytes_view(&header->spki), err));
	out->key_hash = header->key_hash;
	out->type = header->type;
	out->application = header->application;
	out->origin = header->origin;
	out->exportable = sc_acl_is_exportable(header->acl);
	out->owner = header->owner;
	sc_acl_free(out->acl);
	out->acl = sc_acl_dup(header->acl);
	SC_TRY(sc_check_allocated(out->acl, err));
	SC_TRY(sc_text_set(&out->protection, "module", "protection", err));
	out->suite = s->suite;
	out->world = s->world;
	out->region = s->region;
	out->hkm = s->hkm;
	out->esn = s->esn;
	SC_TRY(sc_text_set(&out->code_version, SC_VERSION, "version", err));
	out->time = now;
	SC_TRY(sc_octets_set(&out->nonce, nonce, err));
	out->package = header->package;
	return SC_OK;
}

sc_status sc_attest_key(const struct sc_core_request *request, const struct sc_snapshot *s,
			const struct sc_key_blob_header *header, struct sc_view nonce, X509 *kek,
			struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_key_statement) statement = sc_key_statement_new();
	SC_CLEANUP(sc_bytes) signed_statement = { 0 };
	struct sc_statement_signer signer = sc_snapshot_signer(s);

	SC_TRY(sc_check_allocated(statement, err));
	SC_TRY(fill(s, header, nonce, request->now, statement, err));
	SC_TRY(sc_statement_sign_key(&signer, statement, kek, &signed_statement, err));
	SC_TRY(sc_module_check_memory(request->module, err));
	*out = sc_steal(signed_statement);
	return SC_OK;
}
