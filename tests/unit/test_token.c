/*
 * Access tokens (rule P5). Each forged token is the good one with one thing changed, and the good one is
 * first shown to be accepted.
 */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "token_maker.h"

/* -- what a good one says ---------------------------------------------------------------------- */

static void a_good_token_is_accepted_and_its_claims_are_read(void **state)
{
	struct sc_web_token_claims claims = { 0 };
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

/* The classic attack: the public key, which everyone has, used as the secret of an HMAC. */
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
		   "not a signed token");
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
		assert_bad(join(header, payload("a-1", "a-1"), sign_well), "not allowed");
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

/* Keys and tenants belong to one issuer: those of another are useless to it. */
static void an_issuer_speaks_with_its_own_keys_for_its_own_tenants(void **state)
{
#define OTHER_ISSUER "https://other.example.org/"
	static const char other_payload[] = "\"iss\":\"" OTHER_ISSUER "\",\"aud";
	static const char this_payload[] = "\"iss\":\"" ISSUER "\",\"aud";
	static const char *const other_tenants[] = { "6f1d0b7e-0000-4000-8000-000000000002" };
	const struct sc_web_issuer_settings settings = { OTHER_ISSUER, NULL, NULL, other_tenants, 1, NULL };
	static const char header[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k5\"}";
	char both[4096];
	char jwk[1024];
	char set[2048];
	char *tenant;
	struct sc_error err = { 0 };

	(void)state;
	write_jwk(jwk, sizeof jwk, other_key, "k5");
	snprintf(set, sizeof set, "{\"keys\":[%s]}", jwk);
	assert_ok(sc_web_issuers_add(issuers, &settings, &err), &err);
	assert_ok(sc_web_issuers_set_keys(issuers, OTHER_ISSUER, sc_view_text(set), &err), &err);
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

/* One row for all tenants of a service: each issuer speaks for the tenant in its name, and for no other. */
static void an_issuer_of_many_tenants_speaks_for_the_one_in_its_name(void **state)
{
#define SECOND "6f1d0b7e-0000-4000-8000-000000000002"
#define MANY   "https://many.localhost:8444/"
	const struct sc_web_issuer_settings settings = { MANY "{tenantid}/", NULL, NULL, NULL, 0, NULL };
	static const char *const strangers[] = { MANY "{tenantid}/",
						 MANY,
						 MANY SECOND,
						 MANY SECOND "/x",
						 "https://many.localhost/" SECOND "/",
						 MANY "6F1D0B7E-0000-4000-8000-00000000000A/",
						 MANY "common/" };
	static const char this_issuer[] = "\"iss\":\"" ISSUER;
	char first[4096], second[4096], strange[256];
	char *tenant;
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_web_issuers_add(issuers, &settings, &err), &err);
	assert_ok(sc_web_issuers_set_keys(issuers, settings.issuer, sc_view_text(jwks), &err), &err);
	snprintf(first, sizeof first, "%s", payload(this_issuer, "\"iss\":\"" MANY TENANT "/"));
	assert_good(join(HEADER, first, sign_well));
	snprintf(second, sizeof second, "%s", payload(this_issuer, "\"iss\":\"" MANY SECOND "/"));
	assert_bad(join(HEADER, second, sign_well), "that tenant");
	tenant = strstr(second, "\"tid\":\"" TENANT);
	assert_non_null(tenant);
	tenant[strlen("\"tid\":\"" TENANT) - 1] = '2';
	assert_good(join(HEADER, second, sign_well));
	for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
		snprintf(strange, sizeof strange, "\"iss\":\"%s", strangers[i]);
		assert_bad(join(HEADER, payload(this_issuer, strange), sign_well),
			   "its issuer is not trusted");
	}
	/* An issuer with a row of its own keeps to that row's tenants. */
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
	assert_good(token_of_times(now + 3600, now + SC_WEB_TOKEN_LEEWAY - 30, now));
	assert_bad(token_of_times(now + 3600, now + SC_WEB_TOKEN_LEEWAY + 30, now), "not valid yet");
	assert_bad(token_of_times(now + 3600, now, now + SC_WEB_TOKEN_LEEWAY + 30), "not valid yet");
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
	char long_token[SC_WEB_TOKEN_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_bad(texts[i], "");
	memset(long_token, 'a', sizeof long_token - 1);
	long_token[sizeof long_token - 1] = '\0';
	assert_bad(long_token, "compact form");
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
		TEST(an_issuer_of_many_tenants_speaks_for_the_one_in_its_name),
		TEST(every_claim_that_is_needed_is_missed),
		TEST(a_token_has_its_time),
		TEST(a_token_with_any_character_changed_or_cut_off_is_refused),
		TEST(other_forms_of_a_token_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
