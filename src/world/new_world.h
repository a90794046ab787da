/*
 * Making a security world in one module (article step 3.1): its administrator cards, its world file, and the
 * module that adopts it.
 *
 * The module makes everything and keeps it pending (WORLD_BEGIN). The cards and the world file are then
 * written durably, and only after that is the module told to adopt the world (WORLD_COMMIT). So a kill at any
 * point leaves no world without cards. At worst it leaves cards and a file of a world that no module is in;
 * the next run reports them.
 */
#ifndef SC_WORLD_NEW_WORLD_H
#define SC_WORLD_NEW_WORLD_H

#include "formats/suite.h"
#include "world/ceremony.h"
#include "world/kmdata.h"

struct sc_new_world_request {
	const struct sc_suite_info *suite;
	uint32_t k; /* cards that form a quorum: 1 to n */
	uint32_t n; /* administrator cards: 1 to SC_CARDS_MAX */
};

/*
 * Makes the world in module `ceremony->module`, through its custody socket. Asks for N blank cards and a PIN
 * for each, reports its progress on standard output, and warns of a weak suite or quorum. From the first card
 * that is written until the world is complete or undone, SIGHUP, SIGINT and SIGTERM wait. Sets
 * *hknso, the key hash of the world's KNSO.
 *
 * SC_ERR_NO_WARRANT, SC_ERR_HAS_WORLD, SC_ERR_ROLE, SC_ERR_EXISTS (a world file): found before anyone is
 * asked for a card. SC_ERR_PROTOCOL: the module made another world from the one requested; nothing is
 * written. If anything fails before the module has adopted the world, everything that was written is removed,
 * and nothing else. If it is not known whether the module adopted the world, the cards may be the only ones:
 * they are kept, and a warning says how to find out.
 */
sc_status sc_new_world_make(const struct sc_kmdata *kmdata, const struct sc_ceremony *ceremony,
			    const struct sc_new_world_request *request, struct sc_hash *hknso,
			    struct sc_error *err) SC_WARN_UNUSED;

#endif
