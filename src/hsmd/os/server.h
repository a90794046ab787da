/*
 * The server: one thread reads from all connections, workers answer. Quick commands have workers of their
 * own, so that none waits behind a slow one. Within a lane sockets take turns, within a socket its users, and
 * within a user its connections (schedule.h).
 *
 * The harm a peer can do to others is bounded (limits.h, M12). Each socket has its own part of the message
 * memory and of the connections, and its turn among the workers. Within a socket, users share, and within
 * each user its connections. When something is short, the one that holds the most of it makes room. A message
 * that is not a request, or names no command, closes its connection (rule M1).
 */
#ifndef SC_HSMD_OS_SERVER_H
#define SC_HSMD_OS_SERVER_H

#include "hsmd/core/module.h"
#include "hsmd/os/limits.h"

struct sc_hsmd_server_options {
	unsigned connections;   /* on all sockets together */
	unsigned quick_workers; /* of either kind at least SC_HSMD_WORKERS_MIN */
	unsigned slow_workers;
	size_t memory; /* bytes of the arena for messages, at most, of all sockets together */
};

struct sc_hsmd_server;

/* SC_ERR_MEMORY, SC_ERR_SYSTEM. The caller frees *out. */
sc_status sc_hsmd_server_new(const struct sc_hsmd_server_options *options, struct sc_hsmd_server **out,
			     struct sc_error *err) SC_WARN_UNUSED;

/* Stops the workers, ends all connections, closes the sockets. Call it before you free the module. */
void sc_hsmd_server_free(struct sc_hsmd_server *server);
SC_CLEANUP_POINTER(sc_hsmd_server, struct sc_hsmd_server, sc_hsmd_server_free)

/* Adds a listening socket and takes ownership of it. At most SC_HSMD_SOCKETS. */
sc_status sc_hsmd_server_add(struct sc_hsmd_server *server, int listener, const struct sc_policy *policy,
			     struct sc_error *err) SC_WARN_UNUSED;

/*
 * Gives each socket its part of the message memory, blocks SIGTERM and SIGINT, starts the workers, and
 * returns once every one of them waits for work. No thread is started after that. SC_ERR_MODULE_FULL: there
 * are more sockets than options.memory has parts of SC_HSMD_SOCKET_MEMORY_MIN; SC_ERR_MEMORY, SC_ERR_SYSTEM.
 */
sc_status sc_hsmd_server_start(struct sc_hsmd_server *server, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Serves until SIGTERM or SIGINT. From then on it accepts no connection and no request, lets the workers
 * finish and answer what they have begun, and returns SC_OK. SC_ERR_SYSTEM.
 */
sc_status sc_hsmd_server_run(struct sc_hsmd_server *server, struct sc_module *module,
			     struct sc_error *err) SC_WARN_UNUSED;

#endif
