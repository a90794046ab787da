/*
 * A table of what may be different about a forged region, and what each verifier must make of it: the two
 * statements by themselves, and the packages together. Everything is signed by whoever ought to have signed
 * it, so that nothing but the change itself can be what is noticed.
 */
#ifndef SC_TESTS_CHANGES_H
#define SC_TESTS_CHANGES_H

#include "forge.h"

struct sc_forge_change {
	const char *name;
	/* `other` is another manufacturer with a module and a world of its own, and stays as it is. */
	void (*apply)(struct sc_forge *forge, const struct sc_forge *other);
	sc_status key;      /* sc_statement_verify of the KEK package, judged now */
	sc_status world;    /* sc_statement_verify of the world package, judged at its time */
	sc_status packages; /* sc_evidence_packages_verify of both */
};

/* All of them, *count rows. Those whose `packages` is SC_OK are acceptable differences. */
const struct sc_forge_change *sc_forge_changes(size_t *count);

#endif
