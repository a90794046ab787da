/* The token key's public half, and tokens made with its signatures: see token_key.h. */
#include "signind/token_key.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/libcrypto.h"
#include "client/client.h"
#include "formats/key_blob.h"
#include "web/json.h"
#include "web/jwk.h"

void sc_signind_token_key_free(struct sc_signind_token_key *key)
{
	if (!key)
		return;
	sc_bytes_free(&key->blob);
	sc_bytes_free(&key->owner);
	sc_bytes_free(&key->header);
	sc_bytes_free(&key->jwks);
	free(key);
}

static sc_status owner_of_daemon(struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_owner) owner = sc_owner_new();

	SC_TRY(sc_check_allocated(owner, err));
	SC_TRY(sc_text_set(&owner->daemon, SC_SIGNIND_TOKEN_KEY_OWNER, "daemon", err));
	return sc_owner_encode(owner, out, err);
}

/* Takes the public key from the module, which opens the blob; the file's own claims do not count. */
static sc_status ask_module(struct sc_signind_token_key *key, const char *module, EVP_PKEY **out,
			    struct sc_error *err)
{
	SC_CLEANUP(sc_client) client = NULL;
	SC_CLEANUP(sc_client_key) loaded = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_key_info_response info = { 0 };

	SC_TRY(sc_client_open(module, &client, err));
	SC_TRY(
	    sc_client_key_load(client, sc_bytes_view(&key->blob), sc_bytes_view(&key->owner), &loaded, err));
	key->key =
	    (struct sc_pipeline_key){ loaded.digest, sc_bytes_view(&key->blob), sc_bytes_view(&key->owner) };
	const struct sc_key_info_request request = { loaded.digest, sc_bytes_view(&key->owner) };
	SC_TRY(sc_call_key_info(client, 0, &request, &reply, &info, err));
	SC_ENSURE(sc_view_equals(info.application, sc_view_text("token")) &&
		      info.algorithm == SC_ALGORITHM_RSA,
		  err, SC_ERR_KEY_TYPE, "not an RSA key of the application `token`");
	return sc_spki_read(info.spki, out, err);
}

/* RFC 7638 section 3: the hash of the required members, in order, without white space. */
static sc_status thumbprint(const json_t *jwk, struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_json) members = json_pack("{s:O, s:s, s:O}", "e", json_object_get(jwk, "e"), "kty",
						"RSA", "n", json_object_get(jwk, "n"));
	SC_CLEANUP(sc_bytes) text = { 0 };
	struct sc_hash hash;

	SC_TRY(sc_check_allocated(members, err));
	SC_TRY(sc_json_write(members, &text, err));
	SC_TRY(sc_sha256(sc_bytes_view(&text), &hash, err));
	return sc_base64url_write(sc_hash_view(&hash), out, err);
}

static sc_status describe(struct sc_signind_token_key *key, const EVP_PKEY *public_key, struct sc_error *err)
{
	SC_CLEANUP(sc_json) members = NULL;
	SC_CLEANUP(sc_bytes) kid = { 0 };
	SC_CLEANUP(sc_bytes) header_text = { 0 };
	SC_CLEANUP(sc_json) jwks = NULL;
	SC_CLEANUP(sc_json) header = NULL;

	SC_TRY(sc_web_jwk_public_members(public_key, &members, err));
	SC_TRY(thumbprint(members, &kid, err));
	jwks = json_pack("{s:[{s:s, s:s, s:s, s:s, s:O, s:O}]}", "keys", "kty", "RSA", "use", "sig", "alg",
			 "RS256", "kid", kid.data, "n", json_object_get(members, "n"), "e",
			 json_object_get(members, "e"));
	header = json_pack("{s:s, s:s, s:s}", "alg", "RS256", "typ", "JWT", "kid", kid.data);
	SC_TRY(sc_check_allocated(jwks && header, err));
	SC_TRY(sc_json_write(jwks, &key->jwks, err));
	SC_TRY(sc_json_write(header, &header_text, err));
	return sc_base64url_write(sc_bytes_view(&header_text), &key->header, err);
}

static sc_status open_key(struct sc_signind_token_key *key, const char *blob, const char *module,
			  struct sc_error *err)
{
	SC_CLEANUP(sc_pkey) public_key = NULL;

	SC_TRY(sc_file_read_path(blob, SC_KEY_BLOB_MAX, &key->blob, err));
	SC_TRY(owner_of_daemon(&key->owner, err));
	sc_status status = ask_module(key, module, &public_key, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "token key %s", blob);
	return describe(key, public_key, err);
}

sc_status sc_signind_token_key_open(const char *blob, const char *module, struct sc_signind_token_key **out,
				    struct sc_error *err)
{
	SC_CLEANUP(sc_signind_token_key) key = calloc(1, sizeof *key);

	SC_TRY(sc_check_allocated(key, err));
	SC_TRY(open_key(key, blob, module, err));
	*out = sc_steal(key);
	return SC_OK;
}

static sc_status join(struct sc_view left, struct sc_view right, struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) text = { 0 };

	SC_TRY(sc_bytes_new(left.len + 1 + right.len, &text, err));
	memcpy(text.data, left.data, left.len);
	text.data[left.len] = '.';
	memcpy(text.data + left.len + 1, right.data, right.len);
	*out = sc_steal(text);
	return SC_OK;
}

sc_status sc_signind_token_key_input(const struct sc_signind_token_key *key, const json_t *claims,
				     struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) text = { 0 };
	SC_CLEANUP(sc_bytes) payload = { 0 };

	SC_TRY(sc_json_write(claims, &text, err));
	SC_TRY(sc_base64url_write(sc_bytes_view(&text), &payload, err));
	return join(sc_bytes_view(&key->header), sc_bytes_view(&payload), out, err);
}

sc_status sc_signind_token_key_join(struct sc_view input, struct sc_view signature, struct sc_bytes *out,
				    struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) text = { 0 };

	SC_TRY(sc_base64url_write(signature, &text, err));
	return join(input, sc_bytes_view(&text), out, err);
}
