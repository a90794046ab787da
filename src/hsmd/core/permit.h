/*
 * The only place that decides what a key may be used for: by the socket's applications, the sealed owner and
 * the ACL. It decides at every use, not only at loading, and for every caller (invariant 2).
 */
#ifndef SC_HSMD_CORE_PERMIT_H
#define SC_HSMD_CORE_PERMIT_H

#include "hsmd/core/core_request.h"

/* What a request wants from a key. */
enum sc_permit_access {
	SC_PERMIT_LOOK,     /* its public facts, or a statement */
	SC_PERMIT_USE,      /* one of enum sc_use */
	SC_PERMIT_TRANSFER, /* its export to one KEK */
	SC_PERMIT_REDUCE,   /* a blob with fewer permissions */
	SC_PERMIT_REPLACE,  /* a copy with another ACL, under the quorum that the dispatcher took */
};

/*
 * Finds a loaded key by its digest and decides. `owner` is DER, or empty for a key without an owner. The
 * caller releases *out. SC_ERR_NOT_LOADED; SC_ERR_OWNER (another owner, or an application that this socket
 * does not list: the same answer for both); SC_ERR_ACL.
 */
sc_status sc_permit(const struct sc_core_request *request, const struct sc_hash *digest, struct sc_view owner,
		    enum sc_permit_access access, uint32_t use, struct sc_core_key **out,
		    struct sc_error *err) SC_WARN_UNUSED;

/*
 * The key's permission to leave for that KEK and world, from a group that demands no authority. sc_permit has
 * checked only that some transfer permission exists. NULL if there is none for this target.
 */
const struct sc_transfer_action *sc_permit_transfer(const struct sc_core_key *key, const struct sc_hash *kek,
						    const struct sc_hash *world);

/* Decodes the owner that a request names. SC_ERR_OWNER if its socket may not name it for this application. */
sc_status sc_permit_owner(const struct sc_core_request *request, struct sc_view der, uint32_t application,
			  struct sc_owner *out, struct sc_error *err) SC_WARN_UNUSED;

/* Whether the socket may load keys of this application. SC_ERR_OWNER. */
sc_status sc_permit_load(const struct sc_core_request *request, const struct sc_core_key *key,
			 struct sc_error *err) SC_WARN_UNUSED;

/*
 * Makes the ACL of a new key of this application and type. `uses` selects some of the default uses; 0 means
 * all. SC_ERR_ACL, SC_ERR_KEY_TYPE.
 */
sc_status sc_permit_new_acl(const struct sc_snapshot *snapshot, uint32_t application,
			    const struct sc_key_type *type, uint32_t uses, struct sc_acl **out,
			    struct sc_error *err) SC_WARN_UNUSED;

#endif
