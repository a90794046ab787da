/*
 * Worker threads: see jobs.h. A job waits in its gate, then in its lane, from which a worker takes it. One
 * lock guards all queues; it is never held while a job runs or is given up.
 */
#include "web/jobs.h"

#include <limits.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "web/job_queue.h"

#define LANES 2

struct lane;

/*
 * A job that was accepted. It is one of its party's in the lane from then on, in the gate while it waits
 * there.
 */
struct work {
	struct sc_web_queued in_lane;
	struct sc_web_queued in_gate;
	struct lane *lane;
	struct sc_web_gate *gate; /* NULL: none */
	const struct sc_web_job *job;
	void *context;
};

struct sc_web_gate {
	unsigned most;
	unsigned admitted; /* in a lane's queue or on a worker */
	struct sc_web_job_queue queue;
	LIST_ENTRY(sc_web_gate) next; /* of those with waiting jobs */
};
LIST_HEAD(gates, sc_web_gate);

struct lane {
	struct sc_web_jobs *jobs;
	pthread_cond_t wake;
	struct sc_web_job_queue queue;
	unsigned workers;
	pthread_t *thread;
	unsigned started; /* of them */
};

struct sc_web_jobs {
	pthread_mutex_t lock;
	unsigned waiting_max; /* jobs of one party in each lane */
	bool must_end;
	struct lane lane[LANES];
	struct gates crowded; /* with waiting jobs */
};

static struct work *work_of(struct sc_web_queued *queued, size_t offset)
{
	return queued ? (struct work *)(void *)((char *)queued - offset) : NULL;
}

static struct work *take_from_lane(struct lane *lane, unsigned most)
{
	return work_of(sc_web_job_queue_take(&lane->queue, most), offsetof(struct work, in_lane));
}

/* It does not wait there any more. */
static struct work *take_from_gate(struct sc_web_gate *gate)
{
	struct work *work =
	    work_of(sc_web_job_queue_take(&gate->queue, UINT_MAX), offsetof(struct work, in_gate));

	if (!work)
		return NULL;
	sc_web_job_queue_leave(&gate->queue, &work->in_gate);
	if (gate->queue.waiting == 0)
		LIST_REMOVE(gate, next);
	return work;
}

/* -- gates ------------------------------------------------------------------------------------- */

sc_status sc_web_gate_new(unsigned most, struct sc_web_gate **out, struct sc_error *err)
{
	struct sc_web_gate *gate;

	SC_ENSURE(most > 0, err, SC_ERR_ARGUMENT, "a gate must let at least one job pass");
	gate = calloc(1, sizeof *gate);
	SC_TRY(sc_check_allocated(gate, err));
	gate->most = most;
	sc_web_job_queue_init(&gate->queue);
	*out = gate;
	return SC_OK;
}

void sc_web_gate_free(struct sc_web_gate *gate)
{
	free(gate);
}

/* The lock is held. A job that holds a place of its gate goes first: others wait for that place. */
static void enqueue(struct work *work)
{
	if (work->gate)
		sc_web_job_queue_add_first(&work->lane->queue, &work->in_lane);
	else
		sc_web_job_queue_add(&work->lane->queue, &work->in_lane);
	pthread_cond_signal(&work->lane->wake);
}

/* The lock is held. The next of the gate takes the place of a job that has gone. */
static void admit_next(struct sc_web_gate *gate)
{
	struct work *next = take_from_gate(gate);

	if (next)
		enqueue(next);
	else
		gate->admitted--;
}

/* The lock is held. A job that was taken from its lane has gone. */
static void leave_lane(struct work *work)
{
	sc_web_job_queue_leave(&work->lane->queue, &work->in_lane);
	if (work->gate)
		admit_next(work->gate);
}

/* -- workers ----------------------------------------------------------------------------------- */

static void run(const struct work *work)
{
	static const struct sc_error late = { .status = SC_ERR_TIMEOUT,
					      .message = "nobody awaited it any more: it was not begun" };

	if (!work->job->is_awaited || work->job->is_awaited(work->context))
		work->job->run(work->context);
	else
		work->job->give_up(work->context, &late);
}

/* Of several workers, one is always left to other parties. */
static unsigned share_of_party(const struct lane *lane)
{
	return lane->workers > 1 ? lane->workers - 1 : 1;
}

/* The lock is held. NULL once the worker must end. */
static struct work *wait_for_work(struct lane *lane)
{
	struct work *work = NULL;

	while (!lane->jobs->must_end && !(work = take_from_lane(lane, share_of_party(lane))))
		pthread_cond_wait(&lane->wake, &lane->jobs->lock);
	return work;
}

static void *serve(void *argument)
{
	struct lane *lane = argument;
	struct work *work;

	pthread_mutex_lock(&lane->jobs->lock);
	while ((work = wait_for_work(lane))) {
		pthread_mutex_unlock(&lane->jobs->lock);
		run(work);
		pthread_mutex_lock(&lane->jobs->lock);
		leave_lane(work);
		free(work);
	}
	pthread_mutex_unlock(&lane->jobs->lock);
	return NULL;
}

static sc_status start_lane(struct lane *lane, struct sc_error *err)
{
	lane->thread = calloc(lane->workers, sizeof *lane->thread);
	SC_TRY(sc_check_allocated(lane->thread, err));
	for (; lane->started < lane->workers; lane->started++)
		SC_ENSURE(pthread_create(&lane->thread[lane->started], NULL, serve, lane) == 0, err,
			  SC_ERR_SYSTEM, "cannot start worker thread %u of %u", lane->started + 1,
			  lane->workers);
	return SC_OK;
}

sc_status sc_web_jobs_new(unsigned quick_workers, unsigned slow_workers, unsigned waiting_max,
			  struct sc_web_jobs **out, struct sc_error *err)
{
	SC_CLEANUP(sc_web_jobs) jobs = calloc(1, sizeof *jobs);

	SC_TRY(sc_check_allocated(jobs, err));
	jobs->waiting_max = waiting_max;
	LIST_INIT(&jobs->crowded);
	pthread_mutex_init(&jobs->lock, NULL);
	for (int i = 0; i < LANES; i++) {
		jobs->lane[i].jobs = jobs;
		jobs->lane[i].workers = i == SC_WEB_QUICK ? quick_workers : slow_workers;
		pthread_cond_init(&jobs->lane[i].wake, NULL);
		sc_web_job_queue_init(&jobs->lane[i].queue);
	}
	for (int i = 0; i < LANES; i++)
		SC_TRY(start_lane(&jobs->lane[i], err));
	*out = sc_steal(jobs);
	return SC_OK;
}

/* -- the callers' side ------------------------------------------------------------------------- */

/* One of several workers is always left to other jobs. */
static unsigned limit_of(const struct sc_web_gate *gate, const struct lane *lane)
{
	return lane->workers > 1 && gate->most >= lane->workers ? lane->workers - 1 : gate->most;
}

/* The lock is held. The work becomes its party's in its lane, unless that has too many waiting. */
static sc_status enter_lane(struct work *work, const char *party, struct sc_error *err)
{
	struct lane *lane = work->lane;

	SC_TRY(sc_web_job_queue_enter(&lane->queue, party, &work->in_lane, err));
	if (sc_web_job_queue_pending(&work->in_lane) <= lane->jobs->waiting_max)
		return SC_OK;
	sc_web_job_queue_withdraw(&lane->queue, &work->in_lane);
	return sc_fail(err, SC_ERR_BUSY, "%u jobs of the same client are already waiting",
		       lane->jobs->waiting_max);
}

/* The lock is held. The work becomes its party's in its lane and its gate, or in neither. */
static sc_status enter(struct work *work, const char *party, struct sc_error *err)
{
	sc_status status;

	SC_TRY(enter_lane(work, party, err));
	if (!work->gate)
		return SC_OK;
	status = sc_web_job_queue_enter(&work->gate->queue, party, &work->in_gate, err);
	if (status != SC_OK)
		sc_web_job_queue_withdraw(&work->lane->queue, &work->in_lane);
	return status;
}

/* The lock is held. Has the work wait in its gate. *evicted is what made room for it, or NULL. */
static sc_status wait_in_gate(struct work *work, struct work **evicted, struct sc_error *err)
{
	struct sc_web_gate *gate = work->gate;

	if (gate->queue.waiting >= SC_WEB_GATE_WAITING_MAX) {
		*evicted = work_of(sc_web_job_queue_evict(&gate->queue, &work->in_gate),
				   offsetof(struct work, in_gate));
		SC_ENSURE(*evicted, err, SC_ERR_BUSY, "%d jobs are already waiting for the same resource",
			  SC_WEB_GATE_WAITING_MAX);
		sc_web_job_queue_leave(&gate->queue, &(*evicted)->in_gate);
		sc_web_job_queue_withdraw(&(*evicted)->lane->queue, &(*evicted)->in_lane);
	} else if (gate->queue.waiting == 0)
		LIST_INSERT_HEAD(&work->lane->jobs->crowded, gate, next);
	sc_web_job_queue_add(&gate->queue, &work->in_gate);
	return SC_OK;
}

/* The same in its lane, beyond its gate. */
static sc_status wait_in_lane(struct work *work, struct work **evicted, struct sc_error *err)
{
	struct lane *lane = work->lane;

	if (lane->queue.waiting >= SC_WEB_JOBS_MAX) {
		*evicted = work_of(sc_web_job_queue_evict(&lane->queue, &work->in_lane),
				   offsetof(struct work, in_lane));
		SC_ENSURE(*evicted, err, SC_ERR_BUSY, "%d jobs are already waiting", SC_WEB_JOBS_MAX);
		leave_lane(*evicted);
	}
	if (work->gate) {
		work->gate->admitted++;
		sc_web_job_queue_withdraw(&work->gate->queue, &work->in_gate);
	}
	enqueue(work);
	return SC_OK;
}

/* The lock is held. */
static sc_status accept_work(struct work *work, const char *party, struct work **evicted,
			     struct sc_error *err)
{
	bool is_at_limit = work->gate && work->gate->admitted >= limit_of(work->gate, work->lane);
	sc_status status;

	SC_ENSURE(!work->lane->jobs->must_end, err, SC_ERR_STATE, "the service is stopping");
	SC_TRY(enter(work, party, err));
	status = is_at_limit ? wait_in_gate(work, evicted, err) : wait_in_lane(work, evicted, err);
	if (status == SC_OK)
		return SC_OK;
	sc_web_job_queue_withdraw(&work->lane->queue, &work->in_lane);
	if (work->gate)
		sc_web_job_queue_withdraw(&work->gate->queue, &work->in_gate);
	return status;
}

sc_status sc_web_jobs_run(struct sc_web_jobs *jobs, enum sc_web_lane lane, struct sc_web_gate *gate,
			  const char *party, const struct sc_web_job *job, void *context,
			  struct sc_error *err)
{
	static const struct sc_error crowded = { .status = SC_ERR_BUSY,
						 .message = "too many others are waiting" };
	struct work *work = calloc(1, sizeof *work);
	struct work *evicted = NULL;
	sc_status status;

	SC_TRY(sc_check_allocated(work, err));
	*work = (struct work){ .lane = &jobs->lane[lane], .gate = gate, .job = job, .context = context };
	pthread_mutex_lock(&jobs->lock);
	status = accept_work(work, party, &evicted, err);
	pthread_mutex_unlock(&jobs->lock);
	if (status != SC_OK)
		free(work);
	if (evicted)
		evicted->job->give_up(evicted->context, &crowded);
	free(evicted);
	return status;
}

/* -- the end ----------------------------------------------------------------------------------- */

static void join_workers(struct sc_web_jobs *jobs)
{
	for (int i = 0; i < LANES; i++)
		for (; jobs->lane[i].started > 0; jobs->lane[i].started--)
			pthread_join(jobs->lane[i].thread[jobs->lane[i].started - 1], NULL);
}

/*
 * The lock is held. Takes any job that waits: those of gates first, since one that goes lets the next one in.
 */
static struct work *take_waiting(struct sc_web_jobs *jobs)
{
	struct sc_web_gate *gate = LIST_FIRST(&jobs->crowded);
	struct work *work = gate ? take_from_gate(gate) : NULL;

	if (work) {
		sc_web_job_queue_withdraw(&work->lane->queue, &work->in_lane);
		return work;
	}
	for (int i = 0; i < LANES && !work; i++)
		work = take_from_lane(&jobs->lane[i], UINT_MAX);
	if (work)
		leave_lane(work);
	return work;
}

static struct work *take_waiting_locked(struct sc_web_jobs *jobs)
{
	struct work *work;

	pthread_mutex_lock(&jobs->lock);
	work = take_waiting(jobs);
	pthread_mutex_unlock(&jobs->lock);
	return work;
}

/* Workers take none any more. */
static void give_up_waiting(struct sc_web_jobs *jobs)
{
	static const struct sc_error stopping = { .status = SC_ERR_STATE,
						  .message = "the service is stopping" };
	struct work *work;

	while ((work = take_waiting_locked(jobs))) {
		work->job->give_up(work->context, &stopping);
		free(work);
	}
}

void sc_web_jobs_stop(struct sc_web_jobs *jobs)
{
	pthread_mutex_lock(&jobs->lock);
	jobs->must_end = true;
	for (int i = 0; i < LANES; i++)
		pthread_cond_broadcast(&jobs->lane[i].wake);
	pthread_mutex_unlock(&jobs->lock);
	give_up_waiting(jobs);
	join_workers(jobs);
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
