/* libcrypto's allocator, which the module's core uses too, made to fail once where a test says so. */
#ifndef SC_TESTS_FAILING_MEMORY_H
#define SC_TESTS_FAILING_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Call this before any other libcrypto function. False if it is too late. */
bool failing_memory_start(void);

/* The n-th allocation from now fails, and those after it succeed. 0: none fails. */
void failing_memory_at(long n);

/* Suspends the failure for the test's own work. Pass the result to failing_memory_at to resume. */
long failing_memory_pause(void);

/*
 * From now on memory is full: an allocation fails unless what has been freed since then has room for it. Each
 * block takes a power of two, as in the module's arena. False ends that.
 */
void failing_memory_full(bool is_full);

/*
 * The most that has been in use at once since failing_memory_measure, beyond what was in use then, in bytes.
 * Each block counts as what it takes in the module's arena.
 */
void failing_memory_measure(void);
size_t failing_memory_peak(void);

/* For struct core: true if an allocation has failed since the last call. */
bool failing_memory_ran_out(void);

/*
 * Calls `ask` repeatedly, each time with a later allocation failing (every one if `step` is 1), until none is
 * left to fail. Each answer must be SC_OK, if libcrypto could do without the memory, or SC_ERR_MODULE_FULL.
 * Before and afterwards it must be SC_OK.
 */
void the_nth_allocation_fails(const char *name, long step, sc_status (*ask)(void));

#endif
