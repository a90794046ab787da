/*
 * A client's connection, and how long it may take to send a request or to read an answer. After that its
 * socket is shut down, and libmicrohttpd closes it. libmicrohttpd's own timeout is no help: a slow client
 * restarts it with every byte, and it does not run while a connection is suspended.
 */
#ifndef SC_WEB_HTTP_CONNECTION_H
#define SC_WEB_HTTP_CONNECTION_H

#include "web/timers.h"

struct sc_web_connections; /* what the connections of one server share */
struct sc_web_connection;

/* `transfer` is the limit in nanoseconds; `timers` is borrowed. SC_ERR_MEMORY. */
sc_status sc_web_connections_new(struct sc_web_timers *timers, int64_t transfer,
				 struct sc_web_connections **out, struct sc_error *err) SC_WARN_UNUSED;

/* All connections must be closed. NULL is allowed. */
void sc_web_connections_free(struct sc_web_connections *connections);
SC_CLEANUP_POINTER(sc_web_connections, struct sc_web_connections, sc_web_connections_free)

/* Waits until all answers have been sent, but no longer than `limit` nanoseconds. */
void sc_web_connections_settle(struct sc_web_connections *connections, int64_t limit);

/* Begins in the receiving phase. `fd` is borrowed. NULL if out of memory. */
struct sc_web_connection *sc_web_connection_open(struct sc_web_connections *connections, int fd);

/* Frees it; call this before the descriptor is closed. NULL is allowed. */
void sc_web_connection_close(struct sc_web_connection *connection);

enum sc_web_connection_phase {
	SC_WEB_CONNECTION_RECEIVING, /* a request, or nothing yet: limited */
	SC_WEB_CONNECTION_HANDLING,  /* limited by the request's deadline alone */
	SC_WEB_CONNECTION_SENDING,   /* the answer: limited */
};

/* Begins a phase, and its time. Only for the connection's HTTP thread. */
void sc_web_connection_begin(struct sc_web_connection *connection, enum sc_web_connection_phase phase);

#endif
