/* vaultd's start and end. Everything between is in vaultd.c. */
#include <sys/stat.h>

#include "base/daemon.h"
#include "base/log.h"
#include "base/print.h"
#include "vaultd/vaultd.h"

static sc_status serve(const struct sc_vaultd_settings *settings, struct sc_error *err)
{
	SC_CLEANUP(sc_vaultd) vaultd = { 0 };
	sigset_t ends;

	sc_daemon_survive_readers();
	sc_daemon_hold_signals(&ends); /* before any thread starts */
	SC_TRY(sc_vaultd_open(settings, &vaultd, err));
	sc_log(SC_LOG_NOTICE, "ready");
	sc_daemon_announce(settings->web.ready_fd);
	sc_daemon_wait(&ends);
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
	return status == SC_OK && done ? sc_program_end("vaultd", status, &err) : sc_status_exit(status);
}
