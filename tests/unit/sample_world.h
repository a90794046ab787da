/* Well-formed worlds and cards that seal nothing, for tests of code that handles them unopened. */
#ifndef SAMPLE_WORLD_H
#define SAMPLE_WORLD_H

#include "formats/key_type.h"
#include "formats/world_file.h"

/* The file of a world of suite ECp521mAES with this KNSO (P-521), signed by it. Aborts on failure. */
struct sc_bytes sample_world(EVP_PKEY *knso, uint32_t k, uint32_t n, uint64_t sequence, struct sc_hash *id);

/* Card `index` of n of that world. */
struct sc_bytes sample_card(const struct sc_hash *world, uint32_t index, uint32_t k, uint32_t n);

#endif
