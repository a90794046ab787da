/*
 * Reads passphrases and PINs: typed at the terminal without echo, or one per line from a descriptor that a
 * script passes. They are read byte by byte into a secret, so that no copy stays in a stdio buffer and
 * nothing after the line is consumed: the next reader gets it.
 */
#ifndef SC_BASE_TERMINAL_H
#define SC_BASE_TERMINAL_H

#include "base/secret.h"

#define SC_SECRET_LINE_MAX 1024 /* bytes of a line, without its newline */

/* True if the process has a controlling terminal to ask at. If not, say how else to give the secret. */
bool sc_terminal_is_there(void);

/*
 * Prints the prompt on the controlling terminal and reads one line from it without echo. The newline is not
 * part of the result. The terminal settings are restored on every way out: a signal that would end or stop
 * the process is held until then, and the prompt is printed again when a stopped process continues.
 * SC_ERR_SYSTEM (no terminal), SC_ERR_CANCELLED (end of file or interrupted), SC_ERR_TOO_LARGE.
 */
sc_status sc_terminal_read_secret(const char *prompt, struct sc_secret *out,
				  struct sc_error *err) SC_WARN_UNUSED;

/* The next line of a descriptor, without its newline. SC_ERR_NOT_FOUND (no more lines), SC_ERR_TOO_LARGE. */
sc_status sc_fd_read_secret_line(int fd, struct sc_secret *out, struct sc_error *err) SC_WARN_UNUSED;

#endif
