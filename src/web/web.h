/*
 * An HTTPS server for two daemons. A request is taken in whole, checked (rule P7) and given to the handler of
 * its route on one of the HTTP threads. A handler never blocks: it answers at once, or returns and leaves the
 * answer to whoever finishes the work, on any thread; the connection is suspended meanwhile, so that no
 * request waits for another's. Whoever holds a request calls one of the sc_web_answer functions exactly once
 * and does not touch the request afterwards. If the deadline passes first, the client is told 503 with
 * Retry-After, and the late answer is dropped without a word.
 *
 * All strings that the accessors give are terminated UTF-8 without a NUL and live as long as the request.
 */
#ifndef SC_WEB_WEB_H
#define SC_WEB_WEB_H

#include <jansson.h>

#include "base/bytes.h"
#include "web/json.h"
#include "web/tls_key.h"

struct sc_web_server;
struct sc_web_request;

/* `context` is the one of the settings. */
typedef void (*sc_web_handler)(struct sc_web_request *request, void *context);

/*
 * One row a resource and method. The path is a list of segments, each a literal or a parameter: "{name}"
 * takes one segment that is not empty, "{version?}" an empty one too, so that "/keys/{name}/{version?}/sign"
 * takes
 * "/keys/a//sign". "/keys/{name}/" is another path than "/keys/{name}". The first row that fits wins; where
 * only the method differs, the answer is 405. A table ends with a row without a method.
 */
struct sc_web_route {
	const char *method; /* "GET" */
	const char *path;
	sc_web_handler handler;
};

/*
 * The name is what stands before ".<domain>" ("login", "vault"); "*.vault" stands for one label of 1 to 63
 * letters, digits and hyphens before ".vault.<domain>", which sc_web_label() gives. Hosts compare without
 * case, and the port must be the server's. A request for a host that is not listed is answered 421.
 */
struct sc_web_host {
	const char *name;
	bool is_relaxed; /* literals compare without case and empty segments are dropped: the Resource Manager
			  */
	const struct sc_web_route *routes;
};

#define SC_WEB_ADDRESSES_MAX 16
#define SC_WEB_BODY_MAX      262144 /* bytes; more is answered 413 */
#define SC_WEB_HEADERS_MAX   49152  /* request line and headers, roughly; more is answered 431 */

/* All are borrowed and must live until sc_web_server_free(). A zero takes the default in brackets. */
struct sc_web_settings {
	const char *domain;           /* "localhost": see struct sc_web_host */
	uint16_t port;                /* 0: any free one (tests); see sc_web_server_port() */
	const char *const *addresses; /* numeric, IPv4 or IPv6; each gets a socket of its own */
	size_t address_count;
	struct sc_web_tls_key *tls_key;
	const struct sc_web_host *hosts; /* ends with a row without a name */
	void *context;
	unsigned threads;       /* HTTP threads for each address [2] */
	unsigned quick_workers; /* threads for sc_web_run() [4] */
	unsigned slow_workers;  /* [2] */
	unsigned deadline_ms;   /* from the whole request to its answer [30000] */
	unsigned transfer_ms;   /* for a client to send a request, or to take an answer [60000] */
	unsigned connections; /* at once, shared evenly by the addresses [800: of the usual 1,024 descriptors] */
};

/*
 * Binds, starts the threads and serves. One server a process: libmicrohttpd asks for the certificate without
 * saying for whom (SC_ERR_STATE). SC_ERR_SYSTEM naming the address that cannot be bound; an IPv6 address on a
 * machine without IPv6 is passed over with a warning, as long as another address is there.
 */
sc_status sc_web_server_start(const struct sc_web_settings *settings, struct sc_web_server **out,
			      struct sc_error *err) SC_WARN_UNUSED;

/*
 * Stops listening, answers what is pending (503), finishes the queued jobs and joins the threads. The server
 * itself stays, because late answers may still come from other threads (a pipeline's): end those, then free
 * it.
 */
void sc_web_server_stop(struct sc_web_server *server);
void sc_web_server_free(
    struct sc_web_server *server); /* NULL is allowed; stops first where that was not done */
SC_CLEANUP_POINTER(sc_web_server, struct sc_web_server, sc_web_server_free)

uint16_t sc_web_server_port(const struct sc_web_server *server);

/* -- work that may block ----------------------------------------------------------------------- */

/* Slow jobs never delay quick ones: each lane has threads of its own. */
enum sc_web_lane {
	SC_WEB_QUICK, /* milliseconds: the database, a module's quick command */
	SC_WEB_SLOW,  /* password hashes, imports, other hosts */
};
#define SC_WEB_JOBS_MAX 1024 /* waiting, in each lane */

typedef void (*sc_web_job)(void *context);

/*
 * Runs job(context) on a worker thread. SC_ERR_BUSY where too many wait, SC_ERR_STATE once the server has
 * been stopped: then the job does not run, and the caller answers.
 */
sc_status sc_web_run(struct sc_web_server *server, enum sc_web_lane lane, sc_web_job job, void *context,
		     struct sc_error *err) SC_WARN_UNUSED;

/* -- the request ------------------------------------------------------------------------------- */

struct sc_web_server *sc_web_request_server(struct sc_web_request *request);

const char *sc_web_method(const struct sc_web_request *request);

/* Lower-case, with the port as the client wrote it: "contoso.vault.localhost:8443". */
const char *sc_web_host(const struct sc_web_request *request);

/* What "*" stood for in the host's name, in lower case: "contoso"; "" for other hosts. */
const char *sc_web_label(const struct sc_web_request *request);

/* Percent-decoded, "" for an empty segment; NULL where the route has no such parameter. */
const char *sc_web_parameter(const struct sc_web_request *request, const char *name);

/* The path as it was sent, without the query: for logs. */
const char *sc_web_path(const struct sc_web_request *request);

/* A query parameter, names and values percent-decoded ('+' is a plus); NULL where it is not there. */
const char *sc_web_query(const struct sc_web_request *request, const char *name);

/* The query as it was sent, without "?"; "" without one. */
const char *sc_web_query_raw(const struct sc_web_request *request);

/* A header, its name without case; NULL where it is not there. */
const char *sc_web_header(const struct sc_web_request *request, const char *name);

/* The token of "Authorization: Bearer …"; NULL where there is none. */
const char *sc_web_bearer(const struct sc_web_request *request);

/* The body, {NULL, 0} without one; wiped with the request. */
struct sc_view sc_web_body(const struct sc_web_request *request);

/* A member of an application/x-www-form-urlencoded body; NULL where it is not there, or the body is no form.
 */
const char *sc_web_form(const struct sc_web_request *request, const char *name);

/*
 * The body as JSON: an object, read by sc_json_read(). SC_ERR_JSON with the reason, also for an empty body;
 * SC_ERR_FORMAT where the content type is another than application/json. The caller releases *out.
 */
sc_status sc_web_json(const struct sc_web_request *request, json_t **out,
		      struct sc_error *err) SC_WARN_UNUSED;

/* The client's address, without port: "::1". */
const char *sc_web_peer(const struct sc_web_request *request);

/* A fresh GUID, which the client gets as x-ms-request-id. */
const char *sc_web_request_id(const struct sc_web_request *request);

/*
 * False once nobody waits for the holder's answer: the deadline has passed, or the server is being stopped. A
 * job that asks before it begins to work hard spends nothing on who has gone, so that a queue which grew
 * longer than the deadline gets shorter again. The holder answers all the same.
 */
bool sc_web_is_awaited(struct sc_web_request *request);

/* -- the answer: exactly one, from any thread; the request is gone afterwards ------------------ */

/* Sets a header of the answer; an earlier one of that name is replaced. Only before the answer, by its
 * holder. */
void sc_web_set_header(struct sc_web_request *request, const char *name, const char *value);

/* With a JSON body, which is released (NULL: no body). Cache-Control is no-store where the handler set none.
 */
void sc_web_answer(struct sc_web_request *request, unsigned status, json_t *body);

/* With any body, which is copied. */
void sc_web_answer_bytes(struct sc_web_request *request, unsigned status, const char *content_type,
			 struct sc_view body);

/*
 * {"error": {"code": …, "message": …}}, as the service words its refusals. A 401 needs a WWW-Authenticate
 * header set before (RFC 9110 section 15.5.2); 429 and 503 get "Retry-After: 1" where none was set.
 */
void sc_web_answer_error(struct sc_web_request *request, unsigned status, const char *code,
			 const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
