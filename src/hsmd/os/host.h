/*
 * What the process provides to the module (struct sc_module_host): durable state, and a true report of what
 * protects it. The daemon and the commands in initialise.c both start by opening a host.
 */
#ifndef SC_HSMD_OS_HOST_H
#define SC_HSMD_OS_HOST_H

#include "hsmd/core/module.h"
#include "hsmd/os/arena.h"
#include "hsmd/os/sandbox.h"
#include "hsmd/os/server.h"
#include "hsmd/os/state_directory.h"
#include "hsmd/os/unlock.h"

/* The settings that main derives from the command line and the process. */
struct sc_hsmd_settings {
	const char *state; /* directory */
	struct sc_hsmd_unlock_source unlock;
	struct sc_module_options module;
	struct sc_arena *arena;
	struct sc_sandbox sandbox;

	/* the daemon */
	const char *sockets[SC_HSMD_SOCKETS];
	size_t socket_count;
	int ready_fd; /* -1: none */

	/* initialise.c */
	const char *request;      /* NULL: write it to the state directory */
	const char *warrant;      /* file */
	struct sc_hash root_hash; /* which the custodian got through another channel */
};

struct sc_hsmd_host {
	struct sc_hsmd_state *store;
	struct sc_arena *arena;
	const struct sc_sandbox *sandbox;
	bool unlock_given;
	struct sc_secret unlock; /* until the module is open */
	struct sc_bytes state;   /* as stored on disk */
	struct sc_bytes mark;
	struct sc_module_host host; /* its context is this struct, so it must not move */
};

/* Opens and locks the state directory; `make` as in sc_hsmd_state_open. */
sc_status sc_hsmd_host_open(const struct sc_hsmd_settings *settings, bool make, struct sc_hsmd_host *out,
			    struct sc_error *err) SC_WARN_UNUSED;
void sc_hsmd_host_close(struct sc_hsmd_host *host);
SC_CLEANUP_VALUE(sc_hsmd_host, sc_hsmd_host_close)

/*
 * Reads unlock key and state. The host reads no files after that. SC_ERR_NOT_FOUND, sc_hsmd_unlock_read's
 * errors.
 */
sc_status sc_hsmd_host_load(struct sc_hsmd_host *host, const struct sc_hsmd_settings *settings,
			    struct sc_error *err) SC_WARN_UNUSED;

/* Opens the loaded state and wipes the unlock key. The caller frees *out before closing the host. */
sc_status sc_hsmd_host_open_module(struct sc_hsmd_host *host, const struct sc_hsmd_settings *settings,
				   struct sc_module **out, struct sc_error *err) SC_WARN_UNUSED;

#endif
