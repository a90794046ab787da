/* Worker threads: see jobs.h. */
#include "web/jobs.h"

#include <pthread.h>
#include <stdlib.h>

#define LANES 2

struct job {
	sc_web_job run;
	void *context;
};

struct lane {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job queue[SC_WEB_JOBS_MAX]; /* a ring */
	size_t first;
	size_t count;
	bool must_end;
	pthread_t *thread;
	unsigned threads;
};

struct sc_web_jobs {
	struct lane lane[LANES];
};

static void *work(void *argument)
{
	struct lane *lane = argument;

	pthread_mutex_lock(&lane->lock);
	for (;;) {
		struct job job;

		while (lane->count == 0 && !lane->must_end)
			pthread_cond_wait(&lane->wake, &lane->lock);
		if (lane->count == 0)
			break;
		job = lane->queue[lane->first];
		lane->first = (lane->first + 1) % SC_WEB_JOBS_MAX;
		lane->count--;
		pthread_mutex_unlock(&lane->lock);
		job.run(job.context);
		pthread_mutex_lock(&lane->lock);
	}
	pthread_mutex_unlock(&lane->lock);
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
	for (int i = 0; i < LANES; i++) {
		pthread_mutex_init(&jobs->lane[i].lock, NULL);
		pthread_cond_init(&jobs->lane[i].wake, NULL);
	}
	SC_TRY(start_lane(&jobs->lane[SC_WEB_QUICK], quick_workers, err));
	SC_TRY(start_lane(&jobs->lane[SC_WEB_SLOW], slow_workers, err));
	*out = sc_steal(jobs);
	return SC_OK;
}

sc_status sc_web_jobs_run(struct sc_web_jobs *jobs, enum sc_web_lane lane, sc_web_job job, void *context,
			  struct sc_error *err)
{
	struct lane *at = &jobs->lane[lane];
	sc_status status = SC_OK;

	pthread_mutex_lock(&at->lock);
	if (at->must_end) {
		status = sc_fail(err, SC_ERR_STATE, "the service is stopping");
	} else if (at->count == SC_WEB_JOBS_MAX) {
		status = sc_fail(err, SC_ERR_BUSY, "%d jobs are already waiting", SC_WEB_JOBS_MAX);
	} else {
		at->queue[(at->first + at->count) % SC_WEB_JOBS_MAX] = (struct job){ job, context };
		at->count++;
		pthread_cond_signal(&at->wake);
	}
	pthread_mutex_unlock(&at->lock);
	return status;
}

void sc_web_jobs_stop(struct sc_web_jobs *jobs)
{
	for (int i = 0; i < LANES; i++) {
		pthread_mutex_lock(&jobs->lane[i].lock);
		jobs->lane[i].must_end = true;
		pthread_cond_broadcast(&jobs->lane[i].wake);
		pthread_mutex_unlock(&jobs->lane[i].lock);
	}
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
		pthread_mutex_destroy(&jobs->lane[i].lock);
		free(jobs->lane[i].thread);
	}
	free(jobs);
}
