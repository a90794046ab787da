/*
 * The key blob: how a key is kept outside the module, sealed under the world's module key KM (rule F3).
 *
 *   KeyBlob ::= SEQUENCE { header KeyBlobHeader, ciphertext OCTET STRING, tag OCTET STRING (16),
 *                          commitment OCTET STRING (32) }
 *
 * The header is public, and all of it is authenticated. hsmd/core/blob.c seals and opens blobs.
 */
#ifndef SC_FORMATS_KEY_BLOB_H
#define SC_FORMATS_KEY_BLOB_H

#include "formats/acl.h"
#include "formats/key_type.h"
#include "formats/owner.h"

#define SC_GCM_TAG_SIZE 16

struct sc_key_blob_header {
	struct sc_text format; /* "safeconduct.key-blob.1" */
	uint32_t suite;        /* enum sc_suite */
	struct sc_hash world;
	uint32_t km_generation;
	struct sc_hash salt; /* fresh for every blob, so that each sealing key is used once */
	struct sc_text application;
	struct sc_key_type type;
	struct sc_bytes spki; /* empty for a secret key */
	struct sc_hash key_hash;
	uint32_t origin;        /* enum sc_origin */
	struct sc_hash package; /* SHA-256 of the transfer package it came in; absent otherwise */
	int64_t created;
	uint64_t state_counter; /* of the module's state when the blob was made (M11) */
	struct sc_owner owner;
	struct sc_acl *acl;
};

struct sc_key_blob {
	struct sc_key_blob_header *header;
	struct sc_bytes ciphertext;
	struct sc_bytes tag;
	struct sc_hash commitment;
};

#define SC_KEY_BLOB_MAX 16384
SC_DER_DECLARE(sc_key_blob_header)
SC_DER_DECLARE(sc_key_blob)

/* The name of a loaded key: SHA-256 of its blob's DER. */
sc_status sc_key_blob_digest(struct sc_view der, struct sc_hash *out, struct sc_error *err) SC_WARN_UNUSED;

#endif
