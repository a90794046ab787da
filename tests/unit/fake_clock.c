/* See fake_clock.h. */
#include "support/test.h"

#include "fake_clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"

#define CLOCKS      (CLOCK_BOOTTIME + 1)
#define POLLED_MAX  16
#define MILLISECOND (SC_SECOND / 1000)
#define LIMIT       60 /* seconds */

/* A thread in poll(), and what wakes it when the clock has moved. */
struct sleeper {
	int wake;
	int64_t until; /* a value of `ahead` */
	struct sleeper *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct timespec started[CLOCKS]; /* what each of the system's clocks showed */
static bool is_running;
static int64_t ahead; /* nanoseconds that the test has moved the clock */
static int64_t skipped;
static struct sleeper *sleepers;
/* Where the clock was when this thread looked last; -1: it never did. Timeouts count from there. */
static _Thread_local int64_t seen = -1;

/* -- the clock --------------------------------------------------------------------------------- */

static int read_clock(clockid_t clock, struct timespec *out)
{
	int64_t nanoseconds;

	if (is_running && sc_os_system.clock_gettime(clock, out))
		return -1;
	if (!is_running)
		*out = started[clock];
	pthread_mutex_lock(&lock);
	seen = ahead;
	nanoseconds = out->tv_nsec + ahead;
	pthread_mutex_unlock(&lock);
	out->tv_sec += nanoseconds / SC_SECOND;
	out->tv_nsec = nanoseconds % SC_SECOND;
	return 0;
}

/* The lock is held. */
static void move(int64_t nanoseconds)
{
	const uint64_t one = 1;

	ahead += nanoseconds;
	for (const struct sleeper *sleeper = sleepers; sleeper; sleeper = sleeper->next)
		if (write(sleeper->wake, &one, sizeof one) < 0)
			abort();
}

/* -- poll -------------------------------------------------------------------------------------- */

/* The lock is held. */
static void fall_asleep(struct sleeper *sleeper)
{
	sleeper->wake = eventfd(0, EFD_CLOEXEC);
	if (sleeper->wake < 0)
		abort();
	sleeper->next = sleepers;
	sleepers = sleeper;
}

static void wake_up(const struct sleeper *sleeper)
{
	struct sleeper **place = &sleepers;

	pthread_mutex_lock(&lock);
	while (*place != sleeper)
		place = &(*place)->next;
	*place = sleeper->next;
	pthread_mutex_unlock(&lock);
	close(sleeper->wake);
}

/* Sleeps until a descriptor is ready or the clock has moved. */
static int sleep_once(struct pollfd *fds, nfds_t count, const struct sleeper *sleeper)
{
	struct pollfd all[POLLED_MAX + 1];
	int ready;

	memcpy(all, fds, count * sizeof fds[0]);
	all[count] = (struct pollfd){ .fd = sleeper->wake, .events = POLLIN };
	ready = sc_os_system.poll(all, count + 1, -1);
	memcpy(fds, all, count * sizeof fds[0]);
	return ready > 0 && all[count].revents ? ready - 1 : ready;
}

/* True if the clock has reached `until`, a value of `ahead`. Otherwise the sleeper is ready to sleep. */
static bool has_come(int64_t until, struct sleeper *sleeper)
{
	bool is_over;

	pthread_mutex_lock(&lock);
	if (until > ahead && until - ahead <= skipped)
		move(until - ahead);
	is_over = until <= ahead;
	sleeper->until = until;
	if (!is_over)
		fall_asleep(sleeper);
	pthread_mutex_unlock(&lock);
	return is_over;
}

static int poll_on_clock(struct pollfd *fds, nfds_t count, int timeout)
{
	int ready = sc_os_system.poll(fds, count, 0);
	int64_t until;

	if (ready || timeout == 0)
		return ready;
	if (timeout < 0 || is_running)
		return sc_os_system.poll(fds, count, timeout);
	if (count > POLLED_MAX)
		abort();
	pthread_mutex_lock(&lock);
	/* A thread that computed its timeout before the clock moved must not sleep longer for it. */
	until = (seen < 0 ? ahead : seen) + timeout * MILLISECOND;
	pthread_mutex_unlock(&lock);
	for (;;) {
		struct sleeper sleeper;

		if (has_come(until, &sleeper))
			return 0;
		ready = sleep_once(fds, count, &sleeper);
		wake_up(&sleeper);
		if (ready)
			return ready;
	}
}

/* -- for tests --------------------------------------------------------------------------------- */

static void start(bool runs)
{
	static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME };
	static struct sc_os os;

	for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++)
		assert_int_equal(sc_os_system.clock_gettime(clocks[i], &started[clocks[i]]), 0);
	is_running = runs;
	ahead = skipped = 0;
	seen = -1;
	os = sc_os_system;
	os.clock_gettime = read_clock;
	os.poll = poll_on_clock;
	sc_os = &os;
}

void fake_clock_start(void)
{
	start(false);
}

void fake_clock_start_running(void)
{
	start(true);
}

void fake_clock_stop(void)
{
	sc_os = &sc_os_system;
}

void fake_clock_advance(int64_t nanoseconds)
{
	pthread_mutex_lock(&lock);
	move(nanoseconds);
	pthread_mutex_unlock(&lock);
}

void fake_clock_skip(int64_t nanoseconds)
{
	pthread_mutex_lock(&lock);
	skipped = nanoseconds;
	move(0);
	pthread_mutex_unlock(&lock);
}

static bool has_sleeper(void *nanoseconds)
{
	bool is_there = false;

	pthread_mutex_lock(&lock);
	for (const struct sleeper *sleeper = sleepers; sleeper; sleeper = sleeper->next)
		is_there = is_there || sleeper->until - ahead == *(const int64_t *)nanoseconds;
	pthread_mutex_unlock(&lock);
	return is_there;
}

void fake_clock_await_sleeper(int64_t nanoseconds)
{
	await_that(has_sleeper, &nanoseconds);
}

void await_that(bool (*has_happened)(void *context), void *context)
{
	for (unsigned i = 0; !has_happened(context); i++) {
		if (i == LIMIT * 1000)
			fail_msg("an event did not come within %d s", LIMIT);
		usleep(1000);
	}
}
