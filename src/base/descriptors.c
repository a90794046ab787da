/* Descriptors that the program did not open itself: see descriptors.h. */
#include "base/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include "base/options.h"
#include "base/os.h"

#define UNUSABLE "/dev/null"

/* Opened in the wrong direction: what is meant for a descriptor that was closed must not succeed. */
static int opposite_of(int fd)
{
	return fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
}

__attribute__((noreturn)) static void end(void)
{
	static const char why[] = "cannot open " UNUSABLE " in place of a closed standard descriptor\n";

	if (write(STDERR_FILENO, why, sizeof why - 1) < 0)
		_exit(sc_status_exit(SC_ERR_SYSTEM));
	_exit(sc_status_exit(SC_ERR_SYSTEM));
}

void sc_fd_hold_standard(void)
{
	/* Otherwise a reader that ends takes the program with it, and nothing is said of what is lost. */
	(void)signal(SIGPIPE, SIG_IGN);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
			continue;
		/* The lowest free number, which is this one. Children inherit it. */
		if (open(UNUSABLE, opposite_of(fd)) != fd)
			end();
	}
}

/* The root's meson.build makes the linker take this file into every program. */
#ifdef __GLIBC__
/* The dynamic loader calls these before the initialisation of any shared library. */
__attribute__((used, section(".preinit_array"))) static void (*const first)(void) = sc_fd_hold_standard;
#else
/* musl's loader does not. There, only what a shared library opens in its own initialisation comes earlier. */
__attribute__((constructor(101))) static void first(void)
{
	sc_fd_hold_standard();
}
#endif

sc_status sc_fd_ensure_given(int fd, const char *option, struct sc_error *err)
{
	struct stat status;

	SC_ENSURE(!sc_os->fstat(fd, &status), err, SC_ERR_USAGE, "%s: descriptor %d is not open", option, fd);
	return SC_OK;
}

sc_status sc_fd_given_read(const char *text, const char *option, int *out, struct sc_error *err)
{
	uint64_t fd = 0;

	SC_TRY(sc_number_read(text, option, 0, INT_MAX, &fd, err));
	SC_TRY(sc_fd_ensure_given((int)fd, option, err));
	*out = (int)fd;
	return SC_OK;
}

void sc_fd_close_given(int fd)
{
	int unusable;

	(void)sc_os->close(fd);
	if (fd > STDERR_FILENO)
		return;
	unusable = sc_os->openat(AT_FDCWD, UNUSABLE, opposite_of(fd), 0);
	/* Another thread, or an earlier gap, may have taken the number or left a lower one. */
	if (unusable >= 0 && unusable != fd)
		(void)sc_os->close(unusable);
}
