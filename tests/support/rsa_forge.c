/* RSA keys of any shape: see rsa_forge.h. */
#include "support/rsa_forge.h"

#include <assert.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
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

/* Appends a number in DER. */
static void put_number(uint8_t **end, const BIGNUM *value)
{
	ASN1_INTEGER *number = BN_to_ASN1_INTEGER(value, NULL);

	assert(number);
	i2d_ASN1_INTEGER(number, end);
	ASN1_INTEGER_free(number);
}

/*
 * The contents of RSAPrivateKey (RFC 8017 appendix A.1.2). Written by hand: libcrypto refuses some of these
 * keys.
 */
static size_t put_numbers(uint8_t *out, const struct forged_rsa *key)
{
	const BIGNUM *numbers[] = { key->n, key->e, key->d, key->p, key->q, key->dp, key->dq, key->qinv };
	BIGNUM *version = BN_new();
	uint8_t *end = out;

	put_number(&end, version);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		put_number(&end, numbers[i]);
	BN_free(version);
	return (size_t)(end - out);
}

void forged_rsa_encode(const struct forged_rsa *key, struct sc_bytes *out)
{
	PKCS8_PRIV_KEY_INFO *info = PKCS8_PRIV_KEY_INFO_new();
	uint8_t contents[8192];
	int contents_len = (int)put_numbers(contents, key);
	int len = ASN1_object_size(1, contents_len, V_ASN1_SEQUENCE);
	uint8_t *rsa = OPENSSL_malloc((size_t)len);
	uint8_t *end = rsa;
	uint8_t *der = NULL;

	assert(info && rsa);
	ASN1_put_object(&end, 1, contents_len, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
	memcpy(end, contents, (size_t)contents_len);
	/* `info` owns `rsa` now. */
	PKCS8_pkey_set0(info, OBJ_nid2obj(NID_rsaEncryption), 0, V_ASN1_NULL, NULL, rsa, len);
	len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	assert(len > 0);
	sc_status status = sc_bytes_copy(sc_view_of(der, (size_t)len), out, NULL);
	assert(status == SC_OK);
	(void)status;
	OPENSSL_free(der);
	PKCS8_PRIV_KEY_INFO_free(info);
}
