/* Key generation: see keygen.h. */
#include "hsmd/core/keygen.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/libcrypto.h"
#include "base/os.h"
#include "formats/der_elements.h"

#define EXPONENT_MAX 32 /* bytes: e < 2^256 */
#define KEY_ELEMENTS 64 /* of DER, in PKCS#8 and again in the key inside */

int sc_keygen_exponent_bits(uint32_t bits)
{
	return bits > OPENSSL_RSA_SMALL_MODULUS_BITS ? OPENSSL_RSA_MAX_PUBEXP_BITS : 8 * EXPONENT_MAX;
}

static sc_status read_exponent(struct sc_view exponent, uint32_t bits, BIGNUM **out, struct sc_error *err)
{
	SC_CLEANUP(sc_bn) e = BN_new();

	SC_ENSURE(exponent.len <= EXPONENT_MAX, err, SC_ERR_EXPONENT, "public exponent: 2^256 or more");
	if (!e || BN_set_word(e, RSA_F4) != 1 ||
	    (exponent.len && !BN_bin2bn(exponent.data, (int)exponent.len, e)))
		return sc_fail_crypto(err, "public exponent");
	SC_ENSURE(BN_is_odd(e) && (BN_num_bits(e) > 32 || BN_get_word(e) >= RSA_F4), err, SC_ERR_EXPONENT,
		  "public exponent: even, or below 65537");
	SC_ENSURE(BN_num_bits(e) <= sc_keygen_exponent_bits(bits), err, SC_ERR_EXPONENT,
		  "public exponent: longer than %d bits", sc_keygen_exponent_bits(bits));
	*out = sc_steal(e);
	return SC_OK;
}

/* libcrypto calls it between the tests of its candidates. It goes on if the result is 1. */
static int is_wanted(EVP_PKEY_CTX *ctx)
{
	atomic_bool *is_abandoned = EVP_PKEY_CTX_get_app_data(ctx);

	return !atomic_load(is_abandoned);
}

static sc_status generate_rsa(uint32_t bits, struct sc_view exponent, atomic_bool *is_abandoned,
			      EVP_PKEY **out, struct sc_error *err)
{
	SC_CLEANUP(sc_bn) e = NULL;
	SC_CLEANUP(sc_pkey) key = NULL;
	SC_CLEANUP(sc_pkey_ctx) ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);

	SC_TRY(read_exponent(exponent, bits, &e, err));
	if (!ctx || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits) != 1 ||
	    EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e) != 1)
		return sc_fail_crypto(err, "RSA key generation");
	EVP_PKEY_CTX_set_app_data(ctx, is_abandoned);
	EVP_PKEY_CTX_set_cb(ctx, is_wanted);
	if (EVP_PKEY_keygen(ctx, &key) != 1) {
		sc_status status = sc_fail_crypto(err, "RSA key generation");

		SC_ENSURE(!atomic_load(is_abandoned), err, SC_ERR_CANCELLED, "nobody wants the key any more");
		return status;
	}
	SC_TRY(sc_keygen_test(key, err));
	*out = sc_steal(key);
	return SC_OK;
}

sc_status sc_keygen_curve(const char *curve, EVP_PKEY **out, struct sc_error *err)
{
	SC_CLEANUP(sc_pkey) key = EVP_EC_gen(curve);

	if (!key)
		return sc_fail_crypto(err, "EC key generation");
	SC_TRY(sc_keygen_test(key, err));
	*out = sc_steal(key);
	return SC_OK;
}

sc_status sc_keygen(const struct sc_key_type *type, struct sc_view exponent, atomic_bool *is_abandoned,
		    EVP_PKEY **out, struct sc_error *err)
{
	SC_ENSURE(sc_key_type_is_known(type) && !sc_key_type_is_secret(type), err, SC_ERR_KEY_TYPE,
		  "that type or size of key is not supported");
	if (type->algorithm == SC_ALGORITHM_RSA)
		return generate_rsa(type->bits, exponent, is_abandoned, out, err);
	SC_ENSURE(exponent.len == 0, err, SC_ERR_ARGUMENT, "an EC key has no public exponent");
	return sc_keygen_curve(sc_key_type_curve(type), out, err);
}

sc_status sc_keygen_test(EVP_PKEY *key, struct sc_error *err)
{
	SC_CLEANUP(sc_md_ctx) sign = EVP_MD_CTX_new();
	SC_CLEANUP(sc_md_ctx) verify = EVP_MD_CTX_new();
	SC_CLEANUP(sc_bytes) signature = { 0 };
	uint8_t message[SC_HASH_SIZE];
	size_t len = (size_t)EVP_PKEY_get_size(key);

	SC_TRY(sc_bytes_new(len, &signature, err));
	SC_TRY(sc_random(message, sizeof message, err));
	if (!sign || !verify || EVP_DigestSignInit(sign, NULL, EVP_sha256(), NULL, key) != 1 ||
	    EVP_DigestSign(sign, signature.data, &len, message, sizeof message) != 1 || len > signature.len ||
	    EVP_DigestVerifyInit(verify, NULL, EVP_sha256(), NULL, key) != 1 ||
	    EVP_DigestVerify(verify, signature.data, len, message, sizeof message) != 1)
		return sc_fail_crypto(err, "pairwise test of a new key");
	return SC_OK;
}

sc_status sc_pkcs8_encode(EVP_PKEY *key, struct sc_secret *out, struct sc_error *err)
{
	SC_CLEANUP(sc_pkcs8) info = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;
	int len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;

	return sc_secret_of_der(len, &der, "private key encoding", out, err);
}

/* The key itself is DER in an octet string. */
static bool is_short(PKCS8_PRIV_KEY_INFO *info)
{
	const unsigned char *key = NULL;
	int len = 0;

	return PKCS8_pkey_get0(NULL, &key, &len, NULL, info) == 1 &&
	       sc_der_check_implicit_elements(sc_view_of(key, (size_t)len), KEY_ELEMENTS, "private key",
					      NULL) == SC_OK;
}

sc_status sc_pkcs8_decode(struct sc_view der, EVP_PKEY **out, struct sc_error *err)
{
	const unsigned char *p = der.data;
	bool is_counted = sc_der_check_implicit_elements(der, KEY_ELEMENTS, "private key", NULL) == SC_OK;
	SC_CLEANUP(sc_pkcs8) info = is_counted ? d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.len) : NULL;
	EVP_PKEY *key = info && p == der.data + der.len && is_short(info) ? EVP_PKCS82PKEY(info) : NULL;

	ERR_clear_error();
	SC_ENSURE(key, err, SC_ERR_KEY_INVALID, "not a PKCS#8 private key");
	*out = key;
	return SC_OK;
}
