/* The requests of a pipeline: see pipeline_slots.h. */
#include "client/pipeline_slots.h"

#include <assert.h>

_Static_assert(SC_PIPELINE_IN_FLIGHT <= UINT16_MAX, "a slot's index is 16 bits");

void sc_pipeline_slots_start(struct sc_pipeline_slots *slots)
{
	for (unsigned i = 0; i < SC_PIPELINE_IN_FLIGHT; i++)
		slots->free[i] = (uint16_t)(SC_PIPELINE_IN_FLIGHT - 1 - i);
	slots->free_count = SC_PIPELINE_IN_FLIGHT;
	slots->next_due = INT64_MAX;
}

/* An id is a counter times the number of slots, plus the slot's index: unique, and found without a search. */
struct sc_pipeline_slot *sc_pipeline_slots_take(struct sc_pipeline_slots *slots)
{
	unsigned place;

	if (slots->free_count == 0)
		return NULL;
	place = slots->free[--slots->free_count];
	assert(slots->slot[place].state == SC_PIPELINE_SLOT_FREE);
	slots->slot[place].id = ++slots->last_id * SC_PIPELINE_IN_FLIGHT + place;
	return &slots->slot[place];
}

void sc_pipeline_slots_release(struct sc_pipeline_slots *slots, struct sc_pipeline_slot *slot)
{
	sc_bytes_free(&slot->message);
	*slot = (struct sc_pipeline_slot){ .state = SC_PIPELINE_SLOT_FREE };
	slots->free[slots->free_count++] = (uint16_t)(slot - slots->slot);
}

struct sc_pipeline_slot *sc_pipeline_slots_find(struct sc_pipeline_slots *slots, uint64_t id)
{
	struct sc_pipeline_slot *slot = &slots->slot[id % SC_PIPELINE_IN_FLIGHT];

	if (slot->id != id ||
	    (slot->state != SC_PIPELINE_SLOT_SENT && slot->state != SC_PIPELINE_SLOT_ABANDONED))
		return NULL;
	return slot;
}

void sc_pipeline_slots_due(struct sc_pipeline_slots *slots, struct sc_pipeline_slot *slot, int64_t deadline)
{
	slot->deadline = deadline;
	if (deadline < slots->next_due)
		slots->next_due = deadline;
}
