/* The cmdlets' requests to a vault: import a transfer package, get its receipt, decrypt. */
#ifndef SC_AZURE_VAULT_KEYS_H
#define SC_AZURE_VAULT_KEYS_H

#include "azure/manager.h"
#include "base/digest.h"
#include "formats/vault_name.h"

struct sc_azure_key {
	char name[SC_KEY_NAME_SIZE];
	char version[SC_KEY_VERSION_SIZE];
	char id[SC_AZURE_URL_SIZE];
	char kty[16]; /* "RSA-HSM" */
	unsigned bits;
	struct sc_hash key_hash; /* SHA-256 of the SubjectPublicKeyInfo */
	char operations[128];    /* "decrypt, sign" */
	bool is_enabled;
	int64_t created, updated; /* 0: not given */
	int64_t not_before, expires;
};

/*
 * Imports a transfer package as an HSM-protected key (article step 5). SC_ERR_INTEGRITY if the hash of the
 * vault's public key is not `expected`, the one that the package names.
 */
sc_status sc_azure_key_import(struct sc_azure_account *account, const struct sc_azure_vault *vault,
			      const char *name, struct sc_view package, const struct sc_hash *expected,
			      struct sc_azure_key *out, struct sc_error *err) SC_WARN_UNUSED;

/* Gets the receipt of a key's import (rule F7), DER. SC_ERR_NOT_FOUND if there is none for that version. */
sc_status sc_azure_key_receipt(struct sc_azure_account *account, const struct sc_azure_vault *vault,
			       const struct sc_azure_key *key, struct sc_bytes *out,
			       struct sc_error *err) SC_WARN_UNUSED;

/* Decrypts with the key's newest version. `algorithm` is Azure's name: "RSA-OAEP-256". */
sc_status sc_azure_key_decrypt(struct sc_azure_account *account, const struct sc_azure_vault *vault,
			       const char *name, const char *algorithm, struct sc_view ciphertext,
			       struct sc_bytes *plaintext, struct sc_error *err) SC_WARN_UNUSED;

#endif
