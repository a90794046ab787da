/*
 * Shared by the tests of tokens and of issuers' keys: makes tokens of the test's own issuer, good ones and
 * ones with one thing changed, and verifies them.
 */
#ifndef TOKEN_MAKER_H
#define TOKEN_MAKER_H

#include <openssl/evp.h>

#include "web/token.h"

#define ISSUER   "https://login.localhost:8444/6f1d0b7e-0000-4000-8000-000000000001/"
#define TENANT   "6f1d0b7e-0000-4000-8000-000000000001"
#define AUDIENCE "https://vault.localhost:8443"
#define HEADER   "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}"

/* Belong to one test, from set_up to tear_down. */
extern EVP_PKEY *key;                  /* RSA; "k1" in the key set */
extern EVP_PKEY *other_key;            /* "k2" */
extern struct sc_web_issuers *issuers; /* ISSUER with both keys */
extern char jwks[4096];                /* the key set */
extern int64_t now;
extern const char *const tenants[1];

int set_up(void **state);
int tear_down(void **state);

/* The caller frees the result. */
char *base64url(const void *data, size_t len);

/*
 * A token of `header` and `payload`, with the signature that `sign` makes of them. Returns a static buffer,
 * because every token here is used at once.
 */
const char *join(const char *header, const char *payload, char *(*sign)(const char *input));

/* For join: sign with `key` or with `other_key`. */
char *sign_well(const char *input);
char *sign_by_another(const char *input);

/* The good payload, with `from` replaced by `to` once. Times are `now` plus or minus seconds. */
const char *payload(const char *from, const char *to);

/* Verifies for the audiences of a vault service. `claims` may be NULL. */
sc_status verify(const char *token, struct sc_web_token_claims *claims, struct sc_error *err);

/* Asserts that the token is accepted, or refused with a message that contains `why`, returning no claim. */
void assert_good(const char *token);
void assert_bad(const char *token, const char *why);

/* The public key of an RSA key of 2048 bits as a JWK. */
void write_jwk(char *out, size_t size, EVP_PKEY *of, const char *kid);

#endif
