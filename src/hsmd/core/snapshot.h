/*
 * What the module is at one moment: identity, world, region, whom it trusts. Immutable and counted: a request
 * takes one at its start and never sees a change in the middle; a change makes a new one.
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
	X509 *root;    /* NULL without a warrant */
	X509 *warrant;

	/* The world; zero and NULL without one. */
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
	X509 *member;

	/* The region; NULL and "" where the world is none. */
	X509 *region_certificate;
	struct sc_text region;

	STACK_OF(X509) *roots;    /* `root`, then those that the world's custodians trust */
	STACK_OF(sc_revoked_esn) *revoked;
	const char **revoked_names; /* of the list above, for struct sc_evidence_trust */
	X509 **trusted;             /* of the list above it */
};

/* Of a state. The caller holds the one reference. */
sc_status sc_snapshot_new(const struct sc_module_state *state, struct sc_snapshot **out,
			  struct sc_error *err) SC_WARN_UNUSED;

/* Gives up a reference; the last one frees it, KM wiped. Accepts NULL. */
void sc_snapshot_release(struct sc_snapshot *snapshot);
SC_CLEANUP_POINTER(sc_snapshot, struct sc_snapshot, sc_snapshot_release)

/* Whom this module believes, at that time. Borrows from the snapshot. */
struct sc_evidence_trust sc_snapshot_trust(const struct sc_snapshot *snapshot, int64_t now);

/* Under which name it signs: as member where the world is a region, else by its warrant alone. */
struct sc_statement_signer sc_snapshot_signer(const struct sc_snapshot *snapshot);

#endif
