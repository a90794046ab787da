/*
 * The receipt of an import (rule F7): what the vault's module says of the key that it took in. Comparing it
 * with the key at home, the package that was sent and the place that it was sent to, the customer learns that
 * the key in the vault is his key.
 */
#ifndef SC_BYOK_RECEIPT_H
#define SC_BYOK_RECEIPT_H

#include "evidence/packages.h"

/* The transfer package that was sent, as it says of itself. */
struct sc_byok_sent_package {
	struct sc_hash digest; /* SHA-256 of the file */
	struct sc_hash world;  /* where it was sent to */
	struct sc_hash key_hash;
	struct sc_text region;
	struct sc_text subscription;
};

/* SC_ERR_NOT_FOUND, SC_ERR_TOO_LARGE, SC_ERR_ENCODING, naming the file. */
sc_status sc_byok_sent_package_read(const char *path, struct sc_byok_sent_package *out,
			       struct sc_error *err) SC_WARN_UNUSED;

/* What a receipt is held against. What is NULL is not compared. */
struct sc_byok_receipt_expected {
	struct sc_hash key_hash; /* of the key at home */
	const char *key_name;    /* as messages name it: "key_simple_contosokey" */
	const struct sc_byok_sent_package *package;
	const char *subscription; /* lower case; NULL: the package's, where there is one */
	const char *vault;        /* names of vaults and keys have no case */
	const char *name;
};

/*
 * Holds the signed content against what is expected: it is a receipt, for that key, of origin byok, not
 * exportable, kept for that owner, from that package. Each check that held is reported (`report` may be
 * NULL). SC_ERR_FORMAT (a key statement that names no package), SC_ERR_EVIDENCE_KEY, SC_ERR_EVIDENCE_ORIGIN,
 * SC_ERR_EVIDENCE_EXPORTABLE, SC_ERR_OWNER, SC_ERR_EVIDENCE_WORLD, SC_ERR_INTEGRITY (another package).
 */
sc_status sc_byok_receipt_compare(const struct sc_key_statement *statement,
			     const struct sc_byok_receipt_expected *expected, const struct sc_evidence_report *report,
			     struct sc_error *err) SC_WARN_UNUSED;

/*
 * The whole: the statement is verified, judged at the time that it names, must come from a region's module,
 * and its content is compared. Errors as sc_statement_verify's and those above.
 */
sc_status sc_byok_receipt_verify(struct sc_view receipt, const struct sc_evidence_trust *trust,
			    const struct sc_byok_receipt_expected *expected, const struct sc_evidence_report *report,
			    struct sc_error *err) SC_WARN_UNUSED;

#endif
