/*
 * A disk on which every sync takes SLOW_SYNC_MS milliseconds: preloaded into a daemon, so that how slow the disk of
 * the test's machine is makes no difference. Nothing is synced.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int sleep_for_a_sync(void)
{
	const char *text = getenv("SLOW_SYNC_MS");
	const long ms = text ? atol(text) : 0;
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&left, &left))
		;
	return 0;
}

int fsync(int fd)
{
	(void)fd;
	return sleep_for_a_sync();
}

int fdatasync(int fd)
{
	(void)fd;
	return sleep_for_a_sync();
}
