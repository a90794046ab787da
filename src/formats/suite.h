/*
 * Cipher suites of a security world, by the names that new-world takes. The suite fixes the kind of KNSO; the
 * module key is AES-256 and blobs are sealed alike in all of them.
 */
#ifndef SC_FORMATS_SUITE_H
#define SC_FORMATS_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers are stored in worlds, blobs and statements: they never change. 2 is kept for DLf3072s256mAEScSP800131Ar1. */
enum sc_suite {
	SC_SUITE_DLF1024 = 1, /* KNSO is DSA, 1024-bit field, 160-bit subgroup: as the article has it */
	SC_SUITE_ECP521 = 3,  /* KNSO is ECDSA on P-521 */
};

struct sc_suite_info {
	enum sc_suite suite;
	const char *name;
	bool may_be_region;  /* strong enough for a certified region */
	const char *warning; /* one line for whoever makes such a world, or NULL */
};

/* All suites, *count of them. */
const struct sc_suite_info *sc_suite_all(size_t *count);

/* By its name, as `--cipher-suite` has it (exact); NULL if it is none of ours. */
const struct sc_suite_info *sc_suite_by_name(const char *name);

/* By its number; NULL if it is none of ours. */
const struct sc_suite_info *sc_suite_by_number(uint32_t number);

/* The number's name, or "unknown". */
const char *sc_suite_name(uint32_t number);

#endif
