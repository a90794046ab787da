/*
 * The receipt of an import (rule F7): what the vault's module says about the key that it imported. The
 * customer compares it with their own key, the package that was sent and the place that it was sent to. If
 * all match, the key in the vault is the customer's key.
 */
#ifndef SC_BYOK_RECEIPT_H
#define SC_BYOK_RECEIPT_H

#include "evidence/packages.h"

/* What the transfer package that was sent claims. */
struct sc_byok_sent_package {
	struct sc_hash digest; /* SHA-256 of the file */
	struct sc_hash world;  /* the world that it was sent to */
	struct sc_hash key_hash;
	struct sc_text region;
	struct sc_text subscription;
};

/* SC_ERR_NOT_FOUND, SC_ERR_TOO_LARGE, SC_ERR_ENCODING, naming the file. */
sc_status sc_byok_sent_package_read(const char *path, struct sc_byok_sent_package *out,
				    struct sc_error *err) SC_WARN_UNUSED;

/* What a receipt is compared with. NULL members are not compared. */
struct sc_byok_receipt_expected {
	struct sc_hash key_hash; /* of the customer's own key */
	const char *key_name;    /* as messages name it: "key_simple_contosokey" */
	const struct sc_byok_sent_package *package;
	const char *subscription; /* lower case; NULL: the package's, if there is a package */
	const char *vault;        /* names of vaults and keys: case does not matter */
	const char *name;
};

/*
 * Compares the signed content with what is expected. It must be a receipt for that key, with origin byok, not
 * exportable, kept for that owner and made from that package. Each check that holds is reported (`report` may
 * be NULL). SC_ERR_FORMAT (a key statement that names no package), SC_ERR_EVIDENCE_KEY,
 * SC_ERR_EVIDENCE_ORIGIN, SC_ERR_EVIDENCE_EXPORTABLE, SC_ERR_OWNER, SC_ERR_EVIDENCE_WORLD, SC_ERR_INTEGRITY
 * (another package).
 */
sc_status sc_byok_receipt_compare(const struct sc_key_statement *statement,
				  const struct sc_byok_receipt_expected *expected,
				  const struct sc_evidence_report *report,
				  struct sc_error *err) SC_WARN_UNUSED;

/*
 * Does everything: verifies the statement, judged at the time that it names, requires that it comes from a
 * region's module, and compares its content. Fails as sc_statement_verify does, or with an error listed
 * above.
 */
sc_status sc_byok_receipt_verify(struct sc_view receipt, const struct sc_evidence_trust *trust,
				 const struct sc_byok_receipt_expected *expected,
				 const struct sc_evidence_report *report,
				 struct sc_error *err) SC_WARN_UNUSED;

#endif
