/* What a tenant starts with: see tenant.h. */
#include "tools/safeconduct/tenant.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/print.h"
#include "base/secret.h"
#include "base/visible.h"
#include "store/signin_store.h"
#include "store/vault_store.h"
#include "tools/safeconduct/shell_quote.h"
#include "web/client_secret.h"
#include "web/issuer_name.h"
#include "web/password.h"
#include "web/token.h"

#define NAME_BYTES_MAX (SC_TENANT_NAME_SIZE - 1)

/* -- names and ids ------------------------------------------------------------------------------ */

static sc_status plan_name(const char *given, const char *option, const char *standard,
			   char out[SC_TENANT_NAME_SIZE], struct sc_error *err)
{
	const char *name = given ? given : standard;

	SC_ENSURE(*name && strlen(name) <= NAME_BYTES_MAX && sc_view_is_text(sc_view_text(name)) &&
		      !strchr(name, '\''),
		  err, SC_ERR_ARGUMENT, "%s: must be 1 to %d bytes of text without quotes", option,
		  NAME_BYTES_MAX);
	snprintf(out, SC_TENANT_NAME_SIZE, "%s", name);
	return SC_OK;
}

static sc_status make_ids(struct sc_tenant *tenant, struct sc_error *err)
{
	SC_TRY(sc_guid_make(tenant->id, err));
	SC_TRY(sc_guid_make(tenant->subscription, err));
	SC_TRY(sc_guid_make(tenant->user_oid, err));
	SC_TRY(sc_guid_make(tenant->app_id, err));
	return sc_guid_make(tenant->app_oid, err);
}

sc_status sc_tenant_plan(const struct sc_tenant_names *names, const struct sc_tenant_names *standard,
			 struct sc_tenant *out, struct sc_error *err)
{
	struct sc_tenant tenant = { .name = "" };
	char keys[SC_TENANT_NAME_SIZE + sizeof " Keys"];

	SC_TRY(plan_name(names->name, "--tenant-name", standard->name, tenant.name, err));
	snprintf(keys, sizeof keys, "%s Keys", tenant.name);
	SC_TRY(plan_name(names->subscription, "--subscription-name", keys, tenant.subscription_name, err));
	SC_TRY(plan_name(names->user, "--user", standard->user, tenant.user, err));
	SC_ENSURE(strchr(tenant.user, '@') && !strpbrk(tenant.user, " \t"), err, SC_ERR_ARGUMENT,
		  "--user: %s: not of the form name@domain", sc_shown(tenant.user).s);
	SC_TRY(plan_name(names->app, "--app-name", standard->app, tenant.app_name, err));
	SC_TRY(make_ids(&tenant, err));
	*out = tenant;
	return SC_OK;
}

/* -- secrets ------------------------------------------------------------------------------------ */

/* 32 characters that are hard to mistake for each other, 5 bits each. */
static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";
static_assert(256 % (sizeof alphabet - 1) == 0, "every character is equally likely");

#define GROUP               5  /* characters between two hyphens */
#define PASSWORD_CHARACTERS 20 /* 100 bits */
#define SECRET_CHARACTERS   52 /* 260 bits: nobody types it, and nobody can guess it */

/* Makes `characters` random characters in groups: "7k2mq-…". */
static sc_status make_secret(size_t characters, char out[SC_TENANT_SECRET_SIZE], struct sc_error *err)
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

sc_status sc_tenant_make_secrets(struct sc_tenant_secrets *out, struct sc_error *err)
{
	SC_TRY(make_secret(PASSWORD_CHARACTERS, out->password, err));
	return make_secret(SECRET_CHARACTERS, out->app_secret, err);
}

/* -- the databases ------------------------------------------------------------------------------ */

sc_status sc_tenant_add_to_signind(const char *database, const struct sc_tenant *tenant,
				   const struct sc_tenant_secrets *secrets, struct sc_error *err)
{
	SC_CLEANUP(sc_store_signin_db) store = NULL;
	char encoded[SC_WEB_PASSWORD_ENCODED_SIZE];
	const struct sc_store_signin_tenant_row row = { .id = tenant->id, .name = tenant->name };
	const struct sc_store_user_row user = { .tenant = tenant->id,
						.oid = tenant->user_oid,
						.upn = tenant->user,
						.name = tenant->user,
						.password = encoded };
	struct sc_store_application_row application = { .tenant = tenant->id,
							.appid = tenant->app_id,
							.oid = tenant->app_oid,
							.name = tenant->app_name };

	SC_TRY(sc_web_password_encode(sc_view_text(secrets->password), encoded, err));
	SC_TRY(sc_web_client_secret_hash(sc_view_text(secrets->app_secret), &application.secret, err));
	SC_TRY(sc_store_signin_db_open(database, &store, err));
	return sc_store_signin_tenant_start(store, &row, &user, &application, err);
}

/* What is stored is checked again: it will be part of what a shell sources. */
static sc_status take_stored(const struct sc_store_tenant_start_row *stored, struct sc_tenant *tenant,
			     struct sc_error *err)
{
	SC_ENSURE(sc_guid_read(stored->id, tenant->id) &&
		      sc_guid_read(stored->subscription, tenant->subscription) &&
		      sc_guid_read(stored->oid, tenant->user_oid),
		  err, SC_ERR_INTEGRITY, "tenant %s: an id in the database is not a GUID",
		  sc_shown(tenant->name).s);
	SC_TRY(plan_name(stored->name, "the tenant's name in the database", NULL, tenant->name, err));
	return plan_name(stored->subscription_name, "the subscription's name in the database", NULL,
			 tenant->subscription_name, err);
}

sc_status sc_tenant_add_to_vaultd(const char *database, const char *issuers, struct sc_tenant *tenant,
				  struct sc_error *err)
{
	SC_CLEANUP(sc_store_vault_db) store = NULL;
	SC_CLEANUP(sc_store_tenant_start_row) stored = { 0 };
	char issuer[SC_WEB_TOKEN_TEXT_MAX + 1];
	const struct sc_store_tenant_start_row row = { .id = tenant->id,
						       .name = tenant->name,
						       .subscription = tenant->subscription,
						       .subscription_name = tenant->subscription_name,
						       .issuer = issuer,
						       .oid = tenant->user_oid };

	sc_web_issuer_write(issuers, tenant->id, issuer, sizeof issuer);
	SC_TRY(sc_store_vault_db_open(database, &store, err));
	SC_TRY(sc_store_tenant_start(store, &row, &stored, err));
	return take_stored(&stored, tenant, err);
}

/* -- what is shown ------------------------------------------------------------------------------ */

sc_status sc_tenant_print(const struct sc_tenant *tenant, const struct sc_tenant_secrets *secrets,
			  const struct sc_tenant_place *place, const char *what_to_do, struct sc_error *err)
{
	char dir[SC_SHELL_QUOTE_SIZE];

	sc_shell_quote(place->dir, dir);
	sc_print("# Tenant '%s', subscription '%s'. Clients need:\n", tenant->name,
		 tenant->subscription_name);
	sc_print("export SAFECONDUCT_LOGIN='%s'\n", place->login);
	sc_print("export SAFECONDUCT_ARM='%s'\n", place->management);
	sc_print("export SAFECONDUCT_CA=%s/ca.pem\n", dir);
	sc_print("export SAFECONDUCT_TENANT='%s'\n", tenant->id);
	sc_print("export SAFECONDUCT_SUBSCRIPTION='%s'\n", tenant->subscription);
	sc_print("# The administrator and the application '%s'. Both secrets are shown only once.\n",
		 tenant->app_name);
	sc_print("export SAFECONDUCT_USER='%s'\n", tenant->user);
	sc_print("export SAFECONDUCT_PASSWORD='%s'\n", secrets->password);
	sc_print("export SAFECONDUCT_APP_ID='%s'\n", tenant->app_id);
	sc_print("export SAFECONDUCT_APP_SECRET='%s'\n", secrets->app_secret);
	sc_print_flush();
	if (ferror(stdout))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "the secrets could not be printed and are lost: %s",
				     what_to_do);
	return SC_OK;
}
