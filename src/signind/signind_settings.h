/* signind's configuration. docs/signind.conf explains each name. */
#ifndef SC_SIGNIND_SIGNIND_SETTINGS_H
#define SC_SIGNIND_SIGNIND_SETTINGS_H

#include "web/daemon_settings.h"

/* The texts live as long as `web` and argv. */
struct sc_signind_settings {
	struct sc_web_daemon_settings web;
	uint16_t vault_port;  /* vaultd's, part of the tokens' audiences */
	const char *database; /* a path, as are the following */
	const char *token_key;
	const char *token_module; /* socket */
};

/*
 * Reads the command line and the configuration file that it names. *done is set for --help and the like; then
 * *out is not set. Errors as sc_web_daemon_settings_read().
 */
sc_status sc_signind_settings_read(int argc, char **argv, struct sc_signind_settings *out, bool *done,
				   struct sc_error *err) SC_WARN_UNUSED;
void sc_signind_settings_free(struct sc_signind_settings *settings);
SC_CLEANUP_VALUE(sc_signind_settings, sc_signind_settings_free)

#endif
