/* The error bodies of OAuth 2, from a table: see oauth.h. */
#include "signind/oauth.h"

#include <stdio.h>

#include "base/clock.h"
#include "formats/guid.h"

#define TEXT_SIZE 512

struct row {
	unsigned status;
	const char *error; /* RFC 6749 section 5.2 */
	unsigned code;     /* AADSTS… */
	const char *name;  /* for the log */
	const char *text;
};

static const char refresh_token_text[] =
    "The refresh token is unknown, expired, already used, or was issued to another client. Sign in again.";

/* clang-format off */
static const struct row rows[] = {
	[SC_SIGNIND_REFUSAL_REQUEST_MALFORMED] = { 400, "invalid_request", 90023, "request-malformed",
		"The request is not valid: " },
	[SC_SIGNIND_REFUSAL_PARAMETER_MISSING] = { 400, "invalid_request", 900144, "parameter-missing",
		"The request body must contain the following parameter: " },
	[SC_SIGNIND_REFUSAL_GRANT_UNSUPPORTED] = { 400, "unsupported_grant_type", 70003, "grant-unsupported",
		"This endpoint supports the grant types password, refresh_token and client_credentials." },
	[SC_SIGNIND_REFUSAL_TENANT_UNKNOWN] = { 400, "invalid_tenant", 90002, "tenant-unknown",
		"This service has no such tenant." },
	[SC_SIGNIND_REFUSAL_RESOURCE_UNKNOWN] = { 400, "invalid_resource", 500011, "resource-unknown",
		"This service issues no tokens for what `resource` or `scope` names." },
	[SC_SIGNIND_REFUSAL_CLIENT_ID_MALFORMED] = { 400, "unauthorized_client", 700016, "client-id-malformed",
		"client_id must be the application's id, a GUID." },
	[SC_SIGNIND_REFUSAL_CLIENT_CONFIDENTIAL] = { 401, "invalid_client", 7000218, "client-confidential",
		"This application has a client secret, so it cannot sign users in as a public client." },
	[SC_SIGNIND_REFUSAL_PASSWORD] = { 400, "invalid_grant", 50126, "wrong-password",
		"Invalid username or password." },
	[SC_SIGNIND_REFUSAL_SECRET] = { 401, "invalid_client", 7000215, "wrong-secret",
		"Invalid client id or client secret." },
	[SC_SIGNIND_REFUSAL_REFRESH_TOKEN] = { 400, "invalid_grant", 70000, "refresh-token", refresh_token_text },
	[SC_SIGNIND_REFUSAL_REFRESH_TOKEN_REUSED] = { 400, "invalid_grant", 70000, "refresh-token-reused",
		refresh_token_text },
	[SC_SIGNIND_REFUSAL_REFRESH_TOKEN_EMPTY] = { 400, "invalid_grant", 9002313, "refresh-token-empty",
		"refresh_token is empty." },
	[SC_SIGNIND_REFUSAL_THROTTLED] = { 429, "invalid_grant", 50053, "throttled",
		"Too many failed sign-ins for this account or from this address. Try again in " },
	[SC_SIGNIND_REFUSAL_UNAVAILABLE] = { 503, "temporarily_unavailable", 90033, "unavailable",
		"Sign-in is temporarily unavailable. Try again shortly." },
};
/* clang-format on */

/* The client's own id of the request if it is a GUID, else our request id. */
static const char *correlation_of(const struct sc_web_request *request)
{
	const char *given = sc_web_header(request, "client-request-id");

	return given && sc_guid_is_valid(given) ? given : sc_web_request_id(request);
}

/*
 * A description has printable ASCII without quotes and backslashes only, even if it repeats what a client
 * sent.
 */
static void make_description(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
			*text = '?';
}

static json_t *make_body(const struct sc_web_request *request, const struct row *row, const char *detail)
{
	char now[SC_CLOCK_STAMP_SIZE];
	char text[TEXT_SIZE];

	sc_clock_stamp(sc_clock_now(), now);
	now[10] = ' '; /* as Azure writes it */
	snprintf(text, sizeof text, "AADSTS%u: %s%s", row->code, row->text, detail);
	make_description(text);
	return json_pack("{s:s, s:s, s:[i], s:s, s:s, s:s}", "error", row->error, "error_description", text,
			 "error_codes", (int)row->code, "timestamp", now, "trace_id",
			 sc_web_request_id(request), "correlation_id", correlation_of(request));
}

json_t *sc_signind_oauth_error_body(const struct sc_web_request *request, unsigned status,
				    const char *message)
{
	if (status == 503)
		return make_body(request, &rows[SC_SIGNIND_REFUSAL_UNAVAILABLE], "");
	return make_body(request, &rows[SC_SIGNIND_REFUSAL_REQUEST_MALFORMED], message);
}

void sc_signind_oauth_refuse(struct sc_web_request *request, enum sc_signind_refusal refusal,
			     const char *detail)
{
	const struct row *row = &rows[refusal];
	json_t *body = make_body(request, row, detail);

	if (row->status == 503)
		sc_web_set_header(request, "Retry-After", "1");
	sc_web_answer(request, row->status, body);
}

void sc_signind_oauth_throttle(struct sc_web_request *request, unsigned wait)
{
	char seconds[16];
	char words[32];

	snprintf(seconds, sizeof seconds, "%u", wait);
	snprintf(words, sizeof words, "%u s.", wait);
	sc_web_set_header(request, "Retry-After", seconds);
	sc_signind_oauth_refuse(request, SC_SIGNIND_REFUSAL_THROTTLED, words);
}

const char *sc_signind_refusal_name(enum sc_signind_refusal refusal)
{
	return rows[refusal].name;
}
