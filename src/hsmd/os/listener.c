/* A listening socket and its users: see listener.h. */
#include "hsmd/os/listener.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/os.h"

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
	if (listener->user_epoll >= 0)
		(void)sc_os->close(listener->user_epoll);
	listener->user_epoll = -1;
}

sc_status sc_hsmd_listener_reserve(struct sc_hsmd_listener *listener, struct sc_error *err)
{
	if (listener->user_epoll < 0)
		listener->user_epoll = sc_os->epoll_create1(EPOLL_CLOEXEC);
	if (listener->user_epoll < 0)
		return sc_fail_errno(err, SC_ERR_BUSY, "cannot accept a connection");
	return SC_OK;
}

static struct sc_hsmd_user *find(struct sc_hsmd_listener *listener, uid_t uid)
{
	struct sc_hsmd_user *user;

	LIST_FOREACH(user, &listener->users, next)
	if (user->uid == uid)
		return user;
	return NULL;
}

/* The event loop then hears of the user's connections in the user's turns. */
static sc_status watch(struct sc_hsmd_listener *listener, struct sc_hsmd_user *user, struct sc_error *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = user };

	assert(listener->user_epoll >= 0);
	if (sc_os->epoll_ctl(listener->epoll, EPOLL_CTL_ADD, listener->user_epoll, &event))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot add a user to the event loop");
	user->epoll = listener->user_epoll;
	listener->user_epoll = -1;
	return SC_OK;
}

static sc_status add_user(struct sc_hsmd_listener *listener, uid_t uid,
			  const unsigned most[SC_SCHEDULE_LANES], struct sc_hsmd_user **out,
			  struct sc_error *err)
{
	struct sc_hsmd_user *user = calloc(1, sizeof *user);
	sc_status status;

	SC_ENSURE(user, err, SC_ERR_MEMORY, "out of memory for a user: new connection closed");
	user->source = SC_HSMD_SOURCE_USER;
	user->uid = uid;
	user->listener = listener;
	status = watch(listener, user, err);
	if (status != SC_OK) {
		free(user);
		return status;
	}
	sc_hsmd_holder_start(&user->holder, &listener->holder);
	sc_schedule_turn_start(&user->turn, &listener->turn);
	for (unsigned lane = 0; lane < SC_SCHEDULE_LANES; lane++)
		user->turn.lanes[lane].most = most[lane];
	LIST_INSERT_HEAD(&listener->users, user, next);
	*out = user;
	return SC_OK;
}

sc_status sc_hsmd_listener_user(struct sc_hsmd_listener *listener, uid_t uid,
				const unsigned most[SC_SCHEDULE_LANES], struct sc_hsmd_user **out,
				struct sc_error *err)
{
	struct sc_hsmd_user *user = find(listener, uid);

	if (!user)
		SC_TRY(add_user(listener, uid, most, &user, err));
	user->references++;
	*out = user;
	return SC_OK;
}

void sc_hsmd_user_release(struct sc_hsmd_user *user)
{
	if (--user->references)
		return;
	LIST_REMOVE(user, next);
	(void)sc_os->close(user->epoll);
	free(user);
}
