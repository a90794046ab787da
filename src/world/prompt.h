/* Prompts for visible answers at the terminal. base/terminal.h reads answers that must not be seen. */
#ifndef SC_WORLD_PROMPT_H
#define SC_WORLD_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* True if there is somebody to ask: both standard input and /dev/tty are terminals. */
bool sc_prompt_has_terminal(void);

/*
 * Prints the prompt on the controlling terminal and reads one line from it into `line`. The line is
 * terminated, without its newline and without surrounding spaces. SC_ERR_SYSTEM (no terminal),
 * SC_ERR_CANCELLED (end of input), SC_ERR_TOO_LARGE.
 */
sc_status sc_prompt_read_line(const char *prompt, char *line, size_t size,
			      struct sc_error *err) SC_WARN_UNUSED;

#endif
