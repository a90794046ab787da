/*
 * Many connections to one socket of a module that ask for more than their share, in a thread of their own:
 * for the attacks on what other peers get meanwhile.
 */
#ifndef SC_TESTS_ATTACK_CROWD_H
#define SC_TESTS_ATTACK_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/bytes.h"

#define CROWD_MESSAGES 8

struct crowd_plan {
	const char *module;
	const char *socket;
	unsigned connections;
	unsigned pipelined; /* requests that each connection has under way, at most */
	bool reads;         /* its answers */
	bool persists;      /* asks again for every answer */
	unsigned lives;     /* ms after which a connection is replaced by a new one; 0: never */
	uid_t user;         /* under which it connects; 0: the program's own */
	struct sc_view messages[CROWD_MESSAGES]; /* each connection sends them in turn; until an empty one */
};

struct crowd;

/* A user id other than the program's. Only root can take it. */
#define CROWD_USER 12345

/*
 * Connects, and returns once every connection has sent its first request. One that is dropped connects again,
 * for as long as the crowd is there. What `messages` view must outlive it.
 */
struct crowd *crowd_start(const struct crowd_plan *plan);

/*
 * Peers that ask for evidence, and at the largest size for what is refused, as much as they can, and read
 * nothing.
 */
struct crowd *crowd_start_deaf(const char *module, const char *socket, unsigned connections, uid_t user);

/*
 * Waits until every connection has been full: it had more to send, and neither the module nor the kernel took
 * it. False if that has not come in a minute.
 */
bool crowd_await_full(const struct crowd *crowd);

/* Waits until every connection has been replaced by a new one after its time. False as above. */
bool crowd_await_renewed(const struct crowd *crowd);

/*
 * Ends all its connections. Returns how many answers it has read, those to a connection whose time was over
 * included.
 */
size_t crowd_stop(struct crowd *crowd);

/*
 * A raw connection, with room for the largest message. -1 if the module does not accept it. user: as in
 * crowd_plan.
 */
int crowd_dial(const char *module, const char *socket, uid_t user);

#endif
