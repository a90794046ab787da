/* Key types, origins, public keys: see key_type.h. */
#include "formats/key_type.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "formats/der_elements.h"

ASN1_SEQUENCE(sc_key_type) = {
	ASN1_EMBED(struct sc_key_type, algorithm, UINT32),
	ASN1_EMBED(struct sc_key_type, bits, UINT32),
} ASN1_SEQUENCE_END_name(struct sc_key_type, sc_key_type)

static const struct key_type {
	struct sc_key_type type;
	const char *name;
	const char *curve; /* as libcrypto names it */
} types[] = {
	{ { SC_ALGORITHM_RSA, 2048 }, "RSA-2048", NULL },
	{ { SC_ALGORITHM_RSA, 3072 }, "RSA-3072", NULL },
	{ { SC_ALGORITHM_RSA, 4096 }, "RSA-4096", NULL },
	{ { SC_ALGORITHM_EC, 256 }, "EC-P-256", "prime256v1" },
	{ { SC_ALGORITHM_EC, 384 }, "EC-P-384", "secp384r1" },
	{ { SC_ALGORITHM_EC, 521 }, "EC-P-521", "secp521r1" },
	{ { SC_ALGORITHM_EC_K, 256 }, "EC-P-256K", "secp256k1" },
	{ { SC_ALGORITHM_AES, 128 }, "AES-128", NULL },
	{ { SC_ALGORITHM_AES, 192 }, "AES-192", NULL },
	{ { SC_ALGORITHM_AES, 256 }, "AES-256", NULL },
	{ { SC_ALGORITHM_HMAC, 256 }, "HMAC-256", NULL },
	{ { SC_ALGORITHM_HMAC, 384 }, "HMAC-384", NULL },
	{ { SC_ALGORITHM_HMAC, 512 }, "HMAC-512", NULL },
};
#define TYPE_COUNT (sizeof types / sizeof types[0])

static const struct key_type *find_type(const struct sc_key_type *type)
{
	for (size_t i = 0; i < TYPE_COUNT; i++)
		if (types[i].type.algorithm == type->algorithm && types[i].type.bits == type->bits)
			return &types[i];
	return NULL;
}

bool sc_key_type_is_known(const struct sc_key_type *type)
{
	return find_type(type) != NULL;
}

const char *sc_key_type_name(const struct sc_key_type *type)
{
	const struct key_type *known = find_type(type);

	return known ? known->name : "unknown";
}

bool sc_key_type_is_secret(const struct sc_key_type *type)
{
	return type->algorithm == SC_ALGORITHM_AES || type->algorithm == SC_ALGORITHM_HMAC;
}

const char *sc_key_type_curve(const struct sc_key_type *type)
{
	const struct key_type *known = find_type(type);

	return known ? known->curve : NULL;
}

bool sc_spki_fits(const struct sc_bytes *spki, const struct sc_key_type *type)
{
	return sc_key_type_is_secret(type) ? spki->len == 0 : spki->len > 0 && spki->len <= SC_SPKI_MAX;
}

static struct sc_key_type type_of_curve(const char *curve)
{
	for (size_t i = 0; i < TYPE_COUNT; i++)
		if (types[i].curve && strcmp(types[i].curve, curve) == 0)
			return types[i].type;
	return (struct sc_key_type){ 0 };
}

sc_status sc_key_type_of(const EVP_PKEY *key, struct sc_key_type *out, struct sc_error *err)
{
	struct sc_key_type type = { 0 };
	char group[32] = "";
	size_t len = 0;

	if (EVP_PKEY_is_a(key, "RSA")) {
		type = (struct sc_key_type){ SC_ALGORITHM_RSA, (uint32_t)EVP_PKEY_get_bits(key) };
	} else if (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof group, &len) == 1) {
		type = type_of_curve(group);
	}
	ERR_clear_error();
	SC_ENSURE(sc_key_type_is_known(&type), err, SC_ERR_KEY_TYPE,
		  "that type or size of key is not supported");
	*out = type;
	return SC_OK;
}

static const char *const origins[] = {
	[SC_ORIGIN_GENERATED] = "generated",
	[SC_ORIGIN_BYOK] = "byok",
	[SC_ORIGIN_BYOK_UNPROVEN] = "byok-unproven",
	[SC_ORIGIN_BYOK_NEUTRAL] = "byok-neutral",
	[SC_ORIGIN_IMPORTED_IN_CLEAR] = "imported-in-clear",
};

bool sc_origin_is_known(uint32_t origin)
{
	return origin < sizeof origins / sizeof origins[0] && origins[origin];
}

const char *sc_origin_name(uint32_t origin)
{
	return sc_origin_is_known(origin) ? origins[origin] : "unknown";
}

sc_status sc_spki_of(const EVP_PKEY *key, struct sc_bytes *out, struct sc_error *err)
{
	unsigned char *der = NULL;

	return sc_bytes_of_der(i2d_PUBKEY(key, &der), &der, "the public key cannot be encoded", out, err);
}

sc_status sc_spki_read(struct sc_view der, EVP_PKEY **out, struct sc_error *err)
{
	const unsigned char *p = der.data;
	SC_CLEANUP(sc_bytes) again = { 0 };
	SC_CLEANUP(sc_pkey) key = NULL;

	SC_ENSURE(der.len > 0, err, SC_ERR_ENCODING, "public key: empty");
	SC_ENSURE(der.len <= SC_SPKI_MAX, err, SC_ERR_TOO_LARGE, "public key: longer than %d bytes",
		  SC_SPKI_MAX);
	SC_TRY(sc_der_check_elements(der, SC_SPKI_ELEMENTS, "public key", err));
	key = d2i_PUBKEY(NULL, &p, (long)der.len);
	ERR_clear_error();
	SC_ENSURE(key, err, SC_ERR_ENCODING, "public key: not a SubjectPublicKeyInfo");
	SC_TRY(sc_spki_of(key, &again, err));
	SC_ENSURE(sc_view_equals(der, sc_bytes_view(&again)), err, SC_ERR_ENCODING,
		  "public key: not in canonical form");
	*out = sc_steal(key);
	return SC_OK;
}

sc_status sc_key_hash(struct sc_view spki, struct sc_hash *out, struct sc_error *err)
{
	return sc_sha256(spki, out, err);
}
