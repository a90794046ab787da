/*
 * `safeconduct tenant add` works on a deployment whose daemons may be running. What it does in a daemon's
 * directory is done by a child process that runs as the directory's owner: root opens no file that a daemon
 * can replace, and no file in it gets another owner.
 */
#ifndef SC_TOOLS_SAFECONDUCT_TENANT_PART_H
#define SC_TOOLS_SAFECONDUCT_TENANT_PART_H

#include "base/error.h"
#include "tools/safeconduct/tenant.h"

#define SC_TENANT_URL_SIZE 512

/* What the parts make of it; they run in this order. */
struct sc_tenant_addition {
	struct sc_tenant tenant;
	struct sc_tenant_secrets secrets; /* for the last part */
	char login[SC_TENANT_URL_SIZE];   /* for struct sc_tenant_place */
	char management[SC_TENANT_URL_SIZE];
};

/* Works in a daemon's directory, the path `directory`, as its owner. */
typedef sc_status sc_tenant_part(const char *directory, struct sc_tenant_addition *addition,
				 struct sc_error *err);

/* In signind's directory. SC_ERR_EXISTS: the tenant or the user exists. Writes nothing. */
sc_tenant_part sc_tenant_part_check;

/* In vaultd's directory. Adds the tenant there, and reads the addresses from vaultd's configuration. */
sc_tenant_part sc_tenant_part_vaultd;

/* In signind's directory. Adds the tenant there, which is when it begins to exist. */
sc_tenant_part sc_tenant_part_signind;

/*
 * Has a child process do a part in DIR/<daemon>. *addition is changed only if it succeeds. SC_ERR_NOT_FOUND:
 * there is no such directory.
 */
sc_status sc_tenant_part_run(const char *dir, const char *daemon, sc_tenant_part *part,
			     struct sc_tenant_addition *addition, struct sc_error *err) SC_WARN_UNUSED;

#endif
