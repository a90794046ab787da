/* A temporary directory for a test: see scratch.h. */
#include "scratch.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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
	static _Thread_local char paths[4][PATH_MAX];
	static _Thread_local unsigned next;
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

static void become(const struct scratch *scratch, char *const argv[])
{
	int out = open(scratch_path(scratch, "output"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int in = open("/dev/null", O_RDONLY);

	if (in < 0 || out < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0)
		_exit(126);
	execv(argv[0], argv);
	_exit(127);
}

int scratch_run(const struct scratch *scratch, char *const argv[], char *output, size_t size)
{
	pid_t child = fork();
	int status = -1;
	FILE *file;

	if (child == 0)
		become(scratch, argv);
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		abort();
	file = fopen(scratch_path(scratch, "output"), "r");
	if (!file)
		abort();
	output[fread(output, 1, size - 1, file)] = '\0';
	fclose(file);
	return WEXITSTATUS(status);
}
