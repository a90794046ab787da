/* A vault as the Resource Manager shows it, and as a PUT describes it. */
#ifndef SC_VAULTD_RESOURCES_VAULT_BODY_H
#define SC_VAULTD_RESOURCES_VAULT_BODY_H

#include <jansson.h>

#include "formats/vault_name.h"
#include "store/vault_store.h"

/* The whole resource. `authority` is as in sc_keys_bundle_of(). The caller releases *out. */
sc_status sc_resources_vault_show(const struct sc_store_vault_row *row, const char *authority, json_t **out,
				  struct sc_error *err) SC_WARN_UNUSED;

/* {"id", "name", "type", "location", "tags"}, as in lists of resources of all kinds. NULL: out of memory. */
json_t *sc_resources_vault_show_short(const struct sc_store_vault_row *row);

/* Who writes new access policies: a principal of that issuer, for the tenant's vault. */
struct sc_resources_policy_author {
	const char *tenant;
	const char *issuer;
};

/* What a PUT asks for, checked. */
struct sc_resources_vault_request {
	const char *location;       /* borrowed from the body; NULL if missing */
	const char *sku;            /* "standard" or "premium" */
	struct sc_bytes properties; /* JSON for the row, NUL-terminated */
	struct sc_bytes tags;       /* likewise */
};
void sc_resources_vault_request_free(struct sc_resources_vault_request *request);
SC_CLEANUP_VALUE(sc_resources_vault_request, sc_resources_vault_request_free)

/*
 * Reads the body of a PUT. `present` is the existing vault's properties, or NULL for a new vault. An access
 * policy whose object id is already in `present` keeps its issuer. What this service does not offer is
 * refused, not ignored: role-based access, network rules, other create modes. SC_ERR_JSON, SC_ERR_ARGUMENT,
 * SC_ERR_TOO_LARGE.
 */
sc_status sc_resources_vault_request_read(const json_t *body, const struct sc_resources_policy_author *author,
					  const json_t *present, struct sc_resources_vault_request *out,
					  struct sc_error *err) SC_WARN_UNUSED;

/*
 * Reads and checks "tags" from any resource's body. *out is JSON, NUL-terminated, "{}" if there are no tags;
 * the caller frees it. SC_ERR_JSON.
 */
sc_status sc_resources_tags_read(const json_t *body, struct sc_bytes *out,
				 struct sc_error *err) SC_WARN_UNUSED;

#endif
