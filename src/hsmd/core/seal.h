/*
 * AES-256-GCM with a key that is used once. The key is derived from a fresh salt, or is random, for this one
 * sealing, so the nonce is twelve zero bytes (rule F3: no caller chooses a nonce, and none can repeat under
 * the same key).
 */
#ifndef SC_HSMD_CORE_SEAL_H
#define SC_HSMD_CORE_SEAL_H

#include "base/secret.h"

#define SC_SEAL_KEY_SIZE 32

/* Encrypts. The caller owns both outputs; whatever they held before is freed. */
sc_status sc_seal(const struct sc_secret *key, struct sc_view associated, struct sc_view plaintext,
		  struct sc_bytes *ciphertext, struct sc_bytes *tag, struct sc_error *err) SC_WARN_UNUSED;

/* Decrypts into a secret. SC_ERR_INTEGRITY if altered or sealed under another key. */
sc_status sc_unseal(const struct sc_secret *key, struct sc_view associated, struct sc_view ciphertext,
		    struct sc_view tag, struct sc_secret *plaintext, struct sc_error *err) SC_WARN_UNUSED;

#endif
