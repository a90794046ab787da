/*
 * Sealing key blobs under KM and opening them (rule F3):
 *
 *   keys       = HKDF-SHA-256(KM, salt, "safeconduct blob 1" ‖ 0 ‖ world id ‖ KM generation ‖ key hash),
 *                64 bytes
 *   ciphertext = AES-256-GCM(keys[0..31], nonce 0, header DER, material)   (material.h)
 *   commitment = HMAC-SHA-256(keys[32..63], "safeconduct blob commitment 1" ‖ 0 ‖ SHA-256(header DER) ‖ tag)
 *
 * The commitment makes a blob open under one KM only, which GCM alone does not.
 */
#ifndef SC_HSMD_CORE_BLOB_H
#define SC_HSMD_CORE_BLOB_H

#include "hsmd/core/cache.h"
#include "hsmd/core/snapshot.h"

/* What a new blob says about its key; the rest comes from the snapshot and the key. Pointers are borrowed. */
struct sc_blob_request {
	const struct sc_material *key;
	uint32_t application; /* enum sc_application */
	const struct sc_owner *owner;
	const struct sc_acl *acl;
	uint32_t origin;
	const struct sc_hash *package; /* hash of the transfer package, or NULL */
	int64_t now;
	uint64_t state_counter;
};

/* Seals a blob, then opens it once to prove it (rule M8). `key`, unless NULL, receives the opened key. */
sc_status sc_blob_seal(const struct sc_snapshot *snapshot, const struct sc_blob_request *request,
		       struct sc_bytes *out, struct sc_core_key **key, struct sc_error *err) SC_WARN_UNUSED;

/* Opens a blob of this world, or SC_ERR_INTEGRITY. The caller holds the only reference to *out. */
sc_status sc_blob_open(const struct sc_snapshot *snapshot, struct sc_view der, struct sc_core_key **out,
		       struct sc_error *err) SC_WARN_UNUSED;

#endif
