/* Decides whose request is next: see schedule.h. */
#include "hsmd/os/schedule.h"

#include <stdlib.h>

struct sc_schedule_entry *sc_schedule_entry_new(const struct sc_wire_request_header *header,
						struct sc_bytes *message, struct sc_view body)
{
	struct sc_schedule_entry *request = calloc(1, sizeof *request);

	if (!request)
		return NULL;
	request->header = *header;
	request->message = sc_steal(*message);
	request->body = body;
	return request;
}

void sc_schedule_entry_free(struct sc_schedule_entry *request)
{
	if (!request)
		return;
	sc_bytes_free(&request->message);
	free(request);
}

void sc_schedule_start(struct sc_schedule *schedule)
{
	for (unsigned lane = 0; lane < SC_SCHEDULE_LANES; lane++)
		TAILQ_INIT(&schedule->ring[lane]);
}

void sc_schedule_turn_start(struct sc_schedule_turn *turn)
{
	for (unsigned lane = 0; lane < SC_SCHEDULE_LANES; lane++)
		STAILQ_INIT(&turn->waiting[lane]);
}

void sc_schedule_add(struct sc_schedule *schedule, enum sc_lane lane, struct sc_schedule_turn *turn,
		     struct sc_schedule_entry *request)
{
	if (STAILQ_EMPTY(&turn->waiting[lane]))
		TAILQ_INSERT_TAIL(&schedule->ring[lane], turn, ring[lane]);
	STAILQ_INSERT_TAIL(&turn->waiting[lane], request, next);
}

struct sc_schedule_entry *sc_schedule_next(struct sc_schedule *schedule, enum sc_lane lane,
					   struct sc_schedule_turn **turn)
{
	struct sc_schedule_turn *first = TAILQ_FIRST(&schedule->ring[lane]);
	struct sc_schedule_entry *request;

	if (!first)
		return NULL;
	request = STAILQ_FIRST(&first->waiting[lane]);
	STAILQ_REMOVE_HEAD(&first->waiting[lane], next);
	TAILQ_REMOVE(&schedule->ring[lane], first, ring[lane]);
	if (!STAILQ_EMPTY(&first->waiting[lane]))
		TAILQ_INSERT_TAIL(&schedule->ring[lane], first, ring[lane]);
	*turn = first;
	return request;
}

unsigned sc_schedule_drop(struct sc_schedule *schedule, struct sc_schedule_turn *turn, size_t *bytes)
{
	unsigned dropped = 0;

	*bytes = 0;
	for (unsigned lane = 0; lane < SC_SCHEDULE_LANES; lane++) {
		struct sc_schedule_entry *request;

		if (!STAILQ_EMPTY(&turn->waiting[lane]))
			TAILQ_REMOVE(&schedule->ring[lane], turn, ring[lane]);
		while ((request = STAILQ_FIRST(&turn->waiting[lane]))) {
			STAILQ_REMOVE_HEAD(&turn->waiting[lane], next);
			*bytes += request->message.len;
			sc_schedule_entry_free(request);
			dropped++;
		}
	}
	return dropped;
}
