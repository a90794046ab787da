/* One peer: see connection.h. */
#include "hsmd/os/connection.h"

#include <stdlib.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/os.h"
#include "hsmd/os/limits.h"
#include "wire/socket.h"

static sc_status watch(struct sc_hsmd_connection *connection, int operation, uint32_t events,
		       struct sc_error *err)
{
	struct epoll_event event = { .events = events, .data.ptr = connection };

	if (sc_os->epoll_ctl(connection->user->epoll, operation, connection->fd, &event))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot add a connection to the event loop");
	connection->armed = events;
	return SC_OK;
}

sc_status sc_hsmd_connection_new(int fd, struct sc_core_session *session, struct sc_hsmd_user *user,
				 struct sc_hsmd_connection **out, struct sc_error *err)
{
	struct sc_hsmd_connection *connection = calloc(1, sizeof *connection);
	sc_status status;

	SC_ENSURE(connection, err, SC_ERR_MEMORY, "out of memory for a connection");
	connection->source = SC_HSMD_SOURCE_CONNECTION;
	connection->fd = fd;
	connection->user = user;
	connection->session = session;
	STAILQ_INIT(&connection->unsent);
	status = watch(connection, EPOLL_CTL_ADD, EPOLLIN, err);
	if (status != SC_OK) {
		free(connection);
		return status;
	}
	sc_schedule_turn_start(&connection->turn, &user->turn);
	sc_hsmd_holder_join(&connection->holder, &user->holder, sc_clock_monotonic());
	*out = connection;
	return SC_OK;
}

void sc_hsmd_connection_unwatch(struct sc_hsmd_connection *connection)
{
	(void)sc_os->epoll_ctl(connection->user->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
}

void sc_hsmd_connection_free(struct sc_hsmd_connection *connection)
{
	sc_core_session_free(connection->session);
	(void)sc_os->close(connection->fd);
	free(connection);
}

struct sc_hsmd_connection *sc_hsmd_connection_of_turn(struct sc_schedule_turn *turn)
{
	return (struct sc_hsmd_connection *)((char *)turn - offsetof(struct sc_hsmd_connection, turn));
}

struct sc_hsmd_connection *sc_hsmd_connection_of_holder(struct sc_hsmd_holder *holder)
{
	return (struct sc_hsmd_connection *)((char *)holder - offsetof(struct sc_hsmd_connection, holder));
}

/* -- what it waits for ------------------------------------------------------------------------- */

static struct sc_hsmd_memory *memory_of(const struct sc_hsmd_connection *connection)
{
	return connection->user->listener->memory;
}

/*
 * How many bytes it may hold and be read from. A user may hold as much as its socket has free, and a
 * connection as much as its user may still take: with u users that ask without end, each holds a part in u +
 * 1, and its n connections each a part in n + 1 of that. So a part always remains for the next one to come.
 */
static size_t most_bytes(const struct sc_hsmd_connection *connection)
{
	const size_t left = sc_hsmd_memory_left(memory_of(connection));
	const size_t held = connection->user->holder.held;
	const size_t share = left > held ? left - held : 0;

	return share < SC_HSMD_CONNECTION_BYTES ? share : SC_HSMD_CONNECTION_BYTES;
}

/*
 * True if the peer may send another request. Once it has been stopped, half of its allowance must be free
 * again. A peer that holds nothing always may: nothing of its own would start it again.
 */
static bool may_ask(const struct sc_hsmd_connection *connection)
{
	unsigned share = connection->armed & EPOLLIN ? 1 : 2;

	if (connection->is_at_end || !STAILQ_EMPTY(&connection->unsent))
		return false;
	return !connection->in_flight || (connection->in_flight < SC_HSMD_CONNECTION_REQUESTS / share &&
					  connection->holder.held < most_bytes(connection) / share);
}

static void note_idleness(struct sc_hsmd_connection *connection)
{
	bool is_idle = !connection->in_flight && STAILQ_EMPTY(&connection->unsent);

	if (is_idle != !!connection->holder.idle_since)
		connection->holder.idle_since = is_idle ? sc_clock_monotonic() : 0;
}

void sc_hsmd_connection_arm(struct sc_hsmd_connection *connection)
{
	uint32_t events = 0;

	if (connection->has_ended)
		return;
	note_idleness(connection);
	if (may_ask(connection))
		events |= EPOLLIN;
	if (!STAILQ_EMPTY(&connection->unsent))
		events |= EPOLLOUT;
	/* This cannot fail in practice. If it did, this connection would stall, and no other. */
	if (events != connection->armed)
		(void)!watch(connection, EPOLL_CTL_MOD, events, NULL);
}

/* -- what it holds ----------------------------------------------------------------------------- */

bool sc_hsmd_connection_take(struct sc_hsmd_connection *connection, struct sc_view message,
			     struct sc_hsmd_block *out)
{
	if (!sc_hsmd_memory_keep(memory_of(connection), message, out))
		return false;
	sc_hsmd_holder_take(&connection->holder, out->room);
	return true;
}

void sc_hsmd_connection_give(struct sc_hsmd_connection *connection, struct sc_hsmd_block *block)
{
	sc_hsmd_holder_give(&connection->holder, block->room);
	sc_hsmd_memory_release(memory_of(connection), block);
}

bool sc_hsmd_connection_compact(struct sc_hsmd_connection *connection, size_t room)
{
	struct sc_hsmd_memory *memory = memory_of(connection);
	struct sc_schedule_entry *request;
	struct sc_hsmd_answer *answer;

	for (unsigned lane = 0; lane < SC_SCHEDULE_LANES; lane++)
		STAILQ_FOREACH(request, &connection->turn.lanes[lane].waiting, next) {
			if (sc_hsmd_memory_fits(memory, room))
				return true;
			sc_hsmd_memory_move(memory, &request->body);
		}
	STAILQ_FOREACH(answer, &connection->unsent, next) {
		if (sc_hsmd_memory_fits(memory, room))
			return true;
		sc_hsmd_memory_move(memory, &answer->message);
	}
	return sc_hsmd_memory_fits(memory, room);
}

bool sc_hsmd_connection_keep(struct sc_hsmd_connection *connection, struct sc_hsmd_block *message)
{
	struct sc_hsmd_answer *answer = calloc(1, sizeof *answer);

	if (!answer)
		return false;
	if (STAILQ_EMPTY(&connection->unsent)) {
		connection->holder.unread_since = sc_clock_monotonic();
		sc_schedule_pause(&connection->turn);
	}
	answer->message = sc_steal(*message);
	STAILQ_INSERT_TAIL(&connection->unsent, answer, next);
	return true;
}

/* Removes the first kept answer, which the peer has read or will never read. */
static void drop_first(struct sc_hsmd_connection *connection)
{
	struct sc_hsmd_answer *answer = STAILQ_FIRST(&connection->unsent);

	STAILQ_REMOVE_HEAD(&connection->unsent, next);
	sc_hsmd_connection_give(connection, &answer->message);
	free(answer);
	connection->holder.unread_since = STAILQ_EMPTY(&connection->unsent) ? 0 : sc_clock_monotonic();
}

bool sc_hsmd_connection_flush(struct sc_hsmd_connection *connection)
{
	while (!STAILQ_EMPTY(&connection->unsent)) {
		const struct sc_hsmd_block *first = &STAILQ_FIRST(&connection->unsent)->message;

		switch (sc_wire_send(connection->fd, sc_view_of(first->data, first->len),
				     (struct sc_view){ 0 })) {
		case SC_WIRE_SENT:
			drop_first(connection);
			break;
		case SC_WIRE_SENT_LATER:
			return true;
		case SC_WIRE_SENT_NEVER:
			return false;
		}
	}
	if (connection->turn.is_paused)
		sc_schedule_resume(&connection->turn);
	return true;
}

void sc_hsmd_connection_forget(struct sc_hsmd_connection *connection)
{
	struct sc_schedule_entry *request;

	while ((request = sc_schedule_take_back(&connection->turn))) {
		sc_hsmd_connection_give(connection, &request->body);
		free(request);
		connection->in_flight--;
	}
	while (!STAILQ_EMPTY(&connection->unsent))
		drop_first(connection);
}
