/*
 * BYOK-KEK-pkg-<REGION>-<n> and BYOK-SecurityWorld-pkg-<REGION>-<n>: together they prove to a customer's
 * module that a Key Exchange Key was made in the modules of one region and never leaves them (article step
 * 3.2).
 *
 * The first is the KEK's key statement, enclosing the warrant and the member, region and KEK certificates.
 * The second is the world statement, enclosing the warrant and the region certificate. Both are plain CMS,
 * which stock openssl reads.
 */
#ifndef SC_EVIDENCE_PACKAGES_H
#define SC_EVIDENCE_PACKAGES_H

#include "evidence/signed_statement.h"

/* What the two packages together prove. */
struct sc_evidence_target {
	struct sc_evidence *kek;
	struct sc_evidence *world;
	EVP_PKEY *key;           /* the KEK's public key, RSA-4096 */
	struct sc_hash key_hash; /* of the KEK */
	struct sc_hash world_id;
	struct sc_text region; /* code */
	struct sc_text operator_name;
	struct sc_hash root; /* key hash of the root */
	int64_t not_after;   /* end of the evidence's validity: the earliest end in its chains */
};

void sc_evidence_target_free(struct sc_evidence_target *target);
SC_CLEANUP_POINTER(sc_evidence_target, struct sc_evidence_target, sc_evidence_target_free)

/* Called for each check that passed, with what it found. verifykeypackage prints both on a line. */
struct sc_evidence_report {
	void (*held)(void *context, const char *check, const char *found);
	void *context;
};

/*
 * Verifies the two packages together. The checks, in this order:
 *
 *   - each statement by itself: the KEK's as of now, the world's as of the time that it states;
 *   - both have the same root and enclose the same region certificate;
 *   - the key is in that world, under that HKM and suite; the region certificate is for the world's KNSO, and
 *     the world's id follows from KNSO, HKM and suite;
 *   - the suite is strong enough for a region;
 *   - the KEK is RSA-4096, application "kek", without an owner, and was generated in that world;
 *   - its ACL is exactly importTransfer, so it is not exportable;
 *   - its KEK certificate is enclosed, issued by that KNSO for that key.
 *
 * `report` may be NULL. The caller frees *out. Errors as for sc_statement_verify, and SC_ERR_EVIDENCE_*.
 */
sc_status sc_evidence_packages_verify(struct sc_view kek_package, struct sc_view world_package,
				      const struct sc_evidence_trust *trust,
				      const struct sc_evidence_report *report,
				      struct sc_evidence_target **out, struct sc_error *err) SC_WARN_UNUSED;

#endif
