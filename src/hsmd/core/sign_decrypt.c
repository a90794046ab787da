/* SIGN and DECRYPT. */
#include <string.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "base/libcrypto.h"
#include "hsmd/core/handlers.h"
#include "hsmd/core/permit.h"
#include "hsmd/core/private_use.h"

/* The properties of a mechanism. */
struct mechanism {
	enum sc_mechanism number;
	enum sc_algorithm algorithm;
	enum sc_use use;
	int padding; /* RSA_…_PADDING */
	const EVP_MD *(*digest)(void);
};

static const struct mechanism mechanisms[] = {
	{ SC_MECHANISM_RS256, SC_ALGORITHM_RSA, SC_USE_SIGN, RSA_PKCS1_PADDING, EVP_sha256 },
	{ SC_MECHANISM_RS384, SC_ALGORITHM_RSA, SC_USE_SIGN, RSA_PKCS1_PADDING, EVP_sha384 },
	{ SC_MECHANISM_RS512, SC_ALGORITHM_RSA, SC_USE_SIGN, RSA_PKCS1_PADDING, EVP_sha512 },
	{ SC_MECHANISM_PS256, SC_ALGORITHM_RSA, SC_USE_SIGN, RSA_PKCS1_PSS_PADDING, EVP_sha256 },
	{ SC_MECHANISM_PS384, SC_ALGORITHM_RSA, SC_USE_SIGN, RSA_PKCS1_PSS_PADDING, EVP_sha384 },
	{ SC_MECHANISM_PS512, SC_ALGORITHM_RSA, SC_USE_SIGN, RSA_PKCS1_PSS_PADDING, EVP_sha512 },
	{ SC_MECHANISM_TLS_ECDSA, SC_ALGORITHM_EC, SC_USE_TLS_SERVER, 0, NULL },
	{ SC_MECHANISM_TOKEN_RS256, SC_ALGORITHM_RSA, SC_USE_TOKEN, RSA_PKCS1_PADDING, EVP_sha256 },
	{ SC_MECHANISM_RSA_OAEP, SC_ALGORITHM_RSA, SC_USE_DECRYPT, RSA_PKCS1_OAEP_PADDING, EVP_sha1 },
	{ SC_MECHANISM_RSA_OAEP_256, SC_ALGORITHM_RSA, SC_USE_DECRYPT, RSA_PKCS1_OAEP_PADDING, EVP_sha256 },
};

/* The mechanism with that number, for SIGN (`decrypts` false) or DECRYPT. */
static sc_status find_mechanism(uint32_t number, bool decrypts, const struct mechanism **out,
				struct sc_error *err)
{
	for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++) {
		if ((uint32_t)mechanisms[i].number != number ||
		    (mechanisms[i].use == SC_USE_DECRYPT) != decrypts)
			continue;
		*out = &mechanisms[i];
		return SC_OK;
	}
	return sc_fail(err, SC_ERR_MECHANISM, "mechanism %u is unknown to this command", number);
}

static sc_status find_key(const struct sc_core_request *request, const struct mechanism *mechanism,
			  const struct sc_hash *digest, struct sc_view owner, struct sc_core_key **out,
			  struct sc_error *err)
{
	SC_CLEANUP(sc_core_key) key = NULL;

	SC_TRY(sc_permit(request, digest, owner, SC_PERMIT_USE, mechanism->use, &key, err));
	SC_ENSURE(key->header->type.algorithm == (uint32_t)mechanism->algorithm, err, SC_ERR_MECHANISM,
		  "the algorithm does not fit the key");
	*out = sc_steal(key);
	return SC_OK;
}

/*
 * A token key signs only JWS signing inputs, BASE64URL(header) '.' BASE64URL(payload) (RFC 7515 section 5.1),
 * and the module computes the hash itself. So no caller can make it sign data that has another meaning
 * elsewhere (rule F2).
 */
static bool is_signing_input(struct sc_view data)
{
	size_t dots = 0;

	for (size_t i = 0; i < data.len; i++) {
		uint8_t c = data.data[i];

		if (c == '.')
			dots++;
		else if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			   c == '-' || c == '_'))
			return false;
	}
	/* A JWS header begins with '{"', which is "eyJ" in Base64url. */
	return dots == 1 && data.len > 4 && memcmp(data.data, "eyJ", 3) == 0 &&
	       data.data[data.len - 1] != '.';
}

/* The digest to sign: the given data, if its length is right, or the hash of a token's signing input. */
static sc_status digest_of(const struct mechanism *mechanism, struct sc_view data,
			   struct sc_hash *token_digest, struct sc_view *out, struct sc_error *err)
{
	if (mechanism->number == SC_MECHANISM_TOKEN_RS256) {
		SC_ENSURE(is_signing_input(data), err, SC_ERR_DATA_SIZE, "not a JWS signing input");
		SC_TRY(sc_sha256(data, token_digest, err));
		*out = sc_hash_view(token_digest);
		return SC_OK;
	}
	if (mechanism->digest)
		SC_ENSURE(data.len == (size_t)EVP_MD_get_size(mechanism->digest()), err, SC_ERR_DATA_SIZE,
			  "a digest of %zu bytes does not fit the mechanism", data.len);
	else
		SC_ENSURE(data.len == 32 || data.len == 48 || data.len == 64, err, SC_ERR_DATA_SIZE,
			  "a digest of %zu bytes does not fit the mechanism", data.len);
	*out = data;
	return SC_OK;
}

static bool set_padding(EVP_PKEY_CTX *ctx, const struct mechanism *mechanism)
{
	if (mechanism->algorithm != SC_ALGORITHM_RSA)
		return true;
	if (EVP_PKEY_CTX_set_rsa_padding(ctx, mechanism->padding) != 1)
		return false;
	if (mechanism->padding == RSA_PKCS1_OAEP_PADDING)
		return EVP_PKEY_CTX_set_rsa_oaep_md(ctx, mechanism->digest()) == 1 &&
		       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mechanism->digest()) == 1;
	if (EVP_PKEY_CTX_set_signature_md(ctx, mechanism->digest()) != 1)
		return false;
	return mechanism->padding != RSA_PKCS1_PSS_PADDING ||
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

/* A context for the operation that `init` begins, set up for the mechanism. NULL if libcrypto fails. */
static EVP_PKEY_CTX *context_for(const struct mechanism *mechanism, EVP_PKEY *key,
				 int (*init)(EVP_PKEY_CTX *ctx))
{
	SC_CLEANUP(sc_pkey_ctx) ctx = EVP_PKEY_CTX_new(key, NULL);

	if (!ctx || init(ctx) != 1 || !set_padding(ctx, mechanism))
		return NULL;
	return sc_steal(ctx);
}

/*
 * Signs, and verifies the signature with the public key before anyone sees it (rule M8). libcrypto checks a
 * CRT result too, but it may then return one that is just as wrong, made with d.
 *
 * All mechanisms of today need this: RSA always, ECDSA for TLS. Signatures by a vault's EC keys, which the
 * module does not make yet, will not be verified, because that costs twice a signature.
 */
static sc_status sign(const struct mechanism *mechanism, EVP_PKEY *key, struct sc_view digest,
		      struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_pkey_ctx) signing = context_for(mechanism, key, EVP_PKEY_sign_init);
	SC_CLEANUP(sc_pkey_ctx) verifying = context_for(mechanism, key, EVP_PKEY_verify_init);
	SC_CLEANUP(sc_bytes) signature = { 0 };
	size_t len = (size_t)EVP_PKEY_get_size(key);

	SC_TRY(sc_bytes_new(len, &signature, err));
	if (!signing || !verifying ||
	    EVP_PKEY_sign(signing, signature.data, &len, digest.data, digest.len) != 1 ||
	    len > signature.len) /* as in sign() of evidence/signed_statement.c */
		return sc_fail_crypto(err, "signing");
	signature.len = len;
	if (EVP_PKEY_verify(verifying, signature.data, signature.len, digest.data, digest.len) != 1)
		return sc_fail_crypto(err, "signing: the signature does not verify");
	*out = sc_steal(signature);
	return SC_OK;
}

sc_status sc_handle_sign(struct sc_core_request *request, const struct sc_sign_request *in,
			 struct sc_sign_response *out, struct sc_error *err)
{
	const struct mechanism *mechanism = NULL;
	SC_CLEANUP(sc_core_key) key = NULL;
	SC_CLEANUP(sc_bytes) signature = { 0 };
	struct sc_hash token_digest;
	struct sc_view digest = { 0 };
	sc_status status;

	SC_TRY(find_mechanism(in->mechanism, false, &mechanism, err));
	SC_TRY(find_key(request, mechanism, &in->key, in->owner, &key, err));
	SC_TRY(digest_of(mechanism, in->data, &token_digest, &digest, err));
	status = sign(mechanism, key->material.private_key, digest, &signature, err);
	SC_TRY(sc_private_use_end(request, key, status, err));
	out->signature = sc_core_request_keep(request, &signature);
	return SC_OK;
}

static sc_status decrypt(const struct mechanism *mechanism, EVP_PKEY *key, struct sc_view ciphertext,
			 struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_pkey_ctx) ctx = context_for(mechanism, key, EVP_PKEY_decrypt_init);
	SC_CLEANUP(sc_bytes) plaintext = { 0 };
	size_t len = ciphertext.len;
	bool ok;

	SC_TRY(sc_bytes_new(len, &plaintext, err));
	if (!ctx)
		return sc_fail_crypto(err, "decryption");
	ok = EVP_PKEY_decrypt(ctx, plaintext.data, &len, ciphertext.data, ciphertext.len) == 1;
	ERR_clear_error();
	/* The same refusal whatever was wrong inside (rule M6). */
	SC_ENSURE(ok, err, SC_ERR_DECRYPT, "decryption failed");
	plaintext.len = len;
	*out = sc_steal(plaintext);
	return SC_OK;
}

sc_status sc_handle_decrypt(struct sc_core_request *request, const struct sc_decrypt_request *in,
			    struct sc_decrypt_response *out, struct sc_error *err)
{
	const struct mechanism *mechanism = NULL;
	SC_CLEANUP(sc_core_key) key = NULL;
	SC_CLEANUP(sc_bytes) plaintext = { 0 };
	size_t len;
	sc_status status;

	SC_TRY(find_mechanism(in->mechanism, true, &mechanism, err));
	SC_TRY(find_key(request, mechanism, &in->key, in->owner, &key, err));
	len = (size_t)EVP_PKEY_get_size(key->material.private_key);
	SC_ENSURE(in->data.len == len, err, SC_ERR_DATA_SIZE,
		  "the ciphertext is %zu bytes long; the key needs %zu", in->data.len, len);
	status = decrypt(mechanism, key->material.private_key, in->data, &plaintext, err);
	SC_TRY(sc_private_use_end(request, key, status, err));
	out->plaintext = sc_core_request_keep(request, &plaintext);
	return SC_OK;
}
