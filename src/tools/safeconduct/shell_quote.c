/* Quoting for a shell: see shell_quote.h. */
#include "tools/safeconduct/shell_quote.h"

#include <string.h>

/* A quote of its own is written '\''. */
void sc_shell_quote(const char *path, char out[SC_SHELL_QUOTE_SIZE])
{
	size_t used = 0;

	out[used++] = '\'';
	for (; *path && used + 6 < SC_SHELL_QUOTE_SIZE; path++) {
		if (*path == '\'') {
			memcpy(out + used, "'\\'", 3);
			used += 3;
		}
		out[used++] = *path;
	}
	out[used++] = '\'';
	out[used] = '\0';
}
