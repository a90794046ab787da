/* What the fuzz targets share. A broken promise ends the process, which libFuzzer reports with its input. */
#ifndef SC_FUZZ_FUZZ_H
#define SC_FUZZ_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Ends the process unless the promise was kept. */
static inline void fuzz_holds(bool held, const char *promise)
{
	if (held)
		return;
	fprintf(stderr, "broken promise: %s\n", promise);
	abort();
}

#endif
