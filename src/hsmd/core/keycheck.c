/*
 * Validation of RSA private keys from outside: see keycheck.h. libcrypto 3.0 itself loads close primes, tiny d and
 * composite "primes" that still sign and verify, so each property is proved here by its definition.
 */
#include "hsmd/core/keycheck.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include "base/libcrypto.h"
#include "hsmd/core/keygen.h"

#define EXPONENT_BITS 256


/* The eight integers of a two-prime RSAPrivateKey (RFC 8017 A.1.2). */
struct rsa_numbers {
	BIGNUM *n, *e, *d, *p, *q, *dp, *dq, *qinv;
};

static void numbers_free(struct rsa_numbers *numbers)
{
	BIGNUM *all[] = { numbers->n, numbers->e,  numbers->d,  numbers->p,
			  numbers->q, numbers->dp, numbers->dq, numbers->qinv };

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		BN_clear_free(all[i]);
}
SC_CLEANUP_VALUE(rsa_numbers, numbers_free)

static sc_status numbers_of(const EVP_PKEY *key, struct rsa_numbers *out, struct sc_error *err)
{
	BIGNUM *third = NULL;

	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_FACTOR3, &third) == 1) {
		BN_clear_free(third);
		return sc_fail(err, SC_ERR_KEY_INVALID, "RSA key: more than two primes");
	}
	ERR_clear_error();
	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &out->n) != 1 ||
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &out->e) != 1 ||
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_D, &out->d) != 1 ||
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_FACTOR1, &out->p) != 1 ||
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_FACTOR2, &out->q) != 1 ||
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_EXPONENT1, &out->dp) != 1 ||
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_EXPONENT2, &out->dq) != 1 ||
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, &out->qinv) != 1) {
		ERR_clear_error();
		return sc_fail(err, SC_ERR_KEY_INVALID, "RSA key: not a whole two-prime private key");
	}
	return SC_OK;
}

/*
 * ROCA (Nemec et al., 2017): such an n lies, modulo each small prime, in the subgroup that 65537 generates. For
 * an honest n the chance is 2^-27 with the primes to 167, at which a key is refused that is sound.
 */
bool sc_keycheck_is_roca(const BIGNUM *n)
{
	static const uint8_t primes[] = { 3,  5,  7,  11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
					  47, 53, 59, 61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
					  107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167 };

	for (size_t i = 0; i < sizeof primes; i++) {
		unsigned prime = primes[i];
		unsigned rest = (unsigned)BN_mod_word(n, prime);
		unsigned power = 1;
		bool found = false;

		do {
			found = found || power == rest;
			power = power * (65537 % prime) % prime;
		} while (power != 1 && !found);
		if (!found)
			return false;
	}
	return true;
}

/* Sizes and shapes that need no arithmetic. */
static sc_status check_sizes(const struct rsa_numbers *k, int bits, struct sc_error *err)
{
	SC_ENSURE(BN_num_bits(k->n) == bits, err, SC_ERR_KEY_INVALID, "RSA key: the modulus is not %d bits", bits);
	SC_ENSURE(BN_is_odd(k->e) && BN_num_bits(k->e) <= EXPONENT_BITS &&
		      (BN_num_bits(k->e) > 32 || BN_get_word(k->e) >= 65537),
		  err, SC_ERR_KEY_INVALID, "RSA key: the public exponent is even, below 65537 or 2^256 or more");
	SC_ENSURE(BN_num_bits(k->p) == bits / 2 && BN_num_bits(k->q) == bits / 2, err, SC_ERR_KEY_INVALID,
		  "RSA key: a prime is not half as long as the modulus");
	SC_ENSURE(BN_num_bits(k->d) > bits / 2 && BN_cmp(k->d, k->n) < 0, err, SC_ERR_KEY_INVALID,
		  "RSA key: the private exponent is small, or not below the modulus");
	SC_ENSURE(!sc_keycheck_is_roca(k->n), err, SC_ERR_KEY_INVALID, "RSA key: of ROCA's shape");
	return SC_OK;
}

/* |p − q| > 2^(bits/2 − 100): else Fermat's method finds them (FIPS 186-4 B.3.3). And n = pq. */
static sc_status check_modulus(const struct rsa_numbers *k, int bits, BN_CTX *ctx, struct sc_error *err)
{
	SC_CLEANUP(sc_bn) value = BN_new();

	if (!value || BN_sub(value, k->p, k->q) != 1)
		return sc_fail_crypto(err, "RSA key check");
	SC_ENSURE(BN_num_bits(value) > bits / 2 - 100, err, SC_ERR_KEY_INVALID, "RSA key: the primes are close");
	if (BN_mul(value, k->p, k->q, ctx) != 1)
		return sc_fail_crypto(err, "RSA key check");
	SC_ENSURE(BN_cmp(value, k->n) == 0, err, SC_ERR_KEY_INVALID,
		  "RSA key: the modulus is not the product of its primes");
	return SC_OK;
}

/* For one prime p: d·e ≡ 1 and dP·e ≡ 1 modulo p − 1, dP < p − 1. Holds for d modulo λ(n) and modulo φ(n). */
static sc_status check_exponents(const BIGNUM *p, const BIGNUM *d, const BIGNUM *dp, const BIGNUM *e, BN_CTX *ctx,
				 struct sc_error *err)
{
	SC_CLEANUP(sc_bn) less = BN_dup(p);
	SC_CLEANUP(sc_bn) value = BN_new();

	if (!less || !value || BN_sub_word(less, 1) != 1 || BN_mod_mul(value, d, e, less, ctx) != 1)
		return sc_fail_crypto(err, "RSA key check");
	SC_ENSURE(BN_is_one(value), err, SC_ERR_KEY_INVALID, "RSA key: the exponents do not belong together");
	if (BN_mod_mul(value, dp, e, less, ctx) != 1)
		return sc_fail_crypto(err, "RSA key check");
	SC_ENSURE(BN_is_one(value) && BN_cmp(dp, less) < 0, err, SC_ERR_KEY_INVALID,
		  "RSA key: a CRT exponent is wrong");
	return SC_OK;
}

static sc_status check_coefficient(const struct rsa_numbers *k, BN_CTX *ctx, struct sc_error *err)
{
	SC_CLEANUP(sc_bn) value = BN_new();

	if (!value || BN_mod_mul(value, k->qinv, k->q, k->p, ctx) != 1)
		return sc_fail_crypto(err, "RSA key check");
	SC_ENSURE(BN_is_one(value) && BN_cmp(k->qinv, k->p) < 0, err, SC_ERR_KEY_INVALID,
		  "RSA key: the CRT coefficient is wrong");
	return SC_OK;
}

static sc_status check_prime(const BIGNUM *p, BN_CTX *ctx, struct sc_error *err)
{
	int result = BN_check_prime(p, ctx, NULL);

	if (result < 0)
		return sc_fail_crypto(err, "RSA key check");
	SC_ENSURE(result == 1, err, SC_ERR_KEY_INVALID, "RSA key: a factor is not prime");
	return SC_OK;
}

static sc_status check_rsa(const EVP_PKEY *key, int bits, struct sc_error *err)
{
	SC_CLEANUP(rsa_numbers) k = { 0 };
	SC_CLEANUP(sc_bn_ctx) ctx = BN_CTX_new();

	SC_TRY(sc_check_allocated(ctx, err));
	SC_TRY(numbers_of(key, &k, err));
	SC_TRY(check_sizes(&k, bits, err));
	SC_TRY(check_modulus(&k, bits, ctx, err));
	SC_TRY(check_prime(k.p, ctx, err));
	SC_TRY(check_prime(k.q, ctx, err));
	SC_TRY(check_exponents(k.p, k.d, k.dp, k.e, ctx, err));
	SC_TRY(check_exponents(k.q, k.d, k.dq, k.e, ctx, err));
	return check_coefficient(&k, ctx, err);
}

sc_status sc_keycheck_pkcs8(struct sc_view der, const struct sc_key_type *type, EVP_PKEY **out,
			    struct sc_error *err)
{
	SC_CLEANUP(sc_pkey) key = NULL;
	SC_CLEANUP(sc_secret) again = { 0 };
	struct sc_key_type actual;

	SC_ENSURE(type->algorithm == SC_ALGORITHM_RSA, err, SC_ERR_KEY_TYPE,
		  "only RSA keys are taken in from outside");
	SC_TRY(sc_pkcs8_decode(der, &key, err));
	/* One form: no attributes, no other algorithm parameters, no trailing bytes, no BER. */
	SC_TRY(sc_pkcs8_encode(key, &again, err));
	SC_ENSURE(sc_view_equals(der, sc_secret_view(&again)), err, SC_ERR_KEY_INVALID,
		  "private key: not in its one canonical form");
	if (sc_key_type_of(key, &actual, NULL) != SC_OK || actual.algorithm != type->algorithm ||
	    actual.bits != type->bits)
		return sc_fail(err, SC_ERR_KEY_INVALID, "private key: not %s", sc_key_type_name(type));
	SC_TRY(check_rsa(key, (int)type->bits, err));
	*out = sc_steal(key);
	return SC_OK;
}
