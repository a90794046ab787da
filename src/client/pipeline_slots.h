/*
 * The requests of a pipeline. Each has a slot, found by the id in its answer. The pipeline's lock protects
 * the slots.
 */
#ifndef SC_CLIENT_PIPELINE_SLOTS_H
#define SC_CLIENT_PIPELINE_SLOTS_H

#include <sys/queue.h>

#include "client/pipeline.h"

enum sc_pipeline_slot_state {
	SC_PIPELINE_SLOT_FREE,
	SC_PIPELINE_SLOT_QUEUED,    /* not sent yet */
	SC_PIPELINE_SLOT_SENT,      /* the module is working on it */
	SC_PIPELINE_SLOT_ABANDONED, /* likewise, but its caller has been told of the timeout */
};

struct sc_pipeline_slot {
	enum sc_pipeline_slot_state state;
	enum sc_lane lane;
	enum sc_command command;
	uint64_t id;
	int64_t deadline; /* sc_clock_monotonic: the caller's; once abandoned, ours */
	sc_pipeline_done done;
	void *context;
	struct sc_bytes message; /* until it is sent */
	size_t size;             /* of the message */
	TAILQ_ENTRY(sc_pipeline_slot) queue;
};
TAILQ_HEAD(sc_pipeline_slot_queue, sc_pipeline_slot);

struct sc_pipeline_slots {
	struct sc_pipeline_slot slot[SC_PIPELINE_IN_FLIGHT];
	uint16_t free[SC_PIPELINE_IN_FLIGHT];
	unsigned free_count;
	uint64_t last_id;
	int64_t next_due; /* no deadline is earlier than this; INT64_MAX: none */
};

void sc_pipeline_slots_start(struct sc_pipeline_slots *slots);

/* Takes a free slot and gives it an id never used before. NULL if no slot is free. */
struct sc_pipeline_slot *sc_pipeline_slots_take(struct sc_pipeline_slots *slots);

/* Wipes a slot and makes it free again. It must not be in a queue. */
void sc_pipeline_slots_release(struct sc_pipeline_slots *slots, struct sc_pipeline_slot *slot);

/* The slot of the request with that id. NULL if no such request is outstanding. */
struct sc_pipeline_slot *sc_pipeline_slots_find(struct sc_pipeline_slots *slots, uint64_t id);

/* Sets a slot's deadline. */
void sc_pipeline_slots_due(struct sc_pipeline_slots *slots, struct sc_pipeline_slot *slot, int64_t deadline);

#endif
