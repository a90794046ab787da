/*
 * Statements: what a module says about keys and worlds, signed by its statement key, and what a verifier
 * requires before it believes one (rule F6).
 *
 * In world statements, and if the world is not a region, the warrant names the signer. Otherwise the member
 * certificate names it, and both chains, warrant and member, must be enclosed, for the same key and ESN.
 */
#ifndef SC_EVIDENCE_SIGNED_STATEMENT_H
#define SC_EVIDENCE_SIGNED_STATEMENT_H

#include "evidence/certificate.h"
#include "formats/checkpoint.h"
#include "formats/statement.h"

/* Whom a verifier trusts. All pointers are borrowed. */
struct sc_evidence_trust {
	X509 *const *roots; /* the module's own first, then those that its world's custodians trust */
	size_t root_count;
	const char *const *revoked; /* ESNs */
	size_t revoked_count;
	int64_t now;
};

/* The time at which a chain must be valid. */
enum sc_evidence_time {
	SC_EVIDENCE_TIME_NOW,    /* now: for a KEK in use */
	SC_EVIDENCE_TIME_STATED, /* the time that the statement names: for receipts and world statements */
};

/* What was verified. Certificates are owned by `wrapper`, and NULL if there is none of that kind. */
struct sc_evidence {
	struct sc_signed_data *wrapper;
	X509 *warrant;
	X509 *member;
	X509 *region;
	X509 *kek;
	X509 *root; /* the trusted root that the warrant chains to; owned by the trust */
	struct sc_region_info *region_info; /* of `region` */
	struct sc_key_statement *key;       /* exactly one of this and the next two is set */
	struct sc_world_statement *world;
	struct sc_checkpoint *checkpoint;
};

void sc_evidence_free(struct sc_evidence *evidence);
SC_CLEANUP_POINTER(sc_evidence, struct sc_evidence, sc_evidence_free)

/*
 * Verifies a statement:
 *
 *   - the canonical wrapper, with at most one certificate of each kind and none of any other kind;
 *   - the content, which again contains its kind and version;
 *   - the time that it states: not later than now + a day;
 *   - the warrant's chain to a trusted root, and the member certificate's chain, through the region
 *     certificate, to the same root;
 *   - for a region's statement, that it names that region and the region's KNSO;
 *   - a KEK certificate, if enclosed: issued by that KNSO for exactly this key;
 *   - the signature;
 *   - its ESN, which must be that of the warrant and the member certificate, and must not be revoked;
 *   - a key's hash and type, which must match the key; a world's id, which must follow from its KNSO, HKM and
 *     suite.
 *
 * A region certificate enclosed in a world statement was made after the statement, so it must be valid now.
 * `content_type` is SC_OID_KEY_STATEMENT, SC_OID_WORLD_STATEMENT or SC_OID_CHECKPOINT. The caller frees *out.
 * Errors: SC_ERR_TOO_LARGE, SC_ERR_ENCODING, SC_ERR_FORMAT, SC_ERR_EVIDENCE_*.
 */
sc_status sc_statement_verify(struct sc_view der, const char *content_type,
			      const struct sc_evidence_trust *trust, enum sc_evidence_time judged,
			      struct sc_evidence **out, struct sc_error *err) SC_WARN_UNUSED;

/* Checks the signature over the signed attributes, and nothing else. SC_ERR_EVIDENCE_SIGNATURE. */
sc_status sc_statement_check_signature(const struct sc_signed_data *statement, EVP_PKEY *key,
				       struct sc_error *err) SC_WARN_UNUSED;

/* The signer and its chain. */
struct sc_statement_signer {
	EVP_PKEY *key;
	X509 *warrant;
	X509 *member; /* if not NULL, it names the signer, and `region` is enclosed as well */
	X509 *region;
};

/*
 * Signs a statement, and verifies the signature with the signer's certificate (rule M8); `kek`, unless NULL,
 * is enclosed too. SC_ERR_CRYPTO if the signature does not verify.
 */
sc_status sc_statement_sign_key(const struct sc_statement_signer *signer,
				const struct sc_key_statement *statement, X509 *kek, struct sc_bytes *out,
				struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_statement_sign_world(const struct sc_statement_signer *signer,
				  const struct sc_world_statement *statement, struct sc_bytes *out,
				  struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_statement_sign_checkpoint(const struct sc_statement_signer *signer,
				       const struct sc_checkpoint *checkpoint, struct sc_bytes *out,
				       struct sc_error *err) SC_WARN_UNUSED;

/*
 * The same statement with one more certificate enclosed. No signature covers the enclosed certificates, but
 * every verifier checks them. BYOK-SecurityWorld-pkg-* is made in this way from the world statement and the
 * region certificate.
 */
sc_status sc_statement_enclose(struct sc_view statement, X509 *certificate, struct sc_bytes *out,
			       struct sc_error *err) SC_WARN_UNUSED;

#endif
