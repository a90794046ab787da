/*
 * signind: signs users and applications in. This file reads the configuration, and starts and stops the
 * server. signind runs as the user who started it and holds no key.
 *
 *   domain          = localhost                    serves login.localhost and graph.localhost
 *   port            = 8444
 *   vault-port      = 8443                         vaultd's port, part of the tokens' audiences
 *   address         = 127.0.0.1                    may be repeated; default: both loopback addresses
 *   address         = ::1
 *   tls-certificate = tls.pem                      chain in PEM, for login.<domain> and graph.<domain>
 *   tls-key         = tls.blob                     the certificate's key, in the module
 *   tls-module      = /run/service/signind.socket  a service socket (make=token+tls, load=token+tls)
 *   token-key       = token.blob
 *   token-module    = /run/service/signind.socket
 *   database        = signin.db
 *   threads         = 2                            per address
 *
 * Relative paths are relative to the configuration file's directory.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "signind/signind.h"
#include "web/config.h"

#define PROGRAM     "signind"
#define THREADS_MAX 64

/* The options as given. */
struct typed {
	const char *config;
	const char *domain;
	const char *port;
	const char *vault_port;
	const char *addresses[SC_WEB_ADDRESSES_MAX];
	size_t address_count;
	const char *tls_certificate;
	const char *tls_key;
	const char *tls_module;
	const char *token_key;
	const char *token_module;
	const char *database;
	const char *threads;
	const char *ready_fd;
};

static sc_status read_config(int argc, char **argv, struct typed *typed, struct sc_web_config **out,
			     bool *done, struct sc_error *err)
{
	const struct sc_option options[] = {
		{ .name = "config",
		  .argument = "FILE",
		  .help = "file of `name = value` lines, named like the options below",
		  .value = &typed->config },
		{ .name = "domain",
		  .argument = "NAME",
		  .help = "serve login.NAME and graph.NAME",
		  .value = &typed->domain },
		{ .name = "port", .argument = "PORT", .help = "port to listen on", .value = &typed->port },
		{ .name = "vault-port",
		  .argument = "PORT",
		  .help = "port on which vaultd listens",
		  .value = &typed->vault_port },
		{ .name = "address",
		  .argument = "IP",
		  .help = "address to listen on; may be repeated (127.0.0.1 and ::1)",
		  .list = typed->addresses,
		  .list_max = SC_WEB_ADDRESSES_MAX,
		  .list_count = &typed->address_count },
		{ .name = "tls-certificate",
		  .argument = "FILE",
		  .help = "certificate chain, PEM",
		  .value = &typed->tls_certificate },
		{ .name = "tls-key",
		  .argument = "FILE",
		  .help = "blob of the certificate's key",
		  .value = &typed->tls_key },
		{ .name = "tls-module",
		  .argument = "SOCKET",
		  .help = "socket of the module that holds the certificate's key",
		  .value = &typed->tls_module },
		{ .name = "token-key",
		  .argument = "FILE",
		  .help = "blob of the key that signs tokens",
		  .value = &typed->token_key },
		{ .name = "token-module",
		  .argument = "SOCKET",
		  .help = "socket of the module that holds the token key",
		  .value = &typed->token_module },
		{ .name = "database",
		  .argument = "FILE",
		  .help = "database of users, applications and refresh tokens",
		  .value = &typed->database },
		{ .name = "threads",
		  .argument = "N",
		  .help = "HTTP threads for each address (2)",
		  .value = &typed->threads },
		{ .name = "ready-fd",
		  .argument = "N",
		  .help = "write \"READY\" to this descriptor once serving",
		  .value = &typed->ready_fd },
		{ 0 },
	};
	const struct sc_command_line line = {
		.program = PROGRAM,
		.synopsis = "--config=FILE [OPTIONS]",
		.purpose = "Signs users and applications in: OpenID Connect and the directory's /me.",
		.options = options,
	};

	return sc_web_config_read(&line, argc, argv, out, done, err);
}

static sc_status read_port(const struct sc_web_config *config, const char *name, const char *text,
			   uint16_t *out, struct sc_error *err)
{
	uint64_t number = 0;

	SC_TRY(sc_web_config_need(config, name, text, err));
	SC_TRY(sc_web_config_number(config, name, text, 1, UINT16_MAX, &number, err));
	*out = (uint16_t)number;
	return SC_OK;
}

/* A required path. A relative one is relative to the configuration file's directory. */
static sc_status read_path(struct sc_web_config *config, const char *name, const char *text, const char **out,
			   struct sc_error *err)
{
	SC_TRY(sc_web_config_need(config, name, text, err));
	return sc_web_config_path(config, text, out, err);
}

static sc_status settle_signin(struct sc_web_config *config, const struct typed *typed,
			       struct sc_signind_settings *settings, struct sc_error *err)
{
	SC_TRY(sc_web_config_need(config, "domain", typed->domain, err));
	settings->domain = typed->domain;
	SC_TRY(read_port(config, "port", typed->port, &settings->port, err));
	SC_TRY(read_port(config, "vault-port", typed->vault_port, &settings->vault_port, err));
	SC_TRY(read_path(config, "token-key", typed->token_key, &settings->token_key, err));
	SC_TRY(read_path(config, "token-module", typed->token_module, &settings->token_module, err));
	return read_path(config, "database", typed->database, &settings->database, err);
}

static sc_status settle_web(const struct sc_web_config *config, const struct typed *typed,
			    const struct sc_signind_settings *signin, struct sc_web_settings *settings,
			    struct sc_error *err)
{
	static const char *const loopbacks[] = { "127.0.0.1", "::1" };
	uint64_t threads = 0;

	if (typed->threads)
		SC_TRY(
		    sc_web_config_number(config, "threads", typed->threads, 1, THREADS_MAX, &threads, err));
	*settings = (struct sc_web_settings){
		.domain = signin->domain,
		.port = signin->port,
		.addresses = typed->address_count ? typed->addresses : loopbacks,
		.address_count =
		    typed->address_count ? typed->address_count : sizeof loopbacks / sizeof loopbacks[0],
		.hosts = sc_signind_hosts,
		.threads = (unsigned)threads,
	};
	return SC_OK;
}

static sc_status open_tls(struct sc_web_config *config, const struct typed *typed,
			  struct sc_web_tls_key **out, struct sc_error *err)
{
	struct sc_web_tls_key_settings settings = { .daemon = SC_SIGNIND_TOKEN_KEY_OWNER };

	SC_TRY(read_path(config, "tls-certificate", typed->tls_certificate, &settings.certificate, err));
	SC_TRY(read_path(config, "tls-key", typed->tls_key, &settings.blob, err));
	SC_TRY(read_path(config, "tls-module", typed->tls_module, &settings.module, err));
	return sc_web_tls_key_open(&settings, out, err);
}

static sc_status tell_ready(const char *descriptor, struct sc_error *err)
{
	uint64_t fd = 0;

	if (!descriptor)
		return SC_OK;
	SC_TRY(sc_number_read(descriptor, "--ready-fd", 1, INT32_MAX, &fd, err));
	if (write((int)fd, "READY\n", 6) != 6)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "--ready-fd=%s", descriptor);
	close((int)fd);
	return SC_OK;
}

/* These are blocked in every thread; serve() alone receives them. */
static void stop_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
}

static sc_status serve(const struct sc_web_settings *settings, struct sc_signind *service,
		       const char *ready_fd, struct sc_error *err)
{
	SC_CLEANUP(sc_web_server) server = NULL;
	sigset_t set;
	sc_status status;
	int signal = 0;

	SC_TRY(sc_web_server_start(settings, &server, err));
	status = tell_ready(ready_fd, err);
	if (status == SC_OK) {
		sc_log(SC_LOG_NOTICE, "serving %s for %zu tenant%s", service->places.login,
		       service->tenant_count, service->tenant_count == 1 ? "" : "s");
		stop_signals(&set);
		while (sigwait(&set, &signal) != 0)
			continue;
		sc_log(SC_LOG_NOTICE, "stopping on signal %d", signal);
	}
	/* First no new requests, then no late answers from the module. Cleanup frees server and service. */
	sc_web_server_stop(server);
	sc_signind_close_module(service);
	return status;
}

static sc_status run(struct sc_web_config *config, const struct typed *typed, struct sc_error *err)
{
	struct sc_signind_settings signin = { 0 };
	struct sc_web_settings web = { 0 };
	SC_CLEANUP(sc_signind) service = NULL;
	SC_CLEANUP(sc_web_tls_key) tls_key = NULL;

	SC_TRY(settle_signin(config, typed, &signin, err));
	SC_TRY(settle_web(config, typed, &signin, &web, err));
	SC_TRY(open_tls(config, typed, &tls_key, err));
	SC_TRY(sc_signind_new(&signin, &service, err));
	web.tls_key = tls_key;
	web.context = service;
	return serve(&web, service, typed->ready_fd, err);
}

int main(int argc, char **argv)
{
	SC_CLEANUP(sc_web_config) config = NULL;
	struct typed typed = { 0 };
	struct sc_error err = { 0 };
	sigset_t set;
	bool done = false;
	sc_status status;

	umask(077);
	sc_log_start(PROGRAM, SC_LOG_NOTICE);
	signal(SIGPIPE, SIG_IGN);
	sc_log_never_wait();
	stop_signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	status = read_config(argc, argv, &typed, &config, &done, &err);
	if (status == SC_OK && !done)
		status = run(config, &typed, &err);
	if (status != SC_OK)
		sc_log(SC_LOG_ERROR, "%s", err.message);
	return sc_status_exit(status);
}
