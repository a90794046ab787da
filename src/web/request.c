/* A request's contents, and the accessors of web.h: see request.h. */
#include "web/request.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/os.h"

/* -- its life ---------------------------------------------------------------------------------- */

static void free_request(struct sc_web_request *request)
{
	if (request->response)
		MHD_destroy_response(request->response);
	pthread_mutex_destroy(&request->lock);
	sc_bytes_free(&request->raw_target);
	sc_web_target_free(&request->target);
	sc_web_pairs_free(&request->headers);
	sc_bytes_free(&request->host);
	sc_bytes_free(&request->host_and_port);
	sc_bytes_free(&request->label);
	sc_writer_free(&request->body);
	sc_web_pairs_free(&request->form);
	sc_web_pairs_free(&request->answer_headers);
	free(request);
}

void sc_web_request_hold(struct sc_web_request *request)
{
	atomic_fetch_add(&request->references, 1);
}

void sc_web_request_release(struct sc_web_request *request)
{
	if (request && atomic_fetch_sub(&request->references, 1) == 1)
		free_request(request);
}

/*
 * Until it is known whose a request is, its jobs are its address's: a client with one IPv6 address has its
 * /64.
 */
static void note_party(struct sc_web_request *request, const struct sockaddr *address)
{
	struct sockaddr_in6 v6;

	if (address && address->sa_family == AF_INET6) {
		v6 = *(const struct sockaddr_in6 *)(const void *)address;
		memset(&v6.sin6_addr.s6_addr[8], 0, 8);
		if (inet_ntop(AF_INET6, &v6.sin6_addr, request->party, sizeof request->party))
			return;
	}
	snprintf(request->party, sizeof request->party, "%s", request->peer);
}

static void note_peer(struct sc_web_request *request)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info ? info->client_addr : NULL;
	const void *at = NULL;

	if (address && address->sa_family == AF_INET)
		at = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
	else if (address && address->sa_family == AF_INET6)
		at = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
	if (!at || !inet_ntop(address->sa_family, at, request->peer, sizeof request->peer))
		snprintf(request->peer, sizeof request->peer, "?");
	note_party(request, address);
}

struct sc_web_request *sc_web_request_new(struct sc_web_server *server, struct MHD_Connection *connection,
					  struct sc_web_connection *link, const char *raw_target)
{
	struct sc_web_request *request = calloc(1, sizeof *request);

	if (!request)
		return NULL;
	atomic_init(&request->references, 1);
	if (pthread_mutex_init(&request->lock, NULL)) {
		free(request);
		return NULL;
	}
	request->server = server;
	request->connection = connection;
	request->body = sc_writer_new(SC_WEB_BODY_MAX);
	request->body_max = SC_WEB_BODY_MAX;
	request->target_at = raw_target;
	request->link = link;
	note_peer(request);
	if (sc_guid_make(request->id, NULL) == SC_OK &&
	    sc_bytes_copy(sc_view_text(raw_target), &request->raw_target, NULL) == SC_OK)
		return request;
	sc_web_request_release(request);
	return NULL;
}

void sc_web_request_refuse(struct sc_web_request *request, unsigned status, const char *code,
			   const struct sc_error *why)
{
	if (request->refusal)
		return;
	request->refusal = status;
	request->refusal_code = code;
	request->refusal_error = *why;
}

/* -- accessors --------------------------------------------------------------------------------- */

struct sc_web_server *sc_web_request_server(struct sc_web_request *request)
{
	return request->server;
}

const char *sc_web_method(const struct sc_web_request *request)
{
	return request->method;
}

static const char *text_of(const struct sc_bytes *bytes)
{
	return bytes->data ? (const char *)bytes->data : "";
}

const char *sc_web_host(const struct sc_web_request *request)
{
	return text_of(&request->host_and_port);
}

const char *sc_web_label(const struct sc_web_request *request)
{
	return text_of(&request->label);
}

const char *sc_web_parameter(const struct sc_web_request *request, const char *name)
{
	for (size_t i = 0; i < request->match.parameter_count; i++)
		if (sc_view_equals(request->match.parameter[i].name, sc_view_text(name)))
			return request->match.parameter[i].value;
	return NULL;
}

const char *sc_web_path(const struct sc_web_request *request)
{
	return text_of(&request->target.path);
}

const char *sc_web_query(const struct sc_web_request *request, const char *name)
{
	return sc_web_pairs_find(&request->target.parameters, name, false);
}

const char *sc_web_query_raw(const struct sc_web_request *request)
{
	return text_of(&request->target.query);
}

const char *sc_web_header(const struct sc_web_request *request, const char *name)
{
	return sc_web_pairs_find(&request->headers, name, true);
}

const char *sc_web_bearer(const struct sc_web_request *request)
{
	static const char scheme[] = "Bearer ";
	const char *value = sc_web_header(request, "Authorization");

	if (!value || strncasecmp(value, scheme, strlen(scheme)) != 0)
		return NULL;
	value += strlen(scheme);
	return value + strspn(value, " ");
}

struct sc_view sc_web_body(const struct sc_web_request *request)
{
	return sc_writer_view(&request->body);
}

const char *sc_web_form(const struct sc_web_request *request, const char *name)
{
	return sc_web_pairs_find(&request->form, name, false);
}

bool sc_web_request_has_type(const struct sc_web_request *request, const char *media_type)
{
	const char *value = sc_web_header(request, "Content-Type");
	size_t len = value ? strcspn(value, "; \t") : 0;

	return len == strlen(media_type) && strncasecmp(value, media_type, len) == 0;
}

sc_status sc_web_json(const struct sc_web_request *request, json_t **out, struct sc_error *err)
{
	SC_CLEANUP(sc_json) value = NULL;
	struct sc_view body = sc_web_body(request);

	SC_ENSURE(body.len > 0, err, SC_ERR_JSON, "the request has no body");
	SC_ENSURE(sc_web_request_has_type(request, "application/json"), err, SC_ERR_FORMAT,
		  "the content type must be application/json");
	SC_TRY(sc_json_read(body, &value, err));
	SC_ENSURE(json_is_object(value), err, SC_ERR_JSON, "the body must be a JSON object");
	*out = sc_steal(value);
	return SC_OK;
}

const char *sc_web_peer(const struct sc_web_request *request)
{
	return request->peer;
}

void sc_web_set_party(struct sc_web_request *request, const char *party)
{
	snprintf(request->party, sizeof request->party, "%s", party);
}

const char *sc_web_request_id(const struct sc_web_request *request)
{
	return request->id;
}
