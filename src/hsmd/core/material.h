/*
 * The material of a key: what its blob seals. An RSA or EC key is a private key, encoded as PKCS#8. A secret
 * key, AES or HMAC, is bytes, encoded as a salt of 32 bytes and then the key.
 *
 * The salt is drawn when a secret key is made and stays with it, so that the key's hash is the same in every
 * blob, statement and receipt, and is a commitment (rule F4) that reveals nothing about the key:
 *
 *   key hash = SHA-256("safeconduct secret key 1" ‖ 0 ‖ salt ‖ key)
 */
#ifndef SC_HSMD_CORE_MATERIAL_H
#define SC_HSMD_CORE_MATERIAL_H

#include <stdatomic.h>

#include <openssl/evp.h>

#include "base/secret.h"
#include "formats/key_type.h"

struct sc_material {
	struct sc_key_type type;
	EVP_PKEY *private_key;   /* RSA and EC, otherwise NULL */
	struct sc_secret secret; /* AES and HMAC */
	struct sc_hash salt;     /* AES and HMAC */
};

/* Frees and wipes. Accepts what is zero. */
void sc_material_free(struct sc_material *material);
SC_CLEANUP_VALUE(sc_material, sc_material_free)

/* Material that borrows a private key: the caller frees the key, not the material. SC_ERR_KEY_TYPE. */
sc_status sc_material_of(EVP_PKEY *key, struct sc_material *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Makes a new key of a known type, as sc_keygen does; `exponent` is for RSA keys only. A secret key and its
 * salt are random. The caller frees *out.
 */
sc_status sc_material_generate(const struct sc_key_type *type, struct sc_view exponent,
			       atomic_bool *is_abandoned, struct sc_material *out,
			       struct sc_error *err) SC_WARN_UNUSED;

/* The encoding that a blob seals. The caller frees *out. */
sc_status sc_material_encode(const struct sc_material *material, struct sc_secret *out,
			     struct sc_error *err) SC_WARN_UNUSED;

/*
 * Reads an encoding that has already been authenticated. SC_ERR_KEY_INVALID if it is not a key of that type.
 * The caller frees *out.
 */
sc_status sc_material_decode(const struct sc_key_type *type, struct sc_view encoded, struct sc_material *out,
			     struct sc_error *err) SC_WARN_UNUSED;

/* The public key, DER, empty for a secret key; and the key hash. The caller frees *spki. */
sc_status sc_material_public(const struct sc_material *material, struct sc_bytes *spki,
			     struct sc_hash *key_hash, struct sc_error *err) SC_WARN_UNUSED;

/* True if both are the same key with the same salt. Compares secrets in constant time. */
bool sc_material_equals(const struct sc_material *a, const struct sc_material *b);

/* Bytes of a result of the key: of a signature, or of an RSA block. 0 for a secret key. */
size_t sc_material_result_size(const struct sc_material *material);

#endif
