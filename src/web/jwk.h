/* Public keys as JSON Web Keys (RFC 7517). */
#ifndef SC_WEB_JWK_H
#define SC_WEB_JWK_H

#include <jansson.h>
#include <openssl/evp.h>

#include "base/bytes.h"

/*
 * The public members of an RSA key, {"n", "e"}, in base64url without leading zero bytes (RFC 7518 section
 * 6.3.1). The caller releases *out. SC_ERR_CRYPTO for another kind of key; SC_ERR_MEMORY.
 */
sc_status sc_web_jwk_public_members(const EVP_PKEY *key, json_t **out, struct sc_error *err) SC_WARN_UNUSED;

#endif
