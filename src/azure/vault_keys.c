/* The vaults' keys API: see vault_keys.h. */
#include "azure/vault_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/libcrypto.h"
#include "base/visible.h"
#include "azure/service_answer.h"
#include "formats/key_type.h"
#include "formats/signed_data.h"

#define KEYS_VERSION "7.4"

#define MODULUS_MAX   512 /* bytes: RSA-4096 */
#define EXPONENT_MAX  32
#define PLAINTEXT_MAX 512

static sc_status call(struct sc_azure_account *account, const struct sc_azure_vault *vault,
		      const char *method, const char *url, const json_t *body, const char *name, json_t **out,
		      struct sc_error *err)
{
	char audience[SC_AZURE_URL_SIZE];
	char what[SC_KEY_NAME_SIZE + 64];
	struct sc_azure_call request = { method, url, audience, body, what };

	snprintf(what, sizeof what, "vault %s, key %s", vault->name, name);
	SC_TRY(sc_azure_url_audience(vault->url, audience, err));
	return sc_azure_account_call(account, &request, out, err);
}

static sc_status check_name(const char *name, struct sc_error *err)
{
	SC_ENSURE(sc_key_name_is_valid(name), err, SC_ERR_ARGUMENT,
		  "%s: a key name must be 1 to 127 letters, digits and hyphens", sc_shown(name).s);
	return SC_OK;
}

/* -- a key as the vault describes it ----------------------------------------------------------- */

static sc_status make_public_key(struct sc_view n, struct sc_view e, EVP_PKEY **out, struct sc_error *err)
{
	SC_CLEANUP(sc_bn) modulus = BN_bin2bn(n.data, (int)n.len, NULL);
	SC_CLEANUP(sc_bn) exponent = BN_bin2bn(e.data, (int)e.len, NULL);
	SC_CLEANUP(sc_param_bld) build = OSSL_PARAM_BLD_new();
	SC_CLEANUP(sc_params) params = NULL;
	SC_CLEANUP(sc_pkey_ctx) ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);

	if (!modulus || !exponent || !build || !ctx ||
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) != 1 ||
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) != 1 ||
	    !(params = OSSL_PARAM_BLD_to_param(build)) || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, out, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return sc_fail_crypto(err, "the vault's key is not an RSA key");
	return SC_OK;
}

/* Computes the key hash from n and e, as the customer does: openssl pkey -pubin -outform DER | sha256sum. */
static sc_status read_public_key(const json_t *jwk, struct sc_azure_key *key, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) n = { 0 };
	SC_CLEANUP(sc_bytes) e = { 0 };
	SC_CLEANUP(sc_bytes) spki = { 0 };
	SC_CLEANUP(sc_pkey) public_key = NULL;

	SC_TRY(sc_json_base64url(jwk, "n", MODULUS_MAX, &n, err));
	SC_TRY(sc_json_base64url(jwk, "e", EXPONENT_MAX, &e, err));
	SC_TRY(make_public_key(sc_bytes_view(&n), sc_bytes_view(&e), &public_key, err));
	SC_TRY(sc_spki_of(public_key, &spki, err));
	key->bits = (unsigned)EVP_PKEY_get_bits(public_key);
	return sc_key_hash(sc_bytes_view(&spki), &key->key_hash, err);
}

/* "decrypt, sign" */
static sc_status read_operations(const json_t *jwk, struct sc_azure_key *key, struct sc_error *err)
{
	json_t *operations = NULL;
	json_t *item;
	size_t used = 0;
	size_t i;

	SC_TRY(sc_json_array(jwk, "key_ops", SC_JSON_OPTIONAL, &operations, err));
	json_array_foreach(operations, i, item) {
		const char *text = json_string_value(item);
		size_t room = sizeof key->operations - used;
		int len;

		SC_ENSURE(text && sc_view_is_text(sc_view_text(text)), err, SC_ERR_JSON,
			  "\"key_ops\" contains a value that is not a printable name");
		len = snprintf(key->operations + used, room, "%s%s", used ? ", " : "", text);
		SC_ENSURE(len > 0 && (size_t)len < room, err, SC_ERR_JSON, "\"key_ops\" is too long");
		used += (size_t)len;
	}
	return SC_OK;
}

/* Reads <vault>/keys/<name>/<version>, which must be of the vault and the name in the request. */
static sc_status read_id(const json_t *jwk, const struct sc_azure_vault *vault, const char *name,
			 struct sc_azure_key *key, struct sc_error *err)
{
	const char *kid = NULL;
	char prefix[SC_AZURE_URL_SIZE];
	const char *version;
	size_t len;

	SC_TRY(sc_azure_answer_text(jwk, "kid", SC_AZURE_URL_SIZE - 1, SC_JSON_NEEDED, &kid, err));
	SC_TRY(sc_azure_url_make(prefix, err, "%s/keys/%s/", vault->url, name));
	len = strlen(prefix);
	SC_ENSURE(strncasecmp(kid, prefix, len) == 0, err, SC_ERR_HTTP,
		  "the vault answered with another key: %s", kid);
	version = kid + len;
	SC_ENSURE(strlen(version) == SC_KEY_VERSION_SIZE - 1 &&
		      strspn(version, "0123456789abcdef") == SC_KEY_VERSION_SIZE - 1,
		  err, SC_ERR_HTTP, "the vault answered with a key without a valid version: %s", kid);
	memcpy(key->version, version, SC_KEY_VERSION_SIZE);
	/* The name as the vault spells it. */
	memcpy(key->name, kid + len - 1 - strlen(name), strlen(name));
	return sc_azure_session_set(key->id, sizeof key->id, kid, "kid", err);
}

static sc_status read_attributes(const json_t *body, struct sc_azure_key *key, struct sc_error *err)
{
	json_t *attributes = NULL;

	SC_TRY(sc_json_object(body, "attributes", SC_JSON_NEEDED, &attributes, err));
	SC_TRY(sc_json_boolean(attributes, "enabled", SC_JSON_NEEDED, &key->is_enabled, NULL, err));
	SC_TRY(sc_json_integer(attributes, "created", SC_JSON_OPTIONAL, &key->created, NULL, err));
	SC_TRY(sc_json_integer(attributes, "updated", SC_JSON_OPTIONAL, &key->updated, NULL, err));
	SC_TRY(sc_json_integer(attributes, "nbf", SC_JSON_OPTIONAL, &key->not_before, NULL, err));
	return sc_json_integer(attributes, "exp", SC_JSON_OPTIONAL, &key->expires, NULL, err);
}

static sc_status read_key(const json_t *body, const struct sc_azure_vault *vault, const char *name,
			  struct sc_azure_key *out, struct sc_error *err)
{
	struct sc_azure_key key = { 0 };
	json_t *jwk = NULL;
	const char *kty = NULL;

	SC_TRY(sc_json_object(body, "key", SC_JSON_NEEDED, &jwk, err));
	SC_TRY(read_id(jwk, vault, name, &key, err));
	SC_TRY(sc_azure_answer_text(jwk, "kty", sizeof key.kty - 1, SC_JSON_NEEDED, &kty, err));
	SC_ENSURE(strcmp(kty, "RSA-HSM") == 0 || strcmp(kty, "RSA") == 0, err, SC_ERR_KEY_TYPE,
		  "key type %s is not supported", kty);
	SC_TRY(sc_azure_session_set(key.kty, sizeof key.kty, kty, "kty", err));
	SC_TRY(read_public_key(jwk, &key, err));
	SC_TRY(read_operations(jwk, &key, err));
	SC_TRY(read_attributes(body, &key, err));
	*out = key;
	return SC_OK;
}

static sc_status read_key_answer(const json_t *body, const struct sc_azure_vault *vault, const char *name,
				 struct sc_azure_key *out, struct sc_error *err)
{
	sc_status status = read_key(body, vault, name, out, err);

	if (status != SC_OK)
		return sc_fail_context(err, status, "vault %s, key %s", vault->name, name);
	return SC_OK;
}

/* -- calls ------------------------------------------------------------------------------------- */

sc_status sc_azure_key_import(struct sc_azure_account *account, const struct sc_azure_vault *vault,
			      const char *name, struct sc_view package, const struct sc_hash *expected,
			      struct sc_azure_key *out, struct sc_error *err)
{
	SC_CLEANUP(sc_json) body = NULL;
	SC_CLEANUP(sc_json) answer = NULL;
	char url[SC_AZURE_URL_SIZE];

	SC_TRY(check_name(name, err));
	body = json_pack("{s:{s:s, s:o}, s:{s:b}}", "key", "kty", "RSA-HSM", "key_hsm",
			 sc_json_from_bytes(package), "attributes", "enabled", 1);
	SC_TRY(sc_check_allocated(body, err));
	SC_TRY(sc_azure_url_make(url, err, "%s/keys/%s?api-version=" KEYS_VERSION, vault->url, name));
	SC_TRY(call(account, vault, "PUT", url, body, name, &answer, err));
	SC_TRY(read_key_answer(answer, vault, name, out, err));
	SC_ENSURE(sc_hash_equals(&out->key_hash, expected), err, SC_ERR_INTEGRITY,
		  "vault %s, key %s: the vault's public key is not the one that the package names",
		  vault->name, name);
	return SC_OK;
}

/* vaultd returns it in attributes.attestation.privateKeyAttestation, a member that Azure's clients know. */
static sc_status read_receipt(const json_t *body, struct sc_bytes *out, struct sc_error *err)
{
	json_t *attributes = NULL;
	json_t *attestation = NULL;

	SC_TRY(sc_json_object(body, "attributes", SC_JSON_NEEDED, &attributes, err));
	SC_TRY(sc_json_object(attributes, "attestation", SC_JSON_NEEDED, &attestation, err));
	return sc_json_base64url(attestation, "privateKeyAttestation", SC_SIGNED_DATA_MAX, out, err);
}

sc_status sc_azure_key_receipt(struct sc_azure_account *account, const struct sc_azure_vault *vault,
			       const struct sc_azure_key *key, struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_json) answer = NULL;
	char url[SC_AZURE_URL_SIZE];
	sc_status status;

	SC_TRY(sc_azure_url_make(url, err, "%s/keys/%s/%s/attestation?api-version=" KEYS_VERSION, vault->url,
				 key->name, key->version));
	SC_TRY(call(account, vault, "GET", url, NULL, key->name, &answer, err));
	status = read_receipt(answer, out, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "vault %s, key %s: receipt", vault->name, key->name);
	return SC_OK;
}

sc_status sc_azure_key_decrypt(struct sc_azure_account *account, const struct sc_azure_vault *vault,
			       const char *name, const char *algorithm, struct sc_view ciphertext,
			       struct sc_bytes *plaintext, struct sc_error *err)
{
	SC_CLEANUP(sc_json) body = NULL;
	SC_CLEANUP(sc_json) answer = NULL;
	char url[SC_AZURE_URL_SIZE];
	sc_status status;

	SC_TRY(check_name(name, err));
	body = json_pack("{s:s, s:o}", "alg", algorithm, "value", sc_json_from_bytes(ciphertext));
	SC_ENSURE(body, err, SC_ERR_ARGUMENT, "the algorithm's name is not UTF-8");
	SC_TRY(sc_azure_url_make(url, err, "%s/keys/%s/decrypt?api-version=" KEYS_VERSION, vault->url, name));
	SC_TRY(call(account, vault, "POST", url, body, name, &answer, err));
	status = sc_json_base64url(answer, "value", PLAINTEXT_MAX, plaintext, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "vault %s, key %s", vault->name, name);
	return SC_OK;
}
