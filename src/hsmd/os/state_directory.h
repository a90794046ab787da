/*
 * The state directory (0700). It holds a lock, so that two processes never work on the same state; `state`
 * and `mark`, which core/ seals and opens; `unlock.key` (unlock.h), if no unlock key is given from outside;
 * and the warrant request.
 */
#ifndef SC_HSMD_OS_STATE_DIRECTORY_H
#define SC_HSMD_OS_STATE_DIRECTORY_H

#include "base/file.h"

#define SC_HSMD_REQUEST_FILE "warrant-request.der" /* for the factory, unless --request names another */

struct sc_hsmd_state;

/*
 * Opens and locks a directory; with `make`, creates it if it does not exist. Removes what an interrupted
 * write left there. SC_ERR_LOCKED: another process works on it; SC_ERR_ARGUMENT: it belongs to another user,
 * or is open to others. The caller frees *out.
 */
sc_status sc_hsmd_state_open(const char *path, bool make, struct sc_hsmd_state **out,
			     struct sc_error *err) SC_WARN_UNUSED;
void sc_hsmd_state_close(struct sc_hsmd_state *store);
SC_CLEANUP_POINTER(sc_hsmd_state, struct sc_hsmd_state, sc_hsmd_state_close)

/* The directory; valid as long as the store. */
const struct sc_dir *sc_hsmd_state_dir(const struct sc_hsmd_state *store);

/* True if it holds a state. */
bool sc_hsmd_state_exists(const struct sc_hsmd_state *store);

/* Reads both files. SC_ERR_NOT_FOUND: the module has not been initialised. */
sc_status sc_hsmd_state_load(struct sc_hsmd_state *store, struct sc_bytes *state, struct sc_bytes *mark,
			     struct sc_error *err) SC_WARN_UNUSED;

/*
 * The save function of struct sc_module_host; its context is the store. Replaces `state`, then `mark`. The
 * very first time it writes them in the opposite order, so that there is never a state without a mark. Once a
 * sync has failed, nobody knows what is on disk: every later call fails until the process is restarted and
 * reads it (P2).
 */
sc_status sc_hsmd_state_save(void *store, struct sc_view state, struct sc_view mark,
			     struct sc_error *err) SC_WARN_UNUSED;

#endif
