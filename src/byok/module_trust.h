/*
 * Whom to believe, according to the custodians' own module: its pinned root, the further roots that its
 * world's custodians trust, and the modules that the world has revoked. The module judges with the same, so
 * that a verifier's verdict is the one that the module will come to.
 */
#ifndef SC_BYOK_MODULE_TRUST_H
#define SC_BYOK_MODULE_TRUST_H

#include "client/client.h"
#include "evidence/signed_statement.h"

struct sc_byok_trust {
	struct sc_evidence_trust trust; /* points into the rest; the pinned root first, `now` is the module's clock */
	struct sc_text esn;    /* the module's own */
	enum sc_mode mode;
	struct sc_hash root; /* the pinned root's key hash */
	X509 *roots[1 + SC_WIRE_LIST_MAX];
	struct sc_text revoked_esn[SC_WIRE_LIST_MAX];
	const char *revoked[SC_WIRE_LIST_MAX]; /* of the list above it */
};

/*
 * Asks the module, through any of its sockets. Without a warrant it trusts no root: SC_ERR_NO_WARRANT. An answer that
 * does not fit together is SC_ERR_EVIDENCE_ROOT, or SC_ERR_EVIDENCE_USAGE where a certificate of another kind stands
 * for a root; a clock that names no time, SC_ERR_PROTOCOL. The caller frees *out.
 */
sc_status sc_byok_trust_read(struct sc_client *client, struct sc_byok_trust **out,
			       struct sc_error *err) SC_WARN_UNUSED;
void sc_byok_trust_free(struct sc_byok_trust *trust);
SC_CLEANUP_POINTER(sc_byok_trust, struct sc_byok_trust, sc_byok_trust_free)

#endif
