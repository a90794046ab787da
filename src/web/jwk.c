/* Public keys as JSON Web Keys: see jwk.h. */
#include "web/jwk.h"

#include <openssl/core_names.h>

#include "base/libcrypto.h"
#include "web/json.h"

static sc_status number_of(const EVP_PKEY *key, const char *name, json_t **out, struct sc_error *err)
{
	SC_CLEANUP(sc_bn) number = NULL;
	SC_CLEANUP(sc_bytes) bytes = { 0 };

	if (EVP_PKEY_get_bn_param(key, name, &number) != 1)
		return sc_fail_crypto(err, "the public members of a key that is not an RSA key");
	SC_TRY(sc_bytes_new((size_t)BN_num_bytes(number), &bytes, err));
	BN_bn2bin(number, bytes.data);
	*out = sc_json_from_bytes(sc_bytes_view(&bytes));
	return sc_check_allocated(*out, err);
}

sc_status sc_web_jwk_public_members(const EVP_PKEY *key, json_t **out, struct sc_error *err)
{
	SC_CLEANUP(sc_json) n = NULL;
	SC_CLEANUP(sc_json) e = NULL;

	SC_TRY(number_of(key, OSSL_PKEY_PARAM_RSA_N, &n, err));
	SC_TRY(number_of(key, OSSL_PKEY_PARAM_RSA_E, &e, err));
	*out = json_pack("{s:O, s:O}", "n", n, "e", e);
	return sc_check_allocated(*out, err);
}
