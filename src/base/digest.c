/* Hashes with domains: see digest.h. */
#include "base/digest.h"
#include "base/libcrypto.h"

#include <assert.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#define INFO_MAX 512

bool sc_hash_equals(const struct sc_hash *a, const struct sc_hash *b)
{
	return sc_memory_equals(a->b, b->b, sizeof a->b);
}

bool sc_hash_is_zero(const struct sc_hash *hash)
{
	static const struct sc_hash zero;

	return sc_hash_equals(hash, &zero);
}

sc_status sc_sha256(struct sc_view data, struct sc_hash *out, struct sc_error *err)
{
	if (EVP_Digest(data.data, data.len, out->b, NULL, EVP_sha256(), NULL) != 1)
		return sc_fail_crypto(err, "SHA-256");
	return SC_OK;
}

sc_status sc_hash_parts(const char *context, const struct sc_view *parts, size_t count, struct sc_hash *out,
			struct sc_error *err)
{
	SC_CLEANUP(sc_md_ctx) ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
		  EVP_DigestUpdate(ctx, context, strlen(context) + 1) == 1;

	for (size_t i = 0; ok && i < count; i++)
		ok = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) == 1;
	if (!ok || EVP_DigestFinal_ex(ctx, out->b, NULL) != 1)
		return sc_fail_crypto(err, "SHA-256");
	return SC_OK;
}

/* HMAC-SHA-256 over `first` and then the parts. */
static sc_status hmac(const struct sc_secret *key, struct sc_view first, const struct sc_view *parts,
		      size_t count, struct sc_hash *out, struct sc_error *err)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
				OSSL_PARAM_construct_end() };
	SC_CLEANUP(sc_mac) mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	SC_CLEANUP(sc_mac_ctx) ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
	size_t len = 0;
	bool ok = ctx && EVP_MAC_init(ctx, key->data, key->len, params) == 1 &&
		  EVP_MAC_update(ctx, first.data, first.len) == 1;

	for (size_t i = 0; ok && i < count; i++)
		ok = EVP_MAC_update(ctx, parts[i].data, parts[i].len) == 1;
	if (!ok || EVP_MAC_final(ctx, out->b, &len, sizeof out->b) != 1 || len != sizeof out->b)
		return sc_fail_crypto(err, "HMAC");
	return SC_OK;
}

sc_status sc_hmac_parts(const struct sc_secret *key, const char *context, const struct sc_view *parts,
			size_t count, struct sc_hash *out, struct sc_error *err)
{
	return hmac(key, sc_view_of(context, strlen(context) + 1), parts, count, out, err);
}

/* libcrypto does not write through this pointer, although the parameter is not const. */
static OSSL_PARAM octets_param(const char *name, struct sc_view view)
{
	return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)view.data, view.len);
}

/* HKDF-SHA-256, extract and expand (RFC 5869). */
static sc_status hkdf(const struct sc_secret *key, struct sc_view salt, struct sc_view info, size_t len,
		      struct sc_secret *out, struct sc_error *err)
{
	SC_CLEANUP(sc_kdf) kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	SC_CLEANUP(sc_kdf_ctx) ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	SC_CLEANUP(sc_secret) derived = { 0 };
	static const struct sc_hash no_salt; /* section 2.2: without a salt, a string of zeros */
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		octets_param(OSSL_KDF_PARAM_KEY, sc_secret_view(key)),
		octets_param(OSSL_KDF_PARAM_SALT, salt.len ? salt : sc_hash_view(&no_salt)),
		octets_param(OSSL_KDF_PARAM_INFO, info),
		OSSL_PARAM_construct_end(),
	};

	SC_TRY(sc_secret_new(len, &derived, err));
	if (!ctx || EVP_KDF_derive(ctx, derived.data, len, params) != 1)
		return sc_fail_crypto(err, "HKDF");
	*out = sc_steal(derived);
	return SC_OK;
}

sc_status sc_derive(const struct sc_secret *key, struct sc_view salt, const char *context,
		    const struct sc_view *parts, size_t count, size_t len, struct sc_secret *out,
		    struct sc_error *err)
{
	uint8_t info[INFO_MAX];
	size_t used = strlen(context) + 1;

	assert(used <= sizeof info);
	memcpy(info, context, used);
	for (size_t i = 0; i < count; i++) {
		assert(parts[i].len <= sizeof info - used);
		if (parts[i].len)
			memcpy(info + used, parts[i].data, parts[i].len);
		used += parts[i].len;
	}
	return hkdf(key, salt, sc_view_of(info, used), len, out, err);
}

void sc_hash_grouped(const struct sc_hash *hash, char text[SC_HASH_GROUPED_SIZE])
{
	for (size_t i = 0; i < sizeof hash->b; i += 4) {
		sc_hex(sc_view_of(hash->b + i, 4), text);
		text += 8;
		if (i + 4 < sizeof hash->b)
			*text++ = ' ';
	}
}

bool sc_hash_read(const char *text, struct sc_hash *out)
{
	char digits[2 * SC_HASH_SIZE + 1];
	size_t used = 0;

	for (; *text; text++) {
		if (*text == ' ')
			continue;
		if (used == sizeof digits - 1)
			return false;
		digits[used++] = *text;
	}
	digits[used] = '\0';
	return sc_hex_read(digits, out->b, sizeof out->b);
}
