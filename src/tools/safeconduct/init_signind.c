/*
 * signind's part of `safeconduct init`: its token key, the first tenant with its administrator and one
 * application, and its configuration. The password and the secret are made and hashed here. They leave this
 * process once, in the report, to be shown to the person at the terminal.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "store/signin_store.h"
#include "tools/safeconduct/init.h"
#include "web/client_secret.h"
#include "web/password.h"

#define TOKEN_BITS 2048

/* 32 characters that are hard to mistake for each other, 5 bits each. */
static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";
static_assert(256 % (sizeof alphabet - 1) == 0, "every character is equally likely");

#define GROUP               5  /* characters between two hyphens */
#define PASSWORD_CHARACTERS 20 /* 100 bits */
#define SECRET_CHARACTERS   52 /* 260 bits: nobody types it, and nobody can guess it */

/* Makes `characters` random characters in groups: "7k2mq-…". */
static sc_status make_secret(size_t characters, char out[SC_INIT_SECRET_SIZE], struct sc_error *err)
{
	SC_CLEANUP(sc_secret) random = { 0 };
	size_t used = 0;

	SC_TRY(sc_secret_random(characters, &random, err));
	for (size_t i = 0; i < characters; i++) {
		if (i && i % GROUP == 0)
			out[used++] = '-';
		out[used++] = alphabet[random.data[i] % (sizeof alphabet - 1)];
	}
	out[used] = '\0';
	return SC_OK;
}

static sc_status add_user(struct sc_store_signin_db *store, const struct sc_init_plan *plan,
			  const char *password, struct sc_error *err)
{
	char encoded[SC_WEB_PASSWORD_ENCODED_SIZE];
	const struct sc_store_user_row row = { .tenant = plan->tenant,
					       .oid = plan->user_oid,
					       .upn = plan->user,
					       .name = plan->user,
					       .password = encoded };

	SC_TRY(sc_web_password_encode(sc_view_text(password), encoded, err));
	return sc_store_user_add(store, &row, err);
}

static sc_status add_application(struct sc_store_signin_db *store, const struct sc_init_plan *plan,
				 const char *secret, struct sc_error *err)
{
	struct sc_store_application_row row = {
		.tenant = plan->tenant, .appid = plan->app_id, .oid = plan->app_oid, .name = plan->app_name
	};

	SC_TRY(sc_web_client_secret_hash(sc_view_text(secret), &row.secret, err));
	return sc_store_application_add(store, &row, err);
}

static sc_status fill(const struct sc_init_plan *plan, const struct sc_dir *dir,
		      struct sc_init_report *report, struct sc_error *err)
{
	SC_CLEANUP(sc_store_signin_db) store = NULL;
	const struct sc_store_signin_tenant_row tenant = { .id = plan->tenant, .name = plan->tenant_name };
	char path[4096];

	snprintf(path, sizeof path, "%s/signin.db", dir->path);
	SC_TRY(sc_store_signin_db_open(path, &store, err));
	SC_TRY(sc_store_signin_tenant_add(store, &tenant, err));
	SC_TRY(make_secret(PASSWORD_CHARACTERS, report->password, err));
	SC_TRY(add_user(store, plan, report->password, err));
	SC_TRY(make_secret(SECRET_CHARACTERS, report->app_secret, err));
	return add_application(store, plan, report->app_secret, err);
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
