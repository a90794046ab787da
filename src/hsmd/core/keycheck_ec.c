/* Validation of EC private keys from outside: see keycheck.h. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "base/libcrypto.h"
#include "hsmd/core/keycheck.h"

SC_CLEANUP_POINTER(ec_group, EC_GROUP, EC_GROUP_free)
SC_CLEANUP_POINTER(ec_point, EC_POINT, EC_POINT_clear_free)

#define POINT_MAX (1 + 2 * 66) /* uncompressed, on P-521 */

/* Writes d·G, uncompressed, into `point`. *len is 0 if that cannot be computed. */
static sc_status multiply(const EC_GROUP *group, const BIGNUM *d, uint8_t point[POINT_MAX], size_t *len,
			  struct sc_error *err)
{
	SC_CLEANUP(ec_point) product = EC_POINT_new(group);
	SC_CLEANUP(sc_bn_ctx) ctx = BN_CTX_new();

	if (!product || !ctx || EC_POINT_mul(group, product, d, NULL, NULL, ctx) != 1)
		return sc_fail_crypto(err, "EC key check");
	*len = EC_POINT_point2oct(group, product, POINT_CONVERSION_UNCOMPRESSED, point, POINT_MAX, ctx);
	ERR_clear_error();
	return SC_OK;
}

sc_status sc_keycheck_ec(const EVP_PKEY *key, const struct sc_key_type *type, struct sc_error *err)
{
	SC_CLEANUP(ec_group) group = EC_GROUP_new_by_curve_name(OBJ_txt2nid(sc_key_type_curve(type)));
	BIGNUM *number = NULL;
	uint8_t stated[POINT_MAX];
	uint8_t expected[POINT_MAX];
	size_t stated_len = 0;
	size_t expected_len = 0;

	if (!group)
		return sc_fail_crypto(err, "EC key check");
	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) != 1 ||
	    EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, stated, sizeof stated,
					    &stated_len) != 1) {
		BN_clear_free(number);
		ERR_clear_error();
		return sc_fail(err, SC_ERR_KEY_INVALID, "EC key: not a complete private key");
	}
	SC_CLEANUP(sc_bn) d = number;
	SC_ENSURE(!BN_is_zero(d) && !BN_is_negative(d) && BN_cmp(d, EC_GROUP_get0_order(group)) < 0, err,
		  SC_ERR_KEY_INVALID, "EC key: the private number is not between 1 and the curve's order");
	SC_TRY(multiply(group, d, expected, &expected_len, err));
	SC_ENSURE(expected_len > 0 &&
		      sc_view_equals(sc_view_of(stated, stated_len), sc_view_of(expected, expected_len)),
		  err, SC_ERR_KEY_INVALID, "EC key: the public key does not belong to the private one");
	return SC_OK;
}
