/* Reads the configuration: see signind_settings.h. */
#include "signind/signind_settings.h"

/* Values that are still to be parsed. */
struct typed {
	const char *vault_port;
	const char *database;
	const char *token_key;
	const char *token_module;
};

static sc_status read_table(int argc, char **argv, struct typed *typed, struct sc_web_daemon_settings *web,
			    bool *done, struct sc_error *err)
{
	const struct sc_option options[] = {
		{ .name = "vault-port",
		  .argument = "PORT",
		  .help = "the port on which vaultd listens",
		  .value = &typed->vault_port },
		{ .name = "token-key",
		  .argument = "FILE",
		  .help = "the key that signs tokens, as a blob",
		  .value = &typed->token_key },
		{ .name = "token-module",
		  .argument = "SOCKET",
		  .help = "socket of the module that holds the token key",
		  .value = &typed->token_module },
		{ .name = "database",
		  .argument = "FILE",
		  .help = "the database of users, applications and refresh tokens",
		  .value = &typed->database },
		{ 0 },
	};
	const struct sc_command_line line = {
		.program = "signind",
		.synopsis = "--config=FILE [OPTIONS]",
		.purpose = "Signs users and applications in: OpenID Connect at login.DOMAIN, and the "
			   "directory's /me at graph.DOMAIN.",
		.options = options,
	};

	return sc_web_daemon_settings_read(&line, argc, argv, web, done, err);
}

sc_status sc_signind_settings_read(int argc, char **argv, struct sc_signind_settings *out, bool *done,
				   struct sc_error *err)
{
	SC_CLEANUP(sc_signind_settings) settings = { 0 };
	struct typed typed = { 0 };
	struct sc_web_config *config;

	SC_TRY(read_table(argc, argv, &typed, &settings.web, done, err));
	if (*done)
		return SC_OK;
	config = settings.web.config;
	SC_TRY(
	    sc_web_daemon_settings_port(config, "vault-port", typed.vault_port, &settings.vault_port, err));
	SC_TRY(sc_web_daemon_settings_path(config, "token-key", typed.token_key, &settings.token_key, err));
	SC_TRY(sc_web_daemon_settings_path(config, "token-module", typed.token_module, &settings.token_module,
					   err));
	SC_TRY(sc_web_daemon_settings_path(config, "database", typed.database, &settings.database, err));
	*out = sc_steal(settings);
	return SC_OK;
}

void sc_signind_settings_free(struct sc_signind_settings *settings)
{
	sc_web_daemon_settings_free(&settings->web);
}
