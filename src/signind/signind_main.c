/* signind's start and end. signind runs as the user who started it and holds no key. */
#include <sys/stat.h>

#include "base/daemon.h"
#include "base/log.h"
#include "base/print.h"
#include "signind/signind.h"

#define HASHES_AT_ONCE 2 /* passwords; each takes a processor and SC_WEB_PASSWORD_MEMORY */

static sc_status start_server(const struct sc_signind_settings *settings, struct sc_web_tls_key *tls_key,
			      struct sc_signind *service, struct sc_web_server **out, struct sc_error *err)
{
	struct sc_web_settings web = sc_web_daemon_settings_server(&settings->web);

	web.tls_key = tls_key;
	web.hosts = sc_signind_hosts;
	web.context = service;
	web.slow_workers = HASHES_AT_ONCE;
	return sc_web_server_start(&web, out, err);
}

static sc_status serve(const struct sc_signind_settings *settings, struct sc_error *err)
{
	SC_CLEANUP(sc_web_tls_key) tls_key = NULL;
	SC_CLEANUP(sc_signind) service = NULL;
	SC_CLEANUP(sc_web_server) server = NULL;
	sigset_t ends;

	sc_daemon_survive_readers();
	sc_daemon_hold_signals(&ends); /* before any thread starts */
	SC_TRY(sc_web_tls_key_open(&settings->web.tls, &tls_key, err));
	SC_TRY(sc_signind_new(settings, &service, err));
	SC_TRY(start_server(settings, tls_key, service, &server, err));
	sc_log(SC_LOG_NOTICE, "serving %s", service->urls.login);
	sc_daemon_announce(settings->web.ready_fd);
	sc_daemon_wait(&ends);
	/* First no new requests, then no late answers from the module. Cleanup frees server and service. */
	sc_web_server_stop(server);
	sc_signind_close_module(service);
	return SC_OK;
}

int main(int argc, char **argv)
{
	SC_CLEANUP(sc_signind_settings) settings = { 0 };
	struct sc_error err = { 0 };
	bool done = false;
	sc_status status;

	umask(077);
	sc_log_start("signind", SC_LOG_NOTICE);
	status = sc_signind_settings_read(argc, argv, &settings, &done, &err);
	if (status == SC_OK && !done)
		status = serve(&settings, &err);
	if (status != SC_OK)
		sc_log(SC_LOG_ERROR, "%s", err.message);
	return status == SC_OK && done ? sc_program_end("signind", status, &err) : sc_status_exit(status);
}
