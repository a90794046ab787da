/*
 * A request inside web/, from its request line to the end of its answer.
 *
 * Two references are held: libmicrohttpd's, from the request line until it has completed the request, and the
 * handler's, from its call until an answer is given. `lock` guards who answers. The phase changes from
 * HANDLING or SUSPENDED to ANSWERED exactly once, for the first caller. The connection is resumed only from
 * SUSPENDED, so it is never touched after libmicrohttpd has released it.
 */
#ifndef SC_WEB_REQUEST_H
#define SC_WEB_REQUEST_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#include <microhttpd.h>

#include "formats/guid.h"
#include "web/check.h"
#include "web/http_connection.h"
#include "web/job_queue.h"
#include "web/route.h"
#include "web/timers.h"
#include "wire/cursor.h"

#define SC_WEB_METHOD_MAX 15

enum sc_web_phase {
	SC_WEB_HEAD,      /* the request line has been read */
	SC_WEB_BODY,      /* the head has been checked */
	SC_WEB_HANDLING,  /* the handler runs on the HTTP thread */
	SC_WEB_SUSPENDED, /* it returned without an answer */
	SC_WEB_ANSWERED,
};

struct sc_web_request {
	struct sc_web_server *server;
	struct MHD_Connection *connection;
	struct sc_web_connection *link;
	atomic_uint references;

	pthread_mutex_t lock;
	enum sc_web_phase phase;
	struct MHD_Response *response; /* of an answered request; NULL: close without an answer */
	unsigned status;
	bool must_close; /* the connection has ended, or it is uncertain where its next request begins */

	struct sc_web_timer deadline; /* set while the handler's answer is awaited */

	/* Written on the HTTP thread before the handler is called, read-only afterwards. */
	char id[SC_GUID_SIZE];
	char peer[INET6_ADDRSTRLEN];
	char party[SC_WEB_PARTY_SIZE]; /* whose jobs this request's are; the holder's */
	char method[SC_WEB_METHOD_MAX + 1];
	struct sc_bytes raw_target;
	const char *target_at; /* in libmicrohttpd's buffer, until the head has been checked */
	struct sc_web_target target;
	struct sc_web_pairs headers;
	struct sc_bytes host; /* the name only, lower case */
	struct sc_bytes host_and_port;
	struct sc_bytes label;
	const struct sc_web_host *served; /* its host's row; NULL: none, or not known yet */
	struct sc_web_route_match match;
	struct sc_web_framing framing;
	struct sc_writer body;
	size_t body_max;
	bool drops_body;    /* nobody will read it */
	uint64_t body_seen; /* also counts bytes that are not kept */
	struct sc_web_pairs form;

	/* Why it is refused before a handler sees it; 0: it is not refused. */
	unsigned refusal;
	const char *refusal_code;
	struct sc_error refusal_error;

	/* Belongs to the handler. */
	struct sc_web_pairs answer_headers;
	bool has_failed; /* a header of the answer could not be stored */
};

/* Has one reference, libmicrohttpd's. NULL if out of memory. */
struct sc_web_request *sc_web_request_new(struct sc_web_server *server, struct MHD_Connection *connection,
					  struct sc_web_connection *link, const char *raw_target);
void sc_web_request_hold(struct sc_web_request *request);
void sc_web_request_release(struct sc_web_request *request); /* NULL is allowed */

/* Records the first reason to refuse the request; later ones are ignored. */
void sc_web_request_refuse(struct sc_web_request *request, unsigned status, const char *code,
			   const struct sc_error *why);

/* True if the media type is this one, ignoring its parameters. */
bool sc_web_request_has_type(const struct sc_web_request *request, const char *media_type);

/* Answers with the reason recorded by sc_web_request_refuse(). */
void sc_web_request_answer_refusal(struct sc_web_request *request);

/* Answers 503 with Retry-After for a handler that is late. The handler's own answer will be dropped. */
void sc_web_request_expire(struct sc_web_request *request);

#endif
