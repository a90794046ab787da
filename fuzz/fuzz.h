/*
 * Shared by the fuzz targets. A broken promise aborts the process, and libFuzzer reports it with its input.
 */
#ifndef SC_FUZZ_FUZZ_H
#define SC_FUZZ_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Aborts the process unless the promise was kept. */
static inline void fuzz_holds(bool held, const char *promise)
{
	if (held)
		return;
	fprintf(stderr, "broken promise: %s\n", promise);
	abort();
}

#endif
