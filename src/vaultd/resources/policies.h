/*
 * Access policies as clients write them, and as they are stored: with an issuer, because a principal is the
 * pair (issuer, object id).
 */
#ifndef SC_VAULTD_RESOURCES_POLICIES_H
#define SC_VAULTD_RESOURCES_POLICIES_H

#include "vaultd/resources/vault_body.h"

/*
 * True if `given` names the author's tenant, by its id or as "adfs": a client that signed in through /adfs
 * knows no other name for it.
 */
bool sc_resources_policy_author_is_of(const struct sc_resources_policy_author *author, const char *given);

/*
 * Reads "accessPolicies" from the properties of a PUT; see sc_resources_vault_request_read(). The caller
 * releases *out. SC_ERR_ARGUMENT if the member is missing.
 */
sc_status sc_resources_policies_read(const json_t *properties,
				     const struct sc_resources_policy_author *author, const json_t *present,
				     json_t **out, struct sc_error *err) SC_WARN_UNUSED;

/* The entries as clients see them, without issuers. NULL if out of memory. */
json_t *sc_resources_policies_show(const json_t *policies);

#endif
