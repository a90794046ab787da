/*
 * Reads passphrases, passwords and PINs: typed at the terminal without echo, or one per line from a
 * descriptor that a script passes. They are read byte by byte into a secret, so that no copy stays in a stdio
 * buffer and nothing after the line is consumed: the next reader gets it.
 *
 * One rule for all of them: the newline (LF) that ends the line is not part of the secret, and the rest of it
 * is. That is 1 to 1,024 bytes of UTF-8 text without control characters, and does not begin with a byte order
 * mark. Anything else is refused with the reason, before it is tried anywhere, and never repaired: it may be
 * what a script gave when the secret was made, and nobody could type it.
 */
#ifndef SC_BASE_TERMINAL_H
#define SC_BASE_TERMINAL_H

#include "base/secret.h"

#define SC_SECRET_LINE_MAX 1024 /* bytes */

/* True if the process has a controlling terminal to ask at. If not, say how else to give the secret. */
bool sc_terminal_is_there(void);

/*
 * Prints the prompt on the controlling terminal and reads one line from it without echo. `what` names the
 * secret in messages: "PIN". The terminal settings are restored on every way out: a signal that would end or
 * stop the process is held until then, and the prompt is printed again when a stopped process continues.
 * SC_ERR_SYSTEM (no terminal), SC_ERR_CANCELLED (end of file or interrupted); SC_ERR_ENCODING,
 * SC_ERR_TOO_LARGE (the rule above).
 */
sc_status sc_terminal_read_secret(const char *prompt, const char *what, struct sc_secret *out,
				  struct sc_error *err) SC_WARN_UNUSED;

/* The next line of a descriptor. SC_ERR_NOT_FOUND (no more lines), SC_ERR_ENCODING, SC_ERR_TOO_LARGE. */
sc_status sc_fd_read_secret_line(int fd, const char *what, struct sc_secret *out,
				 struct sc_error *err) SC_WARN_UNUSED;

#endif
