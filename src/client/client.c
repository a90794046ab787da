/*
 * One connection to a module: see client.h. The module's answers are hostile until read (rule P1): an answer
 * is accepted whole or not at all, and must answer the request that was sent. Anything else ends the
 * connection, because nobody could tell what the messages after it belong to.
 */
#include "client/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/os.h"
#include "client/connect.h"
#include "client/refusal.h"
#include "wire/socket.h"

#define CONNECT_MS 10000 /* limit if the module's queue of connections is full */

struct sc_client {
	int fd; /* -1 once the connection has ended */
	char *path;
	unsigned timeout_ms;
	uint64_t last_id;
	struct sc_bytes answer; /* room for the largest one; wiped after each use */
};

/* -- the connection ---------------------------------------------------------------------------- */

static void disconnect(struct sc_client *client)
{
	if (client->fd >= 0)
		(void)sc_os->close(client->fd);
	client->fd = -1;
}

sc_status sc_client_reconnect(struct sc_client *client, struct sc_error *err)
{
	disconnect(client);
	return sc_client_socket_connect(client->path,
					client->timeout_ms < CONNECT_MS ? client->timeout_ms : CONNECT_MS,
					&client->fd, err);
}

sc_status sc_client_open_within(const char *path, unsigned milliseconds, struct sc_client **out,
				struct sc_error *err)
{
	SC_CLEANUP(sc_client) client = calloc(1, sizeof *client);

	SC_ENSURE(client, err, SC_ERR_MEMORY, "out of memory for a connection");
	client->fd = -1;
	client->timeout_ms = milliseconds;
	client->path = strdup(path);
	SC_ENSURE(client->path, err, SC_ERR_MEMORY, "out of memory for a connection");
	SC_TRY(sc_bytes_new(SC_WIRE_MESSAGE_MAX, &client->answer, err));
	SC_TRY(sc_client_reconnect(client, err));
	*out = sc_steal(client);
	return SC_OK;
}

sc_status sc_client_open(const char *path, struct sc_client **out, struct sc_error *err)
{
	return sc_client_open_within(path, SC_CLIENT_TIMEOUT * 1000, out, err);
}

void sc_client_free(struct sc_client *client)
{
	if (!client)
		return;
	disconnect(client);
	sc_bytes_free(&client->answer);
	free(client->path);
	free(client);
}

const char *sc_client_path(const struct sc_client *client)
{
	return client->path;
}

bool sc_client_is_open(const struct sc_client *client)
{
	return client->fd >= 0;
}

/* -- one request and its answer ---------------------------------------------------------------- */

static sc_status wait_for(const struct sc_client *client, short events, int64_t deadline,
			  struct sc_error *err)
{
	struct pollfd poll_fd = { .fd = client->fd, .events = events };

	for (;;) {
		int64_t left = deadline - sc_clock_monotonic();
		int ready;

		SC_ENSURE(left > 0, err, SC_ERR_TIMEOUT, "%s: the module did not answer within %g s",
			  client->path, client->timeout_ms / 1000.0);
		ready = sc_os->poll(&poll_fd, 1, (int)(left / (SC_SECOND / 1000)) + 1);
		if (ready > 0)
			return SC_OK;
		if (ready < 0 && errno != EINTR)
			return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot wait", client->path);
	}
}

static sc_status fail_closed(const struct sc_client *client, struct sc_error *err)
{
	return sc_fail(err, SC_ERR_UNAVAILABLE, "%s: the module closed the connection (its log may say why)",
		       client->path);
}

static sc_status send_request(struct sc_client *client, const struct sc_wire_request_header *header,
			      struct sc_view body, int64_t deadline, struct sc_error *err)
{
	SC_CLEANUP(sc_writer) start = sc_writer_new(SC_WIRE_REQUEST_HEADER_SIZE);

	sc_wire_request_header_write(&start, header, body.len);
	SC_TRY(sc_check_allocated(!start.failed, err));
	for (;;) {
		switch (sc_wire_send(client->fd, sc_writer_view(&start), body)) {
		case SC_WIRE_SENT:
			return SC_OK;
		case SC_WIRE_SENT_LATER:
			SC_TRY(wait_for(client, POLLOUT, deadline, err));
			break;
		case SC_WIRE_SENT_NEVER:
			if (errno == EPIPE || errno == ECONNRESET)
				return fail_closed(client, err);
			return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot send", client->path);
		}
	}
}

/* Receives a whole answer into client->answer. */
static sc_status receive(struct sc_client *client, int64_t deadline, struct sc_view *message,
			 struct sc_error *err)
{
	for (;;) {
		switch (sc_wire_receive(client->fd, &client->answer, message)) {
		case SC_WIRE_RECEIVED:
			return SC_OK;
		case SC_WIRE_RECEIVED_LATER:
			SC_TRY(wait_for(client, POLLIN, deadline, err));
			break;
		case SC_WIRE_RECEIVED_END:
			return fail_closed(client, err);
		case SC_WIRE_RECEIVED_FAILED:
			if (errno == ECONNRESET)
				return fail_closed(client, err);
			return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot receive", client->path);
		case SC_WIRE_RECEIVED_INVALID:
			return sc_fail(err, SC_ERR_PROTOCOL,
				       "%s: an answer longer than the protocol allows, or with descriptors",
				       client->path);
		}
	}
}

/* Sends a request and reads its answer. *message is what was received, to be wiped even after a failure. */
static sc_status exchange(struct sc_client *client, const struct sc_wire_request_header *request,
			  struct sc_view body, struct sc_view *message,
			  struct sc_wire_response_header *response, struct sc_view *answer,
			  struct sc_error *err)
{
	int64_t deadline = sc_clock_monotonic() + client->timeout_ms * (SC_SECOND / 1000);
	sc_status status;

	SC_TRY(send_request(client, request, body, deadline, err));
	SC_TRY(receive(client, deadline, message, err));
	status = sc_wire_response_read(*message, response, answer, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "%s", client->path);
	SC_ENSURE(response->id == request->id && response->command == request->command, err, SC_ERR_PROTOCOL,
		  "%s: not the answer to the request that was sent", client->path);
	return SC_OK;
}

sc_status sc_client_call(struct sc_client *client, enum sc_command command, uint64_t authority,
			 struct sc_view body, struct sc_bytes *reply, struct sc_error *err)
{
	struct sc_wire_request_header request = { (uint16_t)command, client->last_id + 1, authority };
	struct sc_wire_response_header response = { 0 };
	struct sc_view answer = { 0 };
	struct sc_view message = { 0 };
	sc_status status;

	SC_ENSURE(body.len <= SC_WIRE_BODY_MAX, err, SC_ERR_TOO_LARGE, "the request is longer than %d bytes",
		  SC_WIRE_BODY_MAX);
	if (client->fd < 0)
		return fail_closed(client, err);
	client->last_id = request.id;
	status = exchange(client, &request, body, &message, &response, &answer, err);
	if (status != SC_OK)
		disconnect(client);
	else if (response.status != SC_OK)
		status =
		    sc_client_refusal_explain(client->path, command, response.status, response.numbers, err);
	else
		status = sc_bytes_copy(answer, reply, err);
	OPENSSL_cleanse(client->answer.data, message.len);
	return status;
}
