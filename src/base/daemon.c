/* What the daemons do alike as processes: see daemon.h. */
#include "base/daemon.h"

#include <pthread.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"

void sc_daemon_survive_readers(void)
{
	sc_log_never_wait(); /* and SIGPIPE is ignored from the start: descriptors.h */
}

void sc_daemon_hold_signals(sigset_t *ends)
{
	sigemptyset(ends);
	sigaddset(ends, SIGTERM);
	sigaddset(ends, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, ends, NULL);
}

void sc_daemon_announce(int ready_fd)
{
	static const char ready[] = "READY\n";

	if (ready_fd < 0)
		return;
	if (sc_os->write(ready_fd, ready, sizeof ready - 1) != (ssize_t)sizeof ready - 1)
		sc_log(SC_LOG_WARNING, "--ready-fd=%d: cannot be written", ready_fd);
	/* A standard one stays open: its number must not become a file's. */
	if (ready_fd > STDERR_FILENO)
		(void)sc_os->close(ready_fd);
}

void sc_daemon_wait(const sigset_t *ends)
{
	int number = 0;

	while (sigwait(ends, &number) != 0)
		continue;
	sc_log(SC_LOG_NOTICE, "stopping on signal %d", number);
}
