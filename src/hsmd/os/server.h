/*
 * The server: one thread reads all connections, workers answer. Quick commands have workers of their own, so
 * that none waits for a slow one; within a lane connections take turns (schedule.h).
 *
 * What a peer can do to others is bounded: each socket has its own share of the connections, each connection
 * a number of requests and bytes in flight, beyond which it is not read; all together have a budget of
 * memory, beyond which requests are answered SC_ERR_BUSY; and a peer that does not take its answers is
 * dropped before they pile up. A message that is no request, or names no command, closes its connection (rule
 * M1).
 */
#ifndef SC_HSMD_OS_SERVER_H
#define SC_HSMD_OS_SERVER_H

#include "hsmd/core/module.h"

#define SC_HSMD_SERVER_SOCKETS 16 /* at most */

struct sc_hsmd_server_options {
	unsigned connections; /* on all sockets together */
	unsigned quick_workers;
	unsigned slow_workers;
	size_t memory; /* bytes of requests that may wait or be in work at once; and of answers that wait */
};

struct sc_hsmd_server;

/* SC_ERR_MEMORY, SC_ERR_SYSTEM. The caller frees *out. */
sc_status sc_hsmd_server_new(const struct sc_hsmd_server_options *options, struct sc_hsmd_server **out,
			struct sc_error *err) SC_WARN_UNUSED;

/* Stops the workers, ends all connections, closes the sockets. Before the module is freed. */
void sc_hsmd_server_free(struct sc_hsmd_server *server);
SC_CLEANUP_POINTER(sc_hsmd_server, struct sc_hsmd_server, sc_hsmd_server_free)

/* Adds a listening socket, which is then the server's. At most SC_HSMD_SERVER_SOCKETS. */
sc_status sc_hsmd_server_add(struct sc_hsmd_server *server, int listener, const struct sc_policy *policy,
			struct sc_error *err) SC_WARN_UNUSED;

/*
 * Blocks SIGTERM and SIGINT, starts the workers, and returns when every one of them waits for work: after it
 * no thread is started. SC_ERR_SYSTEM.
 */
sc_status sc_hsmd_server_start(struct sc_hsmd_server *server, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Serves until SIGTERM or SIGINT. Then no connection and no request is taken any more; what a worker has
 * begun is finished and answered, and SC_OK returned. SC_ERR_SYSTEM.
 */
sc_status sc_hsmd_server_run(struct sc_hsmd_server *server, struct sc_module *module,
			struct sc_error *err) SC_WARN_UNUSED;

#endif
