/*
 * Answers: built by the code that finishes the work, on any thread, and sent by the HTTP thread. request.h
 * says who may answer when. Bodies are wiped once they have been sent, because they may contain decrypted
 * text.
 */
#include "web/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "web/server_state.h"

#define ECHO_MAX 64

/* -- the response ------------------------------------------------------------------------------ */

static void free_body(void *context)
{
	struct sc_bytes *body = context;

	sc_bytes_free(body);
	free(body);
}

/* Takes ownership of the body. NULL if out of memory. */
static struct MHD_Response *wrap(struct sc_bytes *body)
{
	struct sc_bytes *kept = malloc(sizeof *kept);
	struct MHD_Response *response;

	if (!kept) {
		sc_bytes_free(body);
		return NULL;
	}
	*kept = sc_steal(*body);
	response =
	    MHD_create_response_from_buffer_with_free_callback_cls(kept->len, kept->data, free_body, kept);
	if (!response)
		free_body(kept);
	return response;
}

static bool add(struct MHD_Response *response, const char *name, const char *value)
{
	return MHD_add_response_header(response, name, value) == MHD_YES;
}

/* An id by which a client finds its call in logs: short, and with no character that could corrupt a log. */
static bool is_plain_id(const char *text)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.{}";
	size_t len = strlen(text);

	return len > 0 && len <= ECHO_MAX && strspn(text, allowed) == len;
}

static bool add_ids(const struct sc_web_request *request, struct MHD_Response *response)
{
	static const char *const names[] = { "x-ms-client-request-id", "client-request-id" };
	bool ok = add(response, "x-ms-request-id", request->id);

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *value = sc_web_header(request, names[i]);

		if (value && is_plain_id(value))
			ok = ok && add(response, names[i], value);
	}
	return ok;
}

static bool add_headers(const struct sc_web_request *request, struct MHD_Response *response,
			const char *content_type, const struct sc_web_pairs *headers)
{
	bool ok = add_ids(request, response) && add(response, "X-Content-Type-Options", "nosniff");

	if (content_type)
		ok = ok && add(response, "Content-Type", content_type);
	if (!headers || !sc_web_pairs_find(headers, "Cache-Control", true))
		ok = ok && add(response, "Cache-Control", "no-store");
	for (size_t i = 0; headers && i < headers->count; i++)
		ok = ok && add(response, (const char *)headers->item[i].name.data,
			       (const char *)headers->item[i].value.data);
	if (request->must_close)
		ok = ok && add(response, "Connection", "close");
	return ok;
}

/*
 * Takes ownership of the body. NULL if the response cannot be built: the connection is then closed without an
 * answer.
 */
static struct MHD_Response *build(const struct sc_web_request *request, const char *content_type,
				  struct sc_bytes *body, const struct sc_web_pairs *headers)
{
	struct MHD_Response *response = wrap(body);

	if (response && !add_headers(request, response, content_type, headers)) {
		MHD_destroy_response(response);
		return NULL;
	}
	return response;
}

static sc_status error_body(const struct sc_web_request *request, unsigned status, const char *code,
			    const char *message, struct sc_bytes *out)
{
	SC_CLEANUP(sc_json)
	body = request->served && request->served->error_body
		   ? request->served->error_body(request, status, message)
		   : json_pack("{s{ssss}}", "error", "code", code, "message", message);

	return body ? sc_json_write(body, out, NULL) : SC_ERR_MEMORY;
}

/* -- who answers ------------------------------------------------------------------------------- */

/* Makes this the request's answer, if it is the first. Takes ownership of the response. */
static void settle(struct sc_web_request *request, unsigned status, struct MHD_Response *response)
{
	enum sc_web_phase before;

	pthread_mutex_lock(&request->lock);
	before = request->phase;
	if (before != SC_WEB_ANSWERED) {
		request->phase = SC_WEB_ANSWERED;
		request->status = status;
		request->response = response;
	}
	pthread_mutex_unlock(&request->lock);
	if (before == SC_WEB_ANSWERED && response)
		MHD_destroy_response(response);
	/* A suspended connection cannot go away before this call, and only one caller gets here. */
	if (before == SC_WEB_SUSPENDED)
		MHD_resume_connection(request->connection);
}

/*
 * Gives back the handler's reference. Until the timer is cancelled, sc_web_request_expire() may run on
 * another thread: it relies on that reference.
 */
static void finish(struct sc_web_request *request, unsigned status, struct MHD_Response *response)
{
	settle(request, status, response);
	sc_web_timer_cancel(request->server->deadlines, &request->deadline);
	sc_web_request_release(request);
}

void sc_web_request_expire(struct sc_web_request *request)
{
	static const char message[] = "The service did not finish in time. Please try again.";
	SC_CLEANUP(sc_web_pairs) headers = { 0 };
	SC_CLEANUP(sc_bytes) body = { 0 };
	struct MHD_Response *response = NULL;

	if (sc_web_pairs_add(&headers, sc_view_text("Retry-After"), sc_view_text("1"), NULL) == SC_OK &&
	    error_body(request, MHD_HTTP_SERVICE_UNAVAILABLE, "ServiceUnavailable", message, &body) == SC_OK)
		response = build(request, "application/json; charset=utf-8", &body, &headers);
	settle(request, MHD_HTTP_SERVICE_UNAVAILABLE, response);
}

bool sc_web_is_awaited(struct sc_web_request *request)
{
	bool is_answered;

	pthread_mutex_lock(&request->lock);
	is_answered = request->phase == SC_WEB_ANSWERED;
	pthread_mutex_unlock(&request->lock);
	return !is_answered && !request->server->is_stopped;
}

/* -- for handlers ------------------------------------------------------------------------------ */

void sc_web_set_header(struct sc_web_request *request, const char *name, const char *value)
{
	if (sc_web_pairs_set(&request->answer_headers, name, value) != SC_OK)
		request->has_failed = true;
}

/* Takes ownership of the body. */
static void answer(struct sc_web_request *request, unsigned status, const char *content_type,
		   struct sc_bytes *body)
{
	struct MHD_Response *response = NULL;

	if (request->has_failed)
		sc_bytes_free(body);
	else
		response = build(request, content_type, body, &request->answer_headers);
	finish(request, status, response);
}

void sc_web_answer_bytes(struct sc_web_request *request, unsigned status, const char *content_type,
			 struct sc_view body)
{
	SC_CLEANUP(sc_bytes) copy = { 0 };

	if (sc_bytes_copy(body, &copy, NULL) != SC_OK)
		request->has_failed = true;
	answer(request, status, content_type, &copy);
}

void sc_web_answer(struct sc_web_request *request, unsigned status, json_t *body)
{
	SC_CLEANUP(sc_json) value = body;
	SC_CLEANUP(sc_bytes) text = { 0 };

	if (value && sc_json_write(value, &text, NULL) != SC_OK)
		request->has_failed = true;
	answer(request, status, value ? "application/json; charset=utf-8" : NULL, &text);
}

static bool wants_retry_after(unsigned status)
{
	return status == MHD_HTTP_TOO_MANY_REQUESTS || status == MHD_HTTP_SERVICE_UNAVAILABLE;
}

/* JSON cannot hold a text that was cut within a character or that repeats invalid UTF-8. */
static void make_text(char *message)
{
	if (sc_view_is_text(sc_view_text(message)))
		return;
	for (char *c = message; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

void sc_web_answer_error(struct sc_web_request *request, unsigned status, const char *code,
			 const char *format, ...)
{
	SC_CLEANUP(sc_bytes) body = { 0 };
	char message[SC_ERROR_MESSAGE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	make_text(message);
	if (wants_retry_after(status) && !sc_web_pairs_find(&request->answer_headers, "Retry-After", true))
		sc_web_set_header(request, "Retry-After", "1");
	if (error_body(request, status, code, message, &body) != SC_OK)
		request->has_failed = true;
	answer(request, status, "application/json; charset=utf-8", &body);
}

void sc_web_request_answer_refusal(struct sc_web_request *request)
{
	sc_web_answer_error(request, request->refusal, request->refusal_code, "%s",
			    request->refusal_error.message);
}
