/* Questions that a person answers at the terminal; what must not be seen is read by base/terminal.h instead.
 */
#ifndef SC_WORLD_PROMPT_H
#define SC_WORLD_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* True if somebody can be asked: standard input is a terminal, and so is /dev/tty. */
bool sc_prompt_has_terminal(void);

/*
 * Prints the prompt on the controlling terminal and reads one line there into `line`, terminated, without its
 * newline and without spaces around it. SC_ERR_SYSTEM (no terminal), SC_ERR_CANCELLED (end of input),
 * SC_ERR_TOO_LARGE.
 */
sc_status sc_prompt_read_line(const char *prompt, char *line, size_t size,
				struct sc_error *err) SC_WARN_UNUSED;

#endif
