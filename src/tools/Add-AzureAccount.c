/*
 * Add-AzureAccount, article step 1.2: signs in and saves a session for later cmdlets. The password is read
 * from the terminal or from a descriptor, never from the command line, which every user of the machine can
 * read.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "azure/cmdlet.h"
#include "azure/manager.h"
#include "base/descriptors.h"
#include "base/options.h"
#include "base/print.h"
#include "base/terminal.h"
#include "base/visible.h"

#define NAME "Add-AzureAccount"

static const char notes[] =
    "Defaults come from the environment: -Authority from $SAFECONDUCT_LOGIN, -ResourceManager from\n"
    "$SAFECONDUCT_ARM, -CA from $SAFECONDUCT_CA or $SSL_CERT_FILE. If no CA is given, the system's "
    "authorities\n"
    "are trusted. Examples: -Authority https://login.localhost:8444/adfs,\n"
    "-ResourceManager https://management.localhost:8443.\n"
    "The session is kept in $SAFECONDUCT_CONFIG_DIR or, if that is not set, in $HOME/.safeconduct.\n"
    "Browser and device-code sign-in are not supported yet, so -Credential is required.";

struct arguments {
	const char *credential;
	const char *password_from_fd; /* as it was typed */
	int password_fd;
	struct sc_azure_sign_in sign_in;
};

/* The option's value or, without the option, that of the first of two environment variables that is set. */
static const char *choose(const char *option, const char *first, const char *second)
{
	const char *value = option ? option : getenv(first);

	if (!value && second)
		value = getenv(second);
	return value && *value ? value : NULL;
}

static sc_status check(struct arguments *a, struct sc_error *err)
{
	struct sc_azure_sign_in *sign_in = &a->sign_in;

	SC_ENSURE(
	    a->credential, err, SC_ERR_USAGE,
	    "-Credential is missing: name the user (browser and device-code sign-in are not supported yet)");
	sign_in->authority = choose(sign_in->authority, "SAFECONDUCT_LOGIN", NULL);
	sign_in->manager = choose(sign_in->manager, "SAFECONDUCT_ARM", NULL);
	sign_in->ca = choose(sign_in->ca, "SAFECONDUCT_CA", "SSL_CERT_FILE");
	SC_ENSURE(sign_in->authority, err, SC_ERR_USAGE,
		  "no sign-in address: give -Authority or set $SAFECONDUCT_LOGIN");
	SC_ENSURE(sign_in->manager, err, SC_ERR_USAGE,
		  "no Resource Manager address: give -ResourceManager or set $SAFECONDUCT_ARM");
	if (!a->password_from_fd)
		return SC_OK;
	return sc_fd_given_read(a->password_from_fd, "-Password-From-FD", &a->password_fd, err);
}

static sc_status read_arguments(int argc, char **argv, struct arguments *a, bool *done, struct sc_error *err)
{
	const struct sc_option options[] = {
		{ .name = "Credential",
		  .argument = "USER",
		  .help = "user to sign in, like admin@contoso",
		  .value = &a->credential },
		{ .name = "Password-From-FD",
		  .argument = "N",
		  .help = "read the password from this descriptor",
		  .value = &a->password_from_fd },
		{ .name = "Authority",
		  .argument = "URL",
		  .help = "sign-in address, ending in a tenant's id or adfs",
		  .value = &a->sign_in.authority },
		{ .name = "ResourceManager",
		  .argument = "URL",
		  .help = "address of the Resource Manager",
		  .value = &a->sign_in.manager },
		{ .name = "CA",
		  .argument = "FILE",
		  .help = "certification authorities to trust, PEM",
		  .value = &a->sign_in.ca },
		{ 0 },
	};
	const struct sc_command_line line = { NAME, "-Credential USER [OPTIONS]", "Signs in to an account.",
					      options, notes };
	size_t operands;

	SC_TRY(sc_options_read(&line, argc, argv, NULL, 0, &operands, done, err));
	return *done ? SC_OK : check(a, err);
}

static sc_status read_password(const struct arguments *a, struct sc_secret *out, struct sc_error *err)
{
	char prompt[256];

	if (a->password_from_fd)
		return sc_fd_read_secret_line(a->password_fd, "password", out, err);
	SC_ENSURE(sc_terminal_is_there(), err, SC_ERR_USAGE,
		  "no terminal to ask for the password: give -Password-From-FD");
	snprintf(prompt, sizeof prompt, "Password for %.200s: ", a->credential);
	return sc_terminal_read_secret(prompt, "password", out, err);
}

/* Prints the account as Azure's cmdlet does: further subscriptions follow, one per line. */
static void print_account(const struct sc_azure_session *session, const struct sc_azure_subscription *list,
			  size_t count)
{
	int width = (int)strlen(session->account);

	if (width < 16)
		width = 16;
	sc_print("\n%-*s %-6s %-36s %s\n", width, "Id", "Type", "Subscriptions", "Tenants");
	sc_print("%-*s %-6s %-36s %s\n", width, "--", "----", "-------------", "-------");
	sc_print("%-*s %-6s %-36s %s\n", width, session->account, "User", count ? list[0].id : "",
		 session->tenant);
	for (size_t i = 1; i < count; i++)
		sc_print("%-*s %-6s %s\n", width, "", "", list[i].id);
	sc_print("\n");
}

static sc_status run(int argc, char **argv, bool *done, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) password = { 0 };
	SC_CLEANUP(sc_azure_account) account = NULL;
	struct arguments a = { 0 };
	struct sc_azure_subscription *subscriptions = NULL;
	char ca[PATH_MAX];
	size_t count = 0;

	SC_TRY(read_arguments(argc, argv, &a, done, err));
	if (*done)
		return SC_OK;
	if (a.sign_in.ca) {
		/* The session is used from other directories too, so the path must be absolute. */
		if (!realpath(a.sign_in.ca, ca))
			return sc_fail_errno(err, SC_ERR_NOT_FOUND, "%s", sc_shown(a.sign_in.ca).s);
		a.sign_in.ca = ca;
	}
	SC_TRY(read_password(&a, &password, err));
	SC_TRY(sc_azure_account_sign_in(&a.sign_in, a.credential, &password, &account, err));
	SC_TRY(sc_azure_manager_subscriptions(account, &subscriptions, &count, err));
	print_account(sc_azure_account_session(account), subscriptions, count);
	free(subscriptions);
	return SC_OK;
}

int main(int argc, char **argv)
{
	return sc_azure_cmdlet_main(NAME, run, argc, argv);
}
