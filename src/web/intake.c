/*
 * A request coming in, on an HTTP thread. libmicrohttpd calls
 *   - sc_web_intake_target() with the request line
 *   - sc_web_intake_access() when the head is complete, for each piece of the body, and at its end
 *   - sc_web_intake_access() once more after a suspended connection has been resumed
 *
 * A request whose framing is doubtful is answered at once and the connection closed. Any other refusal waits
 * until the body has been read, so that the client is still there to read it.
 */
#include "web/intake.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "web/head.h"
#include "web/request.h"
#include "web/server_state.h"

/* A body over the limit is read up to here and discarded, so that the client gets 413 instead of a reset. */
#define DISCARD_MAX (16u * 1024 * 1024)

#define HTTPS_PORT 443

/* -- connections ------------------------------------------------------------------------------- */

void sc_web_intake_connection(void *context, struct MHD_Connection *connection, void **link,
			      enum MHD_ConnectionNotificationCode code)
{
	struct sc_web_server *server = context;
	const union MHD_ConnectionInfo *info;
	const struct sockaddr *peer;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		sc_web_connection_close(*link);
		*link = NULL;
		return;
	}
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	peer = info ? info->client_addr : NULL;
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	/* Without a link, sc_web_intake_target() accepts no request on the connection. */
	*link = info ? sc_web_connection_open(server->connections, peer, info->connect_fd) : NULL;
}

/* -- the head ---------------------------------------------------------------------------------- */

void *sc_web_intake_target(void *context, const char *raw_target, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct sc_web_connection *link = info ? info->socket_context : NULL;

	if (!link || !raw_target)
		return NULL;
	sc_web_connection_begin(link, SC_WEB_CONNECTION_RECEIVING);
	return sc_web_request_new(context, connection, link, raw_target);
}

/* Before anything else is done with the request. */
static sc_status check_layout(const struct sc_web_request *request, const char *method, const char *version,
			      struct sc_error *err)
{
	const struct sc_web_request_line line = { method, request->target_at, request->raw_target.len,
						  version };

	if (request->server->strictness != SC_WEB_STRICT_OURS)
		return SC_OK;
	return sc_web_head_check(request->connection, &line, err);
}

struct gathering {
	struct sc_web_pairs *headers;
	struct sc_error *err;
	sc_status status;
};

static enum MHD_Result gather(void *context, enum MHD_ValueKind kind, const char *name, size_t name_len,
			      const char *value, size_t value_len)
{
	struct gathering *to = context;

	(void)kind;
	to->status =
	    sc_web_pairs_add(to->headers, sc_view_of(name, name_len), sc_view_of(value, value_len), to->err);
	return to->status == SC_OK ? MHD_YES : MHD_NO;
}

static sc_status read_headers(struct sc_web_request *request, struct sc_error *err)
{
	struct gathering to = { &request->headers, err, SC_OK };

	(void)MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, gather, &to);
	return to.status;
}

static sc_status read_host(struct sc_web_request *request, uint16_t *port, struct sc_error *err)
{
	const char *text = sc_web_header(request, "Host");

	SC_TRY(sc_web_host_read(text, &request->host, port, err));
	SC_TRY(sc_bytes_copy(sc_view_text(text), &request->host_and_port, err));
	/* Replaces the name by its lower-case form; digits and the colon have no case. */
	memcpy(request->host_and_port.data, request->host.data, request->host.len);
	return SC_OK;
}

/* The row of that name, in whose form the request is refused; request->served, which may remain NULL. */
static void name_host(struct sc_web_request *request, struct sc_view *label)
{
	const struct sc_web_settings *settings = &request->server->settings;

	request->served =
	    sc_web_route_host(settings->hosts, settings->domain, sc_bytes_view(&request->host), label);
}

/* The host's row. Refuses the request if there is none or the port is not ours. */
static const struct sc_web_host *find_host(struct sc_web_request *request)
{
	struct sc_error err = { 0 };
	struct sc_view label;
	uint16_t port = 0;

	if (read_host(request, &port, &err) != SC_OK) {
		sc_web_request_refuse(request, MHD_HTTP_BAD_REQUEST, "BadRequest", &err);
		return NULL;
	}
	name_host(request, &label);
	if (request->served && (port ? port : HTTPS_PORT) == request->server->port &&
	    sc_bytes_copy(label, &request->label, &err) == SC_OK)
		return request->served;
	sc_fail(&err, SC_ERR_HTTP, "%s is not served here", sc_web_host(request));
	sc_web_request_refuse(request, MHD_HTTP_MISDIRECTED_REQUEST, "MisdirectedRequest", &err);
	return NULL;
}

/* What is kept of the body: as much as the host allows, and nothing without a token if the host needs one. */
static void limit_body(struct sc_web_request *request, const struct sc_web_host *host)
{
	if (host->body_max > 0)
		request->body_max = host->body_max;
	request->drops_body = host->needs_token && !sc_web_bearer(request);
}

static void find_route(struct sc_web_request *request, const char *method)
{
	const struct sc_web_host *host;
	struct sc_error err = { 0 };

	snprintf(request->method, sizeof request->method, "%s", method);
	host = find_host(request);
	if (host)
		limit_body(request, host);
	if (sc_web_target_read((const char *)request->raw_target.data, &request->target, &err) != SC_OK) {
		sc_web_request_refuse(request, MHD_HTTP_BAD_REQUEST, "BadRequest", &err);
		return;
	}
	if (!host || sc_web_route_find(host, method, &request->target, &request->match))
		return;
	if (request->match.has_path) {
		char methods[SC_WEB_ROUTE_METHODS_MAX];

		sc_web_route_methods(host, &request->target, methods);
		sc_web_set_header(request, "Allow", methods);
		sc_fail(&err, SC_ERR_HTTP, "this resource does not support %s", request->method);
		sc_web_request_refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED, "MethodNotAllowed", &err);
	} else {
		sc_fail(&err, SC_ERR_HTTP, "there is no such resource");
		sc_web_request_refuse(request, MHD_HTTP_NOT_FOUND, "NotFound", &err);
	}
}

static void refuse_size(struct sc_web_request *request)
{
	struct sc_error err = { 0 };

	sc_fail(&err, SC_ERR_TOO_LARGE, "the body is larger than %zu bytes", request->body_max);
	sc_web_request_refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "RequestEntityTooLarge", &err);
}

/* -- the answer's way out ---------------------------------------------------------------------- */

static enum MHD_Result send_answer(struct sc_web_request *request)
{
	sc_web_connection_begin(request->link, SC_WEB_CONNECTION_SENDING);
	if (!request->response)
		return MHD_NO;
	return MHD_queue_response(request->connection, request->status, request->response);
}

static void answer_refusal(struct sc_web_request *request, void *context)
{
	(void)context;
	sc_web_request_answer_refusal(request);
}

static void expire(void *context)
{
	sc_web_request_expire(context);
}

static bool set_deadline(struct sc_web_request *request)
{
	const struct sc_web_server *server = request->server;

	return sc_web_timer_set(server->deadlines, &request->deadline,
				sc_clock_monotonic() + server->settings.deadline_ms * SC_MILLISECOND, expire,
				request);
}

/* Takes the handler's reference; sets a deadline unless the request is refused. Others may now answer. */
static void begin(struct sc_web_request *request)
{
	struct sc_error err = { 0 };

	request->phase = SC_WEB_HANDLING;
	if (sc_web_connection_is_ended(request->link))
		request->must_close = true;
	sc_web_request_hold(request);
	if (request->refusal || set_deadline(request))
		return;
	request->must_close = true;
	sc_fail(&err, SC_ERR_STATE, "the service is stopping");
	sc_web_request_refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "ServiceUnavailable", &err);
}

/* Calls the handler or answers the refusal. Sends the answer, or suspends the connection until it comes. */
static enum MHD_Result handle(struct sc_web_request *request)
{
	bool is_answered;

	begin(request);
	(request->refusal ? answer_refusal
			  : request->match.route->handler)(request, request->server->settings.context);
	/* The handler's reference may be gone, ours is not. An answer now waits for the suspension. */
	pthread_mutex_lock(&request->lock);
	is_answered = request->phase == SC_WEB_ANSWERED;
	if (!is_answered) {
		MHD_suspend_connection(request->connection);
		request->phase = SC_WEB_SUSPENDED;
	}
	pthread_mutex_unlock(&request->lock);
	return is_answered ? send_answer(request) : MHD_YES;
}

/* -- stages ------------------------------------------------------------------------------------ */

/* In the form of the host that it names, as far as that can be read. Nothing else depends on such a Host. */
static enum MHD_Result refuse_head(struct sc_web_request *request, const struct sc_error *why)
{
	struct sc_view label;
	uint16_t port = 0;

	if (request->headers.count == 0)
		(void)read_headers(request, NULL);
	if (sc_web_header(request, "Host") && read_host(request, &port, NULL) == SC_OK)
		name_host(request, &label);
	request->must_close = true;
	sc_web_request_refuse(request, MHD_HTTP_BAD_REQUEST, "BadRequest", why);
	return handle(request);
}

static enum MHD_Result take_head(struct sc_web_request *request, const char *method, const char *version)
{
	struct sc_error err = { 0 };
	sc_status status = check_layout(request, method, version, &err);

	if (status == SC_OK)
		status = read_headers(request, &err);
	if (status == SC_OK)
		status = sc_web_check_head(method, version, &request->headers, &request->framing, &err);
	if (status != SC_OK)
		return refuse_head(request, &err);
	/* libmicrohttpd repairs chunks and trailers unseen: then at least nothing follows them. */
	request->must_close = request->framing.is_chunked;
	find_route(request, method);
	if (request->framing.length > request->body_max) {
		refuse_size(request);
		request->must_close = true;
		/* Answered at once if the client sent Expect or the body is longer than we would discard. */
		if (request->framing.expects_continue || request->framing.length > DISCARD_MAX)
			return handle(request);
	}
	request->phase = SC_WEB_BODY;
	return MHD_YES;
}

static void keep(struct sc_web_request *request, struct sc_view piece)
{
	struct sc_error err = { 0 };

	if (sc_web_connection_keep(request->link, piece.len)) {
		sc_write_raw(&request->body, piece);
		return;
	}
	sc_fail(&err, SC_ERR_BUSY, "too many requests from this address are unfinished");
	sc_web_request_refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "ServiceUnavailable", &err);
}

static enum MHD_Result take_body(struct sc_web_request *request, struct sc_view piece)
{
	request->body_seen += piece.len;
	if (request->body_seen > DISCARD_MAX)
		return MHD_NO;
	if (request->body_seen > request->body_max) {
		refuse_size(request);
		request->must_close = true;
	} else if (!request->refusal && !request->drops_body) {
		keep(request, piece);
	}
	return MHD_YES;
}

static void read_form(struct sc_web_request *request)
{
	struct sc_error err = { 0 };

	if (!sc_web_request_has_type(request, "application/x-www-form-urlencoded"))
		return;
	if (sc_web_pairs_read(&request->form, sc_web_body(request), true, &err) != SC_OK)
		sc_web_request_refuse(request, MHD_HTTP_BAD_REQUEST, "BadRequest", &err);
}

static void check_whole(struct sc_web_request *request)
{
	struct sc_error err = { 0 };

	if (MHD_get_connection_values(request->connection, MHD_FOOTER_KIND, NULL, NULL) > 0) {
		sc_fail(&err, SC_ERR_HTTP, "trailers are not accepted");
		sc_web_request_refuse(request, MHD_HTTP_BAD_REQUEST, "BadRequest", &err);
	}
	if (request->body.failed) {
		sc_fail(&err, SC_ERR_MEMORY, "out of memory for the request");
		sc_web_request_refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "ServiceUnavailable", &err);
	}
	if (!request->refusal)
		read_form(request);
}

static enum MHD_Result take_whole(struct sc_web_request *request)
{
	sc_web_connection_begin(request->link, SC_WEB_CONNECTION_HANDLING);
	check_whole(request);
	return handle(request);
}

enum MHD_Result sc_web_intake_access(void *context, struct MHD_Connection *connection, const char *url,
				     const char *method, const char *version, const char *upload,
				     size_t *upload_len, void **state)
{
	struct sc_web_request *request = *state;
	struct sc_view piece = sc_view_of(upload, *upload_len);

	(void)context, (void)connection, (void)url;
	if (!request)
		return MHD_NO;
	*upload_len = 0;
	if (request->phase == SC_WEB_HEAD)
		return take_head(request, method, version);
	if (request->phase == SC_WEB_BODY)
		return piece.len > 0 ? take_body(request, piece) : take_whole(request);
	return send_answer(request);
}

void sc_web_intake_completed(void *context, struct MHD_Connection *connection, void **state,
			     enum MHD_RequestTerminationCode code)
{
	struct sc_web_request *request = *state;

	(void)context, (void)connection, (void)code;
	*state = NULL;
	if (!request)
		return;
	sc_web_connection_begin(request->link, SC_WEB_CONNECTION_IDLE);
	sc_web_request_release(request);
}
