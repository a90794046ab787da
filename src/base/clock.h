/* Time: calendar seconds for what is recorded, nanoseconds since boot for durations. */
#ifndef SC_BASE_CLOCK_H
#define SC_BASE_CLOCK_H

#include <stdint.h>

/* Seconds since 1970-01-01T00:00:00Z by the host's clock. */
int64_t sc_clock_now(void);

/* Nanoseconds of CLOCK_BOOTTIME, which keeps running while the machine sleeps and never goes back. */
int64_t sc_clock_monotonic(void);

#define SC_SECOND      INT64_C(1000000000) /* of sc_clock_monotonic */
#define SC_MILLISECOND (SC_SECOND / 1000)
#define SC_DAY         (INT64_C(24) * 60 * 60) /* of sc_clock_now */
#define SC_YEAR        (365 * SC_DAY)

/*
 * "2026-11-24 10:45:20 UTC": as nfkminfo prints it, and with its zone, because a reader's clock has another.
 * "?" for a time outside the years 0 to 9999.
 */
#define SC_CLOCK_TEXT_SIZE 24
void sc_clock_text(int64_t seconds, char text[SC_CLOCK_TEXT_SIZE]);

/* The same for programs to read: "2026-11-24T10:45:20Z" (RFC 3339). */
#define SC_CLOCK_STAMP_SIZE 21
void sc_clock_stamp(int64_t seconds, char text[SC_CLOCK_STAMP_SIZE]);

#endif
