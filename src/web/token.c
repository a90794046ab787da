/*
 * Access tokens: see token.h. First comes everything that can be refused without a key, including any form
 * but the canonical one, so that no two texts are the same token. Then comes the signature, then the meaning
 * of the claims.
 */
#include "web/token.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "web/issuer_keys.h"

#define SIGNATURE_MAX 512
#define TIME_MAX      253402300799.0 /* 9999-12-31T23:59:59Z */

struct parts {
	struct sc_view header;
	struct sc_view payload;
	struct sc_view signature;
};

/* Two dots, three non-empty parts: a JWS in compact form (RFC 7515 section 7.1), never a JWE. */
static bool split(struct sc_view token, struct parts *out)
{
	const uint8_t *first = memchr(token.data, '.', token.len);
	const uint8_t *end = token.data + token.len;
	const uint8_t *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;

	if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
		return false;
	out->header = sc_view_of(token.data, (size_t)(first - token.data));
	out->payload = sc_view_of(first + 1, (size_t)(second - first - 1));
	out->signature = sc_view_of(second + 1, (size_t)(end - second - 1));
	return out->header.len > 0 && out->payload.len > 0 && out->signature.len > 0;
}

/* base64url of a JSON object, both strict. Every failure is SC_ERR_TOKEN. */
static sc_status read_object(struct sc_view part, const char *what, json_t **out, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) text = { 0 };
	SC_CLEANUP(sc_json) object = NULL;
	struct sc_error why = { 0 };

	SC_ENSURE(sc_base64url_read(part, SC_WEB_TOKEN_MAX, &text, &why) == SC_OK &&
		      sc_json_read(sc_bytes_view(&text), &object, &why) == SC_OK,
		  err, SC_ERR_TOKEN, "its %s: %s", what, why.message);
	SC_ENSURE(json_is_object(object), err, SC_ERR_TOKEN, "its %s is not a JSON object", what);
	*out = sc_steal(object);
	return SC_OK;
}

/* -- the header (rule P5) ---------------------------------------------------------------------- */

/* Only the members that we know. jku, jwk, x5u, x5c, crit, b64, zip and any future member are refused. */
static bool is_known_member(const char *name)
{
	static const char *const known[] = { "alg", "typ", "kid", "x5t", "x5t#S256" };

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(name, known[i]) == 0)
			return true;
	return false;
}

static bool says(const json_t *object, const char *name, const char *value)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text && strcmp(text, value) == 0;
}

static sc_status check_header(json_t *header, const char **kid, struct sc_error *err)
{
	struct sc_error why = { 0 };
	const char *name;
	json_t *value;

	json_object_foreach(header, name, value) {
		(void)value;
		SC_ENSURE(is_known_member(name), err, SC_ERR_TOKEN,
			  "its header has a member that is not allowed");
	}
	SC_ENSURE(says(header, "alg", "RS256"), err, SC_ERR_TOKEN, "its algorithm is not RS256");
	SC_ENSURE(says(header, "typ", "JWT"), err, SC_ERR_TOKEN, "its type is not JWT");
	SC_ENSURE(sc_json_text(header, "kid", SC_WEB_KID_MAX, SC_JSON_NEEDED, kid, &why) == SC_OK, err,
		  SC_ERR_TOKEN, "its header: %s", why.message);
	return SC_OK;
}

/* -- the signature ----------------------------------------------------------------------------- */

static sc_status check_signature(struct sc_view token, const cjose_jwk_t *key, struct sc_error *err)
{
	cjose_err error = { 0 };
	cjose_jws_t *jws = cjose_jws_import((const char *)token.data, token.len, &error);
	bool is_good = jws && cjose_jws_verify(jws, key, &error);

	cjose_jws_release(jws);
	SC_ENSURE(is_good, err, SC_ERR_TOKEN, "its signature does not verify");
	return SC_OK;
}

/* -- the claims -------------------------------------------------------------------------------- */

static sc_status read_text(const json_t *claims, const char *name, enum sc_json_need need,
			   char out[SC_WEB_TOKEN_TEXT_MAX + 1], struct sc_error *err)
{
	struct sc_error why = { 0 };
	const char *text = NULL;

	SC_ENSURE(sc_json_text(claims, name, SC_WEB_TOKEN_TEXT_MAX, need, &text, &why) == SC_OK, err,
		  SC_ERR_TOKEN, "its claims: %s", why.message);
	SC_ENSURE(!text || sc_view_is_text(sc_view_text(text)), err, SC_ERR_TOKEN,
		  "its claim \"%s\" has control characters", name);
	SC_ENSURE(need == SC_JSON_OPTIONAL || text[0], err, SC_ERR_TOKEN, "its claim \"%s\" is empty", name);
	strcpy(out, text ? text : "");
	return SC_OK;
}

/* A NumericDate may have a fraction (RFC 7519 section 2), which is dropped. */
static sc_status read_time(const json_t *claims, const char *name, int64_t *out, struct sc_error *err)
{
	const json_t *value = json_object_get(claims, name);
	double number = json_number_value(value);

	SC_ENSURE(json_is_number(value) && number >= 0 && number <= TIME_MAX, err, SC_ERR_TOKEN,
		  "its claim \"%s\" is not a time", name);
	*out = (int64_t)number;
	return SC_OK;
}

static sc_status read_claims(const json_t *claims, struct sc_web_token_claims *out, struct sc_error *err)
{
	SC_TRY(read_text(claims, "iss", SC_JSON_NEEDED, out->issuer, err));
	SC_TRY(read_text(claims, "aud", SC_JSON_NEEDED, out->audience, err));
	SC_TRY(read_text(claims, "tid", SC_JSON_NEEDED, out->tid, err));
	SC_TRY(read_text(claims, "oid", SC_JSON_NEEDED, out->oid, err));
	SC_TRY(read_text(claims, "appid", SC_JSON_OPTIONAL, out->appid, err));
	SC_TRY(read_text(claims, "upn", SC_JSON_OPTIONAL, out->upn, err));
	SC_TRY(read_text(claims, "name", SC_JSON_OPTIONAL, out->name, err));
	SC_TRY(read_text(claims, "idtyp", SC_JSON_OPTIONAL, out->idtyp, err));
	for (char *c = out->tid; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return SC_OK;
}

static sc_status check_times(const json_t *claims, struct sc_web_token_claims *out, struct sc_error *err)
{
	int64_t now = sc_clock_now();
	int64_t issued = 0;
	int64_t begins = 0;

	SC_TRY(read_time(claims, "exp", &out->expires, err));
	SC_TRY(read_time(claims, "nbf", &begins, err));
	SC_TRY(read_time(claims, "iat", &issued, err));
	SC_ENSURE(now < out->expires, err, SC_ERR_TOKEN, "it has expired");
	SC_ENSURE(begins <= now + SC_WEB_TOKEN_LEEWAY && issued <= now + SC_WEB_TOKEN_LEEWAY, err,
		  SC_ERR_TOKEN, "it is not valid yet");
	return SC_OK;
}

static size_t length_without_slash(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && text[len - 1] == '/' ? len - 1 : len;
}

/* Some clients ask for an audience with a final slash, others without. */
static bool is_same_audience(const char *a, const char *b)
{
	size_t len = length_without_slash(a);

	return len == length_without_slash(b) && memcmp(a, b, len) == 0;
}

static bool is_for_us(const char *audience, const char *const *audiences, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_same_audience(audience, audiences[i]))
			return true;
	return false;
}

/* -- all of it --------------------------------------------------------------------------------- */

static sc_status read_parts(const char *token, struct parts *parts, json_t **header, json_t **claims,
			    struct sc_error *err)
{
	struct sc_view text = sc_view_text(token);
	SC_CLEANUP(sc_bytes) signature = { 0 };

	SC_ENSURE(text.len <= SC_WEB_TOKEN_MAX && split(text, parts), err, SC_ERR_TOKEN,
		  "it is not a signed token in compact form");
	SC_ENSURE(sc_base64url_read(parts->signature, SIGNATURE_MAX, &signature, NULL) == SC_OK, err,
		  SC_ERR_TOKEN, "its signature is not base64url");
	SC_TRY(read_object(parts->header, "header", header, err));
	return read_object(parts->payload, "payload", claims, err);
}

sc_status sc_web_token_verify(struct sc_web_issuers *issuers, const char *token, const char *const *audiences,
			      size_t audience_count, struct sc_web_token_claims *out, struct sc_error *err)
{
	SC_CLEANUP(sc_json) header = NULL;
	SC_CLEANUP(sc_json) payload = NULL;
	SC_CLEANUP(sc_web_key_set) keys = NULL;
	struct sc_web_token_claims claims = { 0 };
	struct parts parts;
	const char *kid = NULL;

	SC_TRY(read_parts(token, &parts, &header, &payload, err));
	SC_TRY(check_header(header, &kid, err));
	SC_TRY(read_claims(payload, &claims, err));
	SC_TRY(sc_web_issuers_find_keys(issuers, claims.issuer, kid, &keys, err));
	SC_TRY(check_signature(sc_view_text(token), sc_web_key_set_find(keys, kid), err));
	SC_TRY(check_times(payload, &claims, err));
	SC_ENSURE(is_for_us(claims.audience, audiences, audience_count), err, SC_ERR_TOKEN,
		  "it is meant for another service");
	SC_ENSURE(sc_web_issuers_has_tenant(issuers, claims.issuer, claims.tid), err, SC_ERR_TOKEN,
		  "its issuer does not speak for that tenant");
	*out = claims;
	return SC_OK;
}
