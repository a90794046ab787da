/*
 * Grants: which principal may do what. Compiled from a vault's access policies once per revision of the
 * vault, or from the configuration's administrators at start, and read-only from then on. A look-up takes as
 * long for a thousand principals as for ten: the table is sorted.
 */
#ifndef SC_VAULTD_ACCESS_ACCESS_GRANTS_H
#define SC_VAULTD_ACCESS_ACCESS_GRANTS_H

#include <jansson.h>

#include "base/bytes.h"
#include "vaultd/access/permission.h"

/*
 * A principal: object ids are unique for one issuer only. Issuers are compared exactly; the case of object
 * ids and tenants, which are GUIDs, does not matter.
 */
struct sc_access_principal {
	const char *issuer;
	const char *oid;
	const char *tenant;
};

struct sc_access_grant {
	struct sc_access_principal principal;
	uint32_t permissions; /* bits of enum sc_access_permission */
};

struct sc_access_grants;

/*
 * Copies the list. A principal that is in it more than once has the permissions of all its entries.
 * `everyone` is granted to every principal of the tenant. The caller frees *out. SC_ERR_MEMORY.
 */
sc_status sc_access_grants_new(const struct sc_access_grant *list, size_t count, uint32_t everyone,
			       struct sc_access_grants **out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Compiles the access policies of a vault: an array of {"tenantId", "objectId", "issuer", "permissions":
 * {"keys": […]}}, as the Resource Manager stores it. NULL is an empty array. An entry that lacks one of these
 * members grants nothing. The caller frees *out. SC_ERR_MEMORY.
 */
sc_status sc_access_grants_compile(const json_t *policies, struct sc_access_grants **out,
				   struct sc_error *err) SC_WARN_UNUSED;

void sc_access_grants_free(struct sc_access_grants *grants); /* NULL is allowed */
SC_CLEANUP_POINTER(sc_access_grants, struct sc_access_grants, sc_access_grants_free)

/* The principal's permissions. NULL grants nothing. */
uint32_t sc_access_grants_of(const struct sc_access_grants *grants,
			     const struct sc_access_principal *principal);

/* Bytes of memory, for a cache that is bounded. */
size_t sc_access_grants_size(const struct sc_access_grants *grants);

#endif
