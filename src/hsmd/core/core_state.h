/*
 * The module's state on disk: sealed under the unlock key, with a counter that a mark acknowledges (rule
 * M11). A change is made on a copy, which is written and synced before it becomes the state in memory (P2).
 */
#ifndef SC_HSMD_CORE_STATE_CHANGE_H
#define SC_HSMD_CORE_STATE_CHANGE_H

#include "hsmd/core/internal.h"

/* A change: edits the copy, or refuses. One runs at a time; requests continue with the old snapshot. */
typedef sc_status sc_core_state_change(struct sc_module_state *copy, void *context, struct sc_error *err);

/* A change that changes nothing, for writing the state as it is. */
sc_status sc_core_state_keep(struct sc_module_state *copy, void *context, struct sc_error *err);

/* Makes a change durable and switches to the new snapshot. On failure the old state remains complete. */
sc_status sc_core_state_update(struct sc_module *module, sc_core_state_change *change, void *context,
			       struct sc_error *err) SC_WARN_UNUSED;

/*
 * Opens a sealed state, if the mark acknowledges it, into a module that has no state yet. If a crash came
 * between writing the state and its mark, writes the missing mark first.
 */
sc_status sc_core_state_restore(struct sc_module *module, struct sc_view sealed, struct sc_view mark,
				struct sc_error *err) SC_WARN_UNUSED;

#endif
