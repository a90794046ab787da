/* Decides whose request is next: see schedule.h. */
#include "hsmd/os/schedule.h"

void sc_schedule_turn_start(struct sc_schedule_turn *turn, struct sc_schedule_turn *parent)
{
	*turn = (struct sc_schedule_turn){ .parent = parent };
	for (unsigned lane = 0; lane < SC_SCHEDULE_LANES; lane++) {
		STAILQ_INIT(&turn->lanes[lane].waiting);
		TAILQ_INIT(&turn->lanes[lane].members);
	}
}

/* True if the turn has a request that could be begun but for limits. */
static bool has_work(const struct sc_schedule_turn *turn, enum sc_lane lane)
{
	return (!turn->is_paused && !STAILQ_EMPTY(&turn->lanes[lane].waiting)) ||
	       !TAILQ_EMPTY(&turn->lanes[lane].members);
}

/* Puts a turn last in its parent's ring if it has work, and takes it out otherwise. */
static void place_last(struct sc_schedule_turn *turn, enum sc_lane lane)
{
	struct sc_schedule_lane *own = &turn->lanes[lane];
	struct sc_schedule_lane *above = &turn->parent->lanes[lane];

	if (own->is_member)
		TAILQ_REMOVE(&above->members, turn, lanes[lane].sibling);
	own->is_member = has_work(turn, lane);
	if (own->is_member)
		TAILQ_INSERT_TAIL(&above->members, turn, lanes[lane].sibling);
}

/* After a change below: those above join or leave their rings. Those that remain keep their places. */
static void settle(struct sc_schedule_turn *turn, enum sc_lane lane)
{
	for (; turn->parent && turn->lanes[lane].is_member != has_work(turn, lane); turn = turn->parent)
		place_last(turn, lane);
}

static void settle_all(struct sc_schedule_turn *turn)
{
	for (unsigned lane = 0; lane < SC_SCHEDULE_LANES; lane++)
		settle(turn, (enum sc_lane)lane);
}

void sc_schedule_add(struct sc_schedule_turn *connection, struct sc_schedule_entry *request)
{
	STAILQ_INSERT_TAIL(&connection->lanes[request->lane].waiting, request, next);
	settle(connection, request->lane);
}

/* The connection whose turn it is. The tree has four levels, and so the recursion. */
static struct sc_schedule_turn *find(struct sc_schedule_turn *turn, enum sc_lane lane)
{
	struct sc_schedule_lane *own = &turn->lanes[lane];
	struct sc_schedule_turn *member;

	if (own->most && own->running >= own->most)
		return NULL;
	if (!STAILQ_EMPTY(&own->waiting))
		return turn;
	TAILQ_FOREACH(member, &own->members, lanes[lane].sibling) {
		struct sc_schedule_turn *found = find(member, lane);

		if (found)
			return found;
	}
	return NULL;
}

struct sc_schedule_entry *sc_schedule_next(struct sc_schedule_turn *root, enum sc_lane lane,
					   struct sc_schedule_turn **connection)
{
	struct sc_schedule_turn *found = find(root, lane);
	struct sc_schedule_entry *request;

	if (!found)
		return NULL;
	request = STAILQ_FIRST(&found->lanes[lane].waiting);
	STAILQ_REMOVE_HEAD(&found->lanes[lane].waiting, next);
	for (struct sc_schedule_turn *turn = found; turn->parent; turn = turn->parent) {
		turn->lanes[lane].running++;
		place_last(turn, lane);
	}
	*connection = found;
	return request;
}

void sc_schedule_done(struct sc_schedule_turn *connection, enum sc_lane lane)
{
	for (struct sc_schedule_turn *turn = connection; turn->parent; turn = turn->parent)
		turn->lanes[lane].running--;
}

void sc_schedule_pause(struct sc_schedule_turn *connection)
{
	connection->is_paused = true;
	settle_all(connection);
}

void sc_schedule_resume(struct sc_schedule_turn *connection)
{
	connection->is_paused = false;
	settle_all(connection);
}

struct sc_schedule_entry *sc_schedule_take_back(struct sc_schedule_turn *connection)
{
	for (unsigned lane = 0; lane < SC_SCHEDULE_LANES; lane++) {
		struct sc_schedule_entry *request = STAILQ_FIRST(&connection->lanes[lane].waiting);

		if (!request)
			continue;
		STAILQ_REMOVE_HEAD(&connection->lanes[lane].waiting, next);
		settle(connection, (enum sc_lane)lane);
		return request;
	}
	return NULL;
}
