/*
 * One peer: its session, its requests, and the answers it has not yet read. The workers and the event loop
 * share it under the exchange's lock. A connection first ends: nothing more is read, answered or started. It
 * is freed later, once no worker uses it, and only by the event loop.
 *
 * While an answer waits for the peer to read it, nothing is read from the peer and none of its requests is
 * begun. So a peer that does not read holds what it has asked for, and no more.
 */
#ifndef SC_HSMD_OS_CONNECTION_H
#define SC_HSMD_OS_CONNECTION_H

#include "hsmd/os/listener.h"

/* An answer that did not fit into the socket. */
struct sc_hsmd_answer {
	STAILQ_ENTRY(sc_hsmd_answer) next;
	struct sc_hsmd_block message;
};
STAILQ_HEAD(sc_hsmd_answers, sc_hsmd_answer);

struct sc_hsmd_connection {
	enum sc_hsmd_source source;
	int fd;
	uint32_t armed; /* events epoll waits for */
	struct sc_hsmd_user *user;
	struct sc_core_session *session;
	struct sc_hsmd_holder holder;
	struct sc_schedule_turn turn;
	unsigned running;   /* requests in progress */
	unsigned in_flight; /* those plus the waiting ones */
	struct sc_hsmd_answers unsent;
	bool is_at_end; /* the peer will send nothing more */
	bool has_ended;
	TAILQ_ENTRY(sc_hsmd_connection) all;
};
TAILQ_HEAD(sc_hsmd_connections, sc_hsmd_connection);

/*
 * Takes ownership of descriptor, session and a reference to the user, unless it fails, and has its user's
 * epoll wait for requests. SC_ERR_MEMORY, SC_ERR_SYSTEM.
 */
sc_status sc_hsmd_connection_new(int fd, struct sc_core_session *session, struct sc_hsmd_user *user,
				 struct sc_hsmd_connection **out, struct sc_error *err) SC_WARN_UNUSED;

/* Nothing of it is reported any more. */
void sc_hsmd_connection_unwatch(struct sc_hsmd_connection *connection);

/* Closes and frees a connection that has ended and has nothing in progress. */
void sc_hsmd_connection_free(struct sc_hsmd_connection *connection);

/* The connection that a turn, or a holder, belongs to. */
struct sc_hsmd_connection *sc_hsmd_connection_of_turn(struct sc_schedule_turn *turn);
struct sc_hsmd_connection *sc_hsmd_connection_of_holder(struct sc_hsmd_holder *holder);

/* Notes whether it is idle, and has epoll wait for what it is ready for: requests, and room for answers. */
void sc_hsmd_connection_arm(struct sc_hsmd_connection *connection);

/* Copies a message into the socket's memory, on the connection's account. False if there is no room. */
bool sc_hsmd_connection_take(struct sc_hsmd_connection *connection, struct sc_view message,
			     struct sc_hsmd_block *out) SC_WARN_UNUSED;
void sc_hsmd_connection_give(struct sc_hsmd_connection *connection, struct sc_hsmd_block *block);

/*
 * Moves the connection's messages within the socket's memory, but not those of requests in progress, until
 * there is a block of that room. False if there is none even then.
 */
bool sc_hsmd_connection_compact(struct sc_hsmd_connection *connection, size_t room);

/* Takes ownership of an answer that waits until the peer has room. False when out of memory. */
bool sc_hsmd_connection_keep(struct sc_hsmd_connection *connection,
			     struct sc_hsmd_block *message) SC_WARN_UNUSED;

/* Sends the kept answers as far as there is room. False if the peer is gone. */
bool sc_hsmd_connection_flush(struct sc_hsmd_connection *connection);

/* Frees the requests that wait and the kept answers. */
void sc_hsmd_connection_forget(struct sc_hsmd_connection *connection);

#endif
