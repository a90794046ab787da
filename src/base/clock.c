/* Time through the injectable table: see clock.h. */
#include "base/clock.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/os.h"

static struct timespec read_clock(clockid_t clock)
{
	struct timespec now = { 0 };

	/* On Linux neither clock fails, given a valid pointer. A program without a clock must not go on. */
	int failed = sc_os->clock_gettime(clock, &now);
	assert(!failed);
	(void)failed;
	return now;
}

int64_t sc_clock_now(void)
{
	return (int64_t)read_clock(CLOCK_REALTIME).tv_sec;
}

int64_t sc_clock_monotonic(void)
{
	struct timespec now = read_clock(CLOCK_BOOTTIME);

	return (int64_t)now.tv_sec * SC_SECOND + (int64_t)now.tv_nsec;
}

/* False for a time outside the years 0 to 9999. */
static bool split(int64_t seconds, struct tm *tm)
{
	time_t time = (time_t)seconds;

	return gmtime_r(&time, tm) && tm->tm_year >= -1900 && tm->tm_year <= 9999 - 1900;
}

void sc_clock_text(int64_t seconds, char text[SC_CLOCK_TEXT_SIZE])
{
	struct tm tm;

	if (!split(seconds, &tm) || !strftime(text, SC_CLOCK_TEXT_SIZE, "%Y-%m-%d %H:%M:%S UTC", &tm))
		strcpy(text, "?");
}

void sc_clock_stamp(int64_t seconds, char text[SC_CLOCK_STAMP_SIZE])
{
	struct tm tm;

	if (!split(seconds, &tm) || !strftime(text, SC_CLOCK_STAMP_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm))
		strcpy(text, "?");
}
