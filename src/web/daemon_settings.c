/* The settings that vaultd and signind have in common: see daemon_settings.h. */
#include "web/daemon_settings.h"

#include <assert.h>

#include "base/descriptors.h"

#define THREADS_MAX     64
#define CONNECTIONS_MAX 100000
#define SECONDS_MAX     3600

/* Values that are still to be parsed. */
struct typed {
	const char *config;
	const char *port;
	const char *threads;
	const char *connections;
	const char *connections_per_address;
	const char *transfer_seconds;
	const char *deadline_seconds;
	const char *tls_certificate;
	const char *tls_key;
	const char *tls_module;
	const char *ready_fd;
};

/* Appends the rows of a table, and the row that ends it. */
static void append(struct sc_option *to, size_t *count, size_t max, const struct sc_option *rows)
{
	for (; rows->name; rows++) {
		assert(*count + 1 < max);
		to[(*count)++] = *rows;
	}
	to[*count] = (struct sc_option){ 0 };
}

static sc_status read_table(const struct sc_command_line *line, int argc, char **argv, struct typed *typed,
			    struct sc_web_daemon_settings *settings, bool *done, struct sc_error *err)
{
#define TEXT(option, shown, says, to) { .name = option, .argument = shown, .help = says, .value = to }
	const struct sc_option common[] = {
		TEXT("config", "FILE", "the configuration file; it may set every other option",
		     &typed->config),
		TEXT("domain", "DOMAIN", "the domain of the hosts that are served", &settings->domain),
		TEXT("port", "PORT", "the port to listen on", &typed->port),
		{ .name = "address",
		  .argument = "IP",
		  .help = "listen on this numeric address; may be repeated (127.0.0.1 and ::1)",
		  .list = settings->addresses,
		  .list_max = SC_WEB_ADDRESSES_MAX,
		  .list_count = &settings->address_count },
		TEXT("threads", "N", "HTTP threads per address (2)", &typed->threads),
		TEXT("connections", "N", "clients' connections at once (800)", &typed->connections),
		TEXT("connections-per-address", "N", "of which one address, or IPv6 /64, may hold (256)",
		     &typed->connections_per_address),
		TEXT("transfer-seconds", "N", "for a client to send a request or read an answer (60)",
		     &typed->transfer_seconds),
		TEXT("deadline-seconds", "N", "from a complete request to its answer (30)",
		     &typed->deadline_seconds),
		{ .name = "behind-strict-proxy",
		  .help = "a proxy in front refuses malformed requests, which this libmicrohttpd repairs",
		  .flag = &settings->is_behind_strict_proxy },
		TEXT("tls-certificate", "FILE", "the server's certificate and its chain, PEM",
		     &typed->tls_certificate),
		TEXT("tls-key", "FILE", "the certificate's key, as a blob", &typed->tls_key),
		TEXT("tls-module", "SOCKET", "socket of the module that holds that key", &typed->tls_module),
		TEXT("ready-fd", "N", "write \"READY\" to this descriptor once serving", &typed->ready_fd),
		{ 0 },
	};
#undef TEXT
	struct sc_option options[sizeof common / sizeof common[0] + SC_WEB_DAEMON_OWN_OPTIONS_MAX];
	const size_t max = sizeof options / sizeof options[0];
	struct sc_command_line whole = *line;
	size_t count = 0;

	append(options, &count, max, common);
	append(options, &count, max, line->options);
	whole.options = options;
	return sc_web_config_read(&whole, argc, argv, &settings->config, done, err);
}

sc_status sc_web_daemon_settings_port(const struct sc_web_config *config, const char *name, const char *value,
				      uint16_t *out, struct sc_error *err)
{
	uint64_t number = 0;

	SC_TRY(sc_web_config_need(config, name, value, err));
	SC_TRY(sc_web_config_number(config, name, value, 1, UINT16_MAX, &number, err));
	*out = (uint16_t)number;
	return SC_OK;
}

sc_status sc_web_daemon_settings_path(struct sc_web_config *config, const char *name, const char *value,
				      const char **out, struct sc_error *err)
{
	SC_TRY(sc_web_config_need(config, name, value, err));
	return sc_web_config_path(config, value, out, err);
}

static sc_status read_tls(const struct typed *typed, struct sc_web_config *config,
			  struct sc_web_tls_key_settings *tls, struct sc_error *err)
{
	SC_TRY(sc_web_daemon_settings_path(config, "tls-certificate", typed->tls_certificate,
					   &tls->certificate, err));
	SC_TRY(sc_web_daemon_settings_path(config, "tls-key", typed->tls_key, &tls->blob, err));
	return sc_web_daemon_settings_path(config, "tls-module", typed->tls_module, &tls->module, err);
}

static sc_status read_limits(const struct typed *typed, struct sc_web_daemon_settings *settings,
			     struct sc_error *err)
{
	const struct {
		const char *name;
		const char *value;
		unsigned max;
		unsigned *to;
	} limits[] = {
		{ "threads", typed->threads, THREADS_MAX, &settings->threads },
		{ "connections", typed->connections, CONNECTIONS_MAX, &settings->connections },
		{ "connections-per-address", typed->connections_per_address, CONNECTIONS_MAX,
		  &settings->connections_per_address },
		{ "transfer-seconds", typed->transfer_seconds, SECONDS_MAX, &settings->transfer_seconds },
		{ "deadline-seconds", typed->deadline_seconds, SECONDS_MAX, &settings->deadline_seconds },
	};

	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		uint64_t number = 0;

		if (limits[i].value)
			SC_TRY(sc_web_config_number(settings->config, limits[i].name, limits[i].value, 1,
						    limits[i].max, &number, err));
		*limits[i].to = (unsigned)number;
	}
	return SC_OK;
}

static sc_status read_values(const struct typed *typed, struct sc_web_daemon_settings *settings,
			     struct sc_error *err)
{
	struct sc_web_config *config = settings->config;
	uint64_t ready = 0;

	SC_TRY(sc_web_config_need(config, "domain", settings->domain, err));
	SC_TRY(sc_web_daemon_settings_port(config, "port", typed->port, &settings->port, err));
	SC_TRY(read_tls(typed, config, &settings->tls, err));
	SC_TRY(read_limits(typed, settings, err));
	if (typed->ready_fd)
		SC_TRY(sc_web_config_number(config, "ready-fd", typed->ready_fd, 1, INT32_MAX, &ready, err));
	if (typed->ready_fd)
		SC_TRY(sc_fd_ensure_given((int)ready, "--ready-fd", err));
	settings->ready_fd = typed->ready_fd ? (int)ready : -1;
	return SC_OK;
}

sc_status sc_web_daemon_settings_read(const struct sc_command_line *line, int argc, char **argv,
				      struct sc_web_daemon_settings *out, bool *done, struct sc_error *err)
{
	SC_CLEANUP(sc_web_daemon_settings) settings = { .tls.daemon = line->program, .ready_fd = -1 };
	struct typed typed = { 0 };

	SC_TRY(read_table(line, argc, argv, &typed, &settings, done, err));
	if (*done)
		return SC_OK;
	if (settings.address_count == 0) {
		settings.addresses[settings.address_count++] = "127.0.0.1";
		settings.addresses[settings.address_count++] = "::1";
	}
	SC_TRY(read_values(&typed, &settings, err));
	*out = sc_steal(settings);
	return SC_OK;
}

void sc_web_daemon_settings_free(struct sc_web_daemon_settings *settings)
{
	sc_web_config_free(settings->config);
	settings->config = NULL;
}

struct sc_web_settings sc_web_daemon_settings_server(const struct sc_web_daemon_settings *settings)
{
	return (struct sc_web_settings){
		.domain = settings->domain,
		.port = settings->port,
		.addresses = settings->addresses,
		.address_count = settings->address_count,
		.threads = settings->threads,
		.connections = settings->connections,
		.connections_per_address = settings->connections_per_address,
		.transfer_ms = settings->transfer_seconds * 1000,
		.deadline_ms = settings->deadline_seconds * 1000,
		.is_behind_strict_proxy = settings->is_behind_strict_proxy,
	};
}
