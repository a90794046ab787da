/*
 * Tokens of an issuer of the test's own, and their verification: a good one, and the same with one thing
 * changed. What the tests of tokens and of their issuers' keys share.
 */
#ifndef TOKEN_MAKER_H
#define TOKEN_MAKER_H

#include <openssl/evp.h>

#include "web/token.h"

#define ISSUER   "https://login.localhost:8444/6f1d0b7e-0000-4000-8000-000000000001/"
#define TENANT   "6f1d0b7e-0000-4000-8000-000000000001"
#define AUDIENCE "https://vault.localhost:8443"
#define HEADER   "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}"

/* Each test's own, from set_up to tear_down. */
extern EVP_PKEY *key;              /* RSA; "k1" in the set of keys */
extern EVP_PKEY *other_key;        /* "k2" */
extern struct sc_web_issuers *issuers; /* ISSUER with both */
extern char jwks[4096];            /* that set */
extern int64_t now;
extern const char *const tenants[1];

int set_up(void **state);
int tear_down(void **state);

/* What is returned is freed by the caller. */
char *base64url(const void *data, size_t len);

/* A token of these two, with what `sign` makes of them. Static room, as all tokens here are used at once. */
const char *join(const char *header, const char *payload, char *(*sign)(const char *input));

/* For join: with `key` or with `other_key`. */
char *sign_well(const char *input);
char *sign_by_another(const char *input);

/* The good payload with `from` replaced by `to` once; times are `now` plus or minus seconds. */
const char *payload(const char *from, const char *to);

/* For the audiences of a vault service. `claims` may be NULL. */
sc_status verify(const char *token, struct sc_web_token_claims *claims, struct sc_error *err);

/* It is accepted; it is refused with a message that has `why` in it, and no claim comes out. */
void assert_good(const char *token);
void assert_bad(const char *token, const char *why);

/* The public key of an RSA key of 2048 bits as a JWK. */
void write_jwk(char *out, size_t size, EVP_PKEY *of, const char *kid);

#endif
