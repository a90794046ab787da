/*
 * What the process gives the module (struct sc_module_host): durable state, and the truth about what protects
 * it. Opening a host is what the daemon and the commands of initialise.c have in common.
 */
#ifndef SC_HSMD_OS_HOST_H
#define SC_HSMD_OS_HOST_H

#include "hsmd/core/module.h"
#include "hsmd/os/arena.h"
#include "hsmd/os/sandbox.h"
#include "hsmd/os/server.h"
#include "hsmd/os/state_directory.h"
#include "hsmd/os/unlock.h"

/* What main has made of the command line and of the process. */
struct sc_hsmd_settings {
	const char *state; /* directory */
	struct sc_hsmd_unlock_source unlock;
	struct sc_module_options module;
	struct sc_arena *arena;
	struct sc_sandbox sandbox;

	/* the daemon */
	const char *sockets[SC_HSMD_SERVER_SOCKETS];
	size_t socket_count;
	int ready_fd; /* -1: none */

	/* initialise.c */
	const char *request;      /* NULL: in the state directory */
	const char *warrant;      /* file */
	struct sc_hash root_hash; /* that the custodian has from elsewhere */
};

struct sc_hsmd_host {
	struct sc_hsmd_state *store;
	struct sc_arena *arena;
	const struct sc_sandbox *sandbox;
	bool unlock_given;
	struct sc_secret unlock; /* until the module is open */
	struct sc_bytes state;   /* as they lie on the disk */
	struct sc_bytes mark;
	struct sc_module_host host; /* its context is this struct, which must not move */
};

/* Opens and locks the state directory; `make` as in sc_hsmd_state_open. */
sc_status sc_hsmd_host_open(const struct sc_hsmd_settings *settings, bool make, struct sc_hsmd_host *out,
		       struct sc_error *err) SC_WARN_UNUSED;
void sc_hsmd_host_close(struct sc_hsmd_host *host);
SC_CLEANUP_VALUE(sc_hsmd_host, sc_hsmd_host_close)

/* Reads unlock key and state: the last that the host reads from files. SC_ERR_NOT_FOUND, sc_hsmd_unlock_read's
 * errors. */
sc_status sc_hsmd_host_load(struct sc_hsmd_host *host, const struct sc_hsmd_settings *settings,
		       struct sc_error *err) SC_WARN_UNUSED;

/* Opens what was loaded, and wipes the unlock key. The caller frees *out, before the host is closed. */
sc_status sc_hsmd_host_open_module(struct sc_hsmd_host *host, const struct sc_hsmd_settings *settings,
			      struct sc_module **out, struct sc_error *err) SC_WARN_UNUSED;

#endif
