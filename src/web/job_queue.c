/* Whose job is next: see job_queue.h. */
#include "web/job_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sc_web_party {
	TAILQ_ENTRY(sc_web_party) in_all;
	TAILQ_ENTRY(sc_web_party) in_ring;
	struct sc_web_queued_jobs jobs; /* that wait */
	size_t waiting;
	unsigned taken;
	unsigned entered; /* all of its jobs: the party goes with the last */
	char name[SC_WEB_PARTY_SIZE];
};

void sc_web_job_queue_init(struct sc_web_job_queue *queue)
{
	TAILQ_INIT(&queue->all);
	TAILQ_INIT(&queue->ring);
	queue->waiting = 0;
}

static struct sc_web_party *find(const struct sc_web_job_queue *queue, const char *name)
{
	struct sc_web_party *party = TAILQ_FIRST(&queue->all);

	while (party && strncmp(party->name, name, sizeof party->name - 1) != 0)
		party = TAILQ_NEXT(party, in_all);
	return party;
}

sc_status sc_web_job_queue_enter(struct sc_web_job_queue *queue, const char *name, struct sc_web_queued *job,
				 struct sc_error *err)
{
	struct sc_web_party *party = find(queue, name);

	if (!party) {
		party = calloc(1, sizeof *party);
		SC_TRY(sc_check_allocated(party, err));
		TAILQ_INIT(&party->jobs);
		snprintf(party->name, sizeof party->name, "%s", name);
		TAILQ_INSERT_TAIL(&queue->all, party, in_all);
	}
	party->entered++;
	job->party = party;
	return SC_OK;
}

/* `before` is a waiting job of the same party, or NULL. */
static void add_before(struct sc_web_job_queue *queue, struct sc_web_queued *before,
		       struct sc_web_queued *job)
{
	struct sc_web_party *party = job->party;

	if (party->waiting == 0)
		TAILQ_INSERT_TAIL(&queue->ring, party, in_ring);
	if (before)
		TAILQ_INSERT_BEFORE(before, job, next);
	else
		TAILQ_INSERT_TAIL(&party->jobs, job, next);
	party->waiting++;
	queue->waiting++;
}

void sc_web_job_queue_add(struct sc_web_job_queue *queue, struct sc_web_queued *job)
{
	add_before(queue, NULL, job);
}

void sc_web_job_queue_add_first(struct sc_web_job_queue *queue, struct sc_web_queued *job)
{
	struct sc_web_queued *before = TAILQ_FIRST(&job->party->jobs);

	while (before && before->goes_first)
		before = TAILQ_NEXT(before, next);
	job->goes_first = true;
	add_before(queue, before, job);
}

unsigned sc_web_job_queue_pending(const struct sc_web_queued *job)
{
	return job->party->entered - job->party->taken;
}

static void remove_job(struct sc_web_job_queue *queue, struct sc_web_queued *job)
{
	struct sc_web_party *party = job->party;

	TAILQ_REMOVE(&party->jobs, job, next);
	party->waiting--;
	party->taken++;
	queue->waiting--;
	if (party->waiting == 0)
		TAILQ_REMOVE(&queue->ring, party, in_ring);
}

struct sc_web_queued *sc_web_job_queue_take(struct sc_web_job_queue *queue, unsigned most)
{
	struct sc_web_party *party = TAILQ_FIRST(&queue->ring);
	struct sc_web_queued *job;

	while (party && party->taken >= most)
		party = TAILQ_NEXT(party, in_ring);
	if (!party)
		return NULL;
	job = TAILQ_FIRST(&party->jobs);
	remove_job(queue, job);
	if (party->waiting > 0) {
		TAILQ_REMOVE(&queue->ring, party, in_ring);
		TAILQ_INSERT_TAIL(&queue->ring, party, in_ring);
	}
	return job;
}

void sc_web_job_queue_withdraw(struct sc_web_job_queue *queue, struct sc_web_queued *job)
{
	struct sc_web_party *party = sc_steal(job->party);

	party->entered--;
	if (party->entered > 0)
		return;
	TAILQ_REMOVE(&queue->all, party, in_all);
	free(party);
}

void sc_web_job_queue_leave(struct sc_web_job_queue *queue, struct sc_web_queued *job)
{
	job->party->taken--;
	sc_web_job_queue_withdraw(queue, job);
}

struct sc_web_queued *sc_web_job_queue_evict(struct sc_web_job_queue *queue, const struct sc_web_queued *job)
{
	struct sc_web_party *biggest = TAILQ_FIRST(&queue->ring);
	struct sc_web_party *party;
	struct sc_web_queued *last;

	for (party = biggest; party; party = TAILQ_NEXT(party, in_ring))
		if (party->waiting > biggest->waiting)
			biggest = party;
	if (!biggest || biggest->waiting <= job->party->waiting + 1)
		return NULL;
	last = TAILQ_LAST(&biggest->jobs, sc_web_queued_jobs);
	remove_job(queue, last);
	return last;
}
