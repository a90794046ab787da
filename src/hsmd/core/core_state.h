/*
 * The module's state: on disk it is sealed under the unlock key, with a counter that a mark acknowledges
 * (rule M11); in memory, requests read it through immutable snapshots. A change is made on a copy, which is
 * written and synced before it becomes the state in memory (P2). Memory never disagrees with the disk. All
 * functions may be called from any thread.
 */
#ifndef SC_HSMD_CORE_CORE_STATE_H
#define SC_HSMD_CORE_CORE_STATE_H

#include "hsmd/core/module_host.h"
#include "hsmd/core/snapshot.h"

struct sc_core_state;

/*
 * A change: edits the copy, or refuses. copy->time_floor is the module's time. One runs at a time; requests
 * continue with the old snapshot.
 */
typedef sc_status sc_core_state_change(struct sc_module_state *copy, void *context, struct sc_error *err);

/* A change that changes nothing, for writing the state as it is. */
sc_status sc_core_state_keep(struct sc_module_state *copy, void *context, struct sc_error *err);

/* Saves `first`, which it takes ownership of, as a new module's state. The caller frees *out. */
sc_status sc_core_state_create(const struct sc_module_host *host, const struct sc_secret *unlock,
			       struct sc_module_state *first, struct sc_core_state **out,
			       struct sc_error *err) SC_WARN_UNUSED;

/*
 * Opens a sealed state, if the mark acknowledges it. If a crash came between writing the state and its mark,
 * writes the missing mark first. SC_ERR_INTEGRITY, SC_ERR_ROLLED_BACK as sc_module_open. The caller frees
 * *out.
 */
sc_status sc_core_state_open(const struct sc_module_host *host, const struct sc_secret *unlock,
			     struct sc_view sealed, struct sc_view mark, struct sc_core_state **out,
			     struct sc_error *err) SC_WARN_UNUSED;

/* Wipes KM and the unlock key. Accepts NULL. */
void sc_core_state_free(struct sc_core_state *state);
SC_CLEANUP_POINTER(sc_core_state, struct sc_core_state, sc_core_state_free)

/*
 * Makes a change durable and switches to the new snapshot. SC_ERR_NOT_DURABLE: switched, since a restart
 * would continue with the new state, but it may be lost if the power fails. On any other failure the old
 * state remains.
 */
sc_status sc_core_state_update(struct sc_core_state *state, sc_core_state_change *change, void *context,
			       struct sc_error *err) SC_WARN_UNUSED;

/* Returns a reference to the current snapshot. The caller releases it. */
struct sc_snapshot *sc_core_state_snapshot(struct sc_core_state *state);

/* Reads the state at a time by the module's clock. */
typedef void sc_core_state_reading(const struct sc_module_state *state, int64_t now, void *context);

/* Calls `reading` with the state as it is now. It may not call a function of this file. */
void sc_core_state_read(struct sc_core_state *state, sc_core_state_reading *reading, void *context);

/*
 * The module's time: the host's clock, but never earlier than the latest time recorded in the state plus the
 * time that has passed since. If the host's clock is set back, the module's time still advances, however
 * often the state is changed. Otherwise one wrong PIN would lock a card until the host's clock had caught up.
 */
int64_t sc_core_state_now(struct sc_core_state *state);

/* The counter of the state on disk, which each new blob records (rule M11). */
uint64_t sc_core_state_counter(struct sc_core_state *state);

#endif
