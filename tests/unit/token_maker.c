/* See token_maker.h. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "base/clock.h"
#include "token_maker.h"

static const char *const audiences[] = { "https://management.localhost:8443/", AUDIENCE };
const char *const tenants[] = { TENANT };
EVP_PKEY *key;
EVP_PKEY *other_key;
struct sc_web_issuers *issuers;
char jwks[4096];
int64_t now;

/* -- making tokens ----------------------------------------------------------------------------- */

char *base64url(const void *data, size_t len)
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

const char *join(const char *header, const char *payload, char *(*sign)(const char *input))
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

char *sign_well(const char *input)
{
	return signed_by(key, input);
}

char *sign_by_another(const char *input)
{
	return signed_by(other_key, input);
}

const char *payload(const char *from, const char *to)
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

/* -- judging them ------------------------------------------------------------------------------ */

sc_status verify(const char *token, struct sc_web_token_claims *claims, struct sc_error *err)
{
	struct sc_web_token_claims ignored = { 0 };

	return sc_web_token_verify(issuers, token, audiences, 2, claims ? claims : &ignored, err);
}

void assert_good(const char *token)
{
	struct sc_error err = { 0 };

	assert_ok(verify(token, NULL, &err), &err);
}

void assert_bad(const char *token, const char *why)
{
	struct sc_error err = { 0 };
	struct sc_web_token_claims claims = { 0 };

	if (verify(token, &claims, &err) != SC_ERR_TOKEN || !strstr(err.message, why))
		fail_msg("%s: expected \"%s\": %s", token, why, err.message);
	assert_int_equal(claims.oid[0], 0);
}

/* -- their issuer ------------------------------------------------------------------------------ */

void write_jwk(char *out, size_t size, EVP_PKEY *of, const char *kid)
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

int set_up(void **state)
{
	const struct sc_web_issuer_settings settings = { ISSUER, NULL, NULL, tenants, 1, NULL };
	char jwk[2][1024];
	struct sc_error err = { 0 };

	(void)state;
	now = sc_clock_now();
	key = EVP_RSA_gen(2048);
	other_key = EVP_RSA_gen(2048);
	write_jwk(jwk[0], sizeof jwk[0], key, "k1");
	write_jwk(jwk[1], sizeof jwk[1], other_key, "k2");
	snprintf(jwks, sizeof jwks, "{\"keys\":[%s,%s,{\"kty\":\"EC\",\"kid\":\"k3\"}]}", jwk[0], jwk[1]);
	assert_ok(sc_web_issuers_new(&issuers, &err), &err);
	assert_ok(sc_web_issuers_add(issuers, &settings, &err), &err);
	assert_ok(sc_web_issuers_set_keys(issuers, ISSUER, sc_view_text(jwks), &err), &err);
	return 0;
}

int tear_down(void **state)
{
	(void)state;
	sc_web_issuers_free(issuers);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other_key);
	return 0;
}
