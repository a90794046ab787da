/*
 * vaultd's part of `safeconduct init`: the first tenant with its subscription, and its configuration. It
 * first tries each region as vaultd's user, through the socket and with the files that vaultd will use. So
 * anything that would keep the daemon from starting is reported here.
 */
#include <stdio.h>
#include <string.h>

#include "client/client.h"
#include "formats/key_blob.h"
#include "tools/safeconduct/init.h"
#include "web/issuer_name.h"

static sc_status check_files(const struct sc_init_region *region, struct sc_error *err)
{
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;
	SC_CLEANUP(sc_bytes) kek = { 0 };
	sc_status status = sc_dir_open(region->directory, &dir, err);

	if (status == SC_OK)
		status = sc_file_read(&dir, "kek.blob", SC_KEY_BLOB_MAX, &kek, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "region %s (see `safeconduct region publish`)",
				       region->code);
	return SC_OK;
}

static sc_status check_module(const struct sc_init_region *region, struct sc_error *err)
{
	SC_CLEANUP(sc_client) client = NULL;
	SC_CLEANUP(sc_bytes) reply = { 0 };
	const struct sc_enquire_request request = {};
	struct sc_enquire_response module = { 0 };

	SC_TRY(sc_client_open(region->module, &client, err));
	SC_TRY(sc_call_enquire(client, 0, &request, &reply, &module, err));
	SC_ENSURE(module.role == SC_ROLE_SERVICE, err, SC_ERR_ROLE, "region %s: %s is not a service socket",
		  region->code, region->module);
	SC_ENSURE(sc_view_equals(module.region, sc_view_text(region->code)), err, SC_ERR_EVIDENCE_REGION,
		  "region %s: the module at %s belongs to another region or to none", region->code,
		  region->module);
	return SC_OK;
}

/* The issuers of all tenants. */
static void write_issuers(const struct sc_init_plan *plan, char out[SC_INIT_URL_SIZE])
{
	char login[SC_INIT_URL_SIZE];

	sc_init_url(plan, "login", plan->signin_port, login);
	snprintf(out, SC_INIT_URL_SIZE, "%.*s/" SC_WEB_ISSUER_TENANT "/", SC_INIT_URL_SIZE - 16, login);
}

static sc_status fill(const struct sc_init_plan *plan, const struct sc_dir *dir, struct sc_error *err)
{
	struct sc_tenant tenant = plan->tenant;
	char issuers[SC_INIT_URL_SIZE];
	char path[4096];

	write_issuers(plan, issuers);
	snprintf(path, sizeof path, "%s/vault.db", dir->path);
	return sc_tenant_add_to_vaultd(path, issuers, &tenant, err);
}

static sc_status configure(const struct sc_init_plan *plan, const struct sc_dir *dir, struct sc_error *err)
{
	struct sc_init_config config = { .used = 0 };
	char login[SC_INIT_URL_SIZE];
	char issuers[SC_INIT_URL_SIZE];

	sc_init_url(plan, "login", plan->signin_port, login);
	write_issuers(plan, issuers);
	sc_init_config_add(&config,
			   "# vaultd.conf, made by `safeconduct init`. Paths are relative to this file.\n\n");
	sc_init_config_add(&config, "# Serves management.%s and <vault>.vault.%s on this port.\n",
			   plan->domain, plan->domain);
	sc_init_config_add(&config, "domain = %s\nport = %u\naddress = 127.0.0.1\naddress = ::1\n\n",
			   plan->domain, plan->vault_port);
	sc_init_config_add(
	    &config, "# The certificate, its key (as a blob), and the socket of the module that opens it.\n");
	sc_init_config_add(&config, "tls-certificate = tls.pem\ntls-key = tls.blob\ntls-module = %s\n\n",
			   plan->vault_module);
	sc_init_config_add(&config, "database = vault.db\naudit-log = audit.log\n\n");
	sc_init_config_add(&config, "# The issuers whose access tokens are accepted, one per tenant; the URL "
				    "of their keys, and that URL's authority.\n");
	sc_init_config_add(&config, "issuer = %s\n", issuers);
	sc_init_config_add(&config, "issuer-keys = %s/common/discovery/keys\nissuer-ca = ../ca.pem\n\n",
			   login);
	sc_init_config_add(&config,
			   "# Regions: code, socket of the module, directory of the published files.\n");
	for (size_t i = 0; i < plan->region_count; i++)
		sc_init_config_add(&config, "region = %s \"%s\" \"%s\"\n", plan->regions[i].code,
				   plan->regions[i].module, plan->regions[i].directory);
	return sc_init_config_write(&config, dir, "vaultd.conf", err);
}

static sc_status make(const struct sc_init_plan *plan, const struct sc_dir *dir,
		      struct sc_init_report *report, struct sc_error *err)
{
	(void)report;
	for (size_t i = 0; i < plan->region_count; i++) {
		SC_TRY(check_files(&plan->regions[i], err));
		SC_TRY(check_module(&plan->regions[i], err));
	}
	SC_TRY(fill(plan, dir, err));
	return configure(plan, dir, err);
}

const struct sc_init_daemon sc_init_vaultd = {
	.name = "vaultd",
	.server_names = { "management.", "*.vault.", "vault." },
	.make = make,
};
