/* RSA keys of any shape: see rsa_forge.h. */
#include "support/rsa_forge.h"

#include <assert.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

BIGNUM *forged_prime(int bits)
{
	BIGNUM *prime = BN_new();
	int ok;

	do {
		ok = BN_generate_prime_ex(prime, bits, 0, NULL, NULL, NULL);
		assert(ok == 1);
	} while (!BN_is_bit_set(prime, bits - 2));
	return prime;
}

void forged_rsa_from(struct forged_rsa *key, const BIGNUM *p, const BIGNUM *q, const BIGNUM *e)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *p1 = BN_dup(p);
	BIGNUM *q1 = BN_dup(q);
	BIGNUM *phi = BN_new();
	const BIGNUM *inverse;

	*key = (struct forged_rsa){ BN_new(),  BN_dup(e), BN_new(), BN_dup(p),
				    BN_dup(q), BN_new(),  BN_new(), BN_new() };
	BN_sub_word(p1, 1);
	BN_sub_word(q1, 1);
	BN_mul(phi, p1, q1, ctx);
	BN_mul(key->n, p, q, ctx);
	inverse = BN_mod_inverse(key->d, e, phi, ctx);
	/* An even exponent has no inverse. Any d will do, because the key is refused before d is checked. */
	if (!inverse)
		BN_copy(key->d, phi);
	BN_mod(key->dp, key->d, p1, ctx);
	BN_mod(key->dq, key->d, q1, ctx);
	inverse = BN_mod_inverse(key->qinv, q, p, ctx);
	assert(inverse);
	BN_free(p1);
	BN_free(q1);
	BN_free(phi);
	BN_CTX_free(ctx);
}

void forged_rsa_free(struct forged_rsa *key)
{
	BIGNUM *all[] = { key->n, key->e, key->d, key->p, key->q, key->dp, key->dq, key->qinv };

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		BN_free(all[i]);
}

void forged_rsa_encode(const struct forged_rsa *key, struct sc_bytes *out)
{
	const struct {
		const char *name;
		const BIGNUM *value;
	} numbers[] = {
		{ OSSL_PKEY_PARAM_RSA_N, key->n },          { OSSL_PKEY_PARAM_RSA_E, key->e },
		{ OSSL_PKEY_PARAM_RSA_D, key->d },          { OSSL_PKEY_PARAM_RSA_FACTOR1, key->p },
		{ OSSL_PKEY_PARAM_RSA_FACTOR2, key->q },    { OSSL_PKEY_PARAM_RSA_EXPONENT1, key->dp },
		{ OSSL_PKEY_PARAM_RSA_EXPONENT2, key->dq }, { OSSL_PKEY_PARAM_RSA_COEFFICIENT1, key->qinv },
	};
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *pkey = NULL;
	PKCS8_PRIV_KEY_INFO *info;
	unsigned char *der = NULL;
	OSSL_PARAM *params;
	int len;

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		OSSL_PARAM_BLD_push_BN(builder, numbers[i].name, numbers[i].value);
	params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_fromdata_init(ctx);
	len = EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params);
	assert(len == 1);
	info = EVP_PKEY2PKCS8(pkey);
	len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	assert(len > 0);
	sc_status status = sc_bytes_copy(sc_view_of(der, (size_t)len), out, NULL);
	assert(status == SC_OK);
	(void)status;
	OPENSSL_free(der);
	PKCS8_PRIV_KEY_INFO_free(info);
	EVP_PKEY_free(pkey);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
}
