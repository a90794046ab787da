/* Key blobs: see blob.h. */
#include "hsmd/core/blob.h"

#include "base/big_endian.h"
#include "base/os.h"
#include "hsmd/core/application.h"
#include "hsmd/core/seal.h"

#define KEY_CONTEXT        "safeconduct blob 1"
#define COMMITMENT_CONTEXT "safeconduct blob commitment 1"

/* One blob's two keys. */
struct blob_keys {
	struct sc_secret seal;
	struct sc_secret commit;
};

static void free_keys(struct blob_keys *keys)
{
	sc_secret_free(&keys->seal);
	sc_secret_free(&keys->commit);
}
SC_CLEANUP_VALUE(blob_keys, free_keys)

static sc_status derive_keys(const struct sc_snapshot *s, const struct sc_key_blob_header *header,
			     struct blob_keys *out, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) both = { 0 };
	SC_CLEANUP(blob_keys) keys = { 0 };
	struct sc_big_endian32 generation = sc_big_endian32_of(header->km_generation);
	struct sc_view parts[] = { sc_hash_view(&header->world), sc_big_endian32_view(&generation),
				   sc_hash_view(&header->key_hash) };

	SC_TRY(sc_derive(&s->km, sc_hash_view(&header->salt), KEY_CONTEXT, parts, 3,
			 SC_SEAL_KEY_SIZE + SC_HASH_SIZE, &both, err));
	SC_TRY(sc_secret_copy(sc_view_of(both.data, SC_SEAL_KEY_SIZE), &keys.seal, err));
	SC_TRY(sc_secret_copy(sc_view_of(both.data + SC_SEAL_KEY_SIZE, SC_HASH_SIZE), &keys.commit, err));
	*out = sc_steal(keys);
	return SC_OK;
}

static sc_status commitment(const struct blob_keys *keys, struct sc_view header, struct sc_view tag,
			    struct sc_hash *out, struct sc_error *err)
{
	struct sc_hash digest = { 0 };
	struct sc_view parts[] = { sc_hash_view(&digest), tag };

	SC_TRY(sc_sha256(header, &digest, err));
	return sc_hmac_parts(&keys->commit, COMMITMENT_CONTEXT, parts, 2, out, err);
}

/* -- sealing ----------------------------------------------------------------------------------- */

static sc_status fill_header(const struct sc_snapshot *s, const struct sc_blob_request *request,
			     struct sc_key_blob_header *header, struct sc_error *err)
{
	header->suite = s->suite;
	header->world = s->world;
	header->km_generation = s->km_generation;
	SC_TRY(sc_random(header->salt.b, sizeof header->salt.b, err));
	SC_TRY(
	    sc_text_set(&header->application, sc_application_name(request->application), "application", err));
	header->type = request->key->type;
	SC_TRY(sc_material_public(request->key, &header->spki, &header->key_hash, err));
	header->origin = request->origin;
	if (request->package)
		header->package = *request->package;
	header->created = request->now;
	header->state_counter = request->state_counter;
	header->owner = *request->owner;
	sc_acl_free(header->acl);
	header->acl = sc_acl_dup(request->acl);
	SC_TRY(sc_check_allocated(header->acl, err));
	return SC_OK;
}

static sc_status seal(const struct sc_snapshot *s, const struct sc_blob_request *request,
		      struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_key_blob) blob = sc_key_blob_new();
	SC_CLEANUP(sc_bytes) header = { 0 };
	SC_CLEANUP(sc_secret) material = { 0 };
	SC_CLEANUP(blob_keys) keys = { 0 };

	SC_TRY(sc_check_allocated(blob, err));
	SC_TRY(fill_header(s, request, blob->header, err));
	SC_TRY(sc_key_blob_header_encode(blob->header, &header, err));
	SC_TRY(derive_keys(s, blob->header, &keys, err));
	SC_TRY(sc_material_encode(request->key, &material, err));
	SC_TRY(sc_seal(&keys.seal, sc_bytes_view(&header), sc_secret_view(&material), &blob->ciphertext,
		       &blob->tag, err));
	SC_TRY(commitment(&keys, sc_bytes_view(&header), sc_bytes_view(&blob->tag), &blob->commitment, err));
	return sc_key_blob_encode(blob, out, err);
}

sc_status sc_blob_seal(const struct sc_snapshot *s, const struct sc_blob_request *request,
		       struct sc_bytes *out, struct sc_core_key **key, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_core_key) opened = NULL;

	SC_TRY(seal(s, request, &der, err));
	SC_TRY(sc_blob_open(s, sc_bytes_view(&der), &opened, err));
	SC_ENSURE(sc_material_equals(&opened->material, request->key), err, SC_ERR_CRYPTO,
		  "the new blob does not open to the key that it was made from");
	*out = sc_steal(der);
	if (key)
		*key = sc_steal(opened);
	return SC_OK;
}

/* -- opening ----------------------------------------------------------------------------------- */

static sc_status unseal(const struct sc_snapshot *s, const struct sc_key_blob *blob,
			struct sc_secret *material, struct sc_error *err)
{
	const struct sc_key_blob_header *h = blob->header;
	SC_CLEANUP(sc_bytes) header = { 0 };
	SC_CLEANUP(blob_keys) keys = { 0 };
	struct sc_hash expected;

	SC_ENSURE(sc_hash_equals(&h->world, &s->world) && h->suite == s->suite, err, SC_ERR_INTEGRITY,
		  "the blob belongs to another security world");
	SC_ENSURE(h->km_generation == s->km_generation, err, SC_ERR_INTEGRITY,
		  "the blob is under generation %u of the world's key; this module has generation %u",
		  h->km_generation, s->km_generation);
	SC_TRY(sc_key_blob_header_encode(h, &header, err));
	SC_TRY(derive_keys(s, h, &keys, err));
	SC_TRY(commitment(&keys, sc_bytes_view(&header), sc_bytes_view(&blob->tag), &expected, err));
	SC_ENSURE(sc_hash_equals(&expected, &blob->commitment), err, SC_ERR_INTEGRITY,
		  "the blob is altered, or was not sealed in this world");
	return sc_unseal(&keys.seal, sc_bytes_view(&header), sc_bytes_view(&blob->ciphertext),
			 sc_bytes_view(&blob->tag), material, err);
}

sc_status sc_blob_open(const struct sc_snapshot *s, struct sc_view der, struct sc_core_key **out,
		       struct sc_error *err)
{
	SC_CLEANUP(sc_key_blob) blob = NULL;
	SC_CLEANUP(sc_core_key) key = OPENSSL_zalloc(sizeof *key);
	SC_CLEANUP(sc_secret) material = { 0 };

	SC_TRY(sc_check_allocated(key, err));
	atomic_init(&key->references, 1);
	SC_TRY(sc_key_blob_decode(der, &blob, err));
	SC_TRY(unseal(s, blob, &material, err));
	SC_TRY(sc_material_decode(&blob->header->type, sc_secret_view(&material), &key->material, err));
	SC_TRY(sc_key_blob_digest(der, &key->digest, err));
	key->application = sc_application_by_name(blob->header->application.s);
	SC_ENSURE(key->application, err, SC_ERR_INTEGRITY,
		  "the blob's application is unknown to this module");
	key->owner = blob->header->owner;
	key->header = sc_steal(blob->header);
	*out = sc_steal(key);
	return SC_OK;
}
