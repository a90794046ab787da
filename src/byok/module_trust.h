/*
 * What the custodians' own module trusts: its pinned root, the further roots that its world's custodians
 * trust, and the modules that the world has revoked. The module itself judges by these, so a verifier that
 * uses them reaches the same verdict.
 */
#ifndef SC_BYOK_MODULE_TRUST_H
#define SC_BYOK_MODULE_TRUST_H

#include "client/client.h"
#include "evidence/signed_statement.h"

struct sc_byok_trust {
	struct sc_evidence_trust
	    trust;          /* points into the rest; pinned root first; `now` is the module's clock */
	struct sc_text esn; /* the module's own */
	enum sc_mode mode;
	struct sc_hash root; /* the pinned root's key hash */
	X509 *roots[1 + SC_WIRE_LIST_MAX];
	struct sc_text revoked_esn[SC_WIRE_LIST_MAX];
	const char *revoked[SC_WIRE_LIST_MAX]; /* the texts of revoked_esn */
};

/*
 * Asks the module through any of its sockets. SC_ERR_NO_WARRANT: without a warrant it trusts no root.
 * SC_ERR_EVIDENCE_ROOT: its root certificate is not that of its pinned root. SC_ERR_EVIDENCE_USAGE: a root is
 * a certificate of another kind. SC_ERR_PROTOCOL: its clock is out of range. The caller frees *out.
 */
sc_status sc_byok_trust_read(struct sc_client *client, struct sc_byok_trust **out,
			     struct sc_error *err) SC_WARN_UNUSED;
/* NULL is allowed. */
void sc_byok_trust_free(struct sc_byok_trust *trust);
SC_CLEANUP_POINTER(sc_byok_trust, struct sc_byok_trust, sc_byok_trust_free)

#endif
