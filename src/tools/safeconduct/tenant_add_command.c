/*
 * safeconduct tenant add: makes another tenant in a deployment, while its daemons run. The names are checked
 * first. Then vaultd gets the tenant, in which nobody can sign in yet; then the secrets are shown; and then
 * signind gets it, in one transaction. Whatever interrupts that, the same command run again completes it, and
 * no secret that was never shown is the tenant's only one.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include <openssl/crypto.h>

#include "base/options.h"
#include "base/visible.h"
#include "formats/vault_name.h"
#include "tools/safeconduct/subcommands.h"
#include "tools/safeconduct/tenant_part.h"

static const char notes[] =
    "Neither daemon needs a restart. If you are root, each daemon's database is opened by its owner.\n"
    "You can source the output in a shell. It contains two secrets that are shown only once. They are valid\n"
    "only if the exit status is 0; otherwise run the command again.";

struct arguments {
	const char *dir;
	struct sc_tenant_names names;
};

static sc_status check_required(const struct arguments *arguments, struct sc_error *err)
{
	SC_ENSURE(arguments->dir, err, SC_ERR_USAGE,
		  "--dir is missing: give the directory that `safeconduct init` made");
	SC_ENSURE(arguments->names.name, err, SC_ERR_USAGE, "--tenant-name is missing: name the new tenant");
	SC_ENSURE(arguments->names.user, err, SC_ERR_USAGE,
		  "--user is missing: name the tenant's administrator, like admin@fabrikam");
	return SC_OK;
}

static sc_status read_arguments(int argc, char **argv, struct arguments *out, bool *done,
				struct sc_error *err)
{
	const struct sc_option options[] = {
		{ .name = "dir",
		  .argument = "DIR",
		  .help = "the directory of the services",
		  .value = &out->dir },
		{ .name = "tenant-name",
		  .argument = "NAME",
		  .help = "the new tenant",
		  .value = &out->names.name },
		{ .name = "user",
		  .argument = "NAME@DOMAIN",
		  .help = "its administrator; unique across all tenants",
		  .value = &out->names.user },
		{ .name = "subscription-name",
		  .argument = "NAME",
		  .help = "its subscription (the tenant's name and Keys)",
		  .value = &out->names.subscription },
		{ .name = "app-name",
		  .argument = "NAME",
		  .help = "its application (application)",
		  .value = &out->names.app },
		{ 0 },
	};
	const struct sc_command_line line = {
		"safeconduct tenant add", "--dir=DIR --tenant-name=NAME --user=NAME@DOMAIN [OPTIONS]",
		"Makes a tenant with a subscription, an administrator and an application.", options, notes
	};
	size_t operands;

	SC_TRY(sc_options_read(&line, argc, argv, NULL, 0, &operands, done, err));
	return *done ? SC_OK : check_required(out, err);
}

/* The addresses are from a file of vaultd's user, and a shell will source them. */
static sc_status check_address(const char *address, struct sc_error *err)
{
	SC_ENSURE(strspn(address, SC_LETTERS_DIGITS "-.:/") == strlen(address), err, SC_ERR_ARGUMENT,
		  "vaultd.conf: %s is not an address", sc_shown(address).s);
	return SC_OK;
}

static sc_status add(const char *dir, struct sc_tenant_addition *addition, struct sc_error *err)
{
	const struct sc_tenant_place place = { addition->login, addition->management, dir };
	sc_status status;

	SC_TRY(sc_tenant_part_run(dir, "signind", sc_tenant_part_check, addition, err));
	SC_TRY(sc_tenant_part_run(dir, "vaultd", sc_tenant_part_vaultd, addition, err));
	SC_TRY(check_address(addition->login, err));
	SC_TRY(check_address(addition->management, err));
	SC_TRY(sc_tenant_make_secrets(&addition->secrets, err));
	SC_TRY(sc_tenant_print(&addition->tenant, &addition->secrets, &place, "run the command again", err));
	status = sc_tenant_part_run(dir, "signind", sc_tenant_part_signind, addition, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "the secrets that were shown are not valid");
	return SC_OK;
}

sc_status sc_subcommand_tenant_add(int argc, char **argv, bool *done, struct sc_error *err)
{
	static const struct sc_tenant_names standard = { .name = "", .user = "", .app = "application" };
	struct arguments arguments = { 0 };
	struct sc_tenant_addition addition = { .login = "" };
	char dir[PATH_MAX];
	sc_status status;

	SC_TRY(read_arguments(argc, argv, &arguments, done, err));
	if (*done)
		return SC_OK;
	/* The secrets must not reach a core file. */
	if (prctl(PR_SET_DUMPABLE, 0) != 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "core dumps cannot be disabled");
	SC_TRY(sc_tenant_plan(&arguments.names, &standard, &addition.tenant, err));
	if (!realpath(arguments.dir, dir))
		return sc_fail_errno(err, SC_ERR_NOT_FOUND, "--dir: %s", sc_shown(arguments.dir).s);
	status = add(dir, &addition, err);
	OPENSSL_cleanse(&addition.secrets, sizeof addition.secrets);
	return status;
}
