/*
 * Jobs that wait for one thing, and whose turn is next: parties take turns, and the jobs of one party keep
 * their order. So a party that asks for much delays another's first job by one job of its own.
 *
 * There is no lock here: the caller holds its own around each call.
 */
#ifndef SC_WEB_JOB_QUEUE_H
#define SC_WEB_JOB_QUEUE_H

#include <sys/queue.h>

#include "base/bytes.h"

#define SC_WEB_PARTY_SIZE 64 /* of a party's name with its terminator; a longer one is cut */

/* A party in one queue: there while it has jobs. */
struct sc_web_party;
TAILQ_HEAD(sc_web_parties, sc_web_party);

/* A job in a queue, or taken from it and not yet done. Part of its owner's structure. */
struct sc_web_queued {
	TAILQ_ENTRY(sc_web_queued) next;
	struct sc_web_party *party;
	bool goes_first;
};
TAILQ_HEAD(sc_web_queued_jobs, sc_web_queued);

struct sc_web_job_queue {
	struct sc_web_parties all;
	struct sc_web_parties ring; /* those with waiting jobs, in the order of their turns */
	size_t waiting;             /* jobs */
};

void sc_web_job_queue_init(struct sc_web_job_queue *queue);

/* Makes the job one of the party's. SC_ERR_MEMORY. */
sc_status sc_web_job_queue_enter(struct sc_web_job_queue *queue, const char *party, struct sc_web_queued *job,
				 struct sc_error *err) SC_WARN_UNUSED;

/* A job that has entered waits from now on, behind those of its party. */
void sc_web_job_queue_add(struct sc_web_job_queue *queue, struct sc_web_queued *job);

/* The same, but ahead of those that were not added in this way. */
void sc_web_job_queue_add_first(struct sc_web_job_queue *queue, struct sc_web_queued *job);

/* How many jobs of this one's party have entered and have not been taken: this one is among them. */
unsigned sc_web_job_queue_pending(const struct sc_web_queued *job);

/*
 * Takes the first job of the first party that has fewer than `most` jobs taken and not gone; the party's next
 * turn comes after the others'. NULL if there is none.
 */
struct sc_web_queued *sc_web_job_queue_take(struct sc_web_job_queue *queue, unsigned most);

/* A job that has entered goes without having waited. */
void sc_web_job_queue_withdraw(struct sc_web_job_queue *queue, struct sc_web_queued *job);

/* A job that was taken goes. */
void sc_web_job_queue_leave(struct sc_web_job_queue *queue, struct sc_web_queued *job);

/*
 * Takes the last job of the party that has the most waiting, if `job`, which has entered, belongs to a party
 * that would have fewer with it. NULL otherwise.
 */
struct sc_web_queued *sc_web_job_queue_evict(struct sc_web_job_queue *queue, const struct sc_web_queued *job);

#endif
