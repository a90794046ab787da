/*
 * Timers: see timers.h. They are sorted by deadline. Those of one list have one time limit, as a rule, so
 * that a new one belongs at the end. The lock is released around each callback, because callbacks take other
 * locks.
 */
#include "web/timers.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/condition.h"

struct sc_web_timers {
	pthread_mutex_t turn; /* held by the thread that calls back; taken before `lock` */
	pthread_mutex_t lock; /* guards the rest, and the timers */
	pthread_cond_t wake;  /* for the thread: the first deadline has changed, or it must end */
	pthread_cond_t ended; /* a callback has returned */
	pthread_t thread;
	int64_t
	    looks_at; /* when the thread looks again unasked; INT64_MAX: when it is woken. 0: it is awake */
	bool has_thread;
	bool must_end;
	bool is_closed;
	struct sc_web_timer *first;
	struct sc_web_timer *last;
	struct sc_web_timer *running; /* its callback is being called, by `runner` */
	pthread_t runner;
};

/* -- the list: the lock is held ---------------------------------------------------------------- */

static void put_in(struct sc_web_timers *timers, struct sc_web_timer *timer)
{
	struct sc_web_timer *before = timers->last;

	while (before && before->deadline > timer->deadline)
		before = before->previous;
	timer->previous = before;
	timer->next = before ? before->next : timers->first;
	*(before ? &before->next : &timers->first) = timer;
	*(timer->next ? &timer->next->previous : &timers->last) = timer;
	timer->is_set = true;
}

static void take_out(struct sc_web_timers *timers, struct sc_web_timer *timer)
{
	if (!timer->is_set)
		return;
	*(timer->previous ? &timer->previous->next : &timers->first) = timer->next;
	*(timer->next ? &timer->next->previous : &timers->last) = timer->previous;
	timer->is_set = false;
}

/* Afterwards the timer may be gone, with an owner that waited in sc_web_timer_cancel(). */
static void call_back(struct sc_web_timers *timers, struct sc_web_timer *timer)
{
	void (*expire)(void *context) = timer->expire;
	void *context = timer->context;

	take_out(timers, timer);
	timers->running = timer;
	timers->runner = pthread_self();
	pthread_mutex_unlock(&timers->lock);
	expire(context);
	pthread_mutex_lock(&timers->lock);
	timers->running = NULL;
	pthread_cond_broadcast(&timers->ended);
}

/* -- the owners' side -------------------------------------------------------------------------- */

bool sc_web_timer_set(struct sc_web_timers *timers, struct sc_web_timer *timer, int64_t deadline,
		      void (*expire)(void *context), void *context)
{
	bool is_closed;

	pthread_mutex_lock(&timers->lock);
	take_out(timers, timer);
	is_closed = timers->is_closed;
	if (!is_closed) {
		timer->deadline = deadline;
		timer->expire = expire;
		timer->context = context;
		put_in(timers, timer);
		/* Waking a thread costs more than all the rest: only if it would look too late. */
		if (deadline < timers->looks_at)
			pthread_cond_signal(&timers->wake);
	}
	pthread_mutex_unlock(&timers->lock);
	return !is_closed;
}

void sc_web_timer_cancel(struct sc_web_timers *timers, struct sc_web_timer *timer)
{
	pthread_mutex_lock(&timers->lock);
	take_out(timers, timer);
	while (timers->running == timer && !pthread_equal(timers->runner, pthread_self()))
		pthread_cond_wait(&timers->ended, &timers->lock);
	pthread_mutex_unlock(&timers->lock);
}

/* -- running ----------------------------------------------------------------------------------- */

void sc_web_timers_run(struct sc_web_timers *timers, int64_t now)
{
	pthread_mutex_lock(&timers->turn);
	pthread_mutex_lock(&timers->lock);
	while (timers->first && timers->first->deadline <= now)
		call_back(timers, timers->first);
	pthread_mutex_unlock(&timers->lock);
	pthread_mutex_unlock(&timers->turn);
}

void sc_web_timers_close(struct sc_web_timers *timers)
{
	pthread_mutex_lock(&timers->lock);
	timers->is_closed = true;
	pthread_mutex_unlock(&timers->lock);
	sc_web_timers_run(timers, INT64_MAX);
}

/* The lock is held. The clock of the wait may stop, or be another than the deadlines': at most a second. */
static void wait_until_due(struct sc_web_timers *timers)
{
	int64_t now = sc_clock_monotonic();
	int64_t left = timers->first ? timers->first->deadline - now : 0;

	if (!timers->first) {
		timers->looks_at = INT64_MAX;
		pthread_cond_wait(&timers->wake, &timers->lock);
	} else if (left > 0) {
		left = left < SC_SECOND ? left : SC_SECOND;
		timers->looks_at = now + left;
		(void)sc_condition_wait(&timers->wake, &timers->lock, left);
	}
	timers->looks_at = 0;
}

static void *work(void *argument)
{
	struct sc_web_timers *timers = argument;
	bool must_end = false;

	while (!must_end) {
		sc_web_timers_run(timers, sc_clock_monotonic());
		pthread_mutex_lock(&timers->lock);
		if (!timers->must_end)
			wait_until_due(timers);
		must_end = timers->must_end;
		pthread_mutex_unlock(&timers->lock);
	}
	return NULL;
}

/* -- its life ---------------------------------------------------------------------------------- */

sc_status sc_web_timers_new(struct sc_web_timers **out, struct sc_error *err)
{
	struct sc_web_timers *timers = calloc(1, sizeof *timers);

	SC_TRY(sc_check_allocated(timers, err));
	pthread_mutex_init(&timers->turn, NULL);
	pthread_mutex_init(&timers->lock, NULL);
	sc_condition_init(&timers->wake);
	pthread_cond_init(&timers->ended, NULL);
	*out = timers;
	return SC_OK;
}

sc_status sc_web_timers_start(struct sc_web_timers *timers, struct sc_error *err)
{
	SC_ENSURE(pthread_create(&timers->thread, NULL, work, timers) == 0, err, SC_ERR_SYSTEM,
		  "cannot start the thread that enforces the time limits");
	timers->has_thread = true;
	return SC_OK;
}

void sc_web_timers_free(struct sc_web_timers *timers)
{
	if (!timers)
		return;
	pthread_mutex_lock(&timers->lock);
	timers->must_end = true;
	pthread_cond_signal(&timers->wake);
	pthread_mutex_unlock(&timers->lock);
	if (timers->has_thread)
		pthread_join(timers->thread, NULL);
	pthread_cond_destroy(&timers->ended);
	pthread_cond_destroy(&timers->wake);
	pthread_mutex_destroy(&timers->lock);
	pthread_mutex_destroy(&timers->turn);
	free(timers);
}
