/* New-AzureRmResourceGroup: makes a resource group, which a vault needs. */
#include <stdio.h>

#include "azure/cmdlet.h"
#include "azure/manager.h"
#include "base/options.h"
#include "base/print.h"

#define NAME "New-AzureRmResourceGroup"

#define WIDTH 17

struct arguments {
	const char *name;
	const char *location;
	const char *subscription;
};

static sc_status read_arguments(int argc, char **argv, struct arguments *a, bool *done, struct sc_error *err)
{
	const struct sc_option options[] = {
		{ .name = "Name", .argument = "NAME", .help = "the group's name", .value = &a->name },
		{ .name = "Location",
		  .argument = "PLACE",
		  .help = "its location, like europe",
		  .value = &a->location },
		{ .name = "SubscriptionId",
		  .argument = "ID",
		  .help = "needed if the account has several subscriptions",
		  .value = &a->subscription },
		{ 0 },
	};
	const struct sc_command_line line = { NAME, "-Name NAME -Location PLACE [OPTIONS]",
					      "Makes a resource group.", options,
					      "Sign in with Add-AzureAccount first." };
	size_t operands;

	SC_TRY(sc_options_read(&line, argc, argv, NULL, 0, &operands, done, err));
	if (*done)
		return SC_OK;
	SC_ENSURE(a->name, err, SC_ERR_USAGE, "-Name is missing");
	SC_ENSURE(a->location, err, SC_ERR_USAGE, "-Location is missing: give one, like europe");
	return SC_OK;
}

static sc_status run(int argc, char **argv, bool *done, struct sc_error *err)
{
	SC_CLEANUP(sc_azure_account) account = NULL;
	struct arguments a = { 0 };
	struct sc_azure_subscription subscription;

	SC_TRY(read_arguments(argc, argv, &a, done, err));
	if (*done)
		return SC_OK;
	SC_TRY(sc_azure_account_open(&account, err));
	SC_TRY(sc_azure_manager_subscription(account, a.subscription, &subscription, err));
	SC_TRY(sc_azure_manager_make_group(account, subscription.id, a.name, a.location, err));
	sc_print("\n");
	sc_azure_cmdlet_property(WIDTH, "ResourceGroupName", a.name);
	sc_azure_cmdlet_property(WIDTH, "Location", a.location);
	sc_azure_cmdlet_property(WIDTH, "SubscriptionId", subscription.id);
	sc_print("\n");
	return SC_OK;
}

int main(int argc, char **argv)
{
	return sc_azure_cmdlet_main(NAME, run, argc, argv);
}
