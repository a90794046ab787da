/*
 * Whom to believe, according to the custodians' own module: its pinned root, the further roots that its
 * world's custodians trust, and the modules that the world has revoked.
 */
#ifndef SC_BYOK_MODULE_TRUST_H
#define SC_BYOK_MODULE_TRUST_H

#include "evidence/statement.h"
#include "world/kmdata.h"

struct sc_module_trust {
	struct sc_trust trust; /* points into the rest; the pinned root first, `now` is the module's clock */
	struct sc_hash root;   /* the pinned root's key hash */
	X509 *roots[1 + SC_LIST_MAX];
	struct sc_world_file
	    *world; /* local/world, whose list of revoked modules counts; NULL without a world */
	const char **revoked;
};

/*
 * Asks the module, through any of its sockets. A module that is in a world must be in that of local/world:
 * SC_ERR_EVIDENCE_WORLD. Without a warrant it trusts no root: SC_ERR_NO_WARRANT. The caller frees *out.
 */
sc_status sc_module_trust_read(struct sc_client *client, const struct sc_kmdata *kmdata,
			       struct sc_module_trust **out, struct sc_error *err) SC_WARN_UNUSED;
void sc_module_trust_free(struct sc_module_trust *trust);
SC_CLEANUP_POINTER(sc_module_trust, struct sc_module_trust, sc_module_trust_free)

#endif
