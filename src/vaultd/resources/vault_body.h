/* A vault as the Resource Manager shows it, and what a PUT says of one. */
#ifndef SC_VAULTD_RESOURCES_VAULT_BODY_H
#define SC_VAULTD_RESOURCES_VAULT_BODY_H

#include <jansson.h>

#include "formats/vault_name.h"
#include "store/vault_store.h"

/* The whole resource; `authority` as for sc_keys_bundle_of(). The caller releases *out. */
sc_status sc_resources_vault_show(const struct sc_store_vault_row *row, const char *authority, json_t **out,
			struct sc_error *err) SC_WARN_UNUSED;

/* {"id", "name", "type", "location", "tags"}: as in lists of resources of all kinds. NULL without memory. */
json_t *sc_resources_vault_show_short(const struct sc_store_vault_row *row);

/* Whose the new access policies are: the tenant's, written by a principal of that issuer. */
struct sc_resources_policy_author {
	const char *tenant;
	const char *issuer;
};

/* What a PUT says, checked. */
struct sc_resources_vault_request {
	const char *location;       /* borrowed from the body; NULL where it is not said */
	const char *sku;            /* "standard" or "premium" */
	struct sc_bytes properties; /* JSON, for the row; terminated */
	struct sc_bytes tags;       /* likewise */
};
void sc_resources_vault_request_free(struct sc_resources_vault_request *wish);
SC_CLEANUP_VALUE(sc_resources_vault_request, sc_resources_vault_request_free)

/*
 * Reads the body of a PUT. `present` is the vault's properties where it is there already, else NULL: an entry
 * of its access policies whose object id was there before keeps its issuer. What this service would not do is
 * refused, not ignored: role-based access, network rules, other create modes. SC_ERR_JSON, SC_ERR_ARGUMENT,
 * SC_ERR_TOO_LARGE.
 */
sc_status sc_resources_vault_request_read(const json_t *body, const struct sc_resources_policy_author *author, const json_t *present,
			     struct sc_resources_vault_request *out, struct sc_error *err) SC_WARN_UNUSED;

/* "tags" of any resource's body, checked: JSON, terminated; "{}" where there are none. SC_ERR_JSON. */
sc_status sc_resources_tags_read(const json_t *body, struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

#endif
