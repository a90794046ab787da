/* PIN stretching with Argon2id (RFC 9106), through libargon2. */
#ifndef SC_HSMD_CORE_PIN_H
#define SC_HSMD_CORE_PIN_H

#include <stdatomic.h>

#include "base/secret.h"

/* At least 0.5 CPU seconds on this kind of machine (rule C1; bench/ measures it). */
#define SC_ARGON2_PASSES 3
#define SC_ARGON2_MEMORY 262144 /* KiB */

/*
 * The turn to stretch PINs, which one thread at a time has in the process, and Argon2's working memory (256
 * MiB by default). It is outside the arena, and wiped after use.
 */
struct sc_pin_memory {
	uint8_t *data;
	size_t size; /* bytes */
};

/* The size as sc_pin_reserve takes it. */
uint32_t sc_pin_memory_kib(const struct sc_pin_memory *memory);

/*
 * Waits for the turn, then allocates `memory` KiB and touches every page: once reserved, the memory is there.
 * SC_ERR_CANCELLED, without that, if *is_abandoned when the turn comes; SC_ERR_MEMORY. The caller releases
 * *out, in the same thread.
 */
sc_status sc_pin_reserve(uint32_t memory, const atomic_bool *is_abandoned, struct sc_pin_memory *out,
			 struct sc_error *err) SC_WARN_UNUSED;

/* Wipes and frees the memory and gives up the turn. Accepts what was never reserved. */
void sc_pin_release(struct sc_pin_memory *memory);
SC_CLEANUP_VALUE(sc_pin_memory, sc_pin_release)

/*
 * Fills `out` from a PIN, in the reserved memory, all of which Argon2 uses. `context` is Argon2's associated
 * data and says which card it is. SC_ERR_CRYPTO.
 */
sc_status sc_pin_stretch(const struct sc_pin_memory *memory, struct sc_view pin, struct sc_view salt,
			 struct sc_view context, uint32_t passes, struct sc_secret *out,
			 struct sc_error *err) SC_WARN_UNUSED;

#endif
