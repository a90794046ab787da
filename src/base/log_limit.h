/*
 * A limit on lines that a peer can cause, so that it cannot fill a disk with them. What is left out is
 * counted, and the count is logged. There is no lock here.
 */
#ifndef SC_BASE_LOG_LIMIT_H
#define SC_BASE_LOG_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialise, apart from the first two. */
struct sc_log_limit {
	unsigned lines; /* that may be written in each period */
	int64_t period; /* nanoseconds */
	int64_t since;  /* sc_clock_monotonic: when the current period began */
	unsigned written;
	uint64_t left_out; /* since the last line that was written */
};

/*
 * True if a line may be written at `now`, sc_clock_monotonic. *left_out is then the number of lines that were
 * left out before it and are not yet logged.
 */
bool sc_log_limit_permits(struct sc_log_limit *limit, int64_t now, uint64_t *left_out);

#endif
