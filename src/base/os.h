/*
 * The one table of what is asked of the operating system (rule P4). Production code calls through it, so that
 * a test can put a table of its own here and fail the n-th clock, random, file or socket call, for every n.
 * Each entry has the meaning and the errno of the call that it is named after.
 */
#ifndef SC_BASE_OS_H
#define SC_BASE_OS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

struct sc_os {
	int (*clock_gettime)(clockid_t clock, struct timespec *out);
	int (*random)(uint8_t *out, size_t len); /* 0, or -1: random bytes for names and identifiers */
	int (*openat)(int directory, const char *name, int flags, mode_t mode);
	ssize_t (*read)(int fd, void *data, size_t len);
	ssize_t (*write)(int fd, const void *data, size_t len);
	int (*fsync)(int fd);
	int (*close)(int fd);
	int (*flock)(int fd, int operation);
	int (*fstat)(int fd, struct stat *out);
	int (*renameat2)(int from_directory, const char *from, int to_directory, const char *to,
			 unsigned flags);
	int (*unlinkat)(int directory, const char *name, int flags);
	int (*mkdirat)(int directory, const char *name, mode_t mode);
	ssize_t (*sendmsg)(int socket, const struct msghdr *message, int flags);
	ssize_t (*recvmsg)(int socket, struct msghdr *message, int flags);
};

/* The system's own calls. */
extern const struct sc_os sc_os_system;

/* The table in force; a test sets it before any thread is started. */
extern const struct sc_os *sc_os;

#endif
