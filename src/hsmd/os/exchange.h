/*
 * Requests in, answers out: what the event loop (server.c) and the workers share, under one lock. The lock is
 * never held while the module works or a line is logged. It is held while sending only to a peer that was
 * slow before.
 *
 * A connection's descriptor stays open as long as a worker may send on it: only the event loop frees
 * connections (sc_hsmd_exchange_reap), once they have ended and no request of theirs is in progress.
 */
#ifndef SC_HSMD_OS_EXCHANGE_H
#define SC_HSMD_OS_EXCHANGE_H

#include "hsmd/os/connection.h"

struct sc_hsmd_exchange;

/* Each number of workers is at least SC_HSMD_WORKERS_MIN. */
struct sc_hsmd_exchange_options {
	unsigned workers[SC_SCHEDULE_LANES];
	int wake; /* an eventfd, written when there is something to reap, or a request ends while stopping */
};

/* SC_ERR_MEMORY. The caller frees *out. */
sc_status sc_hsmd_exchange_new(const struct sc_hsmd_exchange_options *options, struct sc_hsmd_exchange **out,
			       struct sc_error *err) SC_WARN_UNUSED;

/* Stops the workers and ends all connections, then frees. */
void sc_hsmd_exchange_free(struct sc_hsmd_exchange *exchange);

/* Starts the workers and returns once each of them waits for work. SC_ERR_SYSTEM. */
sc_status sc_hsmd_exchange_start(struct sc_hsmd_exchange *exchange, struct sc_error *err) SC_WARN_UNUSED;

/* From now on, nothing more is read or begun. */
void sc_hsmd_exchange_begin_stop(struct sc_hsmd_exchange *exchange);

/*
 * True while requests are in progress. The caller goes on serving events while a stopping exchange is busy:
 * so it still notices a peer that leaves.
 */
bool sc_hsmd_exchange_is_busy(struct sc_hsmd_exchange *exchange);

/*
 * Lets the workers finish and answer what they have begun, then ends them and all connections. It cannot be
 * restarted.
 */
void sc_hsmd_exchange_stop(struct sc_hsmd_exchange *exchange);

/*
 * Gives a listener its part of the message memory, its connections and its turn. Call it once for each,
 * before the first is admitted. SC_ERR_MEMORY.
 */
sc_status sc_hsmd_exchange_listen(struct sc_hsmd_exchange *exchange, struct sc_hsmd_listener *listener,
				  size_t memory, unsigned connections, struct sc_error *err) SC_WARN_UNUSED;

/* A peer that has connected. */
struct sc_hsmd_peer {
	int fd;
	uid_t uid;
	bool is_other_user; /* than the module's */
};

/*
 * Makes a connection with its session, and takes ownership of the peer's descriptor unless it fails. If all
 * places of the listener are taken, another connection may be closed for it (holder.h). SC_ERR_BUSY: there is
 * no place; SC_ERR_MODULE_FULL, SC_ERR_MEMORY, SC_ERR_SYSTEM.
 */
sc_status sc_hsmd_exchange_admit(struct sc_hsmd_exchange *exchange, struct sc_hsmd_listener *listener,
				 struct sc_module *module, const struct sc_hsmd_peer *peer,
				 struct sc_error *err) SC_WARN_UNUSED;

/* Handles the events that epoll reports for a connection, and reads its requests of one turn (limits.h). */
void sc_hsmd_exchange_serve(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection,
			    uint32_t events);

/*
 * Frees the connections that have ended. Call it between two batches of events, when no event refers to them.
 */
void sc_hsmd_exchange_reap(struct sc_hsmd_exchange *exchange);

/*
 * Logs a few lines per second and listener at most, with a count of those left out, so that no peer can fill
 * the disk, and none on another socket loses its lines. Call it without the lock.
 */
void sc_hsmd_exchange_complain(struct sc_hsmd_exchange *exchange, struct sc_hsmd_listener *listener,
			       const char *what);

#endif
