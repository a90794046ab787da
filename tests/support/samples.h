/*
 * A sample of every structure in src/formats: for each one with everything in it, and where it has OPTIONAL
 * parts one with the least. The unit tests cut and flip them, fuzz/make_corpus writes them as seeds, and
 * tests/vectors/asn1c.sh has them read by a decoder that shares nothing with ours.
 */
#ifndef SC_TESTS_SUPPORT_SAMPLES_H
#define SC_TESTS_SUPPORT_SAMPLES_H

#include "formats/acl.h"
#include "formats/owner.h"
#include "formats/world_file.h"

struct sc_sample {
	const char *name; /* "key_blob", "key_blob-least" */
	const char *asn1; /* its type in docs/safeconduct.asn1; NULL where another document defines it */
	size_t max;       /* the largest encoding that is read */
	sc_status (*make)(struct sc_bytes *out, struct sc_error *err);
	/* Decodes and encodes what it was given. */
	sc_status (*again)(struct sc_view der, struct sc_bytes *out, struct sc_error *err);
};

/* All of them, *count. */
const struct sc_sample *sc_sample_all(size_t *count);

/* A hash of 32 bytes that are all different for different seeds, and never zero. */
struct sc_hash sc_sample_hash(uint8_t seed);

/* The parts that tests of their own want; NULL or a failed assertion never comes back: they abort. */
struct sc_acl *sc_sample_acl(void);
struct sc_world_file *sc_sample_world_file(void);

#endif
