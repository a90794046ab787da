/*
 * Time limits, enforced by one thread. libmicrohttpd's own timeout does not run while a connection is
 * suspended, and a slow client restarts it with every byte. A request that is being handled has a deadline,
 * after which it is answered on behalf of its handler. A connection has a limited time to send a request and
 * to read an answer, after which its socket is shut down.
 */
#ifndef SC_WEB_WATCH_H
#define SC_WEB_WATCH_H

#include "base/bytes.h"

struct sc_web_request;
struct sc_web_watch;
struct sc_web_watch_link; /* one connection */

/* Starts the thread. Times are in milliseconds. SC_ERR_MEMORY, SC_ERR_SYSTEM. */
sc_status sc_web_watch_new(unsigned deadline_ms, unsigned transfer_ms, struct sc_web_watch **out,
			   struct sc_error *err) SC_WARN_UNUSED;

/*
 * Lets no more requests begin, expires those that have begun, and waits a moment for their answers to be
 * sent.
 */
void sc_web_watch_end_requests(struct sc_web_watch *watch);

/* Joins the thread. All links must be gone. NULL is allowed. */
void sc_web_watch_free(struct sc_web_watch *watch);

/* Begin at the call of the handler, end at the answer. False once no request may begin. */
bool sc_web_watch_begin(struct sc_web_watch *watch, struct sc_web_request *request);
void sc_web_watch_end(struct sc_web_watch *watch, struct sc_web_request *request);

/*
 * A connection's lifetime. It begins in the receiving state; NULL if out of memory. Disconnect before the
 * descriptor is closed.
 */
struct sc_web_watch_link *sc_web_watch_connect(struct sc_web_watch *watch, int fd);
void sc_web_watch_disconnect(struct sc_web_watch *watch, struct sc_web_watch_link *link);

enum sc_web_watch_phase {
	SC_WEB_WATCH_RECEIVING, /* a request, or nothing yet: limited */
	SC_WEB_WATCH_HANDLING,  /* limited by the request's deadline alone */
	SC_WEB_WATCH_SENDING,   /* the answer: limited */
};
void sc_web_watch_now(struct sc_web_watch *watch, struct sc_web_watch_link *link,
		      enum sc_web_watch_phase what);

#endif
