/*
 * Who holds how much of one socket, in three levels: the socket, the users that have connections on it (by
 * user id), and their connections. It decides who makes room when the socket is full: the one that holds the
 * most, compared by user first and by connection then, and never the one that asks next. So a peer cannot
 * better its share by opening more connections or by asking more often.
 *
 * Only numbers and times are here: no memory, no descriptor, no lock.
 */
#ifndef SC_HSMD_OS_HOLDER_H
#define SC_HSMD_OS_HOLDER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct sc_hsmd_holder {
	struct sc_hsmd_holder *parent; /* of a connection its user, of a user the socket, of a socket NULL */
	TAILQ_HEAD(, sc_hsmd_holder) members;
	TAILQ_ENTRY(sc_hsmd_holder) sibling;
	size_t held;          /* bytes of message memory, its members' included */
	unsigned connections; /* that have joined: 1 for a connection, the sum of its members' otherwise */
	int64_t
	    idle_since; /* of a connection, sc_clock_monotonic: nothing in progress or to be read; 0: busy */
	int64_t unread_since; /* of a connection: has answers to read, and read none since then; 0: none */
};

/* A socket, or a user without connections on a socket. */
void sc_hsmd_holder_start(struct sc_hsmd_holder *holder, struct sc_hsmd_holder *parent);

/* A connection of a user joins, idle from now on. */
void sc_hsmd_holder_join(struct sc_hsmd_holder *connection, struct sc_hsmd_holder *user, int64_t now);

/*
 * A connection that has ended leaves: it is not chosen any more. What it still holds, for a request in
 * progress, remains its user's until it is given back.
 */
void sc_hsmd_holder_leave(struct sc_hsmd_holder *connection);

/* A connection takes or gives back a block of that many bytes. */
void sc_hsmd_holder_take(struct sc_hsmd_holder *connection, size_t room);
void sc_hsmd_holder_give(struct sc_hsmd_holder *connection, size_t room);

/*
 * The connection to be closed so that `asker`, which wants `room` bytes more, may have them. Of the user that
 * holds the most, it is the one that holds the most, those first that have not read for longer than
 * SC_HSMD_ANSWER_AGE. If no other user holds more than the asker's would, it is another one of that user that
 * has not read for so long, whatever it holds, or else the one that holds the most. NULL if that would be the
 * asker, or if no connection holds what that user does: then the asker must go without.
 */
struct sc_hsmd_holder *sc_hsmd_holder_to_close(const struct sc_hsmd_holder *asker, size_t room, int64_t now);

/*
 * The connection that gives its place to a new one of `user` when the socket's places are all taken: of the
 * users with the most connections, the one that has been idle longest. One that has not read for longer than
 * SC_HSMD_ANSWER_AGE is idle, too. If those users do not have more than `user` then has, it must have been
 * idle for longer than SC_HSMD_IDLE_AGE, and one of `user` itself will do; if they have more, a busy one will
 * do if none is idle. NULL if there is none.
 */
struct sc_hsmd_holder *sc_hsmd_holder_to_make_place(const struct sc_hsmd_holder *user, int64_t now);

#endif
