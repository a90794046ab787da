/* Rule M4: a key from outside is a sound key of its kind, or does not exist. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "hsmd/core/keycheck.h"
#include "hsmd/core/keygen.h"
#include "hsmd/core/knso.h"
#include "support/rsa_forge.h"

#define BITS 2048

static const struct sc_key_type rsa_2048 = { SC_ALGORITHM_RSA, BITS };

/* Two good primes, made once. */
static BIGNUM *p;
static BIGNUM *q;
static BIGNUM *e;

static int make_primes(void **state)
{
	(void)state;
	p = forged_prime(BITS / 2);
	q = forged_prime(BITS / 2);
	e = BN_new();
	BN_set_word(e, 65537);
	return 0;
}

static int free_primes(void **state)
{
	(void)state;
	BN_free(p);
	BN_free(q);
	BN_free(e);
	return 0;
}

static sc_status check_der(struct sc_view der, struct sc_error *err)
{
	SC_CLEANUP(sc_pkey) key = NULL;

	return sc_keycheck_pkcs8(der, &rsa_2048, &key, err);
}

static sc_status check(const struct forged_rsa *key, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) der = { 0 };

	forged_rsa_encode(key, &der);
	return check_der(sc_bytes_view(&der), err);
}

/* Refused, and for the given reason. */
static void assert_refused(const struct forged_rsa *key, const char *reason)
{
	struct sc_error err = { 0 };

	assert_int_equal(check(key, &err), SC_ERR_KEY_INVALID);
	if (!strstr(err.message, reason))
		fail_msg("refused for \"%s\", not for \"%s\"", err.message, reason);
}

static void assert_primes_refused(const BIGNUM *first, const BIGNUM *second, const BIGNUM *exponent,
				  const char *reason)
{
	struct forged_rsa key;

	forged_rsa_from(&key, first, second, exponent);
	assert_refused(&key, reason);
	forged_rsa_free(&key);
}

static void a_sound_key_is_accepted(void **state)
{
	struct forged_rsa key;
	struct sc_error err = { 0 };

	(void)state;
	forged_rsa_from(&key, p, q, e);
	assert_int_equal(check(&key, &err), SC_OK);
	forged_rsa_free(&key);
}

static void the_modules_own_keys_are_accepted(void **state)
{
	SC_CLEANUP(sc_pkey) key = NULL;
	SC_CLEANUP(sc_secret) der = { 0 };
	atomic_bool is_abandoned = false;

	(void)state;
	assert_int_equal(sc_keygen(&rsa_2048, (struct sc_view){ 0 }, &is_abandoned, &key, NULL), SC_OK);
	assert_int_equal(sc_pkcs8_encode(key, &der, NULL), SC_OK);
	assert_int_equal(check_der(sc_secret_view(&der), NULL), SC_OK);
}

static void close_primes_are_refused(void **state)
{
	BIGNUM *next = BN_dup(p);

	(void)state;
	do
		BN_add_word(next, 2);
	while (BN_check_prime(next, NULL, NULL) != 1);
	assert_primes_refused(p, next, e, "close");
	BN_free(next);
}

/* The first prime at least 2^bits above an odd number. */
static BIGNUM *prime_above(const BIGNUM *odd, int bits)
{
	BIGNUM *next = BN_new();

	BN_set_bit(next, bits);
	BN_add(next, next, odd);
	while (BN_check_prime(next, NULL, NULL) != 1)
		BN_add_word(next, 2);
	return next;
}

static void primes_are_close_up_to_the_bound_and_not_beyond(void **state)
{
	BIGNUM *close = prime_above(p, BITS / 2 - 101);
	BIGNUM *apart = prime_above(p, BITS / 2 - 100);
	struct forged_rsa key;
	struct sc_error err = { 0 };

	(void)state;
	assert_primes_refused(p, close, e, "close");
	assert_primes_refused(close, p, e, "close");
	forged_rsa_from(&key, p, apart, e);
	assert_int_equal(check(&key, &err), SC_OK);
	forged_rsa_free(&key);
	BN_free(close);
	BN_free(apart);
}

static void primes_of_different_lengths_are_refused(void **state)
{
	BIGNUM *shorter = forged_prime(BITS / 2 - 24);
	BIGNUM *longer = forged_prime(BITS / 2 + 24);

	(void)state;
	assert_primes_refused(shorter, longer, e, "half as long");
	assert_primes_refused(longer, shorter, e, "half as long");
	BN_free(shorter);
	BN_free(longer);
	/* The lowest primes of 1024 and 1025 bits also have a product of 2048 bits. */
	shorter = prime_above(BN_value_one(), BITS / 2 - 1);
	longer = prime_above(BN_value_one(), BITS / 2);
	assert_primes_refused(shorter, longer, e, "half as long");
	assert_primes_refused(longer, shorter, e, "half as long");
	BN_free(shorter);
	BN_free(longer);
}

static void a_composite_factor_is_refused(void **state)
{
	BIGNUM *small = forged_prime(BITS / 4);
	BIGNUM *other = forged_prime(BITS / 4);
	BIGNUM *composite = BN_new();
	BN_CTX *ctx = BN_CTX_new();

	(void)state;
	/* As long as a prime would be, and large enough that the modulus has all its bits. */
	BN_mul(composite, small, other, ctx);
	while (!BN_is_bit_set(composite, BITS / 2 - 1) || !BN_is_bit_set(composite, BITS / 2 - 2)) {
		BN_free(small);
		small = forged_prime(BITS / 4);
		BN_mul(composite, small, other, ctx);
	}
	assert_primes_refused(composite, q, e, "not prime");
	assert_primes_refused(p, composite, e, "not prime");
	BN_free(small);
	BN_free(other);
	BN_free(composite);
	BN_CTX_free(ctx);
}

static void an_exponent_out_of_bounds_is_refused(void **state)
{
	BIGNUM *exponent = BN_new();

	(void)state;
	BN_set_word(exponent, 3);
	assert_primes_refused(p, q, exponent, "public exponent");
	BN_set_word(exponent, 65538);
	assert_primes_refused(p, q, exponent, "public exponent");
	BN_set_word(exponent, 1);
	BN_lshift(exponent, exponent, 256);
	BN_add_word(exponent, 297);
	assert_primes_refused(p, q, exponent, "public exponent");
	BN_free(exponent);
}

static void a_modulus_of_another_length_is_refused(void **state)
{
	BIGNUM *shorter = forged_prime(BITS / 2 - 1);
	struct sc_error err = { 0 };
	struct forged_rsa key;

	(void)state;
	forged_rsa_from(&key, shorter, q, e);
	assert_int_equal(check(&key, &err), SC_ERR_KEY_INVALID);
	forged_rsa_free(&key);
	BN_free(shorter);
}

/* Each number of the key in turn, slightly changed. */
static void a_wrong_number_is_refused(void **state)
{
	struct forged_rsa key;

	(void)state;
	forged_rsa_from(&key, p, q, e);
	BN_add_word(key.dp, 2);
	assert_refused(&key, "CRT exponent");
	BN_sub_word(key.dp, 2);
	BN_add_word(key.dq, 2);
	assert_refused(&key, "CRT exponent");
	BN_sub_word(key.dq, 2);
	BN_add_word(key.qinv, 1);
	assert_refused(&key, "CRT coefficient");
	BN_sub_word(key.qinv, 1);
	BN_add_word(key.d, 2);
	assert_refused(&key, "exponents");
	BN_sub_word(key.d, 2);
	BN_add_word(key.n, 2);
	assert_refused(&key, "product");
	BN_sub_word(key.n, 2);
	assert_int_equal(check(&key, NULL), SC_OK);
	forged_rsa_free(&key);
}

/* Correct modulo the right number, but not reduced: otherwise a key would have any number of encodings. */
static void a_number_that_is_not_reduced_is_refused(void **state)
{
	BIGNUM *p1 = BN_dup(p);
	BIGNUM *q1 = BN_dup(q);
	BIGNUM *phi = BN_new();
	BN_CTX *ctx = BN_CTX_new();
	struct forged_rsa key;

	(void)state;
	BN_sub_word(p1, 1);
	BN_sub_word(q1, 1);
	BN_mul(phi, p1, q1, ctx);
	forged_rsa_from(&key, p, q, e);
	BN_add(key.dp, key.dp, p1);
	assert_refused(&key, "CRT exponent");
	BN_sub(key.dp, key.dp, p1);
	BN_add(key.dq, key.dq, q1);
	assert_refused(&key, "CRT exponent");
	BN_sub(key.dq, key.dq, q1);
	BN_add(key.qinv, key.qinv, p);
	assert_refused(&key, "CRT coefficient");
	BN_sub(key.qinv, key.qinv, p);
	BN_add(key.d, key.d, phi);
	assert_refused(&key, "private exponent");
	BN_sub(key.d, key.d, phi);
	assert_int_equal(check(&key, NULL), SC_OK);
	forged_rsa_free(&key);
	BN_free(p1);
	BN_free(q1);
	BN_free(phi);
	BN_CTX_free(ctx);
}

/*
 * With primes 6g + 1 and 7g + 1, λ(n) is 42g, barely longer than a prime, so an exponent can have a small
 * inverse although everything else about the key is right. Found by searching until the inverse of 65537 had
 * no more than 1024 bits.
 */
static const char common_factor[] = "2434a9a3269867ec1d346e63923a1b6979ffe43fc9a257e258a44669a79883ea"
				    "70c530d97256a70b478dfa98ed384722f59617518e5f6e27e1decc72783c9b4e"
				    "051b775a662b1c016bd6f12a2a01cbece6b4cd333262a993f5da85d9ddf1bb9d"
				    "d1de6159b0a7794b0ad073793537daac8ebca865cb2dd27164b60c07872c0f70";

static BIGNUM *times_and_one(const BIGNUM *value, BN_ULONG factor)
{
	BIGNUM *result = BN_dup(value);

	BN_mul_word(result, factor);
	BN_add_word(result, 1);
	return result;
}

static void a_small_private_exponent_is_refused(void **state)
{
	BIGNUM *g = NULL;
	BIGNUM *first;
	BIGNUM *second;
	BIGNUM *lambda;
	BN_CTX *ctx = BN_CTX_new();
	struct forged_rsa key;

	(void)state;
	BN_hex2bn(&g, common_factor);
	first = times_and_one(g, 6);
	second = times_and_one(g, 7);
	lambda = BN_dup(g);
	BN_mul_word(lambda, 42);
	forged_rsa_from(&key, first, second, e);
	assert_int_equal(check(&key, NULL), SC_OK);
	assert_non_null(BN_mod_inverse(key.d, e, lambda, ctx));
	assert_true(BN_num_bits(key.d) <= BITS / 2);
	assert_refused(&key, "private exponent");
	forged_rsa_free(&key);
	BN_free(g);
	BN_free(first);
	BN_free(second);
	BN_free(lambda);
	BN_CTX_free(ctx);
}

/*
 * A prime like those of the faulty chips: k·M + (65537^a mod M), M being the product of the first 126 primes.
 */
static BIGNUM *roca_prime(void)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *m = BN_new();
	BIGNUM *value = BN_new();
	BIGNUM *random = BN_new();
	unsigned found = 0;

	BN_one(m);
	for (unsigned candidate = 2; found < 126; candidate++) {
		bool prime = true;

		for (unsigned divisor = 2; divisor * divisor <= candidate; divisor++)
			prime = prime && candidate % divisor != 0;
		if (prime) {
			BN_mul_word(m, candidate);
			found++;
		}
	}
	do {
		BN_rand(random, 200, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY);
		BN_mod_exp(value, e, random, m, ctx);
		BN_rand(random, BITS / 2 - BN_num_bits(m), BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ANY);
		BN_mul(random, random, m, ctx);
		BN_add(value, value, random);
	} while (BN_num_bits(value) != BITS / 2 || BN_check_prime(value, ctx, NULL) != 1);
	BN_free(m);
	BN_free(random);
	BN_CTX_free(ctx);
	return value;
}

static void a_roca_key_is_refused(void **state)
{
	BIGNUM *first = roca_prime();
	BIGNUM *second = roca_prime();
	struct forged_rsa key;

	(void)state;
	forged_rsa_from(&key, first, second, e);
	/* The product of two such primes can be one bit short. */
	while (BN_num_bits(key.n) != BITS) {
		forged_rsa_free(&key);
		BN_free(first);
		BN_free(second);
		first = roca_prime();
		second = roca_prime();
		forged_rsa_from(&key, first, second, e);
	}
	assert_true(sc_keycheck_is_roca(key.n));
	assert_refused(&key, "ROCA");
	forged_rsa_free(&key);
	forged_rsa_from(&key, p, q, e);
	assert_false(sc_keycheck_is_roca(key.n));
	forged_rsa_free(&key);
	BN_free(first);
	BN_free(second);
}

static void only_the_one_encoding_is_accepted(void **state)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_bytes) longer = { 0 };
	struct forged_rsa key;

	(void)state;
	forged_rsa_from(&key, p, q, e);
	forged_rsa_encode(&key, &der);
	assert_int_equal(check_der(sc_bytes_view(&der), NULL), SC_OK);
	assert_int_equal(sc_bytes_new(der.len + 1, &longer, NULL), SC_OK);
	memcpy(longer.data, der.data, der.len);
	assert_int_equal(check_der(sc_bytes_view(&longer), NULL), SC_ERR_KEY_INVALID);
	for (size_t len = 0; len < der.len; len++)
		assert_int_equal(check_der(sc_view_of(der.data, len), NULL), SC_ERR_KEY_INVALID);
	forged_rsa_free(&key);
}

static void assert_der_refused(PKCS8_PRIV_KEY_INFO *info, const char *reason)
{
	unsigned char *der = NULL;
	int len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	struct sc_error err = { 0 };

	assert_true(len > 0);
	assert_int_equal(check_der(sc_view_of(der, (size_t)len), &err), SC_ERR_KEY_INVALID);
	assert_non_null(strstr(err.message, reason));
	OPENSSL_free(der);
}

/* Encodings that libcrypto reads as the same key: without the algorithm's NULL, and with an attribute. */
static void another_wrapping_of_a_sound_key_is_refused(void **state)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_bytes) inner = { 0 };
	PKCS8_PRIV_KEY_INFO *info;
	const unsigned char *start;
	const unsigned char *content = NULL;
	struct forged_rsa key;
	int len = 0;

	(void)state;
	forged_rsa_from(&key, p, q, e);
	forged_rsa_encode(&key, &der);
	start = der.data;
	info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &start, (long)der.len);
	assert_int_equal(
	    PKCS8_pkey_add1_attr_by_NID(info, NID_friendlyName, MBSTRING_ASC, (const uint8_t *)"x", 1), 1);
	assert_der_refused(info, "canonical");
	PKCS8_PRIV_KEY_INFO_free(info);
	start = der.data;
	info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &start, (long)der.len);
	assert_int_equal(PKCS8_pkey_get0(NULL, &content, &len, NULL, info), 1);
	assert_int_equal(sc_bytes_copy(sc_view_of(content, (size_t)len), &inner, NULL), SC_OK);
	assert_int_equal(PKCS8_pkey_set0(info, OBJ_nid2obj(NID_rsaEncryption), 0, V_ASN1_UNDEF, NULL,
					 OPENSSL_memdup(inner.data, inner.len), len),
			 1);
	assert_der_refused(info, "canonical");
	PKCS8_PRIV_KEY_INFO_free(info);
	forged_rsa_free(&key);
}

/* A key generated by libcrypto, with that algorithm name and that many primes. */
static void assert_generated_refused(const char *algorithm, int primes, const char *reason)
{
	SC_CLEANUP(sc_pkey_ctx) ctx = EVP_PKEY_CTX_new_from_name(NULL, algorithm, NULL);
	SC_CLEANUP(sc_pkey) key = NULL;
	SC_CLEANUP(sc_secret) der = { 0 };
	struct sc_error err = { 0 };

	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, BITS), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_primes(ctx, primes), 1);
	assert_int_equal(EVP_PKEY_keygen(ctx, &key), 1);
	assert_int_equal(sc_pkcs8_encode(key, &der, NULL), SC_OK);
	assert_int_equal(check_der(sc_secret_view(&der), &err), SC_ERR_KEY_INVALID);
	if (!strstr(err.message, reason))
		fail_msg("refused for \"%s\", not for \"%s\"", err.message, reason);
}

static void rsa_of_another_kind_is_refused(void **state)
{
	(void)state;
	assert_generated_refused("RSA", 3, "more than two primes");
	assert_generated_refused("RSA-PSS", 2, "not RSA-2048");
}

static void another_type_than_announced_is_refused(void **state)
{
	const struct sc_key_type rsa_3072 = { SC_ALGORITHM_RSA, 3072 };
	SC_CLEANUP(sc_pkey) ec = NULL;
	SC_CLEANUP(sc_pkey) out = NULL;
	SC_CLEANUP(sc_secret) der = { 0 };
	SC_CLEANUP(sc_bytes) rsa = { 0 };
	struct forged_rsa key;

	(void)state;
	assert_int_equal(sc_keygen_curve("P-256", &ec, NULL), SC_OK);
	assert_int_equal(sc_pkcs8_encode(ec, &der, NULL), SC_OK);
	assert_int_equal(check_der(sc_secret_view(&der), NULL), SC_ERR_KEY_INVALID);
	forged_rsa_from(&key, p, q, e);
	forged_rsa_encode(&key, &rsa);
	assert_int_equal(sc_keycheck_pkcs8(sc_bytes_view(&rsa), &rsa_3072, &out, NULL), SC_ERR_KEY_INVALID);
	forged_rsa_free(&key);
}

/* Nobody wants the key, so a generation that has begun ends as cancelled. */
static sc_status generate_in_vain(uint32_t bits, struct sc_view exponent)
{
	const struct sc_key_type type = { SC_ALGORITHM_RSA, bits };
	atomic_bool is_abandoned = true;
	EVP_PKEY *key = NULL;
	sc_status status = sc_keygen(&type, exponent, &is_abandoned, &key, NULL);

	assert_null(key);
	return status;
}

static void generation_refuses_an_exponent_that_cannot_work_before_any_work(void **state)
{
	static const uint8_t one[] = { 1 };
	static const uint8_t three[] = { 3 };
	static const uint8_t below[] = { 0xff, 0xff };
	static const uint8_t least[] = { 1, 0, 1 };
	static const uint8_t even[] = { 1, 0, 2 };
	static const uint8_t sixty_four_bits[8] = { 0x80, [7] = 29 };
	static const uint8_t sixty_five_bits[9] = { 1, [8] = 13 };
	static const uint8_t longest[32] = { 0x80, [31] = 95 };
	static const uint8_t too_long[33] = { 1, [32] = 1 };
	static const uint8_t zero[32];

	(void)state;
	assert_int_equal(generate_in_vain(2048, sc_view_of(least, sizeof least)), SC_ERR_CANCELLED);
	assert_int_equal(generate_in_vain(3072, sc_view_of(longest, sizeof longest)), SC_ERR_CANCELLED);
	assert_int_equal(generate_in_vain(4096, sc_view_of(sixty_four_bits, 8)), SC_ERR_CANCELLED);
	assert_int_equal(generate_in_vain(2048, sc_view_of(zero, sizeof zero)), SC_ERR_EXPONENT);
	assert_int_equal(generate_in_vain(2048, sc_view_of(one, sizeof one)), SC_ERR_EXPONENT);
	assert_int_equal(generate_in_vain(2048, sc_view_of(three, sizeof three)), SC_ERR_EXPONENT);
	assert_int_equal(generate_in_vain(2048, sc_view_of(below, sizeof below)), SC_ERR_EXPONENT);
	assert_int_equal(generate_in_vain(2048, sc_view_of(even, sizeof even)), SC_ERR_EXPONENT);
	assert_int_equal(generate_in_vain(3072, sc_view_of(too_long, sizeof too_long)), SC_ERR_EXPONENT);
	/* libcrypto signs with such a key, and then cannot verify. */
	assert_int_equal(generate_in_vain(4096, sc_view_of(sixty_five_bits, 9)), SC_ERR_EXPONENT);
}

/* The DSA domain parameters, generated again from their seed as dsa_domain.c describes. */
static void the_dsa_domain_follows_from_its_seed(void **state)
{
	static const char text[] = "Safeconduct DLf1024s160 domain parameters, seed 1";
	char type[] = "fips186_4";
	char digest[] = "SHA1";
	size_t p_bits = 1024;
	size_t q_bits = 160;
	int index = 1;
	int counter = 0;
	SC_CLEANUP(sc_pkey) fixed = NULL;
	SC_CLEANUP(sc_pkey) made = NULL;
	SC_CLEANUP(sc_pkey_ctx) ctx = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
	struct sc_hash seed;

	(void)state;
	assert_int_equal(sc_sha256(sc_view_text(text), &seed, NULL), SC_OK);
	for (int i = 0; i < 62; i++)
		for (int byte = 19; byte >= 0 && ++seed.b[byte] == 0; byte--)
			continue;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_FFC_TYPE, type, 0),
		OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_FFC_PBITS, &p_bits),
		OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_FFC_QBITS, &q_bits),
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_FFC_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_FFC_SEED, seed.b, 20),
		OSSL_PARAM_construct_int(OSSL_PKEY_PARAM_FFC_GINDEX, &index),
		OSSL_PARAM_construct_end(),
	};
	assert_int_equal(EVP_PKEY_paramgen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_params(ctx, params), 1);
	assert_int_equal(EVP_PKEY_paramgen(ctx, &made), 1);
	assert_int_equal(EVP_PKEY_get_int_param(made, OSSL_PKEY_PARAM_FFC_PCOUNTER, &counter), 1);
	assert_int_equal(counter, 265);
	assert_int_equal(sc_dsa_domain(&fixed, NULL), SC_OK);
	assert_int_equal(EVP_PKEY_parameters_eq(fixed, made), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_key_is_accepted),
		cmocka_unit_test(the_modules_own_keys_are_accepted),
		cmocka_unit_test(close_primes_are_refused),
		cmocka_unit_test(primes_are_close_up_to_the_bound_and_not_beyond),
		cmocka_unit_test(primes_of_different_lengths_are_refused),
		cmocka_unit_test(a_composite_factor_is_refused),
		cmocka_unit_test(an_exponent_out_of_bounds_is_refused),
		cmocka_unit_test(a_modulus_of_another_length_is_refused),
		cmocka_unit_test(a_wrong_number_is_refused),
		cmocka_unit_test(a_number_that_is_not_reduced_is_refused),
		cmocka_unit_test(a_small_private_exponent_is_refused),
		cmocka_unit_test(a_roca_key_is_refused),
		cmocka_unit_test(only_the_one_encoding_is_accepted),
		cmocka_unit_test(another_wrapping_of_a_sound_key_is_refused),
		cmocka_unit_test(rsa_of_another_kind_is_refused),
		cmocka_unit_test(another_type_than_announced_is_refused),
		cmocka_unit_test(generation_refuses_an_exponent_that_cannot_work_before_any_work),
		cmocka_unit_test(the_dsa_domain_follows_from_its_seed),
	};

	return cmocka_run_group_tests(tests, make_primes, free_primes);
}
