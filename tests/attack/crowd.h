/*
 * Many connections to one socket of a module that ask for more than their share, in a thread of their own: for the
 * attacks on what other peers get meanwhile.
 */
#ifndef SC_TESTS_ATTACK_CROWD_H
#define SC_TESTS_ATTACK_CROWD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

#define CROWD_MESSAGES 8

struct crowd_plan {
	const char *module;
	const char *socket;
	unsigned connections;
	unsigned pipelined; /* requests that each connection has under way, at most */
	bool reads;         /* its answers */
	bool persists;      /* asks again for every answer, and connects again when dropped */
	struct sc_view messages[CROWD_MESSAGES]; /* each connection sends them in turn; until an empty one */
};

struct crowd;

/* Connects, and returns once every connection has sent its first request. What `messages` view must outlive it. */
struct crowd *crowd_start(const struct crowd_plan *plan);

/* Ends all its connections. Returns how many answers it has read. */
size_t crowd_stop(struct crowd *crowd);

/* A raw connection, not waiting, with room for the largest message. -1 if the module does not accept it. */
int crowd_dial(const char *module, const char *socket);

#endif
