/* The module's own structures, for the files of this folder. */
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
	struct sc_text esn; /* of the state; it never changes */

	pthread_mutex_t writing;   /* one change of the state at a time; held while it is written */
	struct sc_hash state_hash; /* of the sealed file; guarded by `writing` */

	pthread_mutex_t lock;          /* guards what follows, for moments only: every request takes it */
	struct sc_module_state *state; /* as it stands on disk; changed under both locks */
	int64_t floor_at;              /* sc_clock_monotonic when it was state->time_floor */
	struct sc_snapshot *snapshot;  /* of `state` */
};

struct sc_core_session {
	struct sc_module *module;
	struct sc_policy policy;
	bool peer_is_other_user;

	pthread_mutex_t lock; /* guards what follows */
	struct sc_state_world *pending; /* a world that WORLD_BEGIN made and WORLD_COMMIT adopts */
	struct sc_quorum *quorums[SC_QUORUMS_MAX];
};

#define SC_CORE_KEPT_MAX (SC_CARDS_MAX + 8) /* the most that an answer has: a world's file and its cards */

/* One request in work: what a handler needs beside its body. */
struct sc_core_request {
	struct sc_module *module;
	struct sc_core_session *session;
	const struct sc_snapshot *snapshot;
	int64_t now;               /* the module's clock */
	const struct sc_secret *token; /* the cards' token, in commands that need a quorum; NULL in others */

	/* Buffers that the answer's views point into, released once it is written. */
	struct sc_bytes kept[SC_CORE_KEPT_MAX];
	size_t kept_count;
};

/* Hands a buffer over to the request and gives the view for its answer. */
struct sc_view sc_core_request_keep(struct sc_core_request *request, struct sc_bytes *buffer);

/* A reference to the present snapshot; the caller releases it. */
struct sc_snapshot *sc_module_snapshot(struct sc_module *module);

/*
 * The host's clock, never earlier than the latest time written into the state and what has passed since: a clock
 * that is set back does not stop the module's, or one wrong PIN would lock a card until the host's had caught up.
 * Takes the lock.
 */
int64_t sc_module_now(struct sc_module *module);

/* Whether memory has run out since this was last asked in this thread. */
bool sc_module_ran_out(const struct sc_module *module);

/* The counter of the state on disk: what new blobs name (rule M11). Takes the lock. */
uint64_t sc_module_counter(struct sc_module *module);

#endif
