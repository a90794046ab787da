/* How the arena is divided: see parts.h. */
#include "hsmd/os/parts.h"

#include "hsmd/core/core_session.h"
#include "hsmd/os/limits.h"
#include "hsmd/os/schedule.h"

#define MESSAGES 3 / 8  /* of the arena, at most */
#define SESSIONS 1 / 16 /* of the arena, at most */
#define WORK     1 / 4  /* of the arena, at most */

#define ONCE     ((size_t)640 << 10) /* what libcrypto and the threads take once, about */
#define SESSION  ((size_t)512)       /* bytes of one connection */
#define QUORUM   ((size_t)2 << 10)   /* of one quorum; a connection has SC_QUORUMS_MAX at most */
#define WORKER   ((size_t)128 << 10) /* of one worker: the largest answer, and a key that is not loaded */
#define KEYS_MIN ((size_t)256 << 10)

_Static_assert(sizeof(struct sc_core_session) <= SESSION, "a session takes one block");
_Static_assert(sizeof(struct sc_quorum) <= QUORUM, "a quorum takes one block");

static unsigned at_most(size_t number, unsigned maximum)
{
	return number < maximum ? (unsigned)number : maximum;
}

/*
 * One more than processors, because one user has all workers of a lane but one at most, and one user alone
 * shall use all processors.
 */
static unsigned workers(size_t arena, unsigned processors)
{
	unsigned count = at_most(arena * WORK / WORKER / SC_SCHEDULE_LANES, processors + 1);

	return count > SC_HSMD_WORKERS_MIN ? count : SC_HSMD_WORKERS_MIN;
}

/* Their part of the arena, but no more than is left by what cannot be less. */
static size_t messages(size_t arena, size_t reserve)
{
	const size_t others = ONCE + reserve + KEYS_MIN;
	const size_t left = arena > others ? arena - others : 0;

	return left < arena * MESSAGES ? left : arena * MESSAGES;
}

struct sc_hsmd_parts sc_hsmd_parts_of(size_t arena, unsigned processors, unsigned custody_sockets)
{
	struct sc_hsmd_parts parts = {
		.workers = workers(arena, processors),
		.connections = at_most(arena * SESSIONS / SESSION, SC_HSMD_CONNECTIONS),
	};

	parts.reserve = parts.workers * WORKER * SC_SCHEDULE_LANES + parts.connections * SESSION +
			custody_sockets * SC_HSMD_CUSTODY_CONNECTIONS * SC_QUORUMS_MAX * QUORUM;
	parts.messages = messages(arena, parts.reserve);
	return parts;
}

sc_status sc_hsmd_parts_keys(const struct sc_hsmd_parts *parts, size_t arena, size_t used, size_t *out,
			     struct sc_error *err)
{
	SC_ENSURE(
	    used + parts->reserve + KEYS_MIN <= arena, err, SC_ERR_MODULE_FULL,
	    "of the arena of %zu KiB, messages and threads take %zu and work may take %zu, which leaves "
	    "less than %zu for keys: raise --arena, or give fewer --socket",
	    arena >> 10, used >> 10, parts->reserve >> 10, KEYS_MIN >> 10);
	*out = arena - used - parts->reserve;
	return SC_OK;
}
