/*
 * A table of changes to a forged region, with the status that each verifier must return: for the two
 * statements by themselves, and for the packages together. Everything is signed by the right signer, so that
 * nothing but the change itself can be noticed.
 */
#ifndef SC_TESTS_CHANGES_H
#define SC_TESTS_CHANGES_H

#include "forge.h"

struct sc_forge_change {
	const char *name;
	/* `other` is another manufacturer with its own module and world; it is not changed. */
	void (*apply)(struct sc_forge *forge, const struct sc_forge *other);
	sc_status key;      /* sc_statement_verify of the KEK package, judged now */
	sc_status world;    /* sc_statement_verify of the world package, judged at its stated time */
	sc_status packages; /* sc_evidence_packages_verify of both */
};

/* All changes, *count rows. Those whose `packages` is SC_OK must be accepted. */
const struct sc_forge_change *sc_forge_changes(size_t *count);

#endif
