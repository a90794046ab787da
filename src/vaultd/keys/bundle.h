/* A key as the keys API shows it, and what clients may say of one: attributes, key_ops, tags. */
#ifndef SC_VAULTD_KEYS_BUNDLE_H
#define SC_VAULTD_KEYS_BUNDLE_H

#include <jansson.h>

#include "store/vault_store.h"

/*
 * {"key": {"kid", "kty", "key_ops", "n", "e"}, "attributes": {…}, "tags": {…}} of a row, in the vault of
 * those properties, whose keys are at `authority` ("vault.localhost:8443"). The caller releases *out.
 */
sc_status sc_keys_bundle_of(const struct sc_store_key_row *key, const json_t *properties, const char *authority,
		       json_t **out, struct sc_error *err) SC_WARN_UNUSED;

/* "https://contoso.vault.localhost:8443/keys/NAME/VERSION", cut where it is longer than a host and names can
 * be. */
void sc_keys_bundle_kid(const struct sc_store_key_row *key, const char *authority, char kid[SC_KEY_ID_SIZE]);

/* What an import or an update says; what it does not say keeps the values of the row. */
struct sc_keys_changes {
	bool has_enabled, enabled;
	int64_t not_before; /* SC_STORE_NO_TIME: not said */
	int64_t expires;
	json_t *key_ops; /* borrowed from the body; NULL: not said */
	json_t *tags;
};

/*
 * Reads "attributes" and "tags" of a body, and "key_ops" of `ops_in` (the body, or its "key"). SC_ERR_JSON
 * for wrong types; SC_ERR_ARGUMENT for unknown operations, more than 15 tags, an expiry before the beginning,
 * or a key that is to be exportable.
 */
sc_status sc_keys_changes_read(const json_t *body, const json_t *ops_in, struct sc_keys_changes *out,
			   struct sc_error *err) SC_WARN_UNUSED;

/*
 * Puts the wish into a row; new texts are written into *memory (two of them), which must live as long as the
 * row's use. The two times are compared again as they stand together. SC_ERR_ARGUMENT, SC_ERR_MEMORY.
 */
sc_status sc_keys_changes_apply(const struct sc_keys_changes *wish, struct sc_store_key_row *row, struct sc_bytes memory[2],
			    struct sc_error *err) SC_WARN_UNUSED;

/* True if the row's key_ops list that operation. */
bool sc_keys_allows(const struct sc_store_key_row *key, const char *operation);

/* The operations of an RSA key that was imported without key_ops, JSON. */
#define SC_KEY_OPS_DEFAULT "[\"encrypt\",\"decrypt\",\"sign\",\"verify\",\"wrapKey\",\"unwrapKey\"]"

#endif
