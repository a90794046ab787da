/*
 * How a sign-in ends. Each decision is one log line: who, what, from where, and never a password, secret or
 * token. The user name is logged only if it looks like one, because people type passwords into the wrong
 * field.
 */
#include "signind/sign_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#define NAME_SHOWN_MAX 120

const char *sc_signind_sign_in_tenant(const struct sc_signind_sign_in *sign_in)
{
	return sign_in->tenant[0] ? sign_in->tenant : NULL;
}

static const char *grant_name(const struct sc_signind_sign_in *sign_in)
{
	static const char *const names[] = {
		[SC_SIGNIND_GRANT_PASSWORD] = "password",
		[SC_SIGNIND_GRANT_REFRESH_TOKEN] = "refresh_token",
		[SC_SIGNIND_GRANT_CLIENT_CREDENTIALS] = "client_credentials",
	};

	return names[sign_in->grant];
}

/* someone@example.org or an application's id: no character that could end a field or a line of the log. */
static bool looks_like_a_name(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+@";

	return text && strlen(text) <= NAME_SHOWN_MAX && strspn(text, allowed) == strlen(text) &&
	       (strchr(text, '@') || sc_guid_is_valid(text));
}

static const char *shown(const struct sc_signind_sign_in *sign_in)
{
	if (sign_in->principal.upn[0] && looks_like_a_name(sign_in->principal.upn))
		return sign_in->principal.upn;
	if (looks_like_a_name(sign_in->account))
		return sign_in->account;
	return sign_in->principal.oid[0] ? sign_in->principal.oid : "-";
}

static void write_line(const struct sc_signind_sign_in *sign_in, const char *result)
{
	const struct sc_signind_principal *who = &sign_in->principal;

	sc_log(SC_LOG_NOTICE,
	       "sign-in grant=%s account=%s tenant=%s oid=%s client=%s audience=%s address=%s request=%s "
	       "result=%s",
	       grant_name(sign_in), shown(sign_in), who->tenant[0] ? who->tenant : "-",
	       who->oid[0] ? who->oid : "-", sign_in->client[0] ? sign_in->client : "-",
	       sign_in->audience[0] ? sign_in->audience : "-", sc_web_peer(sign_in->request),
	       sc_web_request_id(sign_in->request), result);
}

static void end(struct sc_signind_sign_in *sign_in)
{
	sc_bytes_free(&sign_in->access);
	sc_bytes_free(&sign_in->id);
	free(sign_in);
}

void sc_signind_sign_in_refuse(struct sc_signind_sign_in *sign_in, enum sc_signind_refusal refusal,
			       const char *detail)
{
	if (sign_in->is_being_judged)
		sc_signind_throttle_end(sign_in->service->throttle, &sign_in->attempt,
					SC_SIGNIND_THROTTLE_UNDECIDED);
	write_line(sign_in, sc_signind_refusal_name(refusal));
	sc_signind_oauth_refuse(sign_in->request, refusal, detail);
	end(sign_in);
}

void sc_signind_sign_in_throttle(struct sc_signind_sign_in *sign_in, unsigned wait)
{
	write_line(sign_in, sc_signind_refusal_name(SC_SIGNIND_REFUSAL_THROTTLED));
	sc_signind_oauth_throttle(sign_in->request, wait);
	end(sign_in);
}

void sc_signind_sign_in_grant(struct sc_signind_sign_in *sign_in, json_t *body)
{
	write_line(sign_in, "granted");
	sc_web_set_header(sign_in->request, "Pragma", "no-cache"); /* RFC 6749 section 5.1 */
	sc_web_answer(sign_in->request, 200, body);
	end(sign_in);
}

void sc_signind_sign_in_fail(struct sc_signind_sign_in *sign_in, const struct sc_error *err)
{
	sc_log(SC_LOG_ERROR, "request %s: %s", sc_web_request_id(sign_in->request), err->message);
	sc_signind_sign_in_refuse(sign_in, SC_SIGNIND_REFUSAL_UNAVAILABLE, "");
}

bool sc_signind_sign_in_is_awaited(void *context)
{
	return sc_web_is_awaited(((struct sc_signind_sign_in *)context)->request);
}

void sc_signind_sign_in_give_up(void *context, const struct sc_error *why)
{
	(void)why;
	sc_signind_sign_in_refuse(context, SC_SIGNIND_REFUSAL_UNAVAILABLE, "");
}
