/*
 * One peer: its session, its requests, and the answers that it has not taken yet. Workers and the event loop
 * share it under the server's lock. It ends (nothing more is read, answered or begun) before it is freed:
 * that waits until no worker uses it, and is the event loop's alone to do.
 */
#ifndef SC_HSMD_OS_CONNECTION_H
#define SC_HSMD_OS_CONNECTION_H

#include "hsmd/core/module.h"
#include "hsmd/os/schedule.h"

#define SC_HSMD_CONNECTION_REQUESTS 64 /* waiting or in work; more are not read */
#define SC_HSMD_CONNECTION_BYTES                                                                                  \
	524288 /* of the same, and of answers that the peer does not take: then it is dropped */

/* What the event loop's descriptors belong to: the first member of each. */
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
	unsigned connections; /* open now */
	int64_t rests_until;  /* sc_clock_monotonic; no descriptor was free. 0: it does not rest */
};

struct sc_hsmd_connection {
	enum sc_hsmd_source source;
	int fd;
	int epoll;
	uint32_t armed; /* what epoll waits for */
	struct sc_hsmd_listener *listener;
	struct sc_core_session *session;
	struct sc_schedule_turn turn;
	unsigned running;   /* requests in work */
	unsigned in_flight; /* those and the waiting ones */
	size_t bytes;       /* of the requests in flight */
	struct sc_hsmd_answers unsent;
	size_t unsent_bytes;
	bool is_at_end; /* the peer sends nothing more */
	bool has_ended;
	TAILQ_ENTRY(sc_hsmd_connection) all;
};
TAILQ_HEAD(sc_hsmd_connections, sc_hsmd_connection);

/* Takes descriptor and session over, and lets epoll wait for requests. SC_ERR_MEMORY, SC_ERR_SYSTEM: they are
 * not. */
sc_status sc_hsmd_connection_new(int epoll, int fd, struct sc_core_session *session, struct sc_hsmd_listener *listener,
			    struct sc_hsmd_connection **out, struct sc_error *err) SC_WARN_UNUSED;

/* Closes and frees one that has ended and has nothing in work. */
void sc_hsmd_connection_free(struct sc_hsmd_connection *connection);

/* The connection of a turn. */
struct sc_hsmd_connection *sc_hsmd_connection_of(struct sc_schedule_turn *turn);

/* Lets epoll wait for what the connection is ready for: requests, and room for answers. */
void sc_hsmd_connection_arm(struct sc_hsmd_connection *connection);

/* How a message was sent. The lock need not be held. */
enum sc_hsmd_sent {
	SC_HSMD_SENT,
	SC_HSMD_SENT_LATER, /* no room now */
	SC_HSMD_SENT_NEVER, /* the peer is gone */
};
enum sc_hsmd_sent sc_hsmd_connection_send(const struct sc_hsmd_connection *connection, struct sc_view message);

/* Keeps a copy of an answer until there is room. False if the peer is to be dropped instead. */
bool sc_hsmd_connection_keep(struct sc_hsmd_connection *connection, struct sc_view message);

/* Sends what was kept, as far as there is room. False if the peer is gone. */
bool sc_hsmd_connection_flush(struct sc_hsmd_connection *connection);

/* Frees what was kept. */
void sc_hsmd_connection_forget(struct sc_hsmd_connection *connection);

#endif
