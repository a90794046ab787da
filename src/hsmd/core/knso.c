/* KNSO: see knso.h. */
#include "hsmd/core/knso.h"

#include "hsmd/core/keygen.h"

sc_status sc_knso_generate(enum sc_suite suite, EVP_PKEY **out, struct sc_error *err)
{
	SC_CLEANUP(sc_pkey) domain = NULL;
	SC_CLEANUP(sc_pkey) key = NULL;
	SC_CLEANUP(sc_pkey_ctx) ctx = NULL;

	if (suite == SC_SUITE_ECP521) {
		SC_TRY(sc_keygen_curve("P-521", &key, err));
	} else {
		SC_TRY(sc_dsa_domain(&domain, err));
		ctx = EVP_PKEY_CTX_new(domain, NULL);
		if (!ctx || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_keygen(ctx, &key) != 1)
			return sc_fail_crypto(err, "DSA key generation");
		SC_TRY(sc_keygen_test(key, err));
	}
	*out = sc_steal(key);
	return SC_OK;
}

sc_status sc_knso_sign_world(EVP_PKEY *knso, struct sc_world_file *file, struct sc_error *err)
{
	SC_CLEANUP(sc_pkey_ctx) ctx = EVP_PKEY_CTX_new(knso, NULL);
	SC_CLEANUP(sc_bytes) signature = { 0 };
	struct sc_hash digest;
	size_t len = (size_t)EVP_PKEY_get_size(knso);

	SC_TRY(sc_world_digest(file->body, &digest, err));
	SC_TRY(sc_bytes_new(len, &signature, err));
	if (!ctx || EVP_PKEY_sign_init(ctx) != 1 ||
	    EVP_PKEY_sign(ctx, signature.data, &len, digest.b, sizeof digest.b) != 1 || len > signature.len)
		return sc_fail_crypto(err, "signing the world file");
	SC_TRY(sc_octets_set(&file->signature, sc_view_of(signature.data, len), err));
	/* Verified before it leaves (rule M8), with the public key that the file itself contains. */
	if (sc_world_file_verify(file, NULL) != SC_OK)
		return sc_fail_crypto(err, "signing the world file: the signature does not verify");
	return SC_OK;
}
