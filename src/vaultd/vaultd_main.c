/* vaultd's start and end. Everything between is in vaultd.c. */
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/os.h"
#include "vaultd/vaultd.h"

/* Called before any thread starts, so that all inherit the mask: only serve() receives these signals. */
static void hold_signals(sigset_t *ends)
{
	sigemptyset(ends);
	sigaddset(ends, SIGTERM);
	sigaddset(ends, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, ends, NULL);
	/* A client or log reader that goes away must neither end vaultd nor block it. */
	(void)signal(SIGPIPE, SIG_IGN);
	sc_log_never_wait();
}

static void announce(int ready_fd)
{
	static const char ready[] = "READY\n";

	sc_log(SC_LOG_NOTICE, "ready");
	if (ready_fd < 0)
		return;
	if (sc_os->write(ready_fd, ready, sizeof ready - 1) < 0)
		sc_log(SC_LOG_WARNING, "--ready-fd: cannot be written");
	(void)sc_os->close(ready_fd);
}

static sc_status serve(const struct sc_vaultd_settings *settings, struct sc_error *err)
{
	SC_CLEANUP(sc_vaultd) vaultd = { 0 };
	sigset_t ends;
	int signal_number;

	hold_signals(&ends);
	SC_TRY(sc_vaultd_open(settings, &vaultd, err));
	announce(settings->ready_fd);
	(void)sigwait(&ends, &signal_number);
	sc_log(SC_LOG_NOTICE, "stopping");
	return SC_OK;
}

int main(int argc, char **argv)
{
	SC_CLEANUP(sc_vaultd_settings) settings = { 0 };
	struct sc_error err = { 0 };
	bool done = false;
	sc_status status;

	umask(077);
	sc_log_start("vaultd", SC_LOG_NOTICE);
	status = sc_vaultd_settings_read(argc, argv, &settings, &done, &err);
	if (status == SC_OK && !done)
		status = serve(&settings, &err);
	if (status != SC_OK)
		sc_log(SC_LOG_ERROR, "%s", err.message);
	return sc_status_exit(status);
}
