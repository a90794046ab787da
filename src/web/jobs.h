/*
 * Worker threads for work that may wait, in two lanes, each with its own queue and threads, and the gates in
 * front of them: see web.h, which documents gates. Nothing here knows HTTP.
 */
#ifndef SC_WEB_JOBS_H
#define SC_WEB_JOBS_H

#include "web/web.h"

struct sc_web_jobs;

sc_status sc_web_jobs_new(unsigned quick_workers, unsigned slow_workers, struct sc_web_jobs **out,
			  struct sc_error *err) SC_WARN_UNUSED;

/* Like sc_web_run_gated(); without a gate (NULL), like sc_web_run(). */
sc_status sc_web_jobs_run(struct sc_web_jobs *jobs, enum sc_web_lane lane, struct sc_web_gate *gate,
			  sc_web_job job, void *context, struct sc_error *err) SC_WARN_UNUSED;

/* Runs the queued jobs and those that wait in gates, accepts no more, joins the threads. */
void sc_web_jobs_stop(struct sc_web_jobs *jobs);

/* Stops and frees; NULL is allowed. */
void sc_web_jobs_free(struct sc_web_jobs *jobs);
SC_CLEANUP_POINTER(sc_web_jobs, struct sc_web_jobs, sc_web_jobs_free)

#endif
