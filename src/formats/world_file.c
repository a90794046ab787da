/* The security world's file: see world_file.h. */
#include "formats/world_file.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/big_endian.h"
#include "base/libcrypto.h"
#include "formats/key_blob.h"
#include "formats/key_type.h"
#include "formats/signed_data.h"
#include "formats/suite.h"

#define BODY_FORMAT "safeconduct.world.1"

ASN1_SEQUENCE(sc_wrapped_key) = {
	ASN1_EMBED(struct sc_wrapped_key, salt, SC_DER_HASH),
	ASN1_EMBED(struct sc_wrapped_key, ciphertext, SC_DER_OCTETS),
	ASN1_EMBED(struct sc_wrapped_key, tag, SC_DER_OCTETS),
} static_ASN1_SEQUENCE_END_name(struct sc_wrapped_key, sc_wrapped_key)

ASN1_SEQUENCE(sc_source_root) = {
	ASN1_EMBED(struct sc_source_root, certificate, SC_DER_OCTETS),
} ASN1_SEQUENCE_END_name(struct sc_source_root, sc_source_root)

ASN1_SEQUENCE(sc_revoked_esn) = {
	ASN1_EMBED(struct sc_revoked_esn, esn, SC_DER_TEXT),
} ASN1_SEQUENCE_END_name(struct sc_revoked_esn, sc_revoked_esn)

ASN1_SEQUENCE(sc_retired_kek) = {
	ASN1_EMBED(struct sc_retired_kek, key_hash, SC_DER_HASH),
} ASN1_SEQUENCE_END_name(struct sc_retired_kek, sc_retired_kek)

ASN1_SEQUENCE(sc_world_body) = {
	ASN1_EMBED(struct sc_world_body, format, SC_DER_TEXT),
	ASN1_EMBED(struct sc_world_body, suite, UINT32),
	ASN1_EMBED(struct sc_world_body, id, SC_DER_HASH),
	ASN1_EMBED(struct sc_world_body, knso, SC_DER_OCTETS),
	ASN1_EMBED(struct sc_world_body, hkm, SC_DER_HASH),
	ASN1_EMBED(struct sc_world_body, km_generation, UINT32),
	ASN1_EMBED(struct sc_world_body, set, SC_DER_HASH),
	ASN1_EMBED(struct sc_world_body, set_generation, UINT32),
	ASN1_EMBED(struct sc_world_body, k, UINT32),
	ASN1_EMBED(struct sc_world_body, n, UINT32),
	ASN1_EMBED(struct sc_world_body, sequence, UINT64),
	ASN1_EMBED(struct sc_world_body, is_final, SC_DER_FLAG),
	ASN1_EMBED(struct sc_world_body, created, SC_DER_TIME),
	ASN1_EMBED(struct sc_world_body, wrapped_km, sc_wrapped_key),
	ASN1_EMBED(struct sc_world_body, wrapped_knso, sc_wrapped_key),
	ASN1_EMBED(struct sc_world_body, statement, SC_DER_OCTETS),
	ASN1_IMP_OPT_EMBED(struct sc_world_body, region_certificate, SC_DER_OPT_OCTETS, 0),
	ASN1_SEQUENCE_OF(struct sc_world_body, roots, sc_source_root),
	ASN1_SEQUENCE_OF(struct sc_world_body, revoked, sc_revoked_esn),
	ASN1_SEQUENCE_OF(struct sc_world_body, retired, sc_retired_kek),
} ASN1_SEQUENCE_END_name(struct sc_world_body, sc_world_body)

ASN1_SEQUENCE(sc_world_file) = {
	ASN1_SIMPLE(struct sc_world_file, body, sc_world_body),
	ASN1_EMBED(struct sc_world_file, signature, SC_DER_OCTETS),
} ASN1_SEQUENCE_END_name(struct sc_world_file, sc_world_file)

bool sc_source_roots_are_valid(const STACK_OF(sc_source_root) *roots)
{
	for (int i = 0; i < sk_sc_source_root_num(roots); i++)
		if (!sc_x509_fits(&sk_sc_source_root_value(roots, i)->certificate))
			return false;
	return sk_sc_source_root_num(roots) <= SC_ROOTS_MAX;
}

static bool wrapped_is_valid(const struct sc_wrapped_key *wrapped)
{
	return wrapped->ciphertext.len > 0 && wrapped->tag.len == SC_GCM_TAG_SIZE;
}

static bool body_is_valid(const void *value)
{
	const struct sc_world_body *body = value;

	return sc_suite_by_number(body->suite) && body->k >= 1 && body->k <= body->n &&
	       body->n <= SC_CARDS_MAX && body->km_generation >= 1 && body->set_generation >= 1 &&
	       body->knso.len > 0 && body->knso.len <= SC_SPKI_MAX &&
	       (!body->region_certificate.data || sc_x509_fits(&body->region_certificate)) &&
	       wrapped_is_valid(&body->wrapped_km) && wrapped_is_valid(&body->wrapped_knso) &&
	       sc_source_roots_are_valid(body->roots) &&
	       sk_sc_revoked_esn_num(body->revoked) <= SC_REVOKED_MAX &&
	       sk_sc_retired_kek_num(body->retired) <= SC_RETIRED_MAX;
}

static bool file_is_valid(const void *value)
{
	const struct sc_world_file *file = value;

	return body_is_valid(file->body) && file->signature.len > 0;
}

SC_DER_IMPLEMENT(sc_world_body, BODY_FORMAT, "world", SC_WORLD_MAX, SC_WORLD_ELEMENTS, body_is_valid)
SC_DER_IMPLEMENT_ENVELOPE(sc_world_file, BODY_FORMAT, "world file", SC_WORLD_MAX, SC_WORLD_ELEMENTS,
			  file_is_valid)

sc_status sc_world_id(struct sc_view knso, const struct sc_hash *hkm, uint32_t suite, struct sc_hash *out,
		      struct sc_error *err)
{
	struct sc_big_endian32 number = sc_big_endian32_of(suite);
	struct sc_hash knso_hash = { 0 };
	struct sc_view parts[] = { sc_hash_view(&knso_hash), sc_hash_view(hkm),
				   sc_big_endian32_view(&number) };

	SC_TRY(sc_key_hash(knso, &knso_hash, err));
	return sc_hash_parts("safeconduct world 1", parts, 3, out, err);
}

sc_status sc_world_digest(const struct sc_world_body *body, struct sc_hash *out, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	struct sc_view part;

	SC_TRY(sc_world_body_encode(body, &der, err));
	part = sc_bytes_view(&der);
	return sc_hash_parts("safeconduct world file 1", &part, 1, out, err);
}

sc_status sc_world_file_verify(const struct sc_world_file *file, struct sc_error *err)
{
	const struct sc_world_body *body = file->body;
	SC_CLEANUP(sc_pkey) knso = NULL;
	SC_CLEANUP(sc_pkey_ctx) ctx = NULL;
	struct sc_hash id;
	struct sc_hash digest;
	bool ok;

	SC_TRY(sc_world_id(sc_bytes_view(&body->knso), &body->hkm, body->suite, &id, err));
	SC_ENSURE(sc_hash_equals(&id, &body->id), err, SC_ERR_INTEGRITY,
		  "world file: its id does not match its keys");
	SC_TRY(sc_spki_read(sc_bytes_view(&body->knso), &knso, err));
	SC_TRY(sc_world_digest(body, &digest, err));
	ctx = EVP_PKEY_CTX_new(knso, NULL);
	ok = ctx && EVP_PKEY_verify_init(ctx) == 1 &&
	     EVP_PKEY_verify(ctx, file->signature.data, file->signature.len, digest.b, sizeof digest.b) == 1;
	ERR_clear_error();
	SC_ENSURE(ok, err, SC_ERR_INTEGRITY, "world file: altered since its security officer key signed it");
	return SC_OK;
}
