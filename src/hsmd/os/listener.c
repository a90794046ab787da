/* A listening socket and its users: see listener.h. */
#include "hsmd/os/listener.h"

#include <stdlib.h>

sc_status sc_hsmd_listener_start(struct sc_hsmd_listener *listener, struct sc_schedule_turn *sockets,
				 size_t memory, unsigned connections, struct sc_error *err)
{
	listener->most_connections = connections;
	sc_hsmd_holder_start(&listener->holder, NULL);
	sc_schedule_turn_start(&listener->turn, sockets);
	LIST_INIT(&listener->users);
	return sc_hsmd_memory_new(memory, &listener->memory, err);
}

void sc_hsmd_listener_end(struct sc_hsmd_listener *listener)
{
	sc_hsmd_memory_free(listener->memory);
	listener->memory = NULL;
}

struct sc_hsmd_user *sc_hsmd_listener_user(struct sc_hsmd_listener *listener, uid_t uid,
					   const unsigned most[SC_SCHEDULE_LANES])
{
	struct sc_hsmd_user *user;

	LIST_FOREACH(user, &listener->users, next)
	{
		if (user->uid != uid)
			continue;
		user->references++;
		return user;
	}
	user = calloc(1, sizeof *user);
	if (!user)
		return NULL;
	user->uid = uid;
	user->references = 1;
	user->listener = listener;
	sc_hsmd_holder_start(&user->holder, &listener->holder);
	sc_schedule_turn_start(&user->turn, &listener->turn);
	for (unsigned lane = 0; lane < SC_SCHEDULE_LANES; lane++)
		user->turn.lanes[lane].most = most[lane];
	LIST_INSERT_HEAD(&listener->users, user, next);
	return user;
}

void sc_hsmd_user_release(struct sc_hsmd_user *user)
{
	if (--user->references)
		return;
	LIST_REMOVE(user, next);
	free(user);
}
