/*
 * BYOK-KEK-pkg-<REGION>-<n> and BYOK-SecurityWorld-pkg-<REGION>-<n>: what proves to a customer's module that
 * a Key Exchange Key was made in, and never leaves, the modules of one region (article step 3.2).
 *
 * The first is the KEK's key statement with warrant, member, region and KEK certificate enclosed; the second
 * the world statement with warrant and region certificate. Both are plain CMS: stock openssl reads them.
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
	int64_t not_after;   /* until when the evidence is valid: the earliest end of its chain */
};

void sc_evidence_target_free(struct sc_evidence_target *target);
SC_CLEANUP_POINTER(sc_evidence_target, struct sc_evidence_target, sc_evidence_target_free)

/* Called for each check that held, with what it found: verifykeypackage prints a line of the two. */
struct sc_evidence_report {
	void (*held)(void *context, const char *check, const char *found);
	void *context;
};

/*
 * Believes, or refuses, in this order: each statement by itself (the KEK's judged now, the world's at its own
 * time); both under the same root; one and the same region certificate in both; the world is that region's
 * (KNSO, and the id recomputed from KNSO, HKM and suite), its suite may be a region; the KEK is RSA-4096,
 * application "kek", generated, in that very world with that HKM, owned by nobody, its ACL exactly
 * importTransfer and nothing else, so not exportable; its KEK certificate is there, issued by that KNSO for
 * that key. `report` may be NULL. The caller frees *out. Errors as sc_statement_verify, and
 * SC_ERR_EVIDENCE_*.
 */
sc_status sc_evidence_packages_verify(struct sc_view kek_package, struct sc_view world_package,
			     const struct sc_evidence_trust *trust, const struct sc_evidence_report *report,
			     struct sc_evidence_target **out, struct sc_error *err) SC_WARN_UNUSED;

#endif
