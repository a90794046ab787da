/* Turns a status into an HTTP answer: see key_answer.h. */
#include "vaultd/keys/key_answer.h"

#include "base/log.h"

struct sc_keys_refusal sc_keys_refusal_of(sc_status status)
{
	switch (status) {
	case SC_ERR_NOT_FOUND:
		return (struct sc_keys_refusal){ 404, "KeyNotFound" };
	case SC_ERR_FORBIDDEN:
	case SC_ERR_ACL:
	case SC_ERR_OWNER:
		return (struct sc_keys_refusal){ 403, "Forbidden" };
	case SC_ERR_CONFLICT:
	case SC_ERR_EXISTS:
		return (struct sc_keys_refusal){ 409, "Conflict" };
	case SC_ERR_ARGUMENT:
	case SC_ERR_ENCODING:
	case SC_ERR_FORMAT:
	case SC_ERR_TOO_LARGE:
	case SC_ERR_JSON:
	case SC_ERR_KEY_INVALID:
	case SC_ERR_KEY_TYPE:
	case SC_ERR_MECHANISM:
	case SC_ERR_DATA_SIZE:
	case SC_ERR_DECRYPT:
	case SC_ERR_TRANSFER_REGION:
	case SC_ERR_TRANSFER_WORLD:
	case SC_ERR_TRANSFER_KEK:
	case SC_ERR_TRANSFER_EXPIRED:
	case SC_ERR_TRANSFER_SUBSCRIPTION:
	case SC_ERR_TRANSFER_REFUSED:
	case SC_ERR_TRANSFER_ACL:
	case SC_ERR_EXPONENT:
		return (struct sc_keys_refusal){ 400, "BadParameter" };
	case SC_ERR_BUSY:
	case SC_ERR_UNAVAILABLE:
	case SC_ERR_TIMEOUT:
	case SC_ERR_NOT_LOADED:
	case SC_ERR_MODULE_FULL:
	case SC_ERR_NOT_DURABLE:
	case SC_ERR_STORE:
	case SC_ERR_STATE: /* the server is stopping */
		return (struct sc_keys_refusal){ 503, "ServiceUnavailable" };
	default:
		return (struct sc_keys_refusal){ 500, "InternalServerError" };
	}
}

void sc_keys_answer_failure(struct sc_web_request *request, sc_status status, const struct sc_error *err)
{
	const struct sc_keys_refusal refusal = sc_keys_refusal_of(status);
	const char *message = err && err->message[0] ? err->message : sc_status_sentence(status);

	if (refusal.http >= 500) {
		sc_log(SC_LOG_WARNING, "%s: %s: %s", sc_web_request_id(request), sc_status_name(status),
		       message);
		message = refusal.http == 503
			      ? "The service cannot do that at the moment. Try again."
			      : "The service failed. Its log gives the reason under this request's id.";
	}
	if (status == SC_ERR_FORBIDDEN)
		sc_keys_answer_forbidden(request, "ForbiddenByPolicy", message);
	else
		sc_web_answer_error(request, refusal.http, refusal.code, "%s", message);
}

sc_status sc_keys_refusal_plain(sc_status status, struct sc_error *err)
{
	if (sc_keys_refusal_of(status).http >= 500)
		return status;
	if (status == SC_ERR_DECRYPT)
		return sc_fail(
		    err, status,
		    "Decryption failed: the value was not encrypted to this key with this algorithm.");
	return sc_fail(err, status, "The key's module refused: %s.", sc_status_sentence(status));
}

void sc_keys_answer_forbidden(struct sc_web_request *request, const char *inner, const char *message)
{
	sc_web_answer(request, 403,
		      json_pack("{s:{s:s, s:s, s:{s:s}}}", "error", "code", "Forbidden", "message", message,
				"innererror", "code", inner));
}
