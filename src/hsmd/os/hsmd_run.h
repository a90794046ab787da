/* The daemon: opens the state directory and the sockets, then serves. */
#ifndef SC_HSMD_OS_HSMD_RUN_H
#define SC_HSMD_OS_HSMD_RUN_H

#include "hsmd/os/host.h"

/* Serves until SIGTERM or SIGINT, then returns SC_OK. */
sc_status sc_hsmd_run(struct sc_hsmd_settings *settings, struct sc_error *err) SC_WARN_UNUSED;

#endif
