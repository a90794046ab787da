/*
 * The module's state on disk: sealed under the unlock key, its counter acknowledged by a mark (rule M11). Every
 * change is made on a copy, written and synced, and only then becomes the state in memory (P2).
 */
#ifndef SC_HSMD_CORE_STATE_CHANGE_H
#define SC_HSMD_CORE_STATE_CHANGE_H

#include "hsmd/core/internal.h"

/* A change: edits the copy, or refuses. One at a time, while requests go on with the old snapshot. */
typedef sc_status sc_core_state_change(struct sc_module_state *copy, void *context, struct sc_error *err);

/* Changes nothing: writes the state as it is. */
sc_status sc_core_state_keep(struct sc_module_state *copy, void *context, struct sc_error *err);

/* Makes a change durable and takes over the new snapshot. What fails leaves the old state whole. */
sc_status sc_core_state_update(struct sc_module *module, sc_core_state_change *change, void *context,
			  struct sc_error *err) SC_WARN_UNUSED;

/*
 * Opens a sealed state into a module that has none yet, if the mark acknowledges it. The mark of a state that was
 * written just before a crash is written first.
 */
sc_status sc_core_state_restore(struct sc_module *module, struct sc_view sealed, struct sc_view mark,
			struct sc_error *err) SC_WARN_UNUSED;

#endif
