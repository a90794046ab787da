/* A directory of a test's own: see scratch.h. */
#include "scratch.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scratch scratch_make(void)
{
	struct scratch scratch = { "/tmp/sc-test-XXXXXX" };

	if (!mkdtemp(scratch.path))
		abort();
	return scratch;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status, (void)type, (void)walk;
	return remove(path);
}

void scratch_remove(const struct scratch *scratch)
{
	if (nftw(scratch->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS))
		abort();
}

const char *scratch_path(const struct scratch *scratch, const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, PATH_MAX, "%s/%s", scratch->path, name);
	return path;
}

void scratch_write(const char *path, const void *content, size_t len)
{
	FILE *file = fopen(path, "w");

	if (!file || fwrite(content, 1, len, file) != len || fclose(file))
		abort();
}
