/*
 * Cipher suites of a security world, by the names that new-world takes. The suite determines the kind of
 * KNSO. In all suites the module key is AES-256 and blobs are sealed in the same way.
 */
#ifndef SC_FORMATS_SUITE_H
#define SC_FORMATS_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The numbers are stored in worlds, blobs and statements, so they never change. 2 is reserved for
 * DLf3072s256mAEScSP800131Ar1.
 */
enum sc_suite {
	SC_SUITE_DLF1024 = 1, /* KNSO is DSA, 1024-bit field, 160-bit subgroup: as in the article */
	SC_SUITE_ECP521 = 3,  /* KNSO is ECDSA on P-521 */
};

struct sc_suite_info {
	enum sc_suite suite;
	const char *name;
	bool may_be_region;  /* strong enough for a certified region */
	const char *warning; /* one line for the user who creates such a world, or NULL */
};

/* All suites, *count of them. */
const struct sc_suite_info *sc_suite_all(size_t *count);

/* By its name, exactly as given to `--cipher-suite`; NULL if there is none. */
const struct sc_suite_info *sc_suite_by_name(const char *name);

/* By its number; NULL if there is none. */
const struct sc_suite_info *sc_suite_by_number(uint32_t number);

/* The name of a suite's number, or "unknown". */
const char *sc_suite_name(uint32_t number);

#endif
