/*
 * The standard descriptors, 0 to 2, and those that a user gives by number (--ready-fd=9), rule P9. If one is
 * closed, its number belongs to the next file that the program opens, and what was meant for a person, such
 * as a log line, would be written into a lock file or a database.
 */
#ifndef SC_BASE_DESCRIPTORS_H
#define SC_BASE_DESCRIPTORS_H

#include "base/error.h"

/*
 * Opens each of the descriptors 0 to 2 that is closed, so that using it fails as if it were still closed:
 * reading from 0, and writing to 1 or 2, is EBADF. Ignores SIGPIPE, so that writing to a pipe that nobody
 * reads any more fails like other lost output, and is said (EPIPE). Runs by itself in every program, before
 * any library's initialisation and before main. If it fails, the program ends with the exit status of
 * SC_ERR_SYSTEM.
 */
void sc_fd_hold_standard(void);

/*
 * Checks that the descriptor that the user gave with `option` ("--ready-fd") is open. Must be called before
 * the program opens anything that could get this number. SC_ERR_USAGE.
 */
sc_status sc_fd_ensure_given(int fd, const char *option, struct sc_error *err) SC_WARN_UNUSED;

/* The same for a descriptor as it was typed. SC_ERR_ARGUMENT if it is not a number. */
sc_status sc_fd_given_read(const char *text, const char *option, int *out,
			   struct sc_error *err) SC_WARN_UNUSED;

/*
 * Closes a descriptor that the user gave. A standard one stays open and becomes unusable instead. Needs
 * calls that a sandbox forbids.
 */
void sc_fd_close_given(int fd);

#endif
