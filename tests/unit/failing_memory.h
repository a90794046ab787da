/* libcrypto's allocator, and with it all that the module's core allocates, failing once where a test says so.
 */
#ifndef SC_TESTS_FAILING_MEMORY_H
#define SC_TESTS_FAILING_MEMORY_H

#include <stdbool.h>

#include "base/error.h"

/* Before any call of libcrypto; false where it is too late. */
bool failing_memory_start(void);

/* The n-th allocation from now fails, and those after it succeed; 0: none does. */
void failing_memory_at(long n);

/* Lifts that for what a test does in between; the answer is for failing_memory_at. */
long failing_memory_pause(void);

/* For struct core: true if one has failed since it was last asked. */
bool failing_memory_ran_out(void);

/*
 * Asks again and again, each time with another allocation failing (every one, with `step` 1), until beyond
 * the last. Each answer must be SC_OK, where libcrypto could do without, or SC_ERR_MODULE_FULL; and SC_OK
 * before and afterwards.
 */
void the_nth_allocation_fails(const char *name, long step, sc_status (*ask)(void));

#endif
