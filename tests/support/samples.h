/*
 * Samples of every structure in src/formats: of each, one with all its parts and one with as few as possible.
 * The unit tests cut them and flip their bits, fuzz/make_corpus writes them as seeds, and
 * tests/vectors/asn1c.sh has them read by a decoder that shares nothing with ours.
 */
#ifndef SC_TESTS_SUPPORT_SAMPLES_H
#define SC_TESTS_SUPPORT_SAMPLES_H

#include "formats/acl.h"
#include "formats/owner.h"
#include "formats/world_file.h"

struct sc_sample {
	const char *name; /* "key_blob", "key_blob-least" */
	const char *asn1; /* its type in docs/safeconduct.asn1; NULL if another document defines it */
	size_t max;       /* the largest encoding that is read */
	sc_status (*make)(struct sc_bytes *out, struct sc_error *err);
	/* Decodes `der` and encodes it again. */
	sc_status (*again)(struct sc_view der, struct sc_bytes *out, struct sc_error *err);
};

/* All samples, *count of them. */
const struct sc_sample *sc_sample_all(size_t *count);

/* A hash that is different for each seed in all of its 32 bytes, and never zero. */
struct sc_hash sc_sample_hash(uint8_t seed);

/* Parts that some tests need by themselves. They never return NULL: on failure they abort. */
struct sc_acl *sc_sample_acl(void);
struct sc_world_file *sc_sample_world_file(void);

#endif
