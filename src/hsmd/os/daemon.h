/* The daemon: from a state directory and a list of sockets to a process that serves, and back. */
#ifndef SC_HSMD_OS_DAEMON_H
#define SC_HSMD_OS_DAEMON_H

#include "hsmd/os/host.h"

/* Serves until SIGTERM or SIGINT; SC_OK then. */
sc_status sc_hsmd_run(struct sc_hsmd_settings *settings, struct sc_error *err) SC_WARN_UNUSED;

#endif
