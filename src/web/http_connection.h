/*
 * A client's connection: how long it may take to send a request or to read an answer, and how many of them
 * there are. After its time, or when another client needs its place, its socket is shut down, and
 * libmicrohttpd closes it. libmicrohttpd's own timeout does not help: a slow client restarts it with every
 * byte, and it does not run while a connection is suspended. Nor is its own limit per address, which counts
 * each IPv6 address apart.
 */
#ifndef SC_WEB_HTTP_CONNECTION_H
#define SC_WEB_HTTP_CONNECTION_H

#include "web/peers.h"
#include "web/timers.h"

struct sc_web_connections; /* what the connections of one server share */
struct sc_web_connection;

/* `transfer` is the time limit in nanoseconds; `timers` is borrowed. SC_ERR_MEMORY. */
sc_status sc_web_connections_new(struct sc_web_timers *timers, int64_t transfer,
				 const struct sc_web_peer_limits *limits, struct sc_web_connections **out,
				 struct sc_error *err) SC_WARN_UNUSED;

/* All connections must be closed. NULL is allowed. */
void sc_web_connections_free(struct sc_web_connections *connections);
SC_CLEANUP_POINTER(sc_web_connections, struct sc_web_connections, sc_web_connections_free)

/* Waits until all answers have been sent, but no longer than `limit` nanoseconds. */
void sc_web_connections_settle(struct sc_web_connections *connections, int64_t limit);

/*
 * Begins in the idle phase. `fd` is borrowed. NULL if there is no room for it (web/peers.h) or out of memory:
 * its socket has then been shut down, and nothing that arrives on it may be accepted.
 */
struct sc_web_connection *sc_web_connection_open(struct sc_web_connections *connections,
						 const struct sockaddr *peer, int fd);

/*
 * Frees it; call this before the descriptor is closed, since until then any thread may shut the socket down.
 * NULL is allowed.
 */
void sc_web_connection_close(struct sc_web_connection *connection);

enum sc_web_connection_phase {
	SC_WEB_CONNECTION_IDLE,      /* nothing yet, or no request since the last answer: limited */
	SC_WEB_CONNECTION_RECEIVING, /* a request, from its first line on: limited */
	SC_WEB_CONNECTION_HANDLING,  /* limited by the request's deadline alone */
	SC_WEB_CONNECTION_SENDING,   /* the answer: limited */
};

/* Begins a phase, and its time. Only for the connection's HTTP thread. */
void sc_web_connection_begin(struct sc_web_connection *connection, enum sc_web_connection_phase phase);

/* True if it has been told to end for another's sake (web/peers.h): its next answer must be its last. */
bool sc_web_connection_is_ended(struct sc_web_connection *connection);

/* More bytes of the body that it is receiving are to be kept. False if they are too many (web/peers.h). */
bool sc_web_connection_keep(struct sc_web_connection *connection, size_t len);

#endif
