/*
 * The HTTPS server of vaultd and signind. The server reads a whole request, checks it (rule P7) and calls the
 * handler of its route on one of the HTTP threads. The handler answers at once, or it returns and leaves the
 * answer to the code that finishes the work, on any thread. Meanwhile the connection is suspended. The holder
 * of a request calls one of the sc_web_answer functions exactly once and does not touch the request
 * afterwards. If the deadline passes first, the client gets 503 with Retry-After, and the late answer is
 * silently dropped.
 *
 * What runs on which thread, and what it may wait for:
 *
 *   HTTP threads       handlers. They never wait: not for the disk, a module, the network or another request.
 *                      What they need is in memory; a lock is held by others only for as long as that takes.
 *   quick workers      the database, short commits, quick commands of a module
 *   slow workers       changes with synced audit lines, imports (which wait for the module,
 *                      sc_pipeline_wait()), password hashes, other hosts
 *   pipelines' threads (client/pipeline.h) pass a module's answer on: to a worker, or to the client at once
 *   timers' threads    (web/timers.h) answer for handlers that are late, cut slow clients off
 *
 * One thing waits on an HTTP thread, before any request: the module's signature in a TLS handshake, for at
 * most SC_WEB_TLS_KEY_TIMEOUT_MS for each of the module's answers (web/tls_key.h).
 *
 * All strings returned by the accessors are terminated UTF-8, contain no NUL, and live as long as the
 * request.
 */
#ifndef SC_WEB_WEB_H
#define SC_WEB_WEB_H

#include <jansson.h>

#include "base/bytes.h"
#include "web/jobs.h"
#include "web/json.h"
#include "web/tls_key.h"

struct sc_web_server;
struct sc_web_request;

/* `context` is the one in struct sc_web_settings. */
typedef void (*sc_web_handler)(struct sc_web_request *request, void *context);

/*
 * One row per resource and method. The path is a list of segments, each a literal or a parameter. "{name}"
 * matches one segment that is not empty; "{version?}" also matches an empty one, so that
 * "/keys/{name}/{version?}/sign" matches "/keys/a//sign". "/keys/{name}/" and "/keys/{name}" are different
 * paths. The first row that matches wins. If only the method differs, the answer is 405. A table ends with a
 * row without a method.
 */
struct sc_web_route {
	const char *method; /* "GET" */
	const char *path;
	sc_web_handler handler;
};

/*
 * The name is the part before ".<domain>" ("login", "vault"). "*.vault" matches one label of 1 to 63 letters,
 * digits and hyphens before ".vault.<domain>"; sc_web_label() returns that label. Host names are compared
 * without case, and the port must be the server's. A request for a host that is not listed is answered 421.
 */
struct sc_web_host {
	const char *name;
	bool is_relaxed; /* ignores the case of literals, drops empty segments: Resource Manager */
	const struct sc_web_route *routes;
	/*
	 * The body of a request without a bearer token is not kept: its handler sees none, and must refuse
	 * it.
	 */
	bool needs_token;
	size_t body_max; /* bytes, at most SC_WEB_BODY_MAX, which 0 selects */
	/*
	 * The body of sc_web_answer_error() and of what the server itself refuses, in the host's own form of
	 * errors; NULL: the usual form. Called on any thread, also while a handler holds the request. Returns
	 * NULL if out of memory.
	 */
	json_t *(*error_body)(const struct sc_web_request *request, unsigned status, const char *message);
};

#define SC_WEB_ADDRESSES_MAX 16
#define SC_WEB_BODY_MAX      262144   /* bytes; a larger body is answered 413 */
#define SC_WEB_BODIES_MAX    33554432 /* bytes of unfinished bodies at once, of all clients */

/* All are borrowed and must live until sc_web_server_free(). Zero selects the default in brackets. */
struct sc_web_settings {
	const char *domain;           /* "localhost": see struct sc_web_host */
	uint16_t port;                /* 0: any free port (tests); see sc_web_server_port() */
	const char *const *addresses; /* numeric, IPv4 or IPv6; each has its own socket */
	size_t address_count;
	struct sc_web_tls_key *tls_key;
	const struct sc_web_host *hosts; /* ends with a row without a name */
	void *context;
	unsigned threads;       /* HTTP threads per address [2] */
	unsigned quick_workers; /* threads for sc_web_run() [4] */
	unsigned slow_workers;  /* [8]: jobs there mostly wait; three gates of two may hang, and two remain */
	unsigned deadline_ms;   /* from the complete request to its answer [30000] */
	unsigned transfer_ms; /* for a client to begin a request, to send it, or to read its answer [60000] */
	unsigned connections; /* at once, shared by the addresses [800 of the usual 1,024 descriptors] */
	unsigned connections_per_address; /* of one client: an IPv4 address, or a /64 [256] */
	bool is_behind_strict_proxy;      /* serve even if this libmicrohttpd repairs requests */
};

/*
 * Binds, starts the threads and serves. A process can have only one server (else SC_ERR_STATE), because
 * libmicrohttpd's certificate callback does not say which server it is for. SC_ERR_SYSTEM names an address
 * that cannot be bound, or says that the connections need more descriptors than the process may have. An IPv6
 * address on a machine without IPv6 is skipped with a warning, as long as there is another address.
 * SC_ERR_STATE also if requests would be repaired (web/strictness.h), unless is_behind_strict_proxy.
 */
sc_status sc_web_server_start(const struct sc_web_settings *settings, struct sc_web_server **out,
			      struct sc_error *err) SC_WARN_UNUSED;

/*
 * Stops listening, finishes the jobs that have begun, gives up those that wait, answers the requests that are
 * still pending with 503, and joins the threads. The server object remains, because late answers may still
 * come from other threads (a pipeline's). Stop those, then free it.
 */
void sc_web_server_stop(struct sc_web_server *server);
void sc_web_server_free(struct sc_web_server *server); /* NULL is allowed; stops it first if it runs */
SC_CLEANUP_POINTER(sc_web_server, struct sc_web_server, sc_web_server_free)

uint16_t sc_web_server_port(const struct sc_web_server *server);

/* -- work that may wait ------------------------------------------------------------------------ */

/*
 * Runs a job for a request on a worker of the lane, through the gate unless that is NULL (web/jobs.h). The
 * job is the request's party's. SC_ERR_BUSY if too many jobs are waiting, SC_ERR_STATE once the server has
 * been stopped, SC_ERR_MEMORY: then neither of the job's functions is called, and the caller answers. A gate
 * is used with one server only.
 */
sc_status sc_web_run(struct sc_web_request *request, enum sc_web_lane lane, struct sc_web_gate *gate,
		     const struct sc_web_job *job, void *context, struct sc_error *err) SC_WARN_UNUSED;

/* The same for work of the daemon's own, which is a party, too. */
sc_status sc_web_run_own(struct sc_web_server *server, enum sc_web_lane lane, struct sc_web_gate *gate,
			 const struct sc_web_job *job, void *context, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Says whose jobs a request's are, once it is known, cut to SC_WEB_PARTY_SIZE: a tenant, for instance. Until
 * then they are the client address's. Only for the holder.
 */
void sc_web_set_party(struct sc_web_request *request, const char *party);

/* -- the request ------------------------------------------------------------------------------- */

struct sc_web_server *sc_web_request_server(struct sc_web_request *request);

const char *sc_web_method(const struct sc_web_request *request);

/* In lower case, with the port as the client wrote it: "contoso.vault.localhost:8443". */
const char *sc_web_host(const struct sc_web_request *request);

/* What "*" matched in the host's name, in lower case: "contoso"; "" for other hosts. */
const char *sc_web_label(const struct sc_web_request *request);

/* Percent-decoded, "" for an empty segment; NULL if the route has no such parameter. */
const char *sc_web_parameter(const struct sc_web_request *request, const char *name);

/* The path as sent, without the query: for logs. */
const char *sc_web_path(const struct sc_web_request *request);

/* A query parameter; names and values are percent-decoded ('+' is a plus sign). NULL if it is absent. */
const char *sc_web_query(const struct sc_web_request *request, const char *name);

/* The query as sent, without "?"; "" if there is none. */
const char *sc_web_query_raw(const struct sc_web_request *request);

/* A header; the case of its name is ignored. NULL if it is absent. */
const char *sc_web_header(const struct sc_web_request *request, const char *name);

/* The token of "Authorization: Bearer …"; NULL if there is none. */
const char *sc_web_bearer(const struct sc_web_request *request);

/* The body, {NULL, 0} if there is none; wiped when the request is freed. */
struct sc_view sc_web_body(const struct sc_web_request *request);

/* A member of an application/x-www-form-urlencoded body; NULL if it is absent or the body is not a form. */
const char *sc_web_form(const struct sc_web_request *request, const char *name);

/*
 * The body as JSON: an object, read by sc_json_read(). SC_ERR_JSON with the reason, also for an empty body;
 * SC_ERR_FORMAT if the content type is not application/json. The caller releases *out.
 */
sc_status sc_web_json(const struct sc_web_request *request, json_t **out,
		      struct sc_error *err) SC_WARN_UNUSED;

/* The client's address, without port: "::1". */
const char *sc_web_peer(const struct sc_web_request *request);

/* A fresh GUID, sent to the client as x-ms-request-id. */
const char *sc_web_request_id(const struct sc_web_request *request);

/*
 * False once nobody waits for the holder's answer, because the deadline has passed or the server is being
 * stopped. A job that checks this before expensive work wastes none on clients that have gone, so that a
 * queue which grew longer than the deadline becomes shorter again. The holder must still answer.
 */
bool sc_web_is_awaited(struct sc_web_request *request);

/* -- the answer: exactly one, from any thread; the request is gone afterwards ------------------ */

/* Sets a header of the answer, replacing one of that name. Only for the holder, before the answer. */
void sc_web_set_header(struct sc_web_request *request, const char *name, const char *value);

/* With a JSON body, which is released (NULL: no body). Cache-Control: no-store, unless the handler set it. */
void sc_web_answer(struct sc_web_request *request, unsigned status, json_t *body);

/* With any body, which is copied. */
void sc_web_answer_bytes(struct sc_web_request *request, unsigned status, const char *content_type,
			 struct sc_view body);

/*
 * {"error": {"code": …, "message": …}}, the service's form of an error, or the host's own (error_body).
 * Before a 401, set a WWW-Authenticate header (RFC 9110 section 15.5.2). 429 and 503 get "Retry-After: 1"
 * unless it was set.
 */
void sc_web_answer_error(struct sc_web_request *request, unsigned status, const char *code,
			 const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
