/*
 * The test's own clock, and waiting for what other threads do. No test depends on how fast real time passes:
 * the clock moves when the test moves it, and await_that() ends with its event.
 */
#ifndef FAKE_CLOCK_H
#define FAKE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Replaces sc_os by the system's table with this clock, and with a poll() whose timeouts are on it, counted
 * from the thread's last look at the clock. The clock shows the system's time and then stands still. Call
 * before any thread is started; a test that needs a call of its own copies *sc_os and changes the copy.
 */
void fake_clock_start(void);

/* The same, but the clock runs, because something in the program also waits on the system's clock. */
void fake_clock_start_running(void);

/* Puts sc_os_system back. */
void fake_clock_stop(void);

/* Moves the clock forward and wakes the threads whose poll() has come to its end. */
void fake_clock_advance(int64_t nanoseconds);

/*
 * From now on, a poll() that finds nothing and may wait for this long or less does not wait: the clock moves
 * to its end. 0 to stop that. fake_clock_start() sets 0.
 */
void fake_clock_skip(int64_t nanoseconds);

/* Waits until a thread is in a poll() that ends exactly so far ahead. The limit is that of await_that(). */
void fake_clock_await_sleeper(int64_t nanoseconds);

/* Waits until `has_happened` returns true. Only a failure takes all of the limit, 60 real seconds. */
void await_that(bool (*has_happened)(void *context), void *context);

#endif
