/* Services' answers: see service_answer.h. */
#include "azure/service_answer.h"

#include "base/visible.h"

#define WORD_MAX 100 /* of an error's code, when shown */
#define TEXT_MAX 400 /* of its message */

static const struct {
	long http;
	sc_status status;
} meanings[] = {
	{ 401, SC_ERR_TOKEN },    { 403, SC_ERR_FORBIDDEN }, { 404, SC_ERR_NOT_FOUND },
	{ 409, SC_ERR_CONFLICT }, { 429, SC_ERR_THROTTLED }, { 503, SC_ERR_UNAVAILABLE },
};

static sc_status status_of(long http)
{
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
		if (meanings[i].http == http)
			return meanings[i].status;
	return SC_ERR_HTTP;
}

/* {"error":{"code","message"}} of Resource Manager and vaults, {"error","error_description"} of RFC 6749. */
static void find_words(const json_t *body, const char **code, const char **message)
{
	const json_t *error = json_object_get(body, "error");

	if (json_is_object(error)) {
		*code = json_string_value(json_object_get(error, "code"));
		*message = json_string_value(json_object_get(error, "message"));
	} else {
		*code = json_string_value(error);
		*message = json_string_value(json_object_get(body, "error_description"));
	}
}

static sc_status refuse(const struct sc_azure_https_answer *answer, const char *what, struct sc_error *err)
{
	SC_CLEANUP(sc_json) body = NULL;
	const char *code = NULL;
	const char *message = NULL;
	char shown_code[WORD_MAX] = "";
	char shown_message[TEXT_MAX] = "";

	if (sc_json_read(sc_bytes_view(&answer->body), &body, NULL) == SC_OK)
		find_words(body, &code, &message);
	if (code)
		sc_visible(code, shown_code, sizeof shown_code);
	if (message)
		sc_visible(message, shown_message, sizeof shown_message);
	return sc_fail(err, status_of(answer->status), "%s: %ld%s%s%s%s", what, answer->status,
		       code ? " " : "", shown_code, message ? ": " : "", shown_message);
}

sc_status sc_azure_answer_read(const struct sc_azure_https_answer *answer, const char *what, json_t **out,
			       struct sc_error *err)
{
	SC_CLEANUP(sc_json) body = NULL;
	sc_status status;

	if (answer->status < 200 || answer->status > 299)
		return refuse(answer, what, err);
	status = sc_json_read(sc_bytes_view(&answer->body), &body, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "%s: the answer", what);
	SC_ENSURE(json_is_object(body), err, SC_ERR_JSON, "%s: the answer is not a JSON object", what);
	*out = sc_steal(body);
	return SC_OK;
}

sc_status sc_azure_answer_text(const json_t *object, const char *name, size_t max, enum sc_json_need need,
			       const char **out, struct sc_error *err)
{
	const char *text = NULL;

	SC_TRY(sc_json_text(object, name, max, need, &text, err));
	SC_ENSURE(!text || sc_view_is_text(sc_view_text(text)), err, SC_ERR_JSON,
		  "\"%s\" contains control characters", name);
	*out = text;
	return SC_OK;
}
