/* Who holds how much of one socket: see holder.h. */
#include "hsmd/os/holder.h"

#include <stdbool.h>

#include "hsmd/os/limits.h"

void sc_hsmd_holder_start(struct sc_hsmd_holder *holder, struct sc_hsmd_holder *parent)
{
	*holder = (struct sc_hsmd_holder){ .parent = parent };
	TAILQ_INIT(&holder->members);
}

/* A user is a member of its socket while it has connections. */
static void count(struct sc_hsmd_holder *user, bool joins)
{
	struct sc_hsmd_holder *socket = user->parent;

	if (joins && user->connections++ == 0)
		TAILQ_INSERT_TAIL(&socket->members, user, sibling);
	if (!joins && --user->connections == 0)
		TAILQ_REMOVE(&socket->members, user, sibling);
	socket->connections += joins ? 1 : -1u;
}

void sc_hsmd_holder_join(struct sc_hsmd_holder *connection, struct sc_hsmd_holder *user, int64_t now)
{
	sc_hsmd_holder_start(connection, user);
	connection->connections = 1;
	connection->idle_since = now;
	TAILQ_INSERT_TAIL(&user->members, connection, sibling);
	count(user, true);
}

void sc_hsmd_holder_leave(struct sc_hsmd_holder *connection)
{
	TAILQ_REMOVE(&connection->parent->members, connection, sibling);
	connection->connections = 0;
	count(connection->parent, false);
}

void sc_hsmd_holder_take(struct sc_hsmd_holder *connection, size_t room)
{
	for (struct sc_hsmd_holder *holder = connection; holder; holder = holder->parent)
		holder->held += room;
}

void sc_hsmd_holder_give(struct sc_hsmd_holder *connection, size_t room)
{
	for (struct sc_hsmd_holder *holder = connection; holder; holder = holder->parent)
		holder->held -= room;
}

/* -- memory ------------------------------------------------------------------------------------ */

static bool is_unread(const struct sc_hsmd_holder *connection, int64_t now)
{
	return connection->unread_since && now - connection->unread_since > SC_HSMD_ANSWER_AGE;
}

/* The member that holds the most; the first of several. Only a connection has answers to read. */
static struct sc_hsmd_holder *biggest(const struct sc_hsmd_holder *holder, bool unread_only, int64_t now)
{
	struct sc_hsmd_holder *most = NULL;
	struct sc_hsmd_holder *member;

	TAILQ_FOREACH(member, &holder->members, sibling)
		if ((!unread_only || is_unread(member, now)) && (!most || member->held > most->held))
			most = member;
	return most;
}

struct sc_hsmd_holder *sc_hsmd_holder_to_close(const struct sc_hsmd_holder *asker, size_t room, int64_t now)
{
	const struct sc_hsmd_holder *own = asker->parent;
	const struct sc_hsmd_holder *user = biggest(own->parent, false, now);
	struct sc_hsmd_holder *connection;

	if (!user || user->held <= own->held + room)
		user = own;
	connection = biggest(user, true, now);
	if (connection && connection != asker)
		return connection;
	connection = biggest(user, false, now);
	/*
	 * One that holds nothing has nothing to give: its user's memory is that of requests whose connections
	 * ended.
	 */
	if (!connection || connection == asker || !connection->held)
		return NULL;
	return user != own || connection->held > asker->held + room ? connection : NULL;
}

/* -- places ------------------------------------------------------------------------------------ */

static struct sc_hsmd_holder *with_most_connections(const struct sc_hsmd_holder *socket)
{
	struct sc_hsmd_holder *most = NULL;
	struct sc_hsmd_holder *user;

	TAILQ_FOREACH(user, &socket->members, sibling)
		if (!most || user->connections > most->connections)
			most = user;
	return most;
}

/*
 * Since when a connection has been idle; 0: it is busy. One that has not read for long is idle, whatever it
 * has asked for.
 */
static int64_t has_been_idle_since(const struct sc_hsmd_holder *connection, int64_t now)
{
	return is_unread(connection, now) ? connection->unread_since : connection->idle_since;
}

/* The one that has been idle for longer: `a`, unless only `b` is or has been for longer. Accepts NULL. */
static struct sc_hsmd_holder *longer_idle(struct sc_hsmd_holder *a, struct sc_hsmd_holder *b, int64_t now)
{
	if (!b || !has_been_idle_since(b, now))
		return a;
	return !a || has_been_idle_since(b, now) < has_been_idle_since(a, now) ? b : a;
}

static struct sc_hsmd_holder *longest_idle(const struct sc_hsmd_holder *user, int64_t now)
{
	struct sc_hsmd_holder *longest = NULL;
	struct sc_hsmd_holder *connection;

	TAILQ_FOREACH(connection, &user->members, sibling)
		longest = longer_idle(longest, connection, now);
	return longest;
}

/* Of all users with that many connections. */
static struct sc_hsmd_holder *longest_idle_of(const struct sc_hsmd_holder *socket, unsigned connections,
					      int64_t now)
{
	struct sc_hsmd_holder *longest = NULL;
	struct sc_hsmd_holder *user;

	TAILQ_FOREACH(user, &socket->members, sibling)
		if (user->connections == connections)
			longest = longer_idle(longest, longest_idle(user, now), now);
	return longest;
}

struct sc_hsmd_holder *sc_hsmd_holder_to_make_place(const struct sc_hsmd_holder *user, int64_t now)
{
	const struct sc_hsmd_holder *most = with_most_connections(user->parent);
	struct sc_hsmd_holder *idle;

	if (!most)
		return NULL;
	idle = longest_idle_of(user->parent, most->connections, now);
	if (most->connections > user->connections + 1)
		return idle ? idle : biggest(most, false, now);
	idle = longer_idle(idle, longest_idle(user, now), now);
	return idle && now - has_been_idle_since(idle, now) > SC_HSMD_IDLE_AGE ? idle : NULL;
}
