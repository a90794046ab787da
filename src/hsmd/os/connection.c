/* One peer: see connection.h. */
#include "hsmd/os/connection.h"

#include <stdlib.h>
#include <sys/epoll.h>

#include "base/os.h"
#include "wire/socket.h"

static sc_status watch(struct sc_hsmd_connection *connection, int operation, uint32_t events,
		       struct sc_error *err)
{
	struct epoll_event event = { .events = events, .data.ptr = connection };

	if (sc_os->epoll_ctl(connection->epoll, operation, connection->fd, &event))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot add a connection to the event loop");
	connection->armed = events;
	return SC_OK;
}

sc_status sc_hsmd_connection_new(int epoll, int fd, struct sc_core_session *session,
				 struct sc_hsmd_listener *listener, struct sc_hsmd_connection **out,
				 struct sc_error *err)
{
	struct sc_hsmd_connection *connection = calloc(1, sizeof *connection);
	sc_status status;

	SC_ENSURE(connection, err, SC_ERR_MEMORY, "out of memory for a connection");
	connection->source = SC_HSMD_SOURCE_CONNECTION;
	connection->fd = fd;
	connection->epoll = epoll;
	connection->listener = listener;
	connection->session = session;
	sc_schedule_turn_start(&connection->turn);
	STAILQ_INIT(&connection->unsent);
	status = watch(connection, EPOLL_CTL_ADD, EPOLLIN, err);
	if (status != SC_OK) {
		free(connection);
		return status;
	}
	*out = connection;
	return SC_OK;
}

void sc_hsmd_connection_free(struct sc_hsmd_connection *connection)
{
	sc_core_session_free(connection->session);
	(void)sc_os->close(connection->fd);
	free(connection);
}

struct sc_hsmd_connection *sc_hsmd_connection_of(struct sc_schedule_turn *turn)
{
	return (struct sc_hsmd_connection *)((char *)turn - offsetof(struct sc_hsmd_connection, turn));
}

/*
 * True if the peer may send another request. Once it has been stopped, half of its allowance must be free
 * again.
 */
static bool may_ask(const struct sc_hsmd_connection *connection)
{
	unsigned share = connection->armed & EPOLLIN ? 1 : 2;

	return !connection->is_at_end && connection->in_flight < SC_HSMD_CONNECTION_REQUESTS / share &&
	       connection->bytes < SC_HSMD_CONNECTION_BYTES / share;
}

void sc_hsmd_connection_arm(struct sc_hsmd_connection *connection)
{
	uint32_t events = 0;

	if (connection->has_ended)
		return;
	if (may_ask(connection))
		events |= EPOLLIN;
	if (!STAILQ_EMPTY(&connection->unsent))
		events |= EPOLLOUT;
	/* This cannot fail in practice. If it did, this connection would stall, and no other. */
	if (events != connection->armed)
		(void)!watch(connection, EPOLL_CTL_MOD, events, NULL);
}

bool sc_hsmd_connection_keep(struct sc_hsmd_connection *connection, struct sc_view message)
{
	struct sc_hsmd_answer *answer;

	if (connection->unsent_bytes + message.len > SC_HSMD_CONNECTION_BYTES)
		return false;
	answer = calloc(1, sizeof *answer);
	if (!answer || sc_bytes_copy(message, &answer->message, NULL) != SC_OK) {
		free(answer);
		return false;
	}
	STAILQ_INSERT_TAIL(&connection->unsent, answer, next);
	connection->unsent_bytes += message.len;
	return true;
}

/* Removes the first kept answer. */
static void drop_first(struct sc_hsmd_connection *connection)
{
	struct sc_hsmd_answer *answer = STAILQ_FIRST(&connection->unsent);

	STAILQ_REMOVE_HEAD(&connection->unsent, next);
	connection->unsent_bytes -= answer->message.len;
	sc_bytes_free(&answer->message);
	free(answer);
}

bool sc_hsmd_connection_flush(struct sc_hsmd_connection *connection)
{
	while (!STAILQ_EMPTY(&connection->unsent)) {
		const struct sc_hsmd_answer *first = STAILQ_FIRST(&connection->unsent);

		switch (sc_wire_send(connection->fd, sc_bytes_view(&first->message), (struct sc_view){ 0 })) {
		case SC_WIRE_SENT:
			drop_first(connection);
			break;
		case SC_WIRE_SENT_LATER:
			return true;
		case SC_WIRE_SENT_NEVER:
			return false;
		}
	}
	return true;
}

void sc_hsmd_connection_forget(struct sc_hsmd_connection *connection)
{
	while (!STAILQ_EMPTY(&connection->unsent))
		drop_first(connection);
}
