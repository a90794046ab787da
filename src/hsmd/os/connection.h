/*
 * One peer: its session, its requests, and the answers it has not yet read. The workers and the event loop
 * share it under the server's lock. A connection first ends: nothing more is read, answered or started. It is
 * freed later, once no worker uses it, and only by the event loop.
 */
#ifndef SC_HSMD_OS_CONNECTION_H
#define SC_HSMD_OS_CONNECTION_H

#include "hsmd/core/module.h"
#include "hsmd/os/schedule.h"

#define SC_HSMD_CONNECTION_REQUESTS 64     /* waiting or in progress; then nothing more is read */
#define SC_HSMD_CONNECTION_BYTES    524288 /* of them; a peer with more bytes of unread answers is dropped */

/* What an epoll event belongs to; the first member of each such struct. */
enum sc_hsmd_source {
	SC_HSMD_SOURCE_SIGNAL,
	SC_HSMD_SOURCE_WAKE,
	SC_HSMD_SOURCE_LISTENER,
	SC_HSMD_SOURCE_CONNECTION,
};

/* An answer that did not fit into the socket. */
struct sc_hsmd_answer {
	STAILQ_ENTRY(sc_hsmd_answer) next;
	struct sc_bytes message;
};
STAILQ_HEAD(sc_hsmd_answers, sc_hsmd_answer);

struct sc_hsmd_listener {
	enum sc_hsmd_source source;
	int fd;
	struct sc_policy policy;
	unsigned connections; /* currently open */
	int64_t paused_until; /* sc_clock_monotonic; paused because no descriptor was free. 0: not paused */
};

struct sc_hsmd_connection {
	enum sc_hsmd_source source;
	int fd;
	int epoll;
	uint32_t armed; /* events epoll waits for */
	struct sc_hsmd_listener *listener;
	struct sc_core_session *session;
	struct sc_schedule_turn turn;
	unsigned running;   /* requests in progress */
	unsigned in_flight; /* those plus the waiting ones */
	size_t bytes;       /* total size of the requests in flight */
	struct sc_hsmd_answers unsent;
	size_t unsent_bytes;
	bool is_at_end; /* the peer will send nothing more */
	bool has_ended;
	TAILQ_ENTRY(sc_hsmd_connection) all;
};
TAILQ_HEAD(sc_hsmd_connections, sc_hsmd_connection);

/*
 * Takes ownership of descriptor and session, unless it fails, and has epoll wait for requests. SC_ERR_MEMORY,
 * SC_ERR_SYSTEM.
 */
sc_status sc_hsmd_connection_new(int epoll, int fd, struct sc_core_session *session,
				 struct sc_hsmd_listener *listener, struct sc_hsmd_connection **out,
				 struct sc_error *err) SC_WARN_UNUSED;

/* Closes and frees a connection that has ended and has nothing in progress. */
void sc_hsmd_connection_free(struct sc_hsmd_connection *connection);

/* The connection that a turn belongs to. */
struct sc_hsmd_connection *sc_hsmd_connection_of(struct sc_schedule_turn *turn);

/* Has epoll wait for whatever the connection is ready for: requests, and room for answers. */
void sc_hsmd_connection_arm(struct sc_hsmd_connection *connection);

/* Keeps a copy of an answer until there is room. False if the peer must be dropped instead. */
bool sc_hsmd_connection_keep(struct sc_hsmd_connection *connection, struct sc_view message);

/* Sends the kept answers as far as there is room. False if the peer is gone. */
bool sc_hsmd_connection_flush(struct sc_hsmd_connection *connection);

/* Frees the kept answers. */
void sc_hsmd_connection_forget(struct sc_hsmd_connection *connection);

#endif
