/*
 * What the daemons do alike as processes: readers that go away do not end them, SIGTERM and SIGINT do, and
 * the program that started them learns when they serve.
 */
#ifndef SC_BASE_DAEMON_H
#define SC_BASE_DAEMON_H

#include <signal.h>

/* A client or a reader of the log that goes away must neither end the process nor block it. */
void sc_daemon_survive_readers(void);

/*
 * Blocks SIGTERM and SIGINT in this thread and in those that it starts from now on. *ends is set to the two:
 * for sc_daemon_wait(), or for a signalfd in an event loop, which a sandbox can allow with read() alone.
 */
void sc_daemon_hold_signals(sigset_t *ends);

/*
 * Writes "READY\n" to the descriptor of --ready-fd and closes it, unless it is standard output or error; -1:
 * there is none. A descriptor that cannot be written is logged, and is not a reason to stop.
 */
void sc_daemon_announce(int ready_fd);

/* Waits for one of the signals of sc_daemon_hold_signals(), and logs it. */
void sc_daemon_wait(const sigset_t *ends);

#endif
