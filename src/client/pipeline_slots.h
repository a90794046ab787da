/*
 * The requests of a pipeline: a place for each, found by the id that its answer carries. A place's lock is
 * the pipeline's.
 */
#ifndef SC_CLIENT_PIPELINE_SLOTS_H
#define SC_CLIENT_PIPELINE_SLOTS_H

#include <sys/queue.h>

#include "client/pipeline.h"

enum sc_slot_state {
	SC_SLOT_FREE,
	SC_SLOT_QUEUED,    /* not sent yet */
	SC_SLOT_SENT,      /* the module works on it */
	SC_SLOT_ABANDONED, /* likewise, but its caller has been told that it is late */
};

struct sc_slot {
	enum sc_slot_state state;
	enum sc_lane lane;
	enum sc_command command;
	uint64_t id;
	int64_t deadline; /* of sc_clock_monotonic: the caller's; once abandoned, ours */
	sc_pipeline_done done;
	void *context;
	struct sc_bytes message; /* until it is sent */
	size_t size;             /* of the message */
	TAILQ_ENTRY(sc_slot) queue;
};
TAILQ_HEAD(sc_slot_queue, sc_slot);

struct sc_slots {
	struct sc_slot slot[SC_PIPELINE_IN_FLIGHT];
	uint16_t free[SC_PIPELINE_IN_FLIGHT];
	unsigned free_count;
	uint64_t last_id;
	int64_t next_due; /* no deadline is earlier; INT64_MAX: none */
};

void sc_slots_start(struct sc_slots *slots);

/* A free place with an id of its own, which no earlier one had; NULL where there is none. */
struct sc_slot *sc_slots_take(struct sc_slots *slots);

/* Wipes it and makes it free again. It must be in no queue. */
void sc_slots_release(struct sc_slots *slots, struct sc_slot *slot);

/* The place that an answer is for; NULL where no request of that id is out. */
struct sc_slot *sc_slots_find(struct sc_slots *slots, uint64_t id);

/* Sets a deadline. */
void sc_slots_due(struct sc_slots *slots, struct sc_slot *slot, int64_t deadline);

#endif
