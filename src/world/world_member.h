/*
 * A module and a world that exists already: bringing the module into the world of $NFAST_KMDATA under K of
 * its cards (new-world --program), and taking it out of its world (new-world --factory).
 */
#ifndef SC_WORLD_WORLD_MEMBER_H
#define SC_WORLD_WORLD_MEMBER_H

#include "world/ceremony.h"
#include "world/kmdata.h"

/*
 * Programs module `ceremony->module` with local/world. Sets *hknso, the key hash of the world's KNSO.
 * SC_ERR_NO_WORLD (no world file), SC_ERR_NO_WARRANT, SC_ERR_HAS_WORLD: found before anyone is asked for a
 * card. If the answer is lost, asks the module again and returns what holds.
 */
sc_status sc_world_member_program(const struct sc_kmdata *kmdata, const struct sc_ceremony *ceremony,
				  struct sc_hash *hknso, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Erases the module's world. Asks for confirmation at the terminal unless `is_confirmed`; without a terminal,
 * SC_ERR_USAGE. Asks for K cards if the module was not started with --allow-erase. Sets *world, its id. What
 * is in $NFAST_KMDATA stays.
 */
sc_status sc_world_member_erase(const struct sc_kmdata *kmdata, const struct sc_ceremony *ceremony,
				bool is_confirmed, struct sc_hash *world,
				struct sc_error *err) SC_WARN_UNUSED;

/* What a custody socket's module says about itself, without texts. */
sc_status sc_world_member_ask(struct sc_client *client, struct sc_enquire_response *out,
			      struct sc_error *err) SC_WARN_UNUSED;

#endif
