/*
 * safeconduct init: makes everything that signind and vaultd need for their first start. Each daemon's part
 * is done by a child with the daemon's user id (init_child.c). The parent makes the one-use TLS authority,
 * signs the two certificates and destroys the authority's key. The directory gets its name only when it is
 * complete.
 */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/print.h"
#include "tools/safeconduct/subcommands.h"
#include "tools/safeconduct/init.h"
#include "tools/safeconduct/shell_quote.h"
#include "tools/safeconduct/tls_authority.h"

/* -- certificates ------------------------------------------------------------------------------- */

static sc_status issue(const struct sc_init_plan *plan, const struct sc_tls_authority *authority,
		       const struct sc_init_child *child, struct sc_bytes *out, struct sc_error *err)
{
	char text[SC_INIT_SERVER_NAMES][SC_INIT_DOMAIN_MAX + 16];
	const char *names[SC_INIT_SERVER_NAMES];
	size_t count = 0;

	for (; count < SC_INIT_SERVER_NAMES && child->daemon->server_names[count]; count++) {
		snprintf(text[count], sizeof text[count], "%s%s", child->daemon->server_names[count],
			 plan->domain);
		names[count] = text[count];
	}
	return sc_tls_authority_issue(authority, sc_view_of(child->report.spki, child->report.spki_len),
				      names, count, out, err);
}

/* The authority exists only in this function. */
static sc_status certify(const struct sc_init_plan *plan, struct sc_init_child *signind,
			 struct sc_init_child *vaultd, struct sc_error *err)
{
	SC_CLEANUP(sc_tls_authority) authority = NULL;
	SC_CLEANUP(sc_bytes) ca = { 0 };
	SC_CLEANUP(sc_bytes) for_signind = { 0 };
	SC_CLEANUP(sc_bytes) for_vaultd = { 0 };
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;

	SC_TRY(sc_tls_authority_new(plan->domain, &authority, err));
	SC_TRY(sc_tls_authority_certificate(authority, &ca, err));
	SC_TRY(issue(plan, authority, signind, &for_signind, err));
	SC_TRY(issue(plan, authority, vaultd, &for_vaultd, err));
	sc_tls_authority_free(sc_steal(authority));
	SC_TRY(sc_dir_open(plan->partial, &dir, err));
	SC_TRY(sc_file_write(&dir, "ca.pem", sc_bytes_view(&ca), SC_FILE_NEW, 0644, err));
	SC_TRY(sc_init_child_finish(signind, sc_bytes_view(&for_signind), err));
	return sc_init_child_finish(vaultd, sc_bytes_view(&for_vaultd), err);
}

/* -- the command -------------------------------------------------------------------------------- */

static sc_status make_parts(const struct sc_init_plan *plan, const struct sc_init_identity *signin_user,
			    const struct sc_init_identity *vault_user, struct sc_init_child *signind,
			    struct sc_init_child *vaultd, struct sc_error *err)
{
	sc_status status;

	SC_TRY(sc_init_directories_make(plan, signin_user, vault_user, err));
	SC_TRY(
	    sc_init_child_start(plan, &sc_init_signind, plan->signin_module, signin_user, -1, signind, err));
	SC_TRY(sc_init_child_start(plan, &sc_init_vaultd, plan->vault_module, vault_user, signind->socket,
				   vaultd, err));
	status = sc_init_child_report(signind, err);
	if (status == SC_OK)
		status = sc_init_child_report(vaultd, err);
	if (status == SC_OK)
		status = certify(plan, signind, vaultd, err);
	if (status != SC_OK)
		return status;
	return sc_init_directories_name(plan, err);
}

/*
 * The output is for people, and a shell can source it. The files have only hashes of the secrets, so if the
 * output is lost, the secrets are, too.
 */
static sc_status print_result(const struct sc_init_plan *plan, const struct sc_init_report *signind,
			      struct sc_error *err)
{
	char login[SC_INIT_URL_SIZE];
	char authority[SC_INIT_URL_SIZE + sizeof "/adfs"];
	char management[SC_INIT_URL_SIZE];
	char what_to_do[SC_SHELL_QUOTE_SIZE];
	char dir[SC_SHELL_QUOTE_SIZE];
	const struct sc_tenant_place place = { authority, management, plan->dir };

	sc_init_url(plan, "login", plan->signin_port, login);
	sc_init_url(plan, "management", plan->vault_port, management);
	snprintf(authority, sizeof authority, "%s/adfs", login);
	snprintf(what_to_do, sizeof what_to_do, "remove %s and start again", plan->dir);
	sc_shell_quote(plan->dir, dir);
	sc_print("# signind --config=%s/signind/signind.conf\n", dir);
	sc_print("# vaultd --config=%s/vaultd/vaultd.conf\n", dir);
	sc_print(
	    "# The TLS authority's key (of ca.pem) is destroyed; both certificates expire in %d years.\n",
	    SC_TLS_YEARS);
	return sc_tenant_print(&plan->tenant, &signind->secrets, &place, what_to_do, err);
}

sc_status sc_subcommand_init(int argc, char **argv, bool *done, struct sc_error *err)
{
	SC_CLEANUP(sc_init_plan) plan = { 0 };
	struct sc_init_options options = { 0 };
	struct sc_init_identity signin_user = { 0 };
	struct sc_init_identity vault_user = { 0 };
	struct sc_init_child signind = { .socket = -1 };
	struct sc_init_child vaultd = { .socket = -1 };
	sc_status status;

	SC_TRY(sc_init_options_read(argc, argv, &options, done, err));
	if (*done)
		return SC_OK;
	/* The authority's key must not reach a core file. */
	if (prctl(PR_SET_DUMPABLE, 0) != 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "core dumps cannot be disabled");
	SC_TRY(sc_init_plan_make(&options, &plan, err));
	SC_TRY(sc_init_identity_find(options.signin_user, "--signin-user", &signin_user, err));
	SC_TRY(sc_init_identity_find(options.vault_user, "--vault-user", &vault_user, err));
	status = make_parts(&plan, &signin_user, &vault_user, &signind, &vaultd, err);
	if (status == SC_OK)
		status = print_result(&plan, &signind.report, err);
	sc_init_child_end(&vaultd);
	sc_init_child_end(&signind);
	return status;
}
