/* Loading a key, and the result of using one: see key_request.h. */
#include "client/key_request.h"

sc_status sc_client_key_load_write(struct sc_view blob, struct sc_writer *body, struct sc_error *err)
{
	const struct sc_key_load_request request = { .blob = blob };

	sc_key_load_request_write(body, &request);
	SC_ENSURE(!body->failed, err, SC_ERR_TOO_LARGE, "the key blob is longer than the module accepts");
	return SC_OK;
}

sc_status sc_client_key_load_check(const char *path, const struct sc_hash *digest, struct sc_view reply,
				   struct sc_error *err)
{
	struct sc_key_load_response response;

	SC_ENSURE(
	    sc_key_load_response_read(reply, &response) == SC_OK && sc_hash_equals(&response.key, digest),
	    err, SC_ERR_PROTOCOL, "%s: the module loaded a different key from the one it was given", path);
	return SC_OK;
}

static sc_status read_result(enum sc_command command, struct sc_view reply, struct sc_view *out)
{
	struct sc_sign_response sign;
	struct sc_decrypt_response decrypt;
	struct sc_key_attest_response attest;

	switch (command) {
	case SC_COMMAND_SIGN:
		SC_TRY(sc_sign_response_read(reply, &sign));
		*out = sign.signature;
		return SC_OK;
	case SC_COMMAND_DECRYPT:
		SC_TRY(sc_decrypt_response_read(reply, &decrypt));
		*out = decrypt.plaintext;
		return SC_OK;
	case SC_COMMAND_KEY_ATTEST:
		SC_TRY(sc_key_attest_response_read(reply, &attest));
		*out = attest.statement;
		return SC_OK;
	default:
		*out = reply;
		return SC_OK;
	}
}

sc_status sc_client_key_result(const char *path, enum sc_command command, struct sc_view reply,
			       struct sc_view *out, struct sc_error *err)
{
	SC_ENSURE(read_result(command, reply, out) == SC_OK, err, SC_ERR_PROTOCOL,
		  "%s: the module's answer is malformed", path);
	return SC_OK;
}
