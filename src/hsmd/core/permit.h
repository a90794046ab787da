/*
 * The one place where it is decided what a key may be used for: the socket's applications, the sealed owner, the
 * ACL. Asked at every use, not only at loading (DESIGN section 3), whoever asks.
 */
#ifndef SC_HSMD_CORE_PERMIT_H
#define SC_HSMD_CORE_PERMIT_H

#include "hsmd/core/internal.h"

/* What a request wants of a key. */
enum sc_permit_access {
	SC_PERMIT_LOOK,     /* public facts, a statement */
	SC_PERMIT_USE,      /* one of enum sc_use */
	SC_PERMIT_TRANSFER, /* out, to one KEK */
	SC_PERMIT_REPLACE,  /* a copy with another ACL; the quorum is the dispatcher's business and checked there */
};

/*
 * Finds a loaded key by its digest and decides. `owner` is DER, or empty for nobody's. The caller releases *out.
 * SC_ERR_NOT_LOADED; SC_ERR_OWNER (another owner, or an application that this socket does not list: one answer for
 * both); SC_ERR_ACL.
 */
sc_status sc_permit(const struct sc_core_request *request, const struct sc_hash *digest, struct sc_view owner,
		    enum sc_permit_access wish, uint32_t use, struct sc_core_key **out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * The key's permission to leave for that KEK and world, from a group that demands no authority: sc_permit has only
 * asked whether there is any. NULL if there is none.
 */
const struct sc_transfer_action *sc_permit_transfer(const struct sc_core_key *key, const struct sc_hash *kek,
						    const struct sc_hash *world);

/* The owner that a request names: decoded, and one that its socket may name for this application. SC_ERR_OWNER. */
sc_status sc_permit_owner(const struct sc_core_request *request, struct sc_view der, uint32_t application,
			  struct sc_owner *out, struct sc_error *err) SC_WARN_UNUSED;

/* Whether the socket may load keys of this application. */
sc_status sc_permit_load(const struct sc_core_request *request, const struct sc_core_key *key,
			 struct sc_error *err) SC_WARN_UNUSED;

/* The ACL that a new key of this application and type gets, or with fewer uses. SC_ERR_ACL. */
sc_status sc_permit_new_acl(const struct sc_snapshot *snapshot, uint32_t application, const struct sc_key_type *type,
			    uint32_t uses, struct sc_acl **out, struct sc_error *err) SC_WARN_UNUSED;

#endif
