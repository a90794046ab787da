/*
 * Time limits, kept by one thread, because libmicrohttpd's own timeout does not run while a connection is
 * suspended and starts anew with every byte of a slow client. A request that is being handled has a deadline,
 * after which it is answered for its handler; a connection has so long to bring a request and so long to take
 * an answer, after which its socket is shut down.
 */
#ifndef SC_WEB_WATCH_H
#define SC_WEB_WATCH_H

#include "base/bytes.h"

struct sc_web_request;
struct sc_web_watch;
struct sc_web_watch_link; /* one connection */

/* Times in milliseconds. Starts the thread. SC_ERR_MEMORY, SC_ERR_SYSTEM. */
sc_status sc_web_watch_new(unsigned deadline_ms, unsigned transfer_ms, struct sc_web_watch **out,
		       struct sc_error *err) SC_WARN_UNUSED;

/*
 * No request begins any more; those that have begun are expired; then waits a moment for their answers to be
 * taken.
 */
void sc_web_watch_end_requests(struct sc_web_watch *watch);

/* Joins the thread. Every link must be gone. NULL is allowed. */
void sc_web_watch_free(struct sc_web_watch *watch);

/* From the call of the handler to the answer. False once no request may begin. */
bool sc_web_watch_begin(struct sc_web_watch *watch, struct sc_web_request *request);
void sc_web_watch_end(struct sc_web_watch *watch, struct sc_web_request *request);

/* A connection's life; NULL without memory. It begins by receiving. Disconnect before the descriptor is
 * closed. */
struct sc_web_watch_link *sc_web_watch_connect(struct sc_web_watch *watch, int fd);
void sc_web_watch_disconnect(struct sc_web_watch *watch, struct sc_web_watch_link *link);

enum sc_web_watch_phase {
	SC_WEB_WATCH_RECEIVING, /* a request, or nothing yet: limited */
	SC_WEB_WATCH_HANDLING,  /* limited by the request's deadline alone */
	SC_WEB_WATCH_SENDING,   /* the answer: limited */
};
void sc_web_watch_now(struct sc_web_watch *watch, struct sc_web_watch_link *link, enum sc_web_watch_phase what);

#endif
