/*
 * A tenant as `safeconduct init` and `safeconduct tenant add` make it: with a subscription, an administrator
 * and an application, in the databases of both daemons. Each database is opened by a process of its daemon's
 * user.
 */
#ifndef SC_TOOLS_SAFECONDUCT_TENANT_H
#define SC_TOOLS_SAFECONDUCT_TENANT_H

#include "formats/guid.h"

#define SC_TENANT_NAME_SIZE   101 /* terminated */
#define SC_TENANT_SECRET_SIZE 64  /* printed form, terminated */

/* What a command line names. NULL: not given. */
struct sc_tenant_names {
	const char *name;
	const char *subscription;
	const char *user;
	const char *app;
};

struct sc_tenant {
	char name[SC_TENANT_NAME_SIZE];
	char subscription_name[SC_TENANT_NAME_SIZE];
	char user[SC_TENANT_NAME_SIZE]; /* administrator, user@domain */
	char app_name[SC_TENANT_NAME_SIZE];
	char id[SC_GUID_SIZE];
	char subscription[SC_GUID_SIZE];
	char user_oid[SC_GUID_SIZE];
	char app_id[SC_GUID_SIZE];
	char app_oid[SC_GUID_SIZE];
};

/* Of the administrator and the application. */
struct sc_tenant_secrets {
	char password[SC_TENANT_SECRET_SIZE];
	char app_secret[SC_TENANT_SECRET_SIZE];
};

/* The addresses that a tenant's users need. */
struct sc_tenant_place {
	const char *login;      /* "https://login.localhost:8444/adfs" */
	const char *management; /* "https://management.localhost:8443" */
	const char *dir;        /* of the deployment */
};

/*
 * Checks the names and makes the ids. A name that is not given is `standard`'s, except the subscription's,
 * which is "<tenant> Keys". SC_ERR_ARGUMENT, naming the option.
 */
sc_status sc_tenant_plan(const struct sc_tenant_names *names, const struct sc_tenant_names *standard,
			 struct sc_tenant *out, struct sc_error *err) SC_WARN_UNUSED;

/* Makes a password and a client secret. */
sc_status sc_tenant_make_secrets(struct sc_tenant_secrets *out, struct sc_error *err) SC_WARN_UNUSED;

/* Adds the tenant to signind's database, with hashes of the secrets. SC_ERR_EXISTS: a name is taken. */
sc_status sc_tenant_add_to_signind(const char *database, const struct sc_tenant *tenant,
				   const struct sc_tenant_secrets *secrets,
				   struct sc_error *err) SC_WARN_UNUSED;

/*
 * Adds the tenant to vaultd's database. Its administrator's issuer is the one that `issuers`, a pattern
 * (web/issuer_name.h), has for the tenant. If vaultd has a tenant of that name, the ids of `tenant` become
 * that tenant's: see sc_store_tenant_start().
 */
sc_status sc_tenant_add_to_vaultd(const char *database, const char *issuers, struct sc_tenant *tenant,
				  struct sc_error *err) SC_WARN_UNUSED;

/*
 * Prints all of it for people, and so that a shell can source it. SC_ERR_SYSTEM if it cannot be printed, with
 * `what_to_do` in the message.
 */
sc_status sc_tenant_print(const struct sc_tenant *tenant, const struct sc_tenant_secrets *secrets,
			  const struct sc_tenant_place *place, const char *what_to_do,
			  struct sc_error *err) SC_WARN_UNUSED;

#endif
