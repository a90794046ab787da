/*
 * A request being handled: what its handler needs besides the body, and the buffers that its answer points
 * into.
 */
#ifndef SC_HSMD_CORE_CORE_REQUEST_H
#define SC_HSMD_CORE_CORE_REQUEST_H

#include "hsmd/core/core_session.h"
#include "hsmd/core/module_parts.h"

#define SC_CORE_KEPT_MAX (SC_CARDS_MAX + 8) /* enough for the largest answer: a world file and its cards */

struct sc_core_request {
	struct sc_module *module;
	struct sc_core_session *session;
	const struct sc_snapshot *snapshot;
	int64_t now;                   /* by the module's clock, when the request arrived */
	struct sc_quorum *quorum;      /* in use until the answer is written, in commands that need one */
	const struct sc_secret *token; /* the quorum's, otherwise NULL */
	bool has_changed;              /* the handler has changed the module's state */

	/* Buffers that the answer's views point into. Freed once the answer is written. */
	struct sc_bytes kept[SC_CORE_KEPT_MAX];
	size_t kept_count;
};

/*
 * SC_ERR_CANCELLED if the peer has left. Long commands ask between their steps, before anything that lasts is
 * done: work that nobody waits for would hold up others, and the end of the process.
 */
sc_status sc_core_request_check_peer(const struct sc_core_request *request,
				     struct sc_error *err) SC_WARN_UNUSED;

/* Moves a buffer into the request and returns a view of it for the answer. */
struct sc_view sc_core_request_keep(struct sc_core_request *request, struct sc_bytes *buffer);

/* Frees what was kept. */
void sc_core_request_end(struct sc_core_request *request);
SC_CLEANUP_VALUE(sc_core_request, sc_core_request_end)

#endif
