/* Connecting to a module's socket, for every kind of client. */
#ifndef SC_CLIENT_CONNECT_H
#define SC_CLIENT_CONNECT_H

#include "wire/message.h"

/*
 * Connects to the module behind the socket `path`. *fd can send the largest message in one piece. If the
 * module's queue of connections is full, it waits up to wait_ms for a place; if wait_ms is 0, it does not
 * wait, and *fd is non-blocking. SC_ERR_UNAVAILABLE, naming the path; SC_ERR_ARGUMENT: no socket can have
 * that path; SC_ERR_SYSTEM. The caller closes *fd.
 */
sc_status sc_client_socket_connect(const char *path, unsigned wait_ms, int *fd,
				   struct sc_error *err) SC_WARN_UNUSED;

#endif
