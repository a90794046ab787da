/*
 * Decides whose request is next. A lane (quick or slow) is not a queue of requests but a ring of the
 * connections that have requests waiting in it. A worker takes the first request of the first connection and
 * moves that connection to the end of the ring. A peer that pipelines a thousand requests therefore delays
 * another's single request by one request, not by a thousand.
 *
 * There is no lock here: the server holds its own around every call.
 */
#ifndef SC_HSMD_OS_SCHEDULE_H
#define SC_HSMD_OS_SCHEDULE_H

#include <sys/queue.h>

#include "wire/message.h"

#define SC_SCHEDULE_LANES (SC_LANE_SLOW + 1)

/* One well-formed request. Its bytes are in the arena. */
struct sc_schedule_entry {
	STAILQ_ENTRY(sc_schedule_entry) next;
	struct sc_wire_request_header header;
	struct sc_bytes message;
	struct sc_view body; /* points into the message */
};

/* Takes ownership of the message. NULL when out of memory: the caller then still owns the message. */
struct sc_schedule_entry *sc_schedule_entry_new(const struct sc_wire_request_header *header,
						struct sc_bytes *message, struct sc_view body);
void sc_schedule_entry_free(struct sc_schedule_entry *request);
STAILQ_HEAD(sc_schedule_entries, sc_schedule_entry);

/*
 * One connection's place in the rings. A member of struct sc_hsmd_connection, initialised by
 * sc_schedule_turn_start.
 */
struct sc_schedule_turn {
	struct sc_schedule_entries waiting[SC_SCHEDULE_LANES];
	TAILQ_ENTRY(sc_schedule_turn) ring[SC_SCHEDULE_LANES];
};
TAILQ_HEAD(sc_schedule_ring, sc_schedule_turn);

struct sc_schedule {
	struct sc_schedule_ring ring[SC_SCHEDULE_LANES];
};

void sc_schedule_start(struct sc_schedule *schedule);
void sc_schedule_turn_start(struct sc_schedule_turn *turn);

/* Takes ownership of the request. */
void sc_schedule_add(struct sc_schedule *schedule, enum sc_lane lane, struct sc_schedule_turn *turn,
		     struct sc_schedule_entry *request);

/*
 * Returns the next request of a lane, which the caller now owns, and its connection's turn. NULL if nobody
 * waits.
 */
struct sc_schedule_entry *sc_schedule_next(struct sc_schedule *schedule, enum sc_lane lane,
					   struct sc_schedule_turn **turn);

/* Frees all waiting requests of a connection. Returns how many there were; *bytes is their total length. */
unsigned sc_schedule_drop(struct sc_schedule *schedule, struct sc_schedule_turn *turn, size_t *bytes);

#endif
