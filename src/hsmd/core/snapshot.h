/*
 * The module at one moment: its identity, world, region and whom it trusts. A snapshot is immutable and
 * reference-counted. A request takes one when it starts and so never sees a change halfway through; each
 * change makes a new snapshot.
 */
#ifndef SC_HSMD_CORE_SNAPSHOT_H
#define SC_HSMD_CORE_SNAPSHOT_H

#include <stdatomic.h>

#include "evidence/signed_statement.h"
#include "formats/module_state.h"
#include "wire/commands.h"

struct sc_snapshot {
	atomic_uint references;
	enum sc_mode mode;
	struct sc_text esn;
	EVP_PKEY *statement_key;
	X509 *root; /* NULL without a warrant */
	X509 *warrant;

	/* The world; zero and NULL if there is none. */
	struct sc_hash world;
	uint32_t suite;
	struct sc_bytes knso; /* SubjectPublicKeyInfo */
	struct sc_hash hkm;
	struct sc_secret km;
	uint32_t km_generation;
	struct sc_hash set;
	uint32_t set_generation;
	uint32_t k;
	uint32_t n;
	uint64_t sequence;   /* of the newest world file that the module has adopted */
	struct sc_hash file; /* its digest */
	X509 *member;

	/* The region; NULL and "" if the world is not a region. */
	X509 *region_certificate;
	struct sc_text region;

	STACK_OF(X509) *roots; /* `root`, then the further roots that the world's custodians trust */
	STACK_OF(sc_revoked_esn) *revoked;
	const char **revoked_names; /* the names in `revoked`, for struct sc_evidence_trust */
	X509 **trusted;             /* the certificates in `roots`, for struct sc_evidence_trust */
};

/* Makes a snapshot of a state. The caller holds the only reference. */
sc_status sc_snapshot_new(const struct sc_module_state *state, struct sc_snapshot **out,
			  struct sc_error *err) SC_WARN_UNUSED;

/* Gives up a reference. The last one frees the snapshot and wipes KM. Accepts NULL. */
void sc_snapshot_release(struct sc_snapshot *snapshot);
SC_CLEANUP_POINTER(sc_snapshot, struct sc_snapshot, sc_snapshot_release)

/* Whom this module trusts at that time. Borrows from the snapshot. */
struct sc_evidence_trust sc_snapshot_trust(const struct sc_snapshot *snapshot, int64_t now);

/* How this module signs: as a member if its world is a region, otherwise by its warrant alone. */
struct sc_statement_signer sc_snapshot_signer(const struct sc_snapshot *snapshot);

#endif
