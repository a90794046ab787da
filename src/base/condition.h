/*
 * Condition variables whose waits have a limit. The C library waits by a clock of its own, which no table of
 * calls can replace (rule P4), and which stops while the machine sleeps. So a caller that compares deadlines
 * with sc_clock_monotonic() waits in steps, and looks again after each.
 */
#ifndef SC_BASE_CONDITION_H
#define SC_BASE_CONDITION_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

void sc_condition_init(pthread_cond_t *condition);

/* Waits for the condition, but at most `limit` nanoseconds: false once they have passed. May return early. */
bool sc_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t limit);

#endif
