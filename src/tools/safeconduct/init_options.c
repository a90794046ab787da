/* The command line of `safeconduct init`. */
#include "base/options.h"
#include "tools/safeconduct/init.h"

static const char notes[] =
    "The `service` module needs a socket for each daemon:\n"
    "  role=service,make=token+tls,load=token+tls,owner=signind   and   "
    "role=service,make=tls,load=tls,owner=vaultd\n"
    "DIR will hold signind/ and vaultd/, each owned by its daemon, and ca.pem for clients. If you are root,\n"
    "--signin-user and --vault-user name the owners. The group is that of the user's account, or,\n"
    "without an account, the user's number.\n"
    "You can source the output in a shell. It contains two secrets that are shown only once.";

static sc_status check_required(const struct sc_init_options *options, struct sc_error *err)
{
	SC_ENSURE(options->dir, err, SC_ERR_USAGE,
		  "--dir is missing: give a new directory for both services");
	SC_ENSURE(options->signin_module, err, SC_ERR_USAGE,
		  "--signin-module is missing: give the service module's socket for signind");
	SC_ENSURE(options->vault_module, err, SC_ERR_USAGE,
		  "--vault-module is missing: give the service module's socket for vaultd");
	SC_ENSURE(options->region_count > 0, err, SC_ERR_USAGE,
		  "--region is missing: give one, like EU:/run/eu/service:/srv/regions/EU");
	return SC_OK;
}

sc_status sc_init_options_read(int argc, char **argv, struct sc_init_options *out, bool *done,
			       struct sc_error *err)
{
	const struct sc_option options[] = {
		{ .name = "dir",
		  .argument = "DIR",
		  .help = "a new directory for both services",
		  .value = &out->dir },
		{ .name = "domain",
		  .argument = "NAME",
		  .help = "serve login.NAME, <vault>.vault.NAME, … (localhost)",
		  .value = &out->domain },
		{ .name = "signin-port",
		  .argument = "PORT",
		  .help = "signind's port (8444)",
		  .value = &out->signin_port },
		{ .name = "vault-port",
		  .argument = "PORT",
		  .help = "vaultd's port (8443)",
		  .value = &out->vault_port },
		{ .name = "signin-module",
		  .argument = "SOCKET",
		  .help = "the service module's socket for signind",
		  .value = &out->signin_module },
		{ .name = "vault-module",
		  .argument = "SOCKET",
		  .help = "the service module's socket for vaultd",
		  .value = &out->vault_module },
		{ .name = "region",
		  .argument = "CODE:SOCKET:DIR",
		  .help = "a region: its module, its published files; may be repeated",
		  .list = out->regions,
		  .list_max = SC_INIT_REGIONS_MAX,
		  .list_count = &out->region_count },
		{ .name = "signin-user",
		  .argument = "USER",
		  .help = "signind's user: a name or a number",
		  .value = &out->signin_user },
		{ .name = "vault-user",
		  .argument = "USER",
		  .help = "vaultd's user",
		  .value = &out->vault_user },
		{ .name = "tenant-name",
		  .argument = "NAME",
		  .help = "the first tenant (Contoso)",
		  .value = &out->tenant.name },
		{ .name = "subscription-name",
		  .argument = "NAME",
		  .help = "its subscription (the tenant's name and Keys)",
		  .value = &out->tenant.subscription },
		{ .name = "user",
		  .argument = "NAME@DOMAIN",
		  .help = "its administrator (admin@contoso)",
		  .value = &out->tenant.user },
		{ .name = "app-name",
		  .argument = "NAME",
		  .help = "its application (application)",
		  .value = &out->tenant.app },
		{ 0 },
	};
	const struct sc_command_line line = {
		"safeconduct init",
		"--dir=DIR --signin-module=SOCKET --vault-module=SOCKET --region=… [OPTIONS]",
		"Makes the keys, certificates, databases and configuration of signind and vaultd.", options,
		notes
	};
	size_t operands;

	SC_TRY(sc_options_read(&line, argc, argv, NULL, 0, &operands, done, err));
	if (*done)
		return SC_OK;
	return check_required(out, err);
}
