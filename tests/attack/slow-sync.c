/*
 * A disk on which every sync takes SLOW_SYNC_MS milliseconds, and as long as the file SYNC_HANGS exists:
 * preloaded into a daemon, so that how slow the disk of the test's machine is makes no difference. Nothing is
 * synced.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void sleep_for(long ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&left, &left))
		;
}

static int sleep_for_a_sync(void)
{
	const char *text = getenv("SLOW_SYNC_MS");
	const char *hangs = getenv("SYNC_HANGS");

	sleep_for(text ? atol(text) : 0);
	while (hangs && access(hangs, F_OK) == 0)
		sleep_for(10);
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
