/*
 * The table of operating system calls (rule P4). Production code calls through it, so that a test can install
 * its own table and make the n-th clock, random, file, socket or terminal call fail, for every n. Each entry
 * behaves like the call it is named after, including errno. DESIGN lists what calls the system past the
 * table.
 */
#ifndef SC_BASE_OS_H
#define SC_BASE_OS_H

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <termios.h>
#include <time.h>

struct sc_os {
	int (*clock_gettime)(clockid_t clock, struct timespec *out);
	/* libcrypto's: 0, or -1 without setting errno. Secrets come from a separate generator. */
	int (*random)(uint8_t *out, size_t len);
	int (*random_secret)(uint8_t *out, size_t len);
	int (*openat)(int directory, const char *name, int flags, mode_t mode);
	ssize_t (*read)(int fd, void *data, size_t len);
	ssize_t (*write)(int fd, const void *data, size_t len);
	int (*fsync)(int fd);
	int (*close)(int fd);
	int (*flock)(int fd, int operation);
	int (*fstat)(int fd, struct stat *out);
	int (*fstatat)(int directory, const char *name, struct stat *out, int flags);
	off_t (*lseek)(int fd, off_t offset, int whence);
	int (*ftruncate)(int fd, off_t len);
	int (*fchmodat)(int directory, const char *name, mode_t mode, int flags);
	int (*fchownat)(int directory, const char *name, uid_t user, gid_t group, int flags);
	int (*renameat2)(int from_directory, const char *from, int to_directory, const char *to,
			 unsigned flags);
	int (*linkat)(int from_directory, const char *from, int to_directory, const char *to, int flags);
	int (*unlinkat)(int directory, const char *name, int flags);
	int (*mkdirat)(int directory, const char *name, mode_t mode);
	DIR *(*fdopendir)(int fd);
	struct dirent *(*readdir)(DIR *list);
	int (*closedir)(DIR *list);
	int (*socket)(int domain, int type, int protocol);
	int (*setsockopt)(int socket, int level, int name, const void *value, socklen_t len);
	int (*getsockopt)(int socket, int level, int name, void *value, socklen_t *len);
	int (*connect)(int socket, const struct sockaddr *address, socklen_t len);
	int (*bind)(int socket, const struct sockaddr *address, socklen_t len);
	int (*listen)(int socket, int backlog);
	int (*accept4)(int socket, struct sockaddr *address, socklen_t *len, int flags);
	int (*poll)(struct pollfd *fds, nfds_t count, int timeout);
	int (*shutdown)(int socket, int how);
	int (*getsockname)(int socket, struct sockaddr *address, socklen_t *len);
	ssize_t (*sendmsg)(int socket, const struct msghdr *message, int flags);
	ssize_t (*recvmsg)(int socket, struct msghdr *message, int flags);
	int (*eventfd)(unsigned count, int flags);
	int (*epoll_create1)(int flags);
	int (*epoll_ctl)(int epoll, int operation, int fd, struct epoll_event *event);
	int (*epoll_wait)(int epoll, struct epoll_event *events, int max, int timeout);
	int (*ppoll)(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask);
	int (*tcgetattr)(int fd, struct termios *out);
	int (*tcsetattr)(int fd, int when, const struct termios *settings);
};

/* The system's own calls. */
extern const struct sc_os sc_os_system;

/* The table in use. A test sets it before it starts any thread. */
extern const struct sc_os *sc_os;

#endif
