/*
 * What the commands that put a module into a world, or change it there, have in common: what the module keeps
 * of a world file, and what ends with the change.
 */
#ifndef SC_HSMD_CORE_ADOPT_H
#define SC_HSMD_CORE_ADOPT_H

#include "formats/module_state.h"
#include "hsmd/core/core_request.h"

/* The hash of KM. It can be public, since KM is random and as long as the hash. */
sc_status sc_adopt_hash_km(const struct sc_secret *km, struct sc_hash *out,
			   struct sc_error *err) SC_WARN_UNUSED;

/* "This module was brought into this world", signed by KNSO: the member certificate, in DER. */
sc_status sc_adopt_member(const struct sc_core_request *request, EVP_PKEY *knso, const struct sc_hash *world,
			  struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * What a module's state keeps of a world that it is not in yet. `member` moves to *out, which the caller
 * frees.
 */
sc_status sc_adopt_new(const struct sc_world_body *body, const struct sc_secret *km, struct sc_bytes *member,
		       struct sc_state_world **out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * What changes in a state's world when the module adopts a newer file of that world: everything that a file
 * can say, but not the module's own member certificate.
 */
sc_status sc_adopt_newer(struct sc_state_world *world, const struct sc_world_body *body,
			 struct sc_error *err) SC_WARN_UNUSED;

/* The region of a world file's certificate; "" without one. Whether the certificate is valid is not asked. */
sc_status sc_adopt_region(const struct sc_world_body *body, struct sc_text *out,
			  struct sc_error *err) SC_WARN_UNUSED;

/*
 * Checks that the file's region certificate, if it has one, is for this world and was issued by the module's
 * own root. It may have expired since: a restored world is worth more without its region than none.
 */
sc_status sc_adopt_check_region(const struct sc_snapshot *s, const struct sc_world_body *body, int64_t now,
				struct sc_error *err) SC_WARN_UNUSED;

/*
 * Makes a change of the module's world durable. What rested on the world as it was ends with it: the open
 * quorums of all connections, but not the one that the request uses, and the loaded keys. Requests in
 * progress end under their snapshot. As sc_core_state_update. Sets request->has_changed.
 */
sc_status sc_adopt_change(struct sc_core_request *request, sc_core_state_change *change, void *context,
			  struct sc_error *err) SC_WARN_UNUSED;

#endif
