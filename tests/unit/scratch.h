/* A temporary directory for a test, and a way to run programs and see their output. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

struct scratch {
	char path[64];
};

/* Makes an empty directory in /tmp. Aborts on failure. */
struct scratch scratch_make(void);

/* Removes it with everything in it. */
void scratch_remove(const struct scratch *scratch);

/* "<directory>/<name>" in a static buffer of this thread, which the fourth call after this one reuses. */
const char *scratch_path(const struct scratch *scratch, const char *name);

/* Writes `len` bytes to the file at that path. Aborts on failure. */
void scratch_write(const char *path, const void *content, size_t len);

/*
 * Runs a program (argv[0]; argv ends with NULL) without input and waits for it. Returns its exit status, and
 * in `output` what it wrote to standard output and standard error, NUL-terminated. Aborts if a signal ends
 * it.
 */
int scratch_run(const struct scratch *scratch, char *const argv[], char *output, size_t size);

#endif
