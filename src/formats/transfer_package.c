/* Templates of the transfer package: see transfer_package.h. */
#include "formats/transfer_package.h"

#include <string.h>

#include "formats/guid.h"
#include "formats/key_blob.h"
#include "formats/vault_name.h"

#define HEADER_FORMAT  "safeconduct.transfer.1"
#define CONTENT_FORMAT "safeconduct.transfer-content.1"

ASN1_SEQUENCE(sc_transfer_header) = {
	ASN1_EMBED(struct sc_transfer_header, format, SC_DER_TEXT),
	ASN1_EMBED(struct sc_transfer_header, suite, UINT32),
	ASN1_EMBED(struct sc_transfer_header, region, SC_DER_TEXT),
	ASN1_EMBED(struct sc_transfer_header, world, SC_DER_HASH),
	ASN1_EMBED(struct sc_transfer_header, kek, SC_DER_HASH),
	ASN1_EMBED(struct sc_transfer_header, subscription, SC_DER_TEXT),
	ASN1_EMBED(struct sc_transfer_header, friendly_name, SC_DER_TEXT),
	ASN1_EMBED(struct sc_transfer_header, type, sc_key_type),
	ASN1_EMBED(struct sc_transfer_header, key_hash, SC_DER_HASH),
	ASN1_SIMPLE(struct sc_transfer_header, arrival, sc_acl),
	ASN1_EMBED(struct sc_transfer_header, package_id, SC_DER_OCTETS),
	ASN1_EMBED(struct sc_transfer_header, created, SC_DER_TIME),
	ASN1_EMBED(struct sc_transfer_header, not_after, SC_DER_TIME),
	ASN1_EMBED(struct sc_transfer_header, source_world, SC_DER_HASH),
	ASN1_EMBED(struct sc_transfer_header, source_esn, SC_DER_TEXT),
} ASN1_SEQUENCE_END_name(struct sc_transfer_header, sc_transfer_header)

ASN1_SEQUENCE(sc_transfer_package) = {
	ASN1_SIMPLE(struct sc_transfer_package, header, sc_transfer_header),
	ASN1_EMBED(struct sc_transfer_package, encrypted_key, SC_DER_OCTETS),
	ASN1_EMBED(struct sc_transfer_package, ciphertext, SC_DER_OCTETS),
	ASN1_EMBED(struct sc_transfer_package, tag, SC_DER_OCTETS),
} ASN1_SEQUENCE_END_name(struct sc_transfer_package, sc_transfer_package)

ASN1_SEQUENCE(sc_transfer_content) = {
	ASN1_EMBED(struct sc_transfer_content, format, SC_DER_TEXT),
	ASN1_EMBED(struct sc_transfer_content, header, SC_DER_HASH),
	ASN1_EMBED(struct sc_transfer_content, key, SC_DER_OCTETS),
	ASN1_EMBED(struct sc_transfer_content, origin, UINT32),
	ASN1_EMBED(struct sc_transfer_content, statement, SC_DER_OCTETS),
} ASN1_SEQUENCE_END_name(struct sc_transfer_content, sc_transfer_content)

static bool header_is_valid(const void *value)
{
	const struct sc_transfer_header *h = value;

	return h->suite == SC_TRANSFER_SUITE && h->region.s[0] && sc_guid_is_lower(h->subscription.s) &&
	       sc_friendly_name_is_valid(h->friendly_name.s) && sc_key_type_is_known(&h->type) &&
	       sc_acl_is_valid(h->arrival) && h->package_id.len == SC_PACKAGE_ID_SIZE &&
	       h->not_after > h->created && h->source_esn.s[0];
}

static bool package_is_valid(const void *value)
{
	const struct sc_transfer_package *package = value;

	return header_is_valid(package->header) && package->encrypted_key.len > 0 &&
	       package->ciphertext.len > 0 && package->tag.len == SC_GCM_TAG_SIZE;
}

static bool content_is_valid(const void *value)
{
	const struct sc_transfer_content *content = value;

	return sc_origin_is_known(content->origin) && content->key.len > 0;
}

SC_DER_IMPLEMENT(sc_transfer_header, HEADER_FORMAT, "transfer header", SC_TRANSFER_MAX, SC_DER_ELEMENTS,
		 header_is_valid)
SC_DER_IMPLEMENT_ENVELOPE(sc_transfer_package, HEADER_FORMAT, "transfer package", SC_TRANSFER_MAX,
			  SC_DER_ELEMENTS, package_is_valid)
SC_DER_IMPLEMENT(sc_transfer_content, CONTENT_FORMAT, "transfer content", SC_TRANSFER_MAX, SC_DER_ELEMENTS,
		 content_is_valid)

sc_status sc_transfer_header_digest(const struct sc_transfer_header *header, struct sc_hash *out,
				    struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) der = { 0 };

	SC_TRY(sc_transfer_header_encode(header, &der, err));
	return sc_sha256(sc_bytes_view(&der), out, err);
}

bool sc_friendly_name_is_valid(const char *text)
{
	size_t len = strspn(text, SC_NAME_ALPHABET);

	return len >= 1 && len <= 64 && text[len] == '\0';
}
