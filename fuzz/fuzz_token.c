/*
 * Feeds access tokens (rule P5). The first byte chooses what follows: a whole token, whose signature cannot
 * be valid; a header and claims on one line each, which are correctly signed here, so that their content is
 * checked; or a JWKS.
 */
#include "fuzz.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/clock.h"
#include "web/issuer_keys.h"
#include "web/token.h"

#define ISSUER    "https://login.localhost:8444/6f1d0b7e-0000-4000-8000-000000000001/"
#define TENANT    "6f1d0b7e-0000-4000-8000-000000000001"
#define AUDIENCE  "https://vault.localhost:8443"
#define INPUT_MAX 8192

static EVP_PKEY *key;
static struct sc_web_issuers *issuers;

static void must(bool ok)
{
	fuzz_holds(ok, "the target itself works");
}

static struct sc_bytes base64url(struct sc_view bytes)
{
	struct sc_bytes text = { 0 };

	must(sc_base64url_write(bytes, &text, NULL) == SC_OK);
	return text;
}

/* One issuer with one key, k1, whose private half we have. */
static void set_up(void)
{
	static const char *const tenants[] = { TENANT };
	const struct sc_web_issuer_settings settings = { ISSUER, NULL, NULL, tenants, 1, NULL };
	SC_CLEANUP(sc_bytes) text = { 0 };
	uint8_t modulus[256];
	char jwks[1024];
	BIGNUM *n = NULL;

	key = EVP_RSA_gen(2048);
	must(key && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
	     BN_bn2binpad(n, modulus, sizeof modulus) == sizeof modulus);
	text = base64url(sc_view_of(modulus, sizeof modulus));
	snprintf(jwks, sizeof jwks,
		 "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"k1\",\"n\":\"%s\",\"e\":\"AQAB\"}]}",
		 (const char *)text.data);
	must(sc_web_issuers_new(&issuers, NULL) == SC_OK &&
	     sc_web_issuers_add(issuers, &settings, NULL) == SC_OK &&
	     sc_web_issuers_set_keys(issuers, ISSUER, sc_view_text(jwks), NULL) == SC_OK);
	BN_free(n);
}

static bool verifies(const char *token)
{
	static const char *const audiences[] = { AUDIENCE };
	struct sc_web_token_claims claims = { 0 };

	if (sc_web_token_verify(issuers, token, audiences, 1, &claims, NULL) != SC_OK) {
		fuzz_holds(!claims.oid[0], "a refused token says nothing");
		return false;
	}
	fuzz_holds(!strcmp(claims.issuer, ISSUER) && !strcmp(claims.tid, TENANT) && claims.oid[0] &&
		       !strncmp(claims.audience, AUDIENCE, strlen(AUDIENCE)) &&
		       claims.expires > sc_clock_now() - 1,
		   "an accepted token is of our issuer and tenant, for us, and has not expired");
	return true;
}

static void feed_raw(struct sc_view text)
{
	SC_CLEANUP(sc_bytes) token = { 0 };

	must(sc_bytes_copy(text, &token, NULL) == SC_OK);
	fuzz_holds(!verifies((const char *)token.data), "nobody but the key's holder makes tokens");
}

static void sign(const char *input, uint8_t *signature, size_t *len)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	must(context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
	     EVP_DigestSign(context, signature, len, (const uint8_t *)input, strlen(input)) == 1);
	EVP_MD_CTX_free(context);
}

static void feed_signed(struct sc_view text)
{
	const uint8_t *end = text.len ? memchr(text.data, '\n', text.len) : NULL;
	size_t first = end ? (size_t)(end - text.data) : text.len;
	SC_CLEANUP(sc_bytes) header = base64url(sc_view_of(text.data, first));
	SC_CLEANUP(sc_bytes)
	claims = base64url(sc_view_of(text.data + first + (end != NULL), text.len - first - (end != NULL)));
	SC_CLEANUP(sc_bytes) tail = { 0 };
	static char token[2 * INPUT_MAX];
	uint8_t signature[256];
	size_t len = sizeof signature;

	snprintf(token, sizeof token, "%s.%s", (const char *)header.data, (const char *)claims.data);
	sign(token, signature, &len);
	tail = base64url(sc_view_of(signature, len));
	snprintf(token + strlen(token), sizeof token - strlen(token), ".%s", (const char *)tail.data);
	(void)verifies(token);
}

static void feed_keys(struct sc_view text)
{
	struct sc_web_key_set *set = NULL;

	if (sc_web_key_set_read(text, &set, NULL) == SC_OK)
		sc_web_key_set_release(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sc_view rest = sc_view_of(data + 1, len ? len - 1 : 0);

	if (len == 0 || len > INPUT_MAX)
		return 0;
	if (!key)
		set_up();
	switch (data[0]) {
	case 'r':
		feed_raw(rest);
		break;
	case 's':
		feed_signed(rest);
		break;
	default:
		feed_keys(rest);
		break;
	}
	return 0;
}
