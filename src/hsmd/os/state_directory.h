/*
 * The state directory (0700): a lock, so that no two processes ever work on one state; `state` and `mark`,
 * which core/ seals and opens; and, where no unlock key is given from outside, `unlock.key` (unlock.h).
 */
#ifndef SC_HSMD_OS_STATE_DIRECTORY_H
#define SC_HSMD_OS_STATE_DIRECTORY_H

#include "base/file.h"

struct sc_hsmd_state;

/*
 * Opens and locks an existing directory, or with `make` one that may be made. SC_ERR_LOCKED: another process
 * works on it; SC_ERR_ARGUMENT: it belongs to somebody else, or is open to others. What an interrupted
 * writing left there is removed. The caller frees *out.
 */
sc_status sc_hsmd_state_open(const char *path, bool make, struct sc_hsmd_state **out,
			struct sc_error *err) SC_WARN_UNUSED;
void sc_hsmd_state_close(struct sc_hsmd_state *store);
SC_CLEANUP_POINTER(sc_hsmd_state, struct sc_hsmd_state, sc_hsmd_state_close)

/* The directory; valid as long as the store. */
const struct sc_dir *sc_hsmd_state_dir(const struct sc_hsmd_state *store);

/* True if there is a state in it. */
bool sc_hsmd_state_exists(const struct sc_hsmd_state *store);

/* Both files as they were saved. SC_ERR_NOT_FOUND: the module has not been initialised. */
sc_status sc_hsmd_state_load(struct sc_hsmd_state *store, struct sc_bytes *state, struct sc_bytes *mark,
			struct sc_error *err) SC_WARN_UNUSED;

/*
 * struct sc_module_host's save, with the store as context: replaces `state`, then `mark`; the first time of
 * all the other way round, so that no state ever stands without a mark. Once a sync has failed, nobody knows
 * what the disk holds: every later call fails, until the process is started anew and reads it (P2).
 */
sc_status sc_hsmd_state_save(void *store, struct sc_view state, struct sc_view mark,
			struct sc_error *err) SC_WARN_UNUSED;

#endif
