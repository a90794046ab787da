/* Condition variables whose waits have a limit: see condition.h. */
#include "base/condition.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"

void sc_condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

bool sc_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t limit)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until); /* the clock of the wait itself */
	until.tv_sec += (time_t)(limit / SC_SECOND);
	until.tv_nsec += (long)(limit % SC_SECOND);
	if (until.tv_nsec >= SC_SECOND) {
		until.tv_sec++;
		until.tv_nsec -= SC_SECOND;
	}
	return pthread_cond_timedwait(condition, lock, &until) != ETIMEDOUT;
}
