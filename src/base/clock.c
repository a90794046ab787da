/* Time through the injectable table: see clock.h. */
#include "base/clock.h"

#include <assert.h>
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

void sc_clock_text(int64_t seconds, char text[SC_CLOCK_TEXT_SIZE])
{
	time_t time = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&time, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900 ||
	    !strftime(text, SC_CLOCK_TEXT_SIZE, "%Y-%m-%d %H:%M:%S", &tm))
		strcpy(text, "?");
}
