/* Templates of the key blob: see key_blob.h. */
#include "formats/key_blob.h"

#include "formats/suite.h"

#define HEADER_FORMAT "safeconduct.key-blob.1"

ASN1_SEQUENCE(sc_key_blob_header) = {
	ASN1_EMBED(struct sc_key_blob_header, format, SC_DER_TEXT),
	ASN1_EMBED(struct sc_key_blob_header, suite, UINT32),
	ASN1_EMBED(struct sc_key_blob_header, world, SC_DER_HASH),
	ASN1_EMBED(struct sc_key_blob_header, km_generation, UINT32),
	ASN1_EMBED(struct sc_key_blob_header, salt, SC_DER_HASH),
	ASN1_EMBED(struct sc_key_blob_header, application, SC_DER_TEXT),
	ASN1_EMBED(struct sc_key_blob_header, type, sc_key_type),
	ASN1_EMBED(struct sc_key_blob_header, spki, SC_DER_OCTETS),
	ASN1_EMBED(struct sc_key_blob_header, key_hash, SC_DER_HASH),
	ASN1_EMBED(struct sc_key_blob_header, origin, UINT32),
	ASN1_IMP_OPT_EMBED(struct sc_key_blob_header, package, SC_DER_OPT_HASH, 0),
	ASN1_EMBED(struct sc_key_blob_header, created, SC_DER_TIME),
	ASN1_EMBED(struct sc_key_blob_header, state_counter, UINT64),
	ASN1_EMBED(struct sc_key_blob_header, owner, sc_owner),
	ASN1_SIMPLE(struct sc_key_blob_header, acl, sc_acl),
} ASN1_SEQUENCE_END_name(struct sc_key_blob_header, sc_key_blob_header)

ASN1_SEQUENCE(sc_key_blob) = {
	ASN1_SIMPLE(struct sc_key_blob, header, sc_key_blob_header),
	ASN1_EMBED(struct sc_key_blob, ciphertext, SC_DER_OCTETS),
	ASN1_EMBED(struct sc_key_blob, tag, SC_DER_OCTETS),
	ASN1_EMBED(struct sc_key_blob, commitment, SC_DER_HASH),
} ASN1_SEQUENCE_END_name(struct sc_key_blob, sc_key_blob)

static bool header_is_valid(const void *value)
{
	const struct sc_key_blob_header *header = value;

	return sc_suite_by_number(header->suite) && header->km_generation >= 1 &&
	       sc_key_type_is_known(&header->type) && sc_origin_is_known(header->origin) &&
	       header->application.s[0] && sc_spki_fits(&header->spki, &header->type) &&
	       sc_acl_is_valid(header->acl);
}

static bool blob_is_valid(const void *value)
{
	const struct sc_key_blob *blob = value;

	return header_is_valid(blob->header) && blob->ciphertext.len > 0 && blob->tag.len == SC_GCM_TAG_SIZE;
}

SC_DER_IMPLEMENT(sc_key_blob_header, HEADER_FORMAT, "key blob header", SC_KEY_BLOB_MAX, SC_DER_ELEMENTS,
		 header_is_valid)
SC_DER_IMPLEMENT_ENVELOPE(sc_key_blob, HEADER_FORMAT, "key blob", SC_KEY_BLOB_MAX, SC_DER_ELEMENTS,
			  blob_is_valid)

sc_status sc_key_blob_digest(struct sc_view der, struct sc_hash *out, struct sc_error *err)
{
	return sc_sha256(der, out, err);
}
