/*
 * Decides whose request is next. A lane (quick or slow) is not a queue of requests but a tree of turns:
 * sockets take turns, within each its users, and within each of those their connections. So a peer that
 * pipelines a thousand requests, or opens a hundred connections, delays another by one request and not by all
 * of them.
 *
 * A turn may have a limit on how many of its requests are in progress at once. A user's on one socket is one
 * less than the lane's workers, so that no user can hold them all.
 *
 * There is no lock here: the exchange holds its own around every call.
 */
#ifndef SC_HSMD_OS_SCHEDULE_H
#define SC_HSMD_OS_SCHEDULE_H

#include <sys/queue.h>

#include "hsmd/os/message_memory.h"
#include "wire/message.h"

#define SC_SCHEDULE_LANES (SC_LANE_SLOW + 1)

/* One well-formed request. Its body is in the socket's message memory. */
struct sc_schedule_entry {
	STAILQ_ENTRY(sc_schedule_entry) next;
	struct sc_wire_request_header header;
	enum sc_lane lane;
	struct sc_hsmd_block body;
};
STAILQ_HEAD(sc_schedule_entries, sc_schedule_entry);

/*
 * The place of a connection, a user or a socket among its siblings. A member of the struct that it belongs
 * to.
 */
struct sc_schedule_turn {
	struct sc_schedule_turn *parent; /* NULL: the root */
	bool is_paused;                  /* a connection's requests are not begun for now */
	struct sc_schedule_lane {
		struct sc_schedule_entries waiting; /* a connection's requests */
		TAILQ_HEAD(, sc_schedule_turn)
		members; /* those below that have a request to begin, in order */
		TAILQ_ENTRY(sc_schedule_turn) sibling;
		bool is_member; /* of its parent's */
		unsigned running;
		unsigned most; /* running at once; 0: no limit */
	} lanes[SC_SCHEDULE_LANES];
};

/* The root has no parent, a socket's turn has the root, a user's its socket's, a connection's its user's. */
void sc_schedule_turn_start(struct sc_schedule_turn *turn, struct sc_schedule_turn *parent);

/* Takes ownership of the request. */
void sc_schedule_add(struct sc_schedule_turn *connection, struct sc_schedule_entry *request);

/*
 * Returns the next request of a lane, which the caller now owns and which is in progress until
 * sc_schedule_done, and its connection's turn. NULL if nobody waits whose request may be begun.
 */
struct sc_schedule_entry *sc_schedule_next(struct sc_schedule_turn *root, enum sc_lane lane,
					   struct sc_schedule_turn **connection);
void sc_schedule_done(struct sc_schedule_turn *connection, enum sc_lane lane);

/* Between sc_schedule_pause and sc_schedule_resume, none of the connection's requests is begun. */
void sc_schedule_pause(struct sc_schedule_turn *connection);
void sc_schedule_resume(struct sc_schedule_turn *connection);

/* Takes back a request that waits. NULL if there is none. The caller owns it. */
struct sc_schedule_entry *sc_schedule_take_back(struct sc_schedule_turn *connection);

#endif
