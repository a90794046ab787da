/*
 * Access tokens (rule P5). Each forged token is the good one with one thing changed; the good one is seen to
 * be accepted first.
 */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/clock.h"
#include "base/os.h"
#include "web/fetch.h"
#include "web/token.h"
#include "web_fixture.h"

#define ISSUER   "https://login.localhost:8444/6f1d0b7e-0000-4000-8000-000000000001/"
#define TENANT   "6f1d0b7e-0000-4000-8000-000000000001"
#define AUDIENCE "https://vault.localhost:8443"

static const char *const audiences[] = { "https://management.localhost:8443/", AUDIENCE };
static const char *const tenants[] = { TENANT };
static EVP_PKEY *key;
static EVP_PKEY *other_key;
static struct sc_issuers *issuers;
static char jwks[4096];
static int64_t now;

/* -- making tokens ----------------------------------------------------------------------------- */

static char *base64url(const void *data, size_t len)
{
	SC_CLEANUP(sc_bytes) text = { 0 };

	assert_ok(sc_base64url_write(sc_view_of(data, len), &text, NULL), NULL);
	return strdup((const char *)text.data);
}

static char *signed_by(EVP_PKEY *signer, const char *input)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t signature[512];
	size_t len = sizeof signature;

	assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, signer), 1);
	assert_int_equal(EVP_DigestSign(context, signature, &len, (const uint8_t *)input, strlen(input)), 1);
	EVP_MD_CTX_free(context);
	return base64url(signature, len);
}

/* Static room, as all tokens here are used at once. */
static const char *join(const char *header, const char *payload, char *(*sign)(const char *input))
{
	static char token[16384];
	char *a = base64url(header, strlen(header));
	char *b = base64url(payload, strlen(payload));
	char *c;

	snprintf(token, sizeof token, "%s.%s", a, b);
	c = sign(token);
	snprintf(token + strlen(token), sizeof token - strlen(token), ".%s", c);
	free(a);
	free(b);
	free(c);
	return token;
}

static char *sign_well(const char *input)
{
	return signed_by(key, input);
}

static char *sign_by_another(const char *input)
{
	return signed_by(other_key, input);
}

/* The classic: the public key, which everyone has, as the secret of an HMAC. */
static char *sign_by_public_key(const char *input)
{
	BIO *bio = BIO_new(BIO_s_mem());
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	char *pem;
	long pem_len;
	char *text;

	assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
	pem_len = BIO_get_mem_data(bio, &pem);
	assert_non_null(
	    HMAC(EVP_sha256(), pem, (int)pem_len, (const uint8_t *)input, strlen(input), mac, &len));
	text = base64url(mac, len);
	BIO_free(bio);
	return text;
}

static char *sign_with_nothing(const char *input)
{
	(void)input;
	return strdup("");
}

#define HEADER "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}"

/* The good payload with `from` replaced by `to` once; times are NOW plus or minus seconds. */
static const char *payload(const char *from, const char *to)
{
	static char text[4096];
	static char changed[4096];
	char *at;

	snprintf(text, sizeof text,
		 "{\"iss\":\"" ISSUER "\",\"aud\":\"" AUDIENCE "\",\"exp\":%lld,\"nbf\":%lld,\"iat\":%lld,"
		 "\"tid\":\"" TENANT
		 "\",\"oid\":\"o-1\",\"appid\":\"a-1\",\"upn\":\"anna@contoso\",\"name\":\"Anna\"}",
		 (long long)now + 3600, (long long)now, (long long)now);
	at = strstr(text, from);
	assert_non_null(at);
	snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	return changed;
}

static sc_status verify(const char *token, struct sc_token_claims *claims, struct sc_error *err)
{
	struct sc_token_claims ignored = { 0 };

	return sc_token_verify(issuers, token, audiences, 2, claims ? claims : &ignored, err);
}

static void assert_good(const char *token)
{
	struct sc_error err = { 0 };

	assert_ok(verify(token, NULL, &err), &err);
}

static void assert_bad(const char *token, const char *why)
{
	struct sc_error err = { 0 };
	struct sc_token_claims claims = { 0 };

	if (verify(token, &claims, &err) != SC_ERR_TOKEN || !strstr(err.message, why))
		fail_msg("%s: expected \"%s\": %s", token, why, err.message);
	assert_int_equal(claims.oid[0], 0);
}

static void write_jwk(char *out, size_t size, EVP_PKEY *of, const char *kid)
{
	BIGNUM *n = NULL;
	uint8_t bytes[256];
	char *text;

	assert_int_equal(EVP_PKEY_get_bn_param(of, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	assert_int_equal(BN_bn2binpad(n, bytes, sizeof bytes), sizeof bytes);
	text = base64url(bytes, sizeof bytes);
	snprintf(out, size, "{\"kty\":\"RSA\",\"use\":\"sig\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"AQAB\"}",
		 kid, text);
	free(text);
	BN_free(n);
}

static int set_up(void **state)
{
	const struct sc_issuer_settings settings = { ISSUER, NULL, NULL, tenants, 1 };
	char jwk[2][1024];
	struct sc_error err = { 0 };

	(void)state;
	now = sc_clock_now();
	key = EVP_RSA_gen(2048);
	other_key = EVP_RSA_gen(2048);
	write_jwk(jwk[0], sizeof jwk[0], key, "k1");
	write_jwk(jwk[1], sizeof jwk[1], other_key, "k2");
	snprintf(jwks, sizeof jwks, "{\"keys\":[%s,%s,{\"kty\":\"EC\",\"kid\":\"k3\"}]}", jwk[0], jwk[1]);
	assert_ok(sc_issuers_new(&issuers, &err), &err);
	assert_ok(sc_issuers_add(issuers, &settings, &err), &err);
	assert_ok(sc_issuers_set_keys(issuers, ISSUER, sc_view_text(jwks), &err), &err);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sc_issuers_free(issuers);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other_key);
	return 0;
}

/* -- what a good one says ---------------------------------------------------------------------- */

static void a_good_token_is_accepted_and_its_claims_are_read(void **state)
{
	struct sc_token_claims claims = { 0 };
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(verify(join(HEADER, payload("a-1", "a-1"), sign_well), &claims, &err), &err);
	assert_string_equal(claims.issuer, ISSUER);
	assert_string_equal(claims.audience, AUDIENCE);
	assert_string_equal(claims.tid, TENANT);
	assert_string_equal(claims.oid, "o-1");
	assert_string_equal(claims.appid, "a-1");
	assert_string_equal(claims.upn, "anna@contoso");
	assert_string_equal(claims.name, "Anna");
	assert_string_equal(claims.idtyp, "");
	assert_int_equal(claims.expires, now + 3600);
	assert_good(join("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k2\"}", payload("a-1", "a-1"),
			 sign_by_another));
	assert_good(join("{\"x5t\":\"abc\",\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}",
			 payload("a-1", "a-1"), sign_well));
	assert_good(join(HEADER, payload(AUDIENCE, AUDIENCE "/"), sign_well));
	assert_good(join(HEADER, payload(AUDIENCE, "https://management.localhost:8443"), sign_well));
	assert_good(join(HEADER, payload("\"upn\":\"anna@contoso\",", ""), sign_well));
	assert_good(join(HEADER, payload(TENANT "\",\"oid", "6F1D0B7E-0000-4000-8000-000000000001\",\"oid"),
			 sign_well));
}

/* -- forgeries --------------------------------------------------------------------------------- */

static void another_algorithm_is_refused_whatever_the_token_says(void **state)
{
	static const char *const algorithms[] = { "none",  "None",   "NONE",  "nOnE",   "HS256",
						  "HS384", "RS384",  "RS512", "PS256",  "ES256",
						  "rs256", "RS256 ", "",      "A128KW", "EdDSA" };
	char header[128];

	(void)state;
	for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
		snprintf(header, sizeof header, "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"k1\"}",
			 algorithms[i]);
		assert_bad(join(header, payload("a-1", "a-1"), sign_well), "its algorithm is not RS256");
		assert_bad(join(header, payload("a-1", "a-1"), sign_by_public_key),
			   "its algorithm is not RS256");
	}
	assert_bad(join("{\"alg\":\"none\",\"typ\":\"JWT\",\"kid\":\"k1\"}", payload("a-1", "a-1"),
			sign_with_nothing),
		   "no signed token");
	assert_bad(join(HEADER, payload("a-1", "a-1"), sign_by_public_key), "its signature does not verify");
	assert_bad(join(HEADER, payload("a-1", "a-1"), sign_by_another), "its signature does not verify");
	assert_bad(
	    join("{\"alg\":[\"RS256\"],\"typ\":\"JWT\",\"kid\":\"k1\"}", payload("a-1", "a-1"), sign_well),
	    "algorithm");
	assert_bad(join("{\"typ\":\"JWT\",\"kid\":\"k1\"}", payload("a-1", "a-1"), sign_well), "algorithm");
}

static void a_header_with_anything_more_is_refused(void **state)
{
	static const char *const more[] = {
		"\"jku\":\"https://evil\"",
		"\"x5u\":\"https://evil\"",
		"\"jwk\":{}",
		"\"x5c\":[]",
		"\"crit\":[\"exp\"]",
		"\"crit\":[]",
		"\"b64\":false",
		"\"zip\":\"DEF\"",
		"\"enc\":\"A128GCM\"",
		"\"cty\":\"JWT\"",
		"\"new\":1",
		"\"Alg\":\"none\"",
	};
	char header[256];

	(void)state;
	for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
		snprintf(header, sizeof header, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k1\",%s}",
			 more[i]);
		assert_bad(join(header, payload("a-1", "a-1"), sign_well), "not taken");
	}
}

static void a_member_that_stands_twice_is_refused(void **state)
{
	(void)state;
	assert_bad(join("{\"alg\":\"none\",\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}",
			payload("a-1", "a-1"), sign_well),
		   "twice");
	assert_bad(join("{\"alg\":\"RS256\",\"kid\":\"k2\",\"typ\":\"JWT\",\"kid\":\"k1\"}",
			payload("a-1", "a-1"), sign_well),
		   "twice");
	assert_bad(join("{\"alg\":\"RS256\",\"\\u0061lg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}",
			payload("a-1", "a-1"), sign_well),
		   "twice");
	assert_bad(join(HEADER, payload("\"oid\":\"o-1\"", "\"oid\":\"o-1\",\"oid\":\"o-2\""), sign_well),
		   "twice");
}

static void a_kid_is_a_look_up_and_nothing_else(void **state)
{
	static const char *const kids[] = {
		"\"k9\"", "\"\"", "\"k1 \"", "\"K1\"", "\"../../dev/null\"", "\"k3\"", "\"' OR 1=1 --\""
	};
	char header[512];

	(void)state;
	for (size_t i = 0; i < sizeof kids / sizeof kids[0]; i++) {
		snprintf(header, sizeof header, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":%s}", kids[i]);
		assert_bad(join(header, payload("a-1", "a-1"), sign_well), "its issuer has no such key");
	}
	assert_bad(join("{\"alg\":\"RS256\",\"typ\":\"JWT\"}", payload("a-1", "a-1"), sign_well),
		   "\"kid\" is missing");
	assert_bad(join("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":1}", payload("a-1", "a-1"), sign_well),
		   "\"kid\"");
	assert_bad(join("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k1\\u0000\"}", payload("a-1", "a-1"),
			sign_well),
		   "malformed JSON");
	assert_bad(
	    join("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k2\"}", payload("a-1", "a-1"), sign_well),
	    "its signature does not verify");
}

static void another_type_is_refused(void **state)
{
	(void)state;
	assert_bad(join("{\"alg\":\"RS256\",\"kid\":\"k1\"}", payload("a-1", "a-1"), sign_well), "its type");
	assert_bad(
	    join("{\"alg\":\"RS256\",\"typ\":\"JWE\",\"kid\":\"k1\"}", payload("a-1", "a-1"), sign_well),
	    "its type");
	assert_bad(
	    join("{\"alg\":\"RS256\",\"typ\":\"jwt\",\"kid\":\"k1\"}", payload("a-1", "a-1"), sign_well),
	    "its type");
}

static void issuer_audience_and_tenant_must_be_those_listed(void **state)
{
	(void)state;
	assert_bad(join(HEADER, payload(ISSUER, "https://login.localhost:8444/"), sign_well), "its issuer");
	assert_bad(join(HEADER, payload("001/\"", "001\""), sign_well), "its issuer");
	assert_bad(join(HEADER, payload("https://login", "HTTPS://login"), sign_well), "its issuer");
	assert_bad(join(HEADER, payload(AUDIENCE, "https://graph.localhost:8443/"), sign_well),
		   "another service");
	assert_bad(join(HEADER, payload(AUDIENCE, AUDIENCE "//"), sign_well), "another service");
	assert_bad(join(HEADER, payload(AUDIENCE, AUDIENCE "/x"), sign_well), "another service");
	assert_bad(join(HEADER, payload(AUDIENCE, "/"), sign_well), "another service");
	assert_bad(join(HEADER, payload("\"" AUDIENCE "\"", "[\"" AUDIENCE "\"]"), sign_well), "\"aud\"");
	assert_bad(join(HEADER, payload("\"tid\":\"6f1d", "\"tid\":\"7f1d"), sign_well), "that tenant");
}

/* Keys and tenants are an issuer's own: the other one's are as good as none. */
static void an_issuer_speaks_with_its_own_keys_for_its_own_tenants(void **state)
{
#define OTHER_ISSUER "https://other.example.org/"
	static const char other_payload[] = "\"iss\":\"" OTHER_ISSUER "\",\"aud";
	static const char this_payload[] = "\"iss\":\"" ISSUER "\",\"aud";
	static const char *const other_tenants[] = { "6f1d0b7e-0000-4000-8000-000000000002" };
	const struct sc_issuer_settings settings = { OTHER_ISSUER, NULL, NULL, other_tenants, 1 };
	static const char header[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k5\"}";
	char both[4096];
	char jwk[1024];
	char set[2048];
	char *tenant;
	struct sc_error err = { 0 };

	(void)state;
	write_jwk(jwk, sizeof jwk, other_key, "k5");
	snprintf(set, sizeof set, "{\"keys\":[%s]}", jwk);
	assert_ok(sc_issuers_add(issuers, &settings, &err), &err);
	assert_ok(sc_issuers_set_keys(issuers, OTHER_ISSUER, sc_view_text(set), &err), &err);
	snprintf(both, sizeof both, "%s", payload(this_payload, other_payload));
	assert_bad(join(header, both, sign_by_another), "that tenant");
	tenant = strstr(both, "\"tid\":\"" TENANT);
	assert_non_null(tenant);
	tenant[strlen("\"tid\":\"" TENANT) - 1] = '2';
	assert_good(join(header, both, sign_by_another));
	assert_bad(join(HEADER, both, sign_well), "its issuer has no such key");
	assert_bad(join(header, payload("a-1", "a-1"), sign_by_another), "its issuer has no such key");
	assert_good(join(HEADER, payload("a-1", "a-1"), sign_well));
}

static void every_claim_that_is_needed_is_missed(void **state)
{
	char member[128];
	static const char *const texts[] = { "iss", "aud", "tid", "oid" };
	static const char *const times[] = { "exp", "nbf", "iat" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char renamed[16];

		snprintf(member, sizeof member, "\"%s\":", texts[i]);
		snprintf(renamed, sizeof renamed, "\"x%s\":", texts[i]);
		assert_bad(join(HEADER, payload(member, renamed), sign_well), texts[i]);
		snprintf(renamed, sizeof renamed, "\"%s\":1,\"y\":", texts[i]);
		assert_bad(join(HEADER, payload(member, renamed), sign_well), texts[i]);
	}
	for (size_t i = 0; i < 3; i++) {
		char changed[64];

		snprintf(member, sizeof member, "\"%s\":", times[i]);
		snprintf(changed, sizeof changed, "\"x%s\":", times[i]);
		assert_bad(join(HEADER, payload(member, changed), sign_well), times[i]);
		snprintf(changed, sizeof changed, "\"%s\":\"1\",\"y\":", times[i]);
		assert_bad(join(HEADER, payload(member, changed), sign_well), times[i]);
		snprintf(changed, sizeof changed, "\"%s\":1e300,\"y\":", times[i]);
		assert_bad(join(HEADER, payload(member, changed), sign_well), times[i]);
		snprintf(changed, sizeof changed, "\"%s\":-1,\"y\":", times[i]);
		assert_bad(join(HEADER, payload(member, changed), sign_well), times[i]);
	}
	assert_bad(join(HEADER, payload("\"oid\":\"o-1\"", "\"oid\":\"\""), sign_well), "empty");
	assert_bad(join(HEADER, payload("\"oid\":\"o-1\"", "\"oid\":\"o\\n1\""), sign_well), "control");
}

static const char *token_of_times(int64_t exp, int64_t nbf, int64_t iat)
{
	char from[128];
	char to[128];

	snprintf(from, sizeof from, "\"exp\":%lld,\"nbf\":%lld,\"iat\":%lld", (long long)now + 3600,
		 (long long)now, (long long)now);
	snprintf(to, sizeof to, "\"exp\":%lld,\"nbf\":%lld.5,\"iat\":%lld", (long long)exp, (long long)nbf,
		 (long long)iat);
	return join(HEADER, payload(from, to), sign_well);
}

static void a_token_has_its_time(void **state)
{
	(void)state;
	assert_good(token_of_times(now + 60, now - 3600, now - 3600));
	assert_bad(token_of_times(now, now - 3600, now - 3600), "expired");
	assert_bad(token_of_times(now - 60, now - 3600, now - 3600), "expired");
	assert_good(token_of_times(now + 3600, now + SC_TOKEN_LEEWAY - 30, now));
	assert_bad(token_of_times(now + 3600, now + SC_TOKEN_LEEWAY + 30, now), "not valid yet");
	assert_bad(token_of_times(now + 3600, now, now + SC_TOKEN_LEEWAY + 30), "not valid yet");
}

static void a_token_with_any_character_changed_or_cut_off_is_refused(void **state)
{
	char token[4096];
	size_t len;

	(void)state;
	snprintf(token, sizeof token, "%s", join(HEADER, payload("a-1", "a-1"), sign_well));
	len = strlen(token);
	for (size_t i = 0; i < len; i++) {
		char was = token[i];

		for (unsigned bit = 0; bit < 7; bit++) {
			token[i] = (char)(was ^ (1 << bit));
			assert_bad(token, "");
		}
		token[i] = '\0';
		assert_bad(token, "");
		token[i] = was;
	}
	assert_good(token);
	strcat(token, "=");
	assert_bad(token, "base64url");
}

static void other_forms_of_a_token_are_refused(void **state)
{
	static const char *const texts[] = { "",      ".",         "..",         "...", "a.b",
					     "a.b.c", "a.b.c.d.e", "e30.e30.AA", "{}" };
	char long_token[SC_TOKEN_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_bad(texts[i], "");
	memset(long_token, 'a', sizeof long_token - 1);
	long_token[sizeof long_token - 1] = '\0';
	assert_bad(long_token, "compact form");
}

/* -- keys -------------------------------------------------------------------------------------- */

static void a_set_of_keys_that_is_not_sound_is_refused_as_a_whole(void **state)
{
	static const char *const sets[] = {
		"{}",
		"{\"keys\":[]}",
		"{\"keys\":{}}",
		"{\"keys\":[1]}",
		"{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
		"{\"keys\":[{\"kty\":\"EC\",\"kid\":\"a\"}]}",
		"[]",
	};
	char jwk[1024];
	char set[4096];
	struct sc_error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
		assert_status(sc_issuers_set_keys(issuers, ISSUER, sc_view_text(sets[i]), &err), SC_ERR_JSON,
			      &err);
	write_jwk(jwk, sizeof jwk, key, "k1");
	snprintf(set, sizeof set, "{\"keys\":[%s,%s]}", jwk, jwk);
	assert_status(sc_issuers_set_keys(issuers, ISSUER, sc_view_text(set), &err), SC_ERR_JSON, &err);
	snprintf(set, sizeof set, "{\"keys\":[%s]}", jwk);
	memcpy(strstr(set, "AQAB"), "AQAA", 4);
	assert_status(sc_issuers_set_keys(issuers, ISSUER, sc_view_text(set), &err), SC_ERR_JSON, &err);
	/* None of them took the good keys away. */
	assert_good(join(HEADER, payload("a-1", "a-1"), sign_well));
	snprintf(set, sizeof set, "{\"keys\":[%s]}", jwk);
	memcpy(strstr(set, "\"sig\""), "\"enc\"", 5);
	assert_status(sc_issuers_set_keys(issuers, ISSUER, sc_view_text(set), &err), SC_ERR_JSON, &err);
	snprintf(set, sizeof set, "{\"keys\":[%s]}", jwk);
	assert_ok(sc_issuers_set_keys(issuers, ISSUER, sc_view_text(set), &err), &err);
	assert_bad(join("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k2\"}", payload("a-1", "a-1"),
			sign_by_another),
		   "no such key");
}

static void an_issuer_is_listed_once_with_its_tenants(void **state)
{
	struct sc_issuer_settings settings = { ISSUER, NULL, NULL, tenants, 1 };
	struct sc_error err = { 0 };

	(void)state;
	assert_status(sc_issuers_add(issuers, &settings, &err), SC_ERR_EXISTS, &err);
	settings.issuer = "https://other/";
	settings.tenant_count = 0;
	assert_status(sc_issuers_add(issuers, &settings, &err), SC_ERR_ARGUMENT, &err);
	settings.tenant_count = 1;
	settings.keys_url = "http://other/keys";
	settings.ca = "ca.pem";
	assert_status(sc_issuers_add(issuers, &settings, &err), SC_ERR_ARGUMENT, &err);
	settings.keys_url = "https://other/keys";
	settings.ca = NULL;
	assert_status(sc_issuers_add(issuers, &settings, &err), SC_ERR_ARGUMENT, &err);
	settings.ca = "ca.pem";
	assert_ok(sc_issuers_add(issuers, &settings, &err), &err);
}

/* -- keys that are fetched --------------------------------------------------------------------- */

static atomic_uint fetches;
static atomic_bool is_broken;

static void give_keys(struct sc_web_request *request, void *context)
{
	(void)context;
	fetches++;
	if (is_broken)
		sc_web_answer_error(request, 500, "Broken", "broken");
	else
		sc_web_answer_bytes(request, 200, "application/json", sc_view_text(jwks));
}

static void give_elsewhere(struct sc_web_request *request, void *context)
{
	(void)context;
	sc_web_set_header(request, "Location", "/keys");
	sc_web_answer_bytes(request, 302, "application/json", sc_view_text(jwks));
}

static void give_too_much(struct sc_web_request *request, void *context)
{
	static const char much[SC_FETCH_MAX + 1];

	(void)context;
	sc_web_answer_bytes(request, 200, "application/json", sc_view_of(much, sizeof much));
}

static const struct sc_web_route routes[] = {
	{ "GET", "/keys", give_keys },
	{ "GET", "/elsewhere", give_elsewhere },
	{ "GET", "/too-much", give_too_much },
	{ 0 },
};
static const struct sc_web_host hosts[] = { { "login", false, routes }, { 0 } };

/* A clock that the test sets forward. */
static atomic_int ahead;

static int clock_ahead(clockid_t clock, struct timespec *out)
{
	int result = sc_os_system.clock_gettime(clock, out);

	out->tv_sec += ahead;
	return result;
}

static sc_status verify_until_settled(const char *token)
{
	sc_status status = SC_ERR_UNAVAILABLE;

	for (int i = 0; i < 300 && status == SC_ERR_UNAVAILABLE; i++) {
		struct sc_error err = { 0 };

		status = verify(token, NULL, &err);
		if (status == SC_ERR_UNAVAILABLE)
			usleep(10000);
	}
	return status;
}

static void keys_are_fetched_and_again_for_an_unknown_kid_but_not_often(void **state)
{
	static const char *const loopback[] = { "127.0.0.1" };
	struct web_fixture fixture;
	struct sc_web_settings settings = {
		.domain = "localhost", .addresses = loopback, .address_count = 1, .hosts = hosts, .threads = 1
	};
	struct sc_issuer_settings issuer = { ISSUER, NULL, NULL, tenants, 1 };
	struct sc_web_server *server = NULL;
	struct sc_os os = sc_os_system;
	struct sc_error err = { 0 };
	char url[128];
	char good[4096];
	char unknown[4096];

	(void)state;
	os.clock_gettime = clock_ahead;
	sc_os = &os;
	snprintf(good, sizeof good, "%s", join(HEADER, payload("a-1", "a-1"), sign_well));
	snprintf(
	    unknown, sizeof unknown, "%s",
	    join("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k9\"}", payload("a-1", "a-1"), sign_well));
	sc_issuers_free(issuers);
	issuers = NULL;
	web_fixture_start(&fixture);
	settings.tls_key = fixture.tls_key;
	assert_ok(sc_web_server_start(&settings, &server, &err), &err);
	snprintf(url, sizeof url, "https://login.localhost:%u/keys", (unsigned)sc_web_server_port(server));
	issuer.keys_url = url;
	issuer.ca = fixture.certificate;
	assert_ok(sc_issuers_new(&issuers, &err), &err);
	assert_ok(sc_issuers_add(issuers, &issuer, &err), &err);

	/* Nothing there yet: come again, not "wrong". */
	assert_status(verify(good, NULL, &err), SC_ERR_UNAVAILABLE, &err);
	is_broken = true;
	sc_issuers_start(issuers, server);
	for (int i = 0; i < 500 && fetches < 1; i++)
		usleep(10000);
	usleep(100000);
	assert_status(verify(good, NULL, &err), SC_ERR_UNAVAILABLE, &err);
	assert_int_equal(fetches, 1);
	is_broken = false;
	ahead += SC_ISSUER_PAUSE + 1;
	assert_ok(verify_until_settled(good), NULL);
	assert_int_equal(fetches, 2);
	/* Known keys are fetched for no more; an unknown one is looked for at most every so many seconds. */
	for (int i = 0; i < 20; i++) {
		assert_ok(verify(good, NULL, &err), &err);
		assert_status(verify(unknown, NULL, &err), SC_ERR_TOKEN, &err);
	}
	assert_int_equal(fetches, 2);
	ahead += SC_ISSUER_PAUSE + 1;
	assert_status(verify_until_settled(unknown), SC_ERR_TOKEN, NULL);
	assert_int_equal(fetches, 3);
	ahead += SC_ISSUER_LIFE / 2;
	assert_ok(verify(good, NULL, &err), &err);
	usleep(200000);
	assert_int_equal(fetches, 3);
	sc_web_server_free(server);
	web_fixture_stop(&fixture);
	sc_os = &sc_os_system;
}

#define URL_SIZE 128

static const char *write_url(char url[URL_SIZE], const char *scheme, const char *host, uint16_t port,
			     const char *path)
{
	snprintf(url, URL_SIZE, "%s://%s.localhost:%u%s", scheme, host, (unsigned)port, path);
	return url;
}

static void keys_come_over_https_from_the_authority_that_was_named_and_nowhere_else(void **state)
{
	static const char *const loopback[] = { "127.0.0.1" };
	struct web_fixture fixture;
	struct sc_web_settings settings = {
		.domain = "localhost", .addresses = loopback, .address_count = 1, .hosts = hosts, .threads = 1
	};
	static const struct {
		const char *scheme;
		const char *host;
		const char *path;
		const char *why;
	} bad[] = {
		{ "https", "login", "/elsewhere", "answered 302" },
		{ "https", "login", "/nowhere", "answered 404" },
		{ "https", "login", "/too-much", "more than" },
		{ "http", "login", "/keys", "rotocol" },
		{ "https", "graph", "/keys", "SSL peer certificate" }, /* not among its names */
	};
	struct sc_web_server *server = NULL;
	EVP_PKEY *stranger = EVP_EC_gen("P-256");
	SC_CLEANUP(sc_bytes) got = { 0 };
	struct sc_error err = { 0 };
	char other[160];
	char url[URL_SIZE];
	uint16_t port;

	(void)state;
	is_broken = false;
	web_fixture_start(&fixture);
	settings.tls_key = fixture.tls_key;
	assert_ok(sc_web_server_start(&settings, &server, &err), &err);
	port = sc_web_server_port(server);
	assert_ok(sc_fetch(write_url(url, "https", "login", port, "/keys"), fixture.certificate, &got, &err),
		  &err);
	assert_view_equal(sc_bytes_view(&got), sc_view_text(jwks));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct sc_bytes none = { 0 };

		write_url(url, bad[i].scheme, bad[i].host, port, bad[i].path);
		assert_status(sc_fetch(url, fixture.certificate, &none, &err), SC_ERR_HTTP, &err);
		if (!strstr(err.message, bad[i].why))
			fail_msg("%s: %s", url, err.message);
	}
	snprintf(other, sizeof other, "%s.other", fixture.certificate);
	web_fixture_certificate(stranger, other);
	write_url(url, "https", "login", port, "/keys");
	assert_status(sc_fetch(url, other, &got, &err), SC_ERR_HTTP, &err);
	assert_non_null(strstr(err.message, "SSL peer certificate"));
	sc_web_server_free(server);
	web_fixture_stop(&fixture);
	EVP_PKEY_free(stranger);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_good_token_is_accepted_and_its_claims_are_read),
		TEST(another_algorithm_is_refused_whatever_the_token_says),
		TEST(a_header_with_anything_more_is_refused),
		TEST(a_member_that_stands_twice_is_refused),
		TEST(a_kid_is_a_look_up_and_nothing_else),
		TEST(another_type_is_refused),
		TEST(issuer_audience_and_tenant_must_be_those_listed),
		TEST(an_issuer_speaks_with_its_own_keys_for_its_own_tenants),
		TEST(every_claim_that_is_needed_is_missed),
		TEST(a_token_has_its_time),
		TEST(a_token_with_any_character_changed_or_cut_off_is_refused),
		TEST(other_forms_of_a_token_are_refused),
		TEST(a_set_of_keys_that_is_not_sound_is_refused_as_a_whole),
		TEST(an_issuer_is_listed_once_with_its_tenants),
		TEST(keys_are_fetched_and_again_for_an_unknown_kid_but_not_often),
		TEST(keys_come_over_https_from_the_authority_that_was_named_and_nowhere_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
