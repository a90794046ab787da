/*
 * The settings that vaultd and signind have in common. docs/vaultd.conf and docs/signind.conf explain them.
 */
#ifndef SC_WEB_DAEMON_SETTINGS_H
#define SC_WEB_DAEMON_SETTINGS_H

#include "web/config.h"
#include "web/web.h"

struct sc_web_daemon_settings {
	const char *domain;
	uint16_t port;
	const char *addresses[SC_WEB_ADDRESSES_MAX]; /* default: both loopback addresses */
	size_t address_count;
	/* Of each, 0 is the server's default (web/web.h). */
	unsigned threads;
	unsigned connections;
	unsigned connections_per_address;
	unsigned transfer_seconds;
	unsigned deadline_seconds;
	bool is_behind_strict_proxy;
	struct sc_web_tls_key_settings tls;
	int ready_fd;                 /* -1: none */
	struct sc_web_config *config; /* the texts point into it or into argv */
};

#define SC_WEB_DAEMON_OWN_OPTIONS_MAX 16

/*
 * Reads the command line and the configuration file that it names (web/config.h). `line` has the options that
 * are the daemon's own, at most SC_WEB_DAEMON_OWN_OPTIONS_MAX; the common ones are added. The TLS key's owner
 * is the program. *done is set for --help and the like; then *out is not set. SC_ERR_USAGE, SC_ERR_ARGUMENT,
 * SC_ERR_NOT_FOUND, SC_ERR_ENCODING, naming file and line.
 */
sc_status sc_web_daemon_settings_read(const struct sc_command_line *line, int argc, char **argv,
				      struct sc_web_daemon_settings *out, bool *done,
				      struct sc_error *err) SC_WARN_UNUSED;
void sc_web_daemon_settings_free(struct sc_web_daemon_settings *settings);
SC_CLEANUP_VALUE(sc_web_daemon_settings, sc_web_daemon_settings_free)

/* A required port. SC_ERR_USAGE, SC_ERR_ARGUMENT. */
sc_status sc_web_daemon_settings_port(const struct sc_web_config *config, const char *name, const char *value,
				      uint16_t *out, struct sc_error *err) SC_WARN_UNUSED;

/* A required path: sc_web_config_need(), then sc_web_config_path(). */
sc_status sc_web_daemon_settings_path(struct sc_web_config *config, const char *name, const char *value,
				      const char **out, struct sc_error *err) SC_WARN_UNUSED;

/* What the server needs of them. The caller adds its TLS key, hosts and context. Borrows the settings. */
struct sc_web_settings sc_web_daemon_settings_server(const struct sc_web_daemon_settings *settings);

#endif
