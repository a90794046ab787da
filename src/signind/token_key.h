/*
 * The key that signs tokens. The key is in the module; here are its blob and its public half. The module is
 * given a JWS signing input and hashes it itself (SC_MECHANISM_TOKEN_RS256), so this process can have nothing
 * but tokens signed.
 */
#ifndef SC_SIGNIND_TOKEN_KEY_H
#define SC_SIGNIND_TOKEN_KEY_H

#include <jansson.h>

#include "client/pipeline.h"

#define SC_SIGNIND_TOKEN_KEY_OWNER "signind" /* the daemon to which the blob is sealed */

struct sc_signind_token_key {
	struct sc_pipeline_key key; /* refers to the two below */
	struct sc_bytes blob;
	struct sc_bytes owner;
	struct sc_bytes header; /* base64url of the tokens' JOSE header: alg RS256, typ JWT, kid */
	struct sc_bytes jwks;   /* {"keys": [...]}: kid is the RFC 7638 thumbprint */
};

/*
 * Reads the blob, has the module behind the socket `module` open it, and takes the public key from the
 * module's answer. Blocks. SC_ERR_UNAVAILABLE if the module cannot be reached, SC_ERR_KEY_TYPE if the key is
 * not an RSA token key.
 */
sc_status sc_signind_token_key_open(const char *blob, const char *module, struct sc_signind_token_key **out,
				    struct sc_error *err) SC_WARN_UNUSED;
void sc_signind_token_key_free(struct sc_signind_token_key *key);
SC_CLEANUP_POINTER(sc_signind_token_key, struct sc_signind_token_key, sc_signind_token_key_free)

/* header '.' base64url(claims): what the module signs (RFC 7515 section 5.1). */
sc_status sc_signind_token_key_input(const struct sc_signind_token_key *key, const json_t *claims,
				     struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

/* input '.' base64url(signature), terminated: the token. */
sc_status sc_signind_token_key_join(struct sc_view input, struct sc_view signature, struct sc_bytes *out,
				    struct sc_error *err) SC_WARN_UNUSED;

#endif
