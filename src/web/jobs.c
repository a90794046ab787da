/*
 * Worker threads: see jobs.h. A job is in one list at a time: its gate's, then its lane's, from which a worker
 * takes it. One lock guards all lists; it is never held while a job runs.
 */
#include "web/jobs.h"

#include <pthread.h>
#include <stdlib.h>

#define LANES 2

struct lane;

struct job {
	struct job *next;
	struct lane *lane;
	struct sc_web_gate *gate; /* NULL: none */
	sc_web_job run;
	void *context;
};

struct list {
	struct job *first;
	struct job *last;
	size_t count;
};

struct sc_web_gate {
	unsigned most;
	unsigned admitted; /* in a lane's queue or on a worker */
	struct list waiting;
};

struct lane {
	struct sc_web_jobs *jobs;
	pthread_cond_t wake;
	struct list queue;
	size_t gated; /* jobs for this lane that wait in gates */
	pthread_t *thread;
	unsigned threads;
};

struct sc_web_jobs {
	pthread_mutex_t lock;
	bool must_end;
	struct lane lane[LANES];
};

/* -- lists ------------------------------------------------------------------------------------- */

static void append(struct list *list, struct job *job)
{
	job->next = NULL;
	*(list->last ? &list->last->next : &list->first) = job;
	list->last = job;
	list->count++;
}

static struct job *take_first(struct list *list)
{
	struct job *job = list->first;

	if (!job)
		return NULL;
	list->first = job->next;
	if (!list->first)
		list->last = NULL;
	list->count--;
	return job;
}

/* -- gates ------------------------------------------------------------------------------------- */

sc_status sc_web_gate_new(unsigned most, struct sc_web_gate **out, struct sc_error *err)
{
	struct sc_web_gate *gate;

	SC_ENSURE(most > 0, err, SC_ERR_ARGUMENT, "a gate must let at least one job pass");
	gate = calloc(1, sizeof *gate);
	SC_ENSURE(gate, err, SC_ERR_MEMORY, "out of memory for a gate");
	gate->most = most;
	*out = gate;
	return SC_OK;
}

void sc_web_gate_free(struct sc_web_gate *gate)
{
	free(gate);
}

/* The lock is held. At the end all workers wake up: one takes the job, the others see whether more will come. */
static void enqueue(struct job *job)
{
	append(&job->lane->queue, job);
	if (job->lane->jobs->must_end)
		pthread_cond_broadcast(&job->lane->wake);
	else
		pthread_cond_signal(&job->lane->wake);
}

/* The lock is held. The job has ended; the next of its gate takes its place. */
static void leave_gate(struct sc_web_gate *gate)
{
	struct job *next = take_first(&gate->waiting);

	if (next) {
		next->lane->gated--;
		enqueue(next);
	} else {
		gate->admitted--;
	}
}

/* -- workers ----------------------------------------------------------------------------------- */

/* The lock is held. NULL once nothing is left to do. */
static struct job *wait_for_job(struct lane *lane)
{
	while (lane->queue.count == 0 && (lane->gated > 0 || !lane->jobs->must_end))
		pthread_cond_wait(&lane->wake, &lane->jobs->lock);
	return take_first(&lane->queue);
}

static void *work(void *argument)
{
	struct lane *lane = argument;
	struct job *job;

	pthread_mutex_lock(&lane->jobs->lock);
	while ((job = wait_for_job(lane))) {
		pthread_mutex_unlock(&lane->jobs->lock);
		job->run(job->context);
		pthread_mutex_lock(&lane->jobs->lock);
		if (job->gate)
			leave_gate(job->gate);
		free(job);
	}
	pthread_mutex_unlock(&lane->jobs->lock);
	return NULL;
}

static sc_status start_lane(struct lane *lane, unsigned threads, struct sc_error *err)
{
	lane->thread = calloc(threads, sizeof *lane->thread);
	SC_ENSURE(lane->thread, err, SC_ERR_MEMORY, "out of memory for worker threads");
	for (; lane->threads < threads; lane->threads++)
		SC_ENSURE(pthread_create(&lane->thread[lane->threads], NULL, work, lane) == 0, err,
			  SC_ERR_SYSTEM, "cannot start worker thread %u of %u", lane->threads + 1, threads);
	return SC_OK;
}

sc_status sc_web_jobs_new(unsigned quick_workers, unsigned slow_workers, struct sc_web_jobs **out,
			  struct sc_error *err)
{
	SC_CLEANUP(sc_web_jobs) jobs = calloc(1, sizeof *jobs);

	SC_ENSURE(jobs, err, SC_ERR_MEMORY, "out of memory for worker threads");
	pthread_mutex_init(&jobs->lock, NULL);
	for (int i = 0; i < LANES; i++) {
		jobs->lane[i].jobs = jobs;
		pthread_cond_init(&jobs->lane[i].wake, NULL);
	}
	SC_TRY(start_lane(&jobs->lane[SC_WEB_QUICK], quick_workers, err));
	SC_TRY(start_lane(&jobs->lane[SC_WEB_SLOW], slow_workers, err));
	*out = sc_steal(jobs);
	return SC_OK;
}

/* -- the callers' side ------------------------------------------------------------------------- */

/* One of several workers is always left to other jobs. */
static unsigned limit_of(const struct sc_web_gate *gate, const struct lane *lane)
{
	return lane->threads > 1 && gate->most >= lane->threads ? lane->threads - 1 : gate->most;
}

/* The lock is held. Puts the job into a list, unless that would be too long. */
static sc_status accept_job(struct job *job, struct sc_error *err)
{
	struct lane *lane = job->lane;
	struct sc_web_gate *gate = job->gate;

	SC_ENSURE(!lane->jobs->must_end, err, SC_ERR_STATE, "the service is stopping");
	if (gate && gate->admitted >= limit_of(gate, lane)) {
		SC_ENSURE(gate->waiting.count < SC_WEB_GATE_WAITING_MAX, err, SC_ERR_BUSY,
			  "%d jobs are already waiting for the same resource", SC_WEB_GATE_WAITING_MAX);
		append(&gate->waiting, job);
		lane->gated++;
		return SC_OK;
	}
	SC_ENSURE(lane->queue.count < SC_WEB_JOBS_MAX, err, SC_ERR_BUSY, "%d jobs are already waiting",
		  SC_WEB_JOBS_MAX);
	if (gate)
		gate->admitted++;
	enqueue(job);
	return SC_OK;
}

sc_status sc_web_jobs_run(struct sc_web_jobs *jobs, enum sc_web_lane lane, struct sc_web_gate *gate,
			  sc_web_job job, void *context, struct sc_error *err)
{
	struct job *accepted = malloc(sizeof *accepted);
	sc_status status;

	SC_ENSURE(accepted, err, SC_ERR_MEMORY, "out of memory for a job");
	*accepted = (struct job){ .lane = &jobs->lane[lane], .gate = gate, .run = job, .context = context };
	pthread_mutex_lock(&jobs->lock);
	status = accept_job(accepted, err);
	pthread_mutex_unlock(&jobs->lock);
	if (status != SC_OK)
		free(accepted);
	return status;
}

void sc_web_jobs_stop(struct sc_web_jobs *jobs)
{
	pthread_mutex_lock(&jobs->lock);
	jobs->must_end = true;
	for (int i = 0; i < LANES; i++)
		pthread_cond_broadcast(&jobs->lane[i].wake);
	pthread_mutex_unlock(&jobs->lock);
	for (int i = 0; i < LANES; i++)
		for (; jobs->lane[i].threads > 0; jobs->lane[i].threads--)
			pthread_join(jobs->lane[i].thread[jobs->lane[i].threads - 1], NULL);
}

void sc_web_jobs_free(struct sc_web_jobs *jobs)
{
	if (!jobs)
		return;
	sc_web_jobs_stop(jobs);
	for (int i = 0; i < LANES; i++) {
		pthread_cond_destroy(&jobs->lane[i].wake);
		free(jobs->lane[i].thread);
	}
	pthread_mutex_destroy(&jobs->lock);
	free(jobs);
}
