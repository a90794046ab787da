/*
 * A connection to the module: its socket's policy, and what exists on this connection only, which ends with
 * it. module.h declares how one is made and ended.
 */
#ifndef SC_HSMD_CORE_CORE_SESSION_H
#define SC_HSMD_CORE_CORE_SESSION_H

#include <stdatomic.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/log_limit.h"
#include "formats/module_state.h"
#include "hsmd/core/module.h"
#include "hsmd/core/operations.h"
#include "hsmd/core/quorum.h"

struct sc_core_session {
	struct sc_module *module;
	struct sc_policy policy;
	bool peer_is_other_user;
	struct sc_daemon_operations *operations; /* of the socket's daemon; NULL if it names none */
	struct sc_quorum_table quorums;
	atomic_bool is_abandoned;         /* the peer has left */
	atomic_bool dismisses_others;     /* see sc_core_session_takes_dismissal */
	TAILQ_ENTRY(sc_core_session) all; /* of the module; guarded by its sessions_lock */

	pthread_mutex_t lock;           /* guards what follows */
	struct sc_state_world *pending; /* made by WORLD_BEGIN, adopted by WORLD_COMMIT */
	struct sc_log_limit lines;
};

/*
 * Lines that a connection may have in the log in each period. The others are counted, and their number
 * logged.
 */
#define SC_CORE_SESSION_LINES  20
#define SC_CORE_SESSION_PERIOD (60 * SC_SECOND)

/*
 * Logs a notice that the peer has caused, unless the connection has had its lines. All such notices go
 * through this.
 */
void sc_core_session_log(struct sc_core_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Ends the open quorums of all connections of the module. A request that uses one finishes with it. */
void sc_core_sessions_end_quorums(struct sc_module *module);

/* Keeps a new world until it is committed. It replaces a world that is pending already. Takes ownership. */
void sc_core_session_set_pending(struct sc_core_session *session, struct sc_state_world *world);

/* Takes the pending world with that id out of the session. The caller frees it. NULL if there is none. */
struct sc_state_world *sc_core_session_take_pending(struct sc_core_session *session,
						    const struct sc_hash *world);

#endif
