/*
 * Keys in use. The module keeps a limited number of keys loaded and may be restarted at any time. With its
 * blob, a key can always be loaded again, so the caller notices neither.
 */
#include "client/client.h"

#include "client/key_request.h"

static sc_status load_blob(struct sc_client *client, const struct sc_client_key *key, struct sc_error *err)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
	SC_CLEANUP(sc_bytes) reply = { 0 };

	SC_TRY(sc_client_key_load_write(sc_bytes_view(&key->blob), &body, err));
	SC_TRY(sc_client_call(client, SC_COMMAND_KEY_LOAD, 0, sc_writer_view(&body), &reply, err));
	return sc_client_key_load_check(sc_client_path(client), &key->digest, sc_bytes_view(&reply), err);
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

/* -- requests that use a key ------------------------------------------------------------------- */

/*
 * True if the request can be repeated once the key is loaded again: the key was evicted, or the connection
 * was lost. A quorum is lost with its connection, so a request under one is not repeated then.
 */
static bool is_lost(const struct sc_client *client, const struct sc_client_key_request *request,
		    sc_status status)
{
	if (status == SC_ERR_UNAVAILABLE)
		return !sc_client_is_open(client) && request->authority == 0;
	return status == SC_ERR_NOT_LOADED;
}

static sc_status load_again(struct sc_client *client, const struct sc_client_key *key, struct sc_error *err)
{
	if (!sc_client_is_open(client))
		SC_TRY(sc_client_reconnect(client, err));
	return load_blob(client, key, err);
}

sc_status sc_client_key_call(struct sc_client *client, const struct sc_client_key *key,
			     const struct sc_client_key_request *request, struct sc_bytes *reply,
			     struct sc_error *err)
{
	for (unsigned loads = 0;; loads++) {
		sc_status status =
		    sc_client_call(client, request->command, request->authority, request->body, reply, err);

		if (loads == request->loads || !is_lost(client, request, status))
			return status;
		SC_TRY(load_again(client, key, err));
	}
}

/* Sends what `body` holds. *result is the only field of the answer. */
static sc_status use(struct sc_client *client, const struct sc_client_key *key, enum sc_command command,
		     const struct sc_writer *body, struct sc_bytes *result, struct sc_error *err)
{
	const struct sc_client_key_request request = { command, 0, sc_writer_view(body), .loads = 1 };
	SC_CLEANUP(sc_bytes) reply = { 0 };
	struct sc_view field;

	SC_ENSURE(!body->failed, err, SC_ERR_TOO_LARGE, "a field is longer than the module accepts");
	SC_TRY(sc_client_key_call(client, key, &request, &reply, err));
	SC_TRY(sc_client_key_result(sc_client_path(client), command, sc_bytes_view(&reply), &field, err));
	return sc_bytes_copy(field, result, err);
}

sc_status sc_client_sign(struct sc_client *client, const struct sc_client_key *key,
			 enum sc_mechanism mechanism, struct sc_view data, struct sc_bytes *signature,
			 struct sc_error *err)
{
	const struct sc_sign_request request = { key->digest, sc_bytes_view(&key->owner), mechanism, data };
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	sc_sign_request_write(&body, &request);
	return use(client, key, SC_COMMAND_SIGN, &body, signature, err);
}

sc_status sc_client_decrypt(struct sc_client *client, const struct sc_client_key *key,
			    enum sc_mechanism mechanism, struct sc_view data, struct sc_bytes *plaintext,
			    struct sc_error *err)
{
	const struct sc_decrypt_request request = { key->digest, sc_bytes_view(&key->owner), mechanism,
						    data };
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	sc_decrypt_request_write(&body, &request);
	return use(client, key, SC_COMMAND_DECRYPT, &body, plaintext, err);
}

sc_status sc_client_attest(struct sc_client *client, const struct sc_client_key *key, struct sc_view nonce,
			   struct sc_bytes *statement, struct sc_error *err)
{
	const struct sc_key_attest_request request = { key->digest, sc_bytes_view(&key->owner), nonce };
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	sc_key_attest_request_write(&body, &request);
	return use(client, key, SC_COMMAND_KEY_ATTEST, &body, statement, err);
}
