/*
 * Worker threads for work that may wait, in two lanes, each with its own queue and threads, so that slow jobs
 * never delay quick ones; and gates in front of them. In lanes and gates, parties take turns. Nothing here
 * knows HTTP.
 */
#ifndef SC_WEB_JOBS_H
#define SC_WEB_JOBS_H

#include "base/bytes.h"

/* web.h says what belongs into which lane. */
enum sc_web_lane {
	SC_WEB_QUICK, /* waits for milliseconds */
	SC_WEB_SLOW,
};
#define SC_WEB_JOBS_MAX 1024 /* waiting in each lane */

/* A kind of job. Of each job that is accepted, exactly one of `run` and `give_up` is called, once. */
struct sc_web_job {
	void (*run)(void *context);

	/*
	 * Instead of `run`, with the reason: nobody awaits the job any more (SC_ERR_TIMEOUT), the lane or
	 * gate is full and others have less in it (SC_ERR_BUSY), or the service is stopping (SC_ERR_STATE).
	 * It runs on any thread, and must not wait.
	 */
	void (*give_up)(void *context, const struct sc_error *why);

	/* Asked before `run`. NULL: the job is always awaited. */
	bool (*is_awaited)(void *context);
};

/*
 * A gate limits how many jobs for one resource (a region's module, other hosts) hold a worker at a time, so
 * that a resource which is slow or hangs holds up only its own jobs. Further jobs wait in the gate, and not
 * in front of other jobs. When a job ends, the next in its gate is queued in its lane, ahead of its party's
 * jobs without a gate, so that no place of a gate waits behind those. If several resources may hang at once,
 * the lane needs more workers than the sum of their gates' `most`. A gate is for the jobs of one struct
 * sc_web_jobs.
 */
struct sc_web_gate;
#define SC_WEB_GATE_WAITING_MAX 128 /* in one gate */

/* `most` is at least 1; in a lane of several workers, one is left to others all the same. SC_ERR_MEMORY. */
sc_status sc_web_gate_new(unsigned most, struct sc_web_gate **out, struct sc_error *err) SC_WARN_UNUSED;

/* Call only after the workers whose jobs used it have been stopped. NULL is allowed. */
void sc_web_gate_free(struct sc_web_gate *gate);
SC_CLEANUP_POINTER(sc_web_gate, struct sc_web_gate, sc_web_gate_free)

struct sc_web_jobs;

/*
 * Starts the threads. A party has at most `waiting_max` jobs waiting in a lane. SC_ERR_MEMORY, SC_ERR_SYSTEM.
 */
sc_status sc_web_jobs_new(unsigned quick_workers, unsigned slow_workers, unsigned waiting_max,
			  struct sc_web_jobs **out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Runs a job on a worker of the lane, through the gate unless that is NULL. `party` is whose job it is (cut
 * to SC_WEB_PARTY_SIZE): of several workers, a party holds all but one at most. If the lane or the gate is
 * full, the last job of the party with the most in it is given up, or this one is not accepted. SC_ERR_BUSY,
 * SC_ERR_STATE once stopped, SC_ERR_MEMORY: neither of the job's functions is called.
 */
sc_status sc_web_jobs_run(struct sc_web_jobs *jobs, enum sc_web_lane lane, struct sc_web_gate *gate,
			  const char *party, const struct sc_web_job *job, void *context,
			  struct sc_error *err) SC_WARN_UNUSED;

/* Accepts no more jobs, gives up those that wait, then finishes those that run and joins the threads. */
void sc_web_jobs_stop(struct sc_web_jobs *jobs);

/* Stops and frees; NULL is allowed. */
void sc_web_jobs_free(struct sc_web_jobs *jobs);
SC_CLEANUP_POINTER(sc_web_jobs, struct sc_web_jobs, sc_web_jobs_free)

#endif
