/* Connecting to a module's socket: what every kind of client begins with. */
#ifndef SC_CLIENT_CONNECT_H
#define SC_CLIENT_CONNECT_H

#include "wire/message.h"

/*
 * Connects to the module behind the socket `path`; *fd takes the largest message in one piece. Where the
 * module's queue of connections is full, it waits up to wait_ms for a place; with 0 it does not wait, and *fd
 * never blocks later. SC_ERR_UNAVAILABLE naming the path, SC_ERR_ARGUMENT for a path that no socket can have,
 * SC_ERR_SYSTEM. The caller closes *fd.
 */
sc_status sc_client_socket_connect(const char *path, unsigned wait_ms, int *fd, struct sc_error *err) SC_WARN_UNUSED;

#endif
