/*
 * Requests in, answers out: what the event loop (server.c) and the workers share, under one lock. It is never
 * held while the module works, and while something is sent only where a peer was slow before.
 *
 * The descriptor of a connection stays open as long as a worker may send on it: connections are freed by the
 * event loop alone (sc_hsmd_exchange_reap), when they have ended and nothing of theirs is in work.
 */
#ifndef SC_HSMD_OS_EXCHANGE_H
#define SC_HSMD_OS_EXCHANGE_H

#include "hsmd/os/connection.h"

struct sc_hsmd_exchange;

/* As sc_hsmd_server_new's options; `wake` is an eventfd that is written when there is something to reap. */
struct sc_hsmd_exchange_options {
	unsigned quick_workers;
	unsigned slow_workers;
	size_t memory;
	int wake;
};

/* SC_ERR_MEMORY. The caller frees *out. */
sc_status sc_hsmd_exchange_new(const struct sc_hsmd_exchange_options *options, struct sc_hsmd_exchange **out,
			  struct sc_error *err) SC_WARN_UNUSED;

/* Stops the workers and ends all connections first. */
void sc_hsmd_exchange_free(struct sc_hsmd_exchange *exchange);

/* Starts the workers; returns when each of them waits for work. SC_ERR_SYSTEM. */
sc_status sc_hsmd_exchange_start(struct sc_hsmd_exchange *exchange, struct sc_error *err) SC_WARN_UNUSED;

/* Workers finish and answer what they have begun; then they and all connections end. For good. */
void sc_hsmd_exchange_stop(struct sc_hsmd_exchange *exchange);

/* Takes a new connection over. */
void sc_hsmd_exchange_admit(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection);

/* Does what epoll says that a connection is ready for. */
void sc_hsmd_exchange_serve(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection, uint32_t events);

/* Frees the connections that have ended: between two batches of events, when none names them. */
void sc_hsmd_exchange_reap(struct sc_hsmd_exchange *exchange);

/* Logs at most one line a second: a hostile peer must not fill the disk. */
void sc_hsmd_exchange_complain(struct sc_hsmd_exchange *exchange, const char *what);

#endif
