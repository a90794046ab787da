/* PIN stretching with Argon2id (RFC 9106), through libargon2. */
#ifndef SC_HSMD_CORE_PIN_H
#define SC_HSMD_CORE_PIN_H

#include "base/secret.h"

/* At least 0.5 CPU seconds on this kind of machine (rule C1; bench/ measures it). */
#define SC_ARGON2_PASSES 3
#define SC_ARGON2_MEMORY 262144 /* KiB */

/*
 * Derives `len` bytes from a PIN. `context` is Argon2's associated data and says which card it is. Only one
 * call runs at a time in the process. Its working memory (256 MiB by default) is outside the arena and is
 * wiped after use. SC_ERR_MEMORY, SC_ERR_CRYPTO.
 */
sc_status sc_pin_stretch(struct sc_view pin, struct sc_view salt, struct sc_view context, uint32_t passes,
			 uint32_t memory, size_t len, struct sc_secret *out,
			 struct sc_error *err) SC_WARN_UNUSED;

#endif
