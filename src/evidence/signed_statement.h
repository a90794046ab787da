/*
 * Statements: what a module says about keys and worlds, signed by its statement key, and what a verifier must
 * see before it believes one (DESIGN section 5, rule F6).
 *
 * The signer is named by its warrant where the world is no region, and in world statements; otherwise by its
 * member certificate, and then both chains, warrant and member, must be there for the same key and ESN.
 */
#ifndef SC_EVIDENCE_SIGNED_STATEMENT_H
#define SC_EVIDENCE_SIGNED_STATEMENT_H

#include "evidence/certificate.h"
#include "formats/statement.h"

/* Whom a verifier believes. All borrowed. */
struct sc_evidence_trust {
	X509 *const *roots; /* the module's own first, then those its world's custodians trust */
	size_t root_count;
	const char *const *revoked; /* ESNs */
	size_t revoked_count;
	int64_t now;
};

/* When a chain must have been valid. */
enum sc_evidence_time {
	SC_EVIDENCE_TIME_NOW,    /* a KEK in use */
	SC_EVIDENCE_TIME_STATED, /* receipts, world statements: the time that they name */
};

/* What was verified. Certificates are owned by `wrapper`; NULL where there is none of the kind. */
struct sc_evidence {
	struct sc_signed_data *wrapper;
	X509 *warrant;
	X509 *member;
	X509 *region;
	X509 *kek;
	X509 *root; /* the trusted root that the warrant chains to; owned by the trust */
	struct sc_region_info *region_info; /* of `region` */
	struct sc_key_statement *key;       /* exactly one of these two */
	struct sc_world_statement *world;
};

void sc_evidence_free(struct sc_evidence *evidence);
SC_CLEANUP_POINTER(sc_evidence, struct sc_evidence, sc_evidence_free)

/*
 * Verifies a statement: the canonical wrapper, at most one certificate of each kind and none of another, the
 * warrant's chain to a trusted root, the member's chain through the region certificate to the same root, the
 * signature, the content (kind and version again inside), its ESN against warrant and member, revocation, and
 * for a region's statement that it names that region and its world's KNSO. A KEK certificate, where
 * enclosed, must be issued by that KNSO for that very key. The key's hash and type are its key's, a world's
 * id is that of its KNSO, HKM and suite. No statement may name a time later than now + a day. The region
 * certificate that a world statement encloses was made after it, and is judged now. `content_type` is
 * SC_OID_KEY_STATEMENT or SC_OID_WORLD_STATEMENT. The caller frees *out. Errors: SC_ERR_ENCODING,
 * SC_ERR_FORMAT, SC_ERR_EVIDENCE_*.
 */
sc_status sc_statement_verify(struct sc_view der, const char *content_type, const struct sc_evidence_trust *trust,
			      enum sc_evidence_time judged, struct sc_evidence **out,
			      struct sc_error *err) SC_WARN_UNUSED;

/* Who signs, with what chain. */
struct sc_statement_signer {
	EVP_PKEY *key;
	X509 *warrant;
	X509 *member; /* NULL, or: signs under this name, with `region` enclosed as well */
	X509 *region;
};

/* Signs what a module says; `kek` (may be NULL) is enclosed too. */
sc_status sc_statement_sign_key(const struct sc_statement_signer *signer,
				const struct sc_key_statement *statement, X509 *kek, struct sc_bytes *out,
				struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_statement_sign_world(const struct sc_statement_signer *signer,
				  const struct sc_world_statement *statement, struct sc_bytes *out,
				  struct sc_error *err) SC_WARN_UNUSED;

/*
 * The same statement with one more certificate enclosed, which no signature covers and every verifier checks:
 * how BYOK-SecurityWorld-pkg-* is made of the world statement and the region certificate.
 */
sc_status sc_statement_enclose(struct sc_view statement, X509 *certificate, struct sc_bytes *out,
			       struct sc_error *err) SC_WARN_UNUSED;

#endif
