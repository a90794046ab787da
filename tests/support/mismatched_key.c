/* Damaged private keys: see mismatched_key.h. */
#include "support/mismatched_key.h"

#include <assert.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

/* Makes a key of the type from the parameters, which it frees. */
static EVP_PKEY *key_of(const char *type, OSSL_PARAM_BLD *builder)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY *key = NULL;
	int ok =
	    EVP_PKEY_fromdata_init(ctx) == 1 && EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) == 1;

	assert(ok);
	(void)ok;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* The number of that name, plus `more`. */
static BIGNUM *number_of(EVP_PKEY *key, const char *name, unsigned more)
{
	BIGNUM *number = NULL;
	int ok = EVP_PKEY_get_bn_param(key, name, &number) == 1 && BN_add_word(number, more) == 1;

	assert(ok);
	(void)ok;
	return number;
}

EVP_PKEY *mismatched_ec_key(EVP_PKEY *key)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	BIGNUM *private_number = number_of(key, OSSL_PKEY_PARAM_PRIV_KEY, 1);
	unsigned char point[133];
	char group[32];
	size_t point_len = 0;
	EVP_PKEY *made;
	int ok = EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
		 EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
						 &point_len) == 1;

	assert(ok);
	(void)ok;
	OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, point_len);
	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, private_number);
	made = key_of("EC", builder);
	BN_free(private_number);
	return made;
}

EVP_PKEY *mismatched_dsa_key(EVP_PKEY *key)
{
	static const struct {
		const char *name;
		unsigned more;
	} parts[] = { { OSSL_PKEY_PARAM_FFC_P, 0 },
		      { OSSL_PKEY_PARAM_FFC_Q, 0 },
		      { OSSL_PKEY_PARAM_FFC_G, 0 },
		      { OSSL_PKEY_PARAM_PUB_KEY, 0 },
		      { OSSL_PKEY_PARAM_PRIV_KEY, 1 } };
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	BIGNUM *numbers[5];
	EVP_PKEY *made;

	for (size_t i = 0; i < 5; i++) {
		numbers[i] = number_of(key, parts[i].name, parts[i].more);
		OSSL_PARAM_BLD_push_BN(builder, parts[i].name, numbers[i]);
	}
	made = key_of("DSA", builder);
	for (size_t i = 0; i < 5; i++)
		BN_free(numbers[i]);
	return made;
}
