/* The material of keys: see material.h. */
#include "hsmd/core/material.h"

#include <string.h>

#include "base/os.h"
#include "hsmd/core/keygen.h"

#define HASH_CONTEXT "safeconduct secret key 1"

void sc_material_free(struct sc_material *material)
{
	EVP_PKEY_free(material->private_key);
	sc_secret_free(&material->secret);
	*material = (struct sc_material){ 0 };
}

sc_status sc_material_of(EVP_PKEY *key, struct sc_material *out, struct sc_error *err)
{
	struct sc_material material = { .private_key = key };

	SC_TRY(sc_key_type_of(key, &material.type, err));
	*out = material;
	return SC_OK;
}

sc_status sc_material_generate(const struct sc_key_type *type, struct sc_view exponent,
			       atomic_bool *is_abandoned, struct sc_material *out, struct sc_error *err)
{
	SC_CLEANUP(sc_material) material = { .type = *type };

	SC_ENSURE(sc_key_type_is_known(type), err, SC_ERR_KEY_TYPE,
		  "that type or size of key is not supported");
	if (sc_key_type_is_secret(type)) {
		SC_ENSURE(exponent.len == 0, err, SC_ERR_ARGUMENT, "a secret key has no public exponent");
		SC_TRY(sc_random(material.salt.b, sizeof material.salt.b, err));
		SC_TRY(sc_secret_random(type->bits / 8, &material.secret, err));
	} else {
		SC_TRY(sc_keygen(type, exponent, is_abandoned, &material.private_key, err));
	}
	*out = sc_steal(material);
	return SC_OK;
}

sc_status sc_material_encode(const struct sc_material *material, struct sc_secret *out, struct sc_error *err)
{
	const struct sc_secret *secret = &material->secret;
	SC_CLEANUP(sc_secret) encoded = { 0 };

	if (material->private_key)
		return sc_pkcs8_encode(material->private_key, out, err);
	SC_TRY(sc_secret_new(SC_HASH_SIZE + secret->len, &encoded, err));
	memcpy(encoded.data, material->salt.b, SC_HASH_SIZE);
	memcpy(encoded.data + SC_HASH_SIZE, secret->data, secret->len);
	*out = sc_steal(encoded);
	return SC_OK;
}

static sc_status decode_secret(struct sc_view encoded, struct sc_material *material, struct sc_error *err)
{
	size_t len = material->type.bits / 8;

	SC_ENSURE(encoded.len == SC_HASH_SIZE + len, err, SC_ERR_KEY_INVALID,
		  "secret key: not a salt of %d bytes and a key of %zu", SC_HASH_SIZE, len);
	memcpy(material->salt.b, encoded.data, SC_HASH_SIZE);
	return sc_secret_copy(sc_view_of(encoded.data + SC_HASH_SIZE, len), &material->secret, err);
}

sc_status sc_material_decode(const struct sc_key_type *type, struct sc_view encoded, struct sc_material *out,
			     struct sc_error *err)
{
	SC_CLEANUP(sc_material) material = { .type = *type };

	if (sc_key_type_is_secret(type))
		SC_TRY(decode_secret(encoded, &material, err));
	else
		SC_TRY(sc_pkcs8_decode(encoded, &material.private_key, err));
	*out = sc_steal(material);
	return SC_OK;
}

sc_status sc_material_public(const struct sc_material *material, struct sc_bytes *spki,
			     struct sc_hash *key_hash, struct sc_error *err)
{
	struct sc_view parts[] = { sc_hash_view(&material->salt), sc_secret_view(&material->secret) };
	SC_CLEANUP(sc_bytes) public_key = { 0 };

	if (material->private_key) {
		SC_TRY(sc_spki_of(material->private_key, &public_key, err));
		SC_TRY(sc_key_hash(sc_bytes_view(&public_key), key_hash, err));
	} else {
		SC_TRY(sc_hash_parts(HASH_CONTEXT, parts, 2, key_hash, err));
	}
	sc_bytes_free(spki);
	*spki = sc_steal(public_key);
	return SC_OK;
}

bool sc_material_equals(const struct sc_material *a, const struct sc_material *b)
{
	if (a->private_key || b->private_key)
		return a->private_key && b->private_key && EVP_PKEY_eq(a->private_key, b->private_key) == 1;
	return sc_hash_equals(&a->salt, &b->salt) && sc_secret_equals(&a->secret, &b->secret);
}

size_t sc_material_result_size(const struct sc_material *material)
{
	return material->private_key ? (size_t)EVP_PKEY_get_size(material->private_key) : 0;
}
