/*
 * signind's part of `safeconduct init`: its token key, the first tenant with its administrator and one
 * application, and its configuration. The password and the secret are made and hashed here. They leave this
 * process once, in the report, to be shown to the person at the terminal.
 */
#include <stdio.h>

#include "tools/safeconduct/init.h"

#define TOKEN_BITS 2048

static sc_status fill(const struct sc_init_plan *plan, const struct sc_dir *dir,
		      struct sc_init_report *report, struct sc_error *err)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/signin.db", dir->path);
	SC_TRY(sc_tenant_make_secrets(&report->secrets, err));
	return sc_tenant_add_to_signind(path, &plan->tenant, &report->secrets, err);
}

static sc_status configure(const struct sc_init_plan *plan, const struct sc_dir *dir, struct sc_error *err)
{
	struct sc_init_config config = { .used = 0 };

	sc_init_config_add(
	    &config, "# signind.conf, made by `safeconduct init`. Paths are relative to this file.\n\n");
	sc_init_config_add(&config,
			   "# Serves login.%s and graph.%s on this port. vaultd serves on vault-port.\n",
			   plan->domain, plan->domain);
	sc_init_config_add(&config, "domain = %s\nport = %u\nvault-port = %u\n", plan->domain,
			   plan->signin_port, plan->vault_port);
	sc_init_config_add(&config, "address = 127.0.0.1\naddress = ::1\n\n");
	sc_init_config_add(
	    &config,
	    "# The certificate, the keys (as blobs), and the socket of the module that opens them.\n");
	sc_init_config_add(&config, "tls-certificate = tls.pem\ntls-key = tls.blob\ntls-module = %s\n",
			   plan->signin_module);
	sc_init_config_add(&config, "token-key = token.blob\ntoken-module = %s\n\n", plan->signin_module);
	sc_init_config_add(&config, "# Tenants, users and applications.\ndatabase = signin.db\n");
	return sc_init_config_write(&config, dir, "signind.conf", err);
}

static sc_status make(const struct sc_init_plan *plan, const struct sc_dir *dir,
		      struct sc_init_report *report, struct sc_error *err)
{
	const struct sc_key_type type = { SC_ALGORITHM_RSA, TOKEN_BITS };
	SC_CLEANUP(sc_bytes) spki = { 0 };

	SC_TRY(
	    sc_init_make_key(plan->signin_module, "signind", "token", &type, dir, "token.blob", &spki, err));
	SC_TRY(fill(plan, dir, report, err));
	return configure(plan, dir, err);
}

const struct sc_init_daemon sc_init_signind = {
	.name = "signind",
	.server_names = { "login.", "graph." },
	.make = make,
};
