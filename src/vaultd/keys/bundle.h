/* A key as the keys API shows it, and what clients may set: attributes, key_ops, tags. */
#ifndef SC_VAULTD_KEYS_BUNDLE_H
#define SC_VAULTD_KEYS_BUNDLE_H

#include <jansson.h>

#include "store/vault_store.h"
#include "vaultd/vault_cache.h"

/*
 * Makes {"key": {"kid", "kty", "key_ops", "n", "e"}, "attributes": {…}, "tags": {…}} from a row of `vault`.
 * `authority` is what follows the vault's name in a URL ("vault.localhost:8443"). The caller
 * releases *out.
 */
sc_status sc_keys_bundle_of(const struct sc_store_key_row *key, const struct sc_vaultd_vault *vault,
			    const char *authority, json_t **out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Makes "https://contoso.vault.localhost:8443/keys/NAME/VERSION". It is cut only if it is longer than any
 * valid host and names.
 */
void sc_keys_bundle_kid(const struct sc_store_key_row *key, const char *authority, char kid[SC_KEY_ID_SIZE]);

/* What an import or an update sets. What it does not give keeps the row's value. */
struct sc_keys_changes {
	bool has_enabled, enabled;
	int64_t not_before; /* SC_STORE_NO_TIME: not given */
	int64_t expires;
	json_t *key_ops; /* borrowed from the body; NULL: not given */
	json_t *tags;
};

/*
 * Reads "attributes" and "tags" from a body, and "key_ops" from `ops_in` (the body, or its "key").
 * SC_ERR_JSON for wrong types; SC_ERR_ARGUMENT for unknown or repeated operations, more than 15 tags or one
 * that is not a short string, an impossible time, or an exportable key.
 */
sc_status sc_keys_changes_read(const json_t *body, const json_t *ops_in, struct sc_keys_changes *out,
			       struct sc_error *err) SC_WARN_UNUSED;

/*
 * Checks changes to a key, or the attributes of a new one (NULL). SC_ERR_ARGUMENT if the key's expiry would
 * not be later than its start.
 */
sc_status sc_keys_changes_check(const struct sc_keys_changes *changes, const struct sc_store_key_row *key,
				struct sc_error *err) SC_WARN_UNUSED;

/*
 * Checks the changes and applies them to a row. New texts are written into memory[0] and memory[1], which
 * must live as long as the row is used; the caller frees them. Fails like sc_keys_changes_check();
 * SC_ERR_MEMORY.
 */
sc_status sc_keys_changes_apply(const struct sc_keys_changes *changes, struct sc_store_key_row *row,
				struct sc_bytes memory[2], struct sc_error *err) SC_WARN_UNUSED;

/* True if the row's key_ops include that operation. */
bool sc_keys_allows(const struct sc_store_key_row *key, const char *operation);

/* The key_ops of an RSA key that was imported without any, as JSON. */
#define SC_KEY_OPS_DEFAULT "[\"encrypt\",\"decrypt\",\"sign\",\"verify\",\"wrapKey\",\"unwrapKey\"]"

#endif
