/* A directory of a test's own, gone when the test is, and programs run in its sight. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

struct scratch {
	char path[64];
};

/* Makes an empty directory beneath /tmp. Aborts where it cannot. */
struct scratch scratch_make(void);

/* Removes it with everything in it. */
void scratch_remove(const struct scratch *scratch);

/* "<directory>/<name>" in a static buffer that the fourth call after this one reuses. */
const char *scratch_path(const struct scratch *scratch, const char *name);

/* Writes a text to a file of that path. Aborts where it cannot. */
void scratch_write(const char *path, const void *content, size_t len);

/*
 * Runs a program (argv[0], ended by NULL) without a terminal and waits for it: its exit status, and what it
 * wrote to both outputs in `output`, terminated. Aborts where it does not exit by itself.
 */
int scratch_run(const struct scratch *scratch, char *const argv[], char *output, size_t size);

#endif
