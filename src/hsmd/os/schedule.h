/*
 * Whose request is next. A lane (quick or slow) is a ring of the connections that have requests waiting in
 * it, not a queue of requests: a worker takes the first request of the first connection and sends that
 * connection to the end. So whoever pipelines a thousand requests delays another's single one by one request,
 * not by a thousand.
 *
 * Not locked: the server holds its lock around every call.
 */
#ifndef SC_HSMD_OS_SCHEDULE_H
#define SC_HSMD_OS_SCHEDULE_H

#include <sys/queue.h>

#include "wire/message.h"

#define SC_SCHEDULE_LANES (SC_LANE_SLOW + 1)

/* One request, read and found well-formed; its bytes lie in the arena. */
struct sc_schedule_entry {
	STAILQ_ENTRY(sc_schedule_entry) next;
	struct sc_wire_request_header header;
	struct sc_bytes message;
	struct sc_view body; /* into the message */
};

/* Takes the message over. NULL when out of memory: the message then stays the caller's. */
struct sc_schedule_entry *sc_schedule_entry_new(const struct sc_wire_request_header *header, struct sc_bytes *message,
				  struct sc_view body);
void sc_schedule_entry_free(struct sc_schedule_entry *request);
STAILQ_HEAD(sc_schedule_entries, sc_schedule_entry);

/* One connection's place in the rings: a member of struct sc_hsmd_connection, initialised by sc_schedule_turn_start. */
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

/* Takes the request over. */
void sc_schedule_add(struct sc_schedule *schedule, enum sc_lane lane, struct sc_schedule_turn *turn,
		     struct sc_schedule_entry *request);

/* The next request of a lane, now the caller's, and whose it is; NULL where nobody waits. */
struct sc_schedule_entry *sc_schedule_next(struct sc_schedule *schedule, enum sc_lane lane, struct sc_schedule_turn **turn);

/* Frees all that a connection has waiting. Returns how many requests that were; *bytes is their length. */
unsigned sc_schedule_drop(struct sc_schedule *schedule, struct sc_schedule_turn *turn, size_t *bytes);

#endif
