/*
 * The module's state on disk: sealed under the unlock key, its counter acknowledged by a mark (rule M11). Every
 * change is made on a copy, written and synced, and only then becomes the state in memory (P2).
 */
#ifndef SC_HSMD_CORE_STATE_H
#define SC_HSMD_CORE_STATE_H

#include "hsmd/core/internal.h"

/* A change: edits the copy, or refuses. Called under the module's lock. */
typedef sc_status sc_state_change(struct sc_module_state *copy, void *context, struct sc_error *err);

/* Changes nothing: writes the state as it is. */
sc_status sc_state_keep(struct sc_module_state *copy, void *context, struct sc_error *err);

/* Makes a change durable and takes over the new snapshot. What fails leaves the old state whole. */
sc_status sc_state_update(struct sc_module *module, sc_state_change *change, void *context,
			  struct sc_error *err) SC_WARN_UNUSED;

/* Opens a sealed state and compares it with the mark. */
sc_status sc_state_unseal(struct sc_view sealed, struct sc_view mark, const struct sc_secret *unlock,
			  struct sc_module_state **state, struct sc_hash *hash, struct sc_error *err) SC_WARN_UNUSED;

#endif
