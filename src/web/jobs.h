/*
 * Worker threads for work that may wait, in two lanes, each with its own queue and threads, so that slow jobs
 * never delay quick ones; and gates in front of them. Nothing here knows HTTP.
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

typedef void (*sc_web_job)(void *context);

/*
 * A gate limits how many jobs for one resource (a region's module, other hosts) hold a worker at a time, so
 * that a resource which is slow or hangs holds up only its own jobs. Further jobs wait in the gate, in their
 * order, and not in front of other jobs. When a job ends, the next in its gate is queued in its lane. If
 * several resources may hang at once, the lane needs more workers than the sum of their gates' `most`.
 */
struct sc_web_gate;
#define SC_WEB_GATE_WAITING_MAX 128 /* in one gate */

/* `most` is at least 1; in a lane of several workers, one is left to others all the same. SC_ERR_MEMORY. */
sc_status sc_web_gate_new(unsigned most, struct sc_web_gate **out, struct sc_error *err) SC_WARN_UNUSED;

/* Call only after the workers whose jobs used it have been stopped. NULL is allowed. */
void sc_web_gate_free(struct sc_web_gate *gate);
SC_CLEANUP_POINTER(sc_web_gate, struct sc_web_gate, sc_web_gate_free)

struct sc_web_jobs;

/* Starts the threads. SC_ERR_MEMORY, SC_ERR_SYSTEM. */
sc_status sc_web_jobs_new(unsigned quick_workers, unsigned slow_workers, struct sc_web_jobs **out,
			  struct sc_error *err) SC_WARN_UNUSED;

/* As sc_web_run_gated() and, without a gate (NULL), sc_web_run(): see web.h. */
sc_status sc_web_jobs_run(struct sc_web_jobs *jobs, enum sc_web_lane lane, struct sc_web_gate *gate,
			  sc_web_job job, void *context, struct sc_error *err) SC_WARN_UNUSED;

/* Runs the queued jobs and those that wait in gates, accepts no more, joins the threads. */
void sc_web_jobs_stop(struct sc_web_jobs *jobs);

/* Stops and frees; NULL is allowed. */
void sc_web_jobs_free(struct sc_web_jobs *jobs);
SC_CLEANUP_POINTER(sc_web_jobs, struct sc_web_jobs, sc_web_jobs_free)

#endif
