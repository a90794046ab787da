/*
 * TRANSFER_IMPORT: the vault's module (article step 5). The public parts of the package are checked first,
 * and each has its own refusal. Every failure after the KEK was used gets the same refusal (rule M6); the
 * reason goes to the module's own log.
 */
#include <string.h>

#include <openssl/err.h>

#include "evidence/signed_statement.h"
#include "formats/oid.h"
#include "formats/transfer_package.h"
#include "hsmd/core/attest_key.h"
#include "hsmd/core/blob.h"
#include "hsmd/core/handlers.h"
#include "hsmd/core/keycheck.h"
#include "hsmd/core/knso.h"
#include "hsmd/core/oaep.h"
#include "hsmd/core/permit.h"
#include "hsmd/core/private_use.h"
#include "hsmd/core/seal.h"

/* -- before the KEK is used: everything that the header says in the clear ---------------------- */

static sc_status check_arrival(const struct sc_transfer_header *header, const struct sc_hash *world,
			       struct sc_error *err)
{
	SC_CLEANUP(sc_acl) expected = NULL;

	SC_TRY(sc_acl_arrival(&header->type, world, &expected, err));
	SC_ENSURE(sc_acl_equals(header->arrival, expected), err, SC_ERR_TRANSFER_ACL,
		  "the package asks for permissions other than those of an imported key");
	return SC_OK;
}

static sc_status check_header(const struct sc_core_request *request, const struct sc_transfer_header *header,
			      const struct sc_core_key *kek, const struct sc_owner *owner,
			      struct sc_error *err)
{
	const struct sc_snapshot *s = request->snapshot;

	SC_ENSURE(sc_text_equals(&header->region, s->region.s), err, SC_ERR_TRANSFER_REGION,
		  "the package is made for region %s; this is region %s", header->region.s, s->region.s);
	SC_ENSURE(sc_hash_equals(&header->world, &s->world), err, SC_ERR_TRANSFER_WORLD,
		  "the package is made for another security world of region %s", header->region.s);
	SC_ENSURE(sc_hash_equals(&header->kek, &kek->header->key_hash), err, SC_ERR_TRANSFER_KEK,
		  "the package is made for another Key Exchange Key");
	SC_ENSURE(request->now <= header->not_after, err, SC_ERR_TRANSFER_EXPIRED, "the package has expired");
	SC_ENSURE(sc_text_equals(&header->subscription, owner->subscription.s), err,
		  SC_ERR_TRANSFER_SUBSCRIPTION, "the package is made for another subscription");
	return check_arrival(header, &s->world, err);
}

/* -- with the KEK ------------------------------------------------------------------------------ */

/*
 * Decrypts the content key. If OAEP refuses, a random key takes its place, so that both cases do the same
 * work and end in the same answer (rule M6).
 */
static sc_status decrypt_key(const struct sc_core_key *kek, struct sc_view encrypted,
			     const struct sc_hash *label, struct sc_secret *out, struct sc_error *err)
{
	SC_CLEANUP(sc_pkey_ctx) ctx = EVP_PKEY_CTX_new(kek->material.private_key, NULL);
	SC_CLEANUP(sc_secret) block = { 0 };
	SC_CLEANUP(sc_secret) key_or_random = { 0 };
	size_t len = (size_t)EVP_PKEY_get_size(kek->material.private_key);

	SC_TRY(sc_secret_random(SC_SEAL_KEY_SIZE, &key_or_random, err));
	SC_TRY(sc_secret_new(len, &block, err));
	if (!ctx || EVP_PKEY_decrypt_init(ctx) != 1 || !sc_oaep_with_label(ctx, label))
		return sc_fail_crypto(err, "RSA-OAEP");
	if (EVP_PKEY_decrypt(ctx, block.data, &len, encrypted.data, encrypted.len) == 1 &&
	    len == key_or_random.len)
		memcpy(key_or_random.data, block.data, len);
	ERR_clear_error();
	*out = sc_steal(key_or_random);
	return SC_OK;
}

/* What the package held, once opened and checked. */
struct arrived {
	struct sc_material key;
	uint32_t origin;
};

static void arrived_free(struct arrived *arrived)
{
	sc_material_free(&arrived->key);
}
SC_CLEANUP_VALUE(arrived, arrived_free)

/*
 * Decides the key's origin, which is permanent (rule F4). The source module's statement proves "byok" if it
 * chains to a root that this region trusts and is about this key, this package and the module and world in
 * the header. A statement that contradicts the package is an attack. A key that was once in the clear stays
 * marked as such.
 */
static sc_status judge_origin(const struct sc_core_request *request, const struct sc_transfer_header *header,
			      const struct sc_transfer_content *content, uint32_t *origin,
			      struct sc_error *err)
{
	const struct sc_evidence_trust trust = sc_snapshot_trust(request->snapshot, request->now);
	SC_CLEANUP(sc_evidence) evidence = NULL;
	const struct sc_key_statement *said;

	if (content->origin == SC_ORIGIN_IMPORTED_IN_CLEAR) {
		*origin = SC_ORIGIN_IMPORTED_IN_CLEAR;
		return SC_OK;
	}
	if (sc_statement_verify(sc_bytes_view(&content->statement), SC_OID_KEY_STATEMENT, &trust,
				SC_EVIDENCE_TIME_STATED, &evidence, err) != SC_OK) {
		/* "Unproven" is permanent, so it must not result from a momentary lack of memory. */
		SC_ENSURE(!sc_module_ran_out(request->module), err, SC_ERR_MEMORY,
			  "out of memory while verifying the source module's statement");
		sc_core_session_log(request->session, "transfer_import: origin not proven: %s", err->message);
		*origin = SC_ORIGIN_BYOK_UNPROVEN;
		return SC_OK;
	}
	said = evidence->key;
	SC_ENSURE(sc_hash_equals(&said->key_hash, &header->key_hash) &&
		      sc_hash_equals(&said->world, &header->source_world) &&
		      sc_text_equals(&said->esn, header->source_esn.s) && said->origin == content->origin &&
		      sc_view_equals(sc_bytes_view(&said->nonce), sc_hash_view(&content->header)),
		  err, SC_ERR_TRANSFER_REFUSED, "the source module's statement is about something else");
	*origin = said->origin == SC_ORIGIN_GENERATED ? SC_ORIGIN_BYOK : SC_ORIGIN_BYOK_UNPROVEN;
	return SC_OK;
}

static sc_status check_key(const struct sc_transfer_header *header, const struct sc_transfer_content *content,
			   struct sc_material *out, struct sc_error *err)
{
	SC_CLEANUP(sc_material) key = { 0 };
	SC_CLEANUP(sc_bytes) spki = { 0 };
	struct sc_hash hash;

	SC_TRY(sc_keycheck_material(sc_bytes_view(&content->key), &header->type, &key, err));
	SC_TRY(sc_material_public(&key, &spki, &hash, err));
	SC_ENSURE(sc_hash_equals(&hash, &header->key_hash), err, SC_ERR_KEY_INVALID,
		  "not the key that the header names");
	*out = sc_steal(key);
	return SC_OK;
}

static sc_status open_package(const struct sc_core_request *request,
			      const struct sc_transfer_package *package, const struct sc_core_key *kek,
			      struct arrived *out, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) content_key = { 0 };
	SC_CLEANUP(sc_secret) plain = { 0 };
	SC_CLEANUP(sc_transfer_content) content = NULL;
	SC_CLEANUP(arrived) arrived = { 0 };
	struct sc_hash digest;

	SC_TRY(sc_transfer_header_digest(package->header, &digest, err));
	SC_TRY(decrypt_key(kek, sc_bytes_view(&package->encrypted_key), &digest, &content_key, err));
	SC_TRY(sc_unseal(&content_key, sc_hash_view(&digest), sc_bytes_view(&package->ciphertext),
			 sc_bytes_view(&package->tag), &plain, err));
	SC_TRY(sc_transfer_content_decode(sc_secret_view(&plain), &content, err));
	SC_ENSURE(sc_hash_equals(&content->header, &digest), err, SC_ERR_TRANSFER_REFUSED,
		  "the content belongs to another header");
	SC_TRY(check_key(package->header, content, &arrived.key, err));
	SC_TRY(judge_origin(request, package->header, content, &arrived.origin, err));
	*out = sc_steal(arrived);
	return SC_OK;
}

/* -- the command ------------------------------------------------------------------------------- */

static sc_status seal_arrived(struct sc_core_request *request, const struct sc_transfer_package *package,
			      const struct arrived *arrived, const struct sc_owner *owner, struct sc_view der,
			      struct sc_transfer_import_response *out, struct sc_error *err)
{
	SC_CLEANUP(sc_core_key) key = NULL;
	SC_CLEANUP(sc_bytes) blob = { 0 };
	SC_CLEANUP(sc_bytes) spki = { 0 };
	SC_CLEANUP(sc_bytes) receipt = { 0 };
	struct sc_hash digest;

	SC_TRY(sc_sha256(der, &digest, err));
	const struct sc_blob_request seal = {
		&arrived->key,   SC_APPLICATION_VAULT,
		owner,           package->header->arrival,
		arrived->origin, &digest,
		request->now,    sc_core_state_counter(request->module->state)
	};
	SC_TRY(sc_blob_seal(request->snapshot, &seal, &blob, &key, err));
	SC_TRY(sc_bytes_copy(sc_bytes_view(&key->header->spki), &spki, err));
	SC_TRY(sc_attest_key(request, request->snapshot, key->header, (struct sc_view){ 0 }, NULL, &receipt,
			     err));
	out->blob = sc_core_request_keep(request, &blob);
	out->spki = sc_core_request_keep(request, &spki);
	out->receipt = sc_core_request_keep(request, &receipt);
	return SC_OK;
}

sc_status sc_handle_transfer_import(struct sc_core_request *request,
				    const struct sc_transfer_import_request *in,
				    struct sc_transfer_import_response *out, struct sc_error *err)
{
	SC_CLEANUP(sc_core_key) kek = NULL;
	SC_CLEANUP(sc_transfer_package) package = NULL;
	SC_CLEANUP(arrived) arrived = { 0 };
	struct sc_owner owner;
	sc_status status;

	SC_ENSURE(request->session->policy.make & SC_APPLICATION_VAULT, err, SC_ERR_OWNER,
		  "this socket does not import keys");
	SC_TRY(sc_permit_owner(request, in->owner, SC_APPLICATION_VAULT, &owner, err));
	SC_TRY(sc_permit(request, &in->kek, (struct sc_view){ 0 }, SC_PERMIT_USE, SC_USE_IMPORT_TRANSFER,
			 &kek, err));
	SC_TRY(sc_transfer_package_decode(in->package, &package, err));
	SC_TRY(check_header(request, package->header, kek, &owner, err));
	SC_ENSURE(package->encrypted_key.len == (size_t)EVP_PKEY_get_size(kek->material.private_key), err,
		  SC_ERR_ENCODING, "transfer package: the encrypted key has the wrong length");
	/* Memory is judged after all of it, so that the answer does not tell which step failed (rule M6). */
	status = open_package(request, package, kek, &arrived, err);
	status = sc_private_use_end(request, kek, status, err);
	if (status == SC_ERR_MEMORY)
		return status;
	if (status != SC_OK)
		return sc_fail_context(err, SC_ERR_TRANSFER_REFUSED, "the package");
	return seal_arrived(request, package, &arrived, &owner, in->package, out, err);
}
