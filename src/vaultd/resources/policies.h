/* Access policies as clients write them, and as they are kept: with the issuer that makes an object id a
 * principal. */
#ifndef SC_VAULTD_RESOURCES_POLICIES_H
#define SC_VAULTD_RESOURCES_POLICIES_H

#include "vaultd/resources/vault_body.h"

/*
 * True for the author's tenant, by its id or as "adfs": a client that signed in by way of /adfs has no other
 * name for it.
 */
bool sc_resources_policy_author_is_of(const struct sc_resources_policy_author *author, const char *given);

/*
 * Reads "accessPolicies" of a PUT's properties, SC_ERR_ARGUMENT where there are none; see
 * sc_resources_vault_request_read(). The caller releases *out.
 */
sc_status sc_resources_policies_read(const json_t *properties, const struct sc_resources_policy_author *author,
			   const json_t *present, json_t **out, struct sc_error *err) SC_WARN_UNUSED;

/* The entries as clients see them, without issuers. NULL without memory. */
json_t *sc_resources_policies_show(const json_t *policies);

#endif
