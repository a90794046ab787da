/*
 * Keys in use. The module keeps a limited number of keys loaded and may be restarted at any time. With its
 * blob, a key can always be loaded again, so the caller notices neither.
 */
#include "client/client.h"

static sc_status load_blob(struct sc_client *client, const struct sc_client_key *key, struct sc_error *err)
{
	const struct sc_key_load_request request = { .blob = sc_bytes_view(&key->blob) };
	struct sc_key_load_response response;
	SC_CLEANUP(sc_bytes) reply = { 0 };

	SC_TRY(sc_call_key_load(client, 0, &request, &reply, &response, err));
	SC_ENSURE(sc_hash_equals(&response.key, &key->digest), err, SC_ERR_PROTOCOL,
		  "%s: the module loaded a different key from the one it was given", sc_client_path(client));
	return SC_OK;
}

void sc_client_key_free(struct sc_client_key *key)
{
	sc_bytes_free(&key->blob);
	sc_bytes_free(&key->owner);
	*key = (struct sc_client_key){ 0 };
}

sc_status sc_client_key_load(struct sc_client *client, struct sc_view blob, struct sc_view owner,
			     struct sc_client_key *out, struct sc_error *err)
{
	SC_CLEANUP(sc_client_key) key = { 0 };

	SC_TRY(sc_sha256(blob, &key.digest, err));
	SC_TRY(sc_bytes_copy(blob, &key.blob, err));
	SC_TRY(sc_bytes_copy(owner, &key.owner, err));
	SC_TRY(load_blob(client, &key, err));
	*out = sc_steal(key);
	return SC_OK;
}

/*
 * True if the request can be repeated once the key is loaded again: the key was evicted, or the connection
 * was lost.
 */
static bool is_lost(const struct sc_client *client, sc_status status)
{
	return status == SC_ERR_NOT_LOADED || (status == SC_ERR_UNAVAILABLE && !sc_client_is_open(client));
}

static sc_status load_again(struct sc_client *client, const struct sc_client_key *key, struct sc_error *err)
{
	if (!sc_client_is_open(client))
		SC_TRY(sc_client_reconnect(client, err));
	return load_blob(client, key, err);
}

sc_status sc_client_sign(struct sc_client *client, const struct sc_client_key *key,
			 enum sc_mechanism mechanism, struct sc_view data, struct sc_bytes *signature,
			 struct sc_error *err)
{
	const struct sc_sign_request request = { key->digest, sc_bytes_view(&key->owner), mechanism, data };
	struct sc_sign_response response = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	sc_status status;

	status = sc_call_sign(client, 0, &request, &reply, &response, err);
	if (is_lost(client, status)) {
		SC_TRY(load_again(client, key, err));
		status = sc_call_sign(client, 0, &request, &reply, &response, err);
	}
	SC_TRY(status);
	return sc_bytes_copy(response.signature, signature, err);
}

sc_status sc_client_decrypt(struct sc_client *client, const struct sc_client_key *key,
			    enum sc_mechanism mechanism, struct sc_view data, struct sc_bytes *plaintext,
			    struct sc_error *err)
{
	const struct sc_decrypt_request request = { key->digest, sc_bytes_view(&key->owner), mechanism,
						    data };
	struct sc_decrypt_response response = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	sc_status status;

	status = sc_call_decrypt(client, 0, &request, &reply, &response, err);
	if (is_lost(client, status)) {
		SC_TRY(load_again(client, key, err));
		status = sc_call_decrypt(client, 0, &request, &reply, &response, err);
	}
	SC_TRY(status);
	return sc_bytes_copy(response.plaintext, plaintext, err);
}

sc_status sc_client_attest(struct sc_client *client, const struct sc_client_key *key, struct sc_view nonce,
			   struct sc_bytes *statement, struct sc_error *err)
{
	const struct sc_key_attest_request request = { key->digest, sc_bytes_view(&key->owner), nonce };
	struct sc_key_attest_response response = { 0 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	sc_status status;

	status = sc_call_key_attest(client, 0, &request, &reply, &response, err);
	if (is_lost(client, status)) {
		SC_TRY(load_again(client, key, err));
		status = sc_call_key_attest(client, 0, &request, &reply, &response, err);
	}
	SC_TRY(status);
	return sc_bytes_copy(response.statement, statement, err);
}
