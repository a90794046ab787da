/*
 * A listening socket of the module, and the users that have connections on it. A *user* is a user id on one
 * socket: the peer that shares are counted for and turns are taken by. The same user id on another socket is
 * another user, so that nothing that arrives on one socket changes what another one has.
 */
#ifndef SC_HSMD_OS_LISTENER_H
#define SC_HSMD_OS_LISTENER_H

#include <sys/types.h>

#include "base/log_limit.h"
#include "hsmd/core/module.h"
#include "hsmd/os/holder.h"
#include "hsmd/os/schedule.h"

/*
 * What an epoll event belongs to; the first member of each such struct. The event loop waits for signals, its
 * eventfd and the listeners' epoll descriptors; each of those for new connections and for its users' epoll
 * descriptors; and each of those for the user's connections.
 */
enum sc_hsmd_source {
	SC_HSMD_SOURCE_SIGNAL,
	SC_HSMD_SOURCE_WAKE,
	SC_HSMD_SOURCE_LISTENER,
	SC_HSMD_SOURCE_USER,
	SC_HSMD_SOURCE_CONNECTION,
};

/* Why connections are closed while the exchange's lock is held. */
enum sc_hsmd_complaint {
	SC_HSMD_COMPLAINT_FULL,
	SC_HSMD_COMPLAINT_UNREAD,
	SC_HSMD_COMPLAINT_PLACES,
	SC_HSMD_COMPLAINTS,
};

struct sc_hsmd_user {
	enum sc_hsmd_source source;
	int epoll; /* of its connections */
	uid_t uid;
	unsigned references; /* of connections that are not freed yet */
	struct sc_hsmd_listener *listener;
	struct sc_hsmd_holder holder;
	struct sc_schedule_turn turn;
	LIST_ENTRY(sc_hsmd_user) next;
};

struct sc_hsmd_listener {
	enum sc_hsmd_source source;
	int fd;
	int epoll;      /* of the socket and its users */
	int user_epoll; /* for the next new user; -1: none */
	struct sc_policy policy;
	unsigned most_connections;
	int64_t paused_until; /* sc_clock_monotonic; paused because no descriptor was free. 0: not paused */
	/* The exchange's lock protects what follows. */
	struct sc_hsmd_memory *memory;
	struct sc_hsmd_holder holder;
	struct sc_schedule_turn turn;
	LIST_HEAD(, sc_hsmd_user) users;
	unsigned noted[SC_HSMD_COMPLAINTS]; /* that are not in the log yet */
	struct sc_log_limit complaints;     /* has a lock of its own in exchange.c */
};

/* Gives a listener its memory and its turn among `sockets`. SC_ERR_MEMORY. */
sc_status sc_hsmd_listener_start(struct sc_hsmd_listener *listener, struct sc_schedule_turn *sockets,
				 size_t memory, unsigned connections, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Sets a descriptor aside for a new user, before it is known whether the next connection brings one: a
 * connection that has been accepted could only be closed. SC_ERR_BUSY: there is no descriptor now.
 */
sc_status sc_hsmd_listener_reserve(struct sc_hsmd_listener *listener, struct sc_error *err) SC_WARN_UNUSED;

/* Frees the memory and the descriptor that is set aside. No user is left. */
void sc_hsmd_listener_end(struct sc_hsmd_listener *listener);

/*
 * The user with that id, with one more reference. `most` is how many of a user's requests may be in progress
 * in each lane. sc_hsmd_listener_reserve comes first. SC_ERR_MEMORY, SC_ERR_SYSTEM. A release of the last
 * reference frees it.
 */
sc_status sc_hsmd_listener_user(struct sc_hsmd_listener *listener, uid_t uid,
				const unsigned most[SC_SCHEDULE_LANES], struct sc_hsmd_user **out,
				struct sc_error *err) SC_WARN_UNUSED;
void sc_hsmd_user_release(struct sc_hsmd_user *user);

#endif
