/*
 * Passphrases and PINs on their way in: typed at the terminal without echo, or one line each from a descriptor
 * that a script passes. Read byte by byte into a secret, so that nothing of them stays in a buffer of stdio's,
 * and nothing after the line is taken from whoever reads next.
 */
#ifndef SC_BASE_TERMINAL_H
#define SC_BASE_TERMINAL_H

#include "base/secret.h"

#define SC_SECRET_LINE_MAX 1024 /* bytes of a line, its newline not counted */

/*
 * Prints the prompt on the controlling terminal and reads one line there without echo; the newline is not part
 * of it. The terminal's settings are put back on every way out: a signal that ends or stops the process is held
 * until they are, and the prompt is printed again when a stopped process goes on. SC_ERR_SYSTEM (no terminal),
 * SC_ERR_CANCELLED (end of file or interrupted), SC_ERR_TOO_LARGE.
 */
sc_status sc_terminal_read_secret(const char *prompt, struct sc_secret *out, struct sc_error *err) SC_WARN_UNUSED;

/* The next line of a descriptor, without its newline. SC_ERR_NOT_FOUND (no further line), SC_ERR_TOO_LARGE. */
sc_status sc_fd_read_secret_line(int fd, struct sc_secret *out, struct sc_error *err) SC_WARN_UNUSED;

#endif
