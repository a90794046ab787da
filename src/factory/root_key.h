/* The root's private key on disk: PKCS#8 in PEM, under a passphrase. */
#ifndef SC_FACTORY_ROOT_KEY_H
#define SC_FACTORY_ROOT_KEY_H

#include <openssl/evp.h>

#include "base/secret.h"

#define SC_FACTORY_ROOT_KEY_MAX 4096 /* bytes of PEM */

/* A new P-384 key. The caller frees *out. */
sc_status sc_factory_root_key_new(EVP_PKEY **out, struct sc_error *err) SC_WARN_UNUSED;

/* The key as PKCS#8 in PEM, encrypted under the passphrase (PBES2: scrypt, AES-256-CBC). */
sc_status sc_factory_root_key_encrypt(EVP_PKEY *key, const struct sc_secret *passphrase, struct sc_bytes *out,
				      struct sc_error *err) SC_WARN_UNUSED;

/* SC_ERR_ENCODING, SC_ERR_DECRYPT. The caller frees *out. */
sc_status sc_factory_root_key_decrypt(struct sc_view pem, const struct sc_secret *passphrase, EVP_PKEY **out,
				      struct sc_error *err) SC_WARN_UNUSED;

#endif
