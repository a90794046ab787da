/*
 * The tokens of an allowed sign-in. The module signs the access token and, for a user, the id_token. The
 * refresh token is stored before it is sent to the client (rule P2). No step blocks: when one ends, it starts
 * the next, on the module's pipeline or on a worker.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "signind/refresh.h"
#include "signind/sign_in.h"

#define TOKEN_LIFE      3600 /* seconds: how long access may outlive its revocation */
#define SIGN_TIMEOUT_MS 5000
#define UTI_SIZE        16

static bool is_user(const struct sc_signind_sign_in *sign_in)
{
	return sign_in->grant != SC_SIGNIND_GRANT_CLIENT_CREDENTIALS;
}

/* -- claims ------------------------------------------------------------------------------------ */

/* Adds a string; returns jansson's result, 0 or -1. */
static int set(json_t *object, const char *name, const char *text)
{
	return json_object_set_new(object, name, json_string(text));
}

/* The claims of both tokens: RFC 7519 section 4.1, and the names under which the tenant knows the user. */
static sc_status common_claims(const struct sc_signind_sign_in *sign_in, const char *audience, json_t **out,
			       struct sc_error *err)
{
	const struct sc_signind_principal *who = &sign_in->principal;
	char issuer[SC_SIGNIND_URL_MAX + 1];
	json_t *claims;
	int failed = 0;

	sc_signind_urls_issuer(&sign_in->service->urls, who->tenant, issuer);
	claims = json_pack("{s:s, s:s, s:I, s:I, s:I, s:s, s:s, s:s, s:s}", "aud", audience, "iss", issuer,
			   "iat", (json_int_t)sign_in->now, "nbf", (json_int_t)sign_in->now, "exp",
			   (json_int_t)(sign_in->now + TOKEN_LIFE), "oid", who->oid, "sub", who->oid, "tid",
			   who->tenant, "ver", "1.0");
	if (claims && is_user(sign_in))
		failed = set(claims, "upn", who->upn) | set(claims, "unique_name", who->upn) |
			 set(claims, "name", who->name);
	if (!claims || failed) {
		json_decref(claims);
		return sc_fail(err, SC_ERR_MEMORY, "out of memory for a token's claims");
	}
	*out = claims;
	return SC_OK;
}

static sc_status access_input(struct sc_signind_sign_in *sign_in, struct sc_error *err)
{
	SC_CLEANUP(sc_json) claims = NULL;
	SC_CLEANUP(sc_secret) random = { 0 };
	SC_CLEANUP(sc_bytes) uti = { 0 };
	int failed;

	SC_TRY(common_claims(sign_in, sign_in->audience, &claims, err));
	SC_TRY(sc_secret_random(UTI_SIZE, &random, err));
	SC_TRY(sc_base64url_write(sc_secret_view(&random), &uti, err));
	failed = set(claims, "appid", sign_in->client) | set(claims, "uti", (const char *)uti.data);
	if (!is_user(sign_in))
		failed |= set(claims, "idtyp", "app");
	SC_ENSURE(!failed, err, SC_ERR_MEMORY, "out of memory for a token's claims");
	return sc_signind_token_key_input(sign_in->service->key, claims, &sign_in->access, err);
}

/* The id_token is for the client itself, so the client is its audience (OpenID Connect Core section 2). */
static sc_status id_input(struct sc_signind_sign_in *sign_in, struct sc_error *err)
{
	SC_CLEANUP(sc_json) claims = NULL;

	SC_TRY(common_claims(sign_in, sign_in->client, &claims, err));
	SC_ENSURE(set(claims, "preferred_username", sign_in->principal.upn) == 0, err, SC_ERR_MEMORY,
		  "out of memory for a token's claims");
	return sc_signind_token_key_input(sign_in->service->key, claims, &sign_in->id, err);
}

/* -- the answer -------------------------------------------------------------------------------- */

/* Adds a number; for v1 clients, as a string. */
static int set_number(const struct sc_signind_sign_in *sign_in, json_t *body, const char *name, int64_t value)
{
	char text[24];

	if (!sign_in->is_v1)
		return json_object_set_new(body, name, json_integer(value));
	snprintf(text, sizeof text, "%" PRId64, value);
	return set(body, name, text);
}

/* {"uid", "utid"}: the key under which clients store the account. */
static sc_status set_client_info(const struct sc_signind_sign_in *sign_in, json_t *body, struct sc_error *err)
{
	SC_CLEANUP(sc_json)
	info = json_pack("{s:s, s:s}", "uid", sign_in->principal.oid, "utid", sign_in->principal.tenant);
	SC_CLEANUP(sc_bytes) text = { 0 };

	SC_ENSURE(info, err, SC_ERR_MEMORY, "out of memory for an answer");
	SC_TRY(sc_json_write(info, &text, err));
	SC_ENSURE(json_object_set_new(body, "client_info", sc_json_from_bytes(sc_bytes_view(&text))) == 0,
		  err, SC_ERR_MEMORY, "out of memory for an answer");
	return SC_OK;
}

static int set_times(const struct sc_signind_sign_in *sign_in, json_t *body)
{
	int failed = set_number(sign_in, body, "expires_in", TOKEN_LIFE) |
		     set_number(sign_in, body, "ext_expires_in", TOKEN_LIFE);

	if (sign_in->is_v1)
		failed |= set_number(sign_in, body, "expires_on", sign_in->now + TOKEN_LIFE) |
			  set_number(sign_in, body, "not_before", sign_in->now) |
			  set(body, "resource", sign_in->audience);
	else if (sign_in->scope)
		failed |= set(body, "scope", sign_in->scope);
	return failed;
}

/* RFC 6749 section 5.1. `refresh` is NULL for an application: it signs in with its secret instead. */
static sc_status make_body(const struct sc_signind_sign_in *sign_in, const char *refresh, json_t **out,
			   struct sc_error *err)
{
	SC_CLEANUP(sc_json) body = json_object();
	int failed = !body || set(body, "token_type", "Bearer") || set_times(sign_in, body) ||
		     set(body, "access_token", (const char *)sign_in->access.data);

	if (!failed && refresh)
		failed = set(body, "refresh_token", refresh) ||
			 set(body, "id_token", (const char *)sign_in->id.data);
	SC_ENSURE(!failed, err, SC_ERR_MEMORY, "out of memory for an answer");
	if (refresh)
		SC_TRY(set_client_info(sign_in, body, err));
	*out = sc_steal(body);
	return SC_OK;
}

/* -- the steps, last one first ----------------------------------------------------------------- */

static sc_status store_refresh(const struct sc_signind_sign_in *sign_in, struct sc_bytes *token,
			       struct sc_error *err)
{
	struct sc_store_refresh_row row = {
		.tenant = sign_in->principal.tenant,
		.oid = sign_in->principal.oid,
		.client = sign_in->client,
		.created = sign_in->now,
		.expires = sign_in->now + SC_SIGNIND_REFRESH_LIFE,
	};

	SC_TRY(sc_signind_refresh_new(token, &row.hash, err));
	row.family = sign_in->grant == SC_SIGNIND_GRANT_REFRESH_TOKEN ? sign_in->family : row.hash;
	if (sign_in->grant == SC_SIGNIND_GRANT_REFRESH_TOKEN)
		return sc_store_refresh_rotate(sign_in->service->store, &sign_in->spent,
					       sign_in->now + SC_SIGNIND_REFRESH_GRACE, &row, err);
	return sc_store_refresh_add(sign_in->service->store, &row, err);
}

/* Runs on a worker, for users only. */
static void finish_user(void *context)
{
	struct sc_signind_sign_in *sign_in = context;
	SC_CLEANUP(sc_bytes) token = { 0 };
	struct sc_error err = { 0 };
	json_t *body = NULL;
	sc_status status = store_refresh(sign_in, &token, &err);

	if (status == SC_ERR_NOT_FOUND) { /* the user or the spent token was deleted meanwhile */
		sc_signind_sign_in_refuse(sign_in,
					  sign_in->grant == SC_SIGNIND_GRANT_PASSWORD
					      ? SC_SIGNIND_REFUSAL_PASSWORD
					      : SC_SIGNIND_REFUSAL_REFRESH_TOKEN,
					  "");
		return;
	}
	if (status == SC_OK)
		status = make_body(sign_in, (const char *)token.data, &body, &err);
	if (status == SC_OK)
		sc_signind_sign_in_grant(sign_in, body);
	else
		sc_signind_sign_in_fail(sign_in, &err);
}

static const struct sc_web_job finishing = {
	.run = finish_user,
	.give_up = sc_signind_sign_in_give_up,
	.is_awaited = sc_signind_sign_in_is_awaited,
};

static void finish_application(struct sc_signind_sign_in *sign_in)
{
	struct sc_error err = { 0 };
	json_t *body = NULL;

	if (make_body(sign_in, NULL, &body, &err) == SC_OK)
		sc_signind_sign_in_grant(sign_in, body);
	else
		sc_signind_sign_in_fail(sign_in, &err);
}

/* Replaces the signing input by the token: the input with its signature. */
static sc_status complete(struct sc_bytes *token, struct sc_view signature, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) whole = { 0 };

	SC_TRY(sc_signind_token_key_join(sc_bytes_view(token), signature, &whole, err));
	sc_bytes_free(token);
	*token = sc_steal(whole);
	return SC_OK;
}

/* On SC_OK, `done` owns the sign-in and may have finished with it before this returns. */
static sc_status sign(struct sc_signind_sign_in *sign_in, const struct sc_bytes *input, sc_pipeline_done done,
		      struct sc_error *err)
{
	return sc_pipeline_key_sign(sign_in->service->module, &sign_in->service->key->key,
				    SC_MECHANISM_TOKEN_RS256, sc_bytes_view(input), SIGN_TIMEOUT_MS, done,
				    sign_in, err);
}

static void id_signed(void *context, sc_status status, const struct sc_error *why, struct sc_view signature)
{
	struct sc_signind_sign_in *sign_in = context;
	struct sc_error err = *why;

	if (status == SC_OK)
		status = complete(&sign_in->id, signature, &err);
	if (status == SC_OK)
		status = sc_web_run(sign_in->request, SC_WEB_QUICK, NULL, &finishing, sign_in, &err);
	if (status != SC_OK)
		sc_signind_sign_in_fail(sign_in, &err);
}

static void access_signed(void *context, sc_status status, const struct sc_error *why,
			  struct sc_view signature)
{
	struct sc_signind_sign_in *sign_in = context;
	struct sc_error err = *why;

	if (status == SC_OK)
		status = complete(&sign_in->access, signature, &err);
	if (status == SC_OK && !is_user(sign_in)) {
		finish_application(sign_in);
		return;
	}
	if (status == SC_OK)
		status = sign(sign_in, &sign_in->id, id_signed, &err);
	if (status != SC_OK)
		sc_signind_sign_in_fail(sign_in, &err);
}

static sc_status begin(struct sc_signind_sign_in *sign_in, struct sc_error *err)
{
	sign_in->now = sc_clock_now();
	SC_TRY(access_input(sign_in, err));
	if (is_user(sign_in))
		SC_TRY(id_input(sign_in, err));
	return sign(sign_in, &sign_in->access, access_signed, err);
}

void sc_signind_sign_in_issue(struct sc_signind_sign_in *sign_in)
{
	struct sc_error err = { 0 };

	if (begin(sign_in, &err) != SC_OK)
		sc_signind_sign_in_fail(sign_in, &err);
}
