/* The module's internal structures, shared by the files in this folder. */
#ifndef SC_HSMD_CORE_INTERNAL_H
#define SC_HSMD_CORE_INTERNAL_H

#include <pthread.h>

#include "hsmd/core/cache.h"
#include "hsmd/core/module.h"
#include "hsmd/core/quorum.h"
#include "hsmd/core/snapshot.h"

struct sc_module {
	struct sc_module_host host;
	struct sc_module_options options;
	struct sc_secret unlock;
	struct sc_cache *cache;
	struct sc_text esn; /* copied from the state; never changes */

	pthread_mutex_t writing;   /* held while the state is changed and written, so one change at a time */
	struct sc_hash state_hash; /* of the sealed state file; guarded by `writing` */

	pthread_mutex_t lock;          /* guards the fields below; held briefly: every request takes it */
	struct sc_module_state *state; /* as it is on disk; changed under both locks */
	int64_t floor_at;              /* sc_clock_monotonic() at the time that state->time_floor names */
	struct sc_snapshot *snapshot;  /* made from `state` */
};

struct sc_core_session {
	struct sc_module *module;
	struct sc_policy policy;
	bool peer_is_other_user;

	pthread_mutex_t lock;           /* guards the fields below */
	struct sc_state_world *pending; /* made by WORLD_BEGIN, adopted by WORLD_COMMIT */
	struct sc_quorum *quorums[SC_QUORUMS_MAX];
};

#define SC_CORE_KEPT_MAX (SC_CARDS_MAX + 8) /* enough for the largest answer: a world file and its cards */

/* One request being handled: what its handler needs besides the body. */
struct sc_core_request {
	struct sc_module *module;
	struct sc_core_session *session;
	const struct sc_snapshot *snapshot;
	int64_t now;                   /* by the module's clock, when the request arrived */
	const struct sc_secret *token; /* the cards' token in commands that need a quorum, otherwise NULL */

	/* Buffers that the answer's views point into. Freed once the answer is written. */
	struct sc_bytes kept[SC_CORE_KEPT_MAX];
	size_t kept_count;
};

/* Moves a buffer into the request and returns a view of it for the answer. */
struct sc_view sc_core_request_keep(struct sc_core_request *request, struct sc_bytes *buffer);

/* Returns a reference to the current snapshot. The caller releases it. */
struct sc_snapshot *sc_module_snapshot(struct sc_module *module);

/*
 * The module's time: the host's clock, but never earlier than the latest time recorded in the state plus the
 * time that has passed since. If the host's clock is set back, the module's time still advances. Otherwise
 * one wrong PIN would lock a card until the host's clock had caught up. Takes the lock.
 */
int64_t sc_module_now(struct sc_module *module);

/* True if an allocation in this thread has failed since the last call. */
bool sc_module_ran_out(const struct sc_module *module);

/* The counter of the state on disk, which each new blob records (rule M11). Takes the lock. */
uint64_t sc_module_counter(struct sc_module *module);

#endif
