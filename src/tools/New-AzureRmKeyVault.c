/*
 * New-AzureRmKeyVault: makes a vault whose keys the account that makes it may use. An existing vault is not
 * changed.
 */
#include <stdio.h>

#include "azure/cmdlet.h"
#include "azure/manager.h"
#include "base/options.h"
#include "base/print.h"

#define NAME "New-AzureRmKeyVault"

#define WIDTH 17

static sc_status read_arguments(int argc, char **argv, struct sc_azure_new_vault *a, bool *done,
				struct sc_error *err)
{
	const struct sc_option options[] = {
		{ .name = "VaultName", .argument = "NAME", .help = "the vault's name", .value = &a->name },
		{ .name = "ResourceGroupName",
		  .argument = "NAME",
		  .help = "its resource group",
		  .value = &a->group },
		{ .name = "Location",
		  .argument = "PLACE",
		  .help = "its location, like europe",
		  .value = &a->location },
		{ .name = "SKU",
		  .argument = "NAME",
		  .help = "standard, or premium for HSM-protected keys (standard)",
		  .value = &a->sku },
		{ .name = "SubscriptionId",
		  .argument = "ID",
		  .help = "needed if the account has several subscriptions",
		  .value = &a->subscription },
		{ 0 },
	};
	const struct sc_command_line line = {
		NAME, "-VaultName NAME -ResourceGroupName NAME -Location PLACE [OPTIONS]", "Makes a vault.",
		options, "Sign in with Add-AzureAccount first."
	};
	size_t operands;

	SC_TRY(sc_options_read(&line, argc, argv, NULL, 0, &operands, done, err));
	if (*done)
		return SC_OK;
	SC_ENSURE(a->name, err, SC_ERR_USAGE, "-VaultName is missing");
	SC_ENSURE(a->group, err, SC_ERR_USAGE,
		  "-ResourceGroupName is missing (see New-AzureRmResourceGroup)");
	SC_ENSURE(a->location, err, SC_ERR_USAGE, "-Location is missing: give one, like europe");
	if (!a->sku)
		a->sku = "standard";
	return SC_OK;
}

static void print_vault(const struct sc_azure_vault *vault, const struct sc_azure_new_vault *new_vault)
{
	sc_print("\n");
	sc_azure_cmdlet_property(WIDTH, "Vault Name", vault->name);
	sc_azure_cmdlet_property(WIDTH, "ResourceGroupName", new_vault->group);
	sc_azure_cmdlet_property(WIDTH, "Location", vault->location);
	sc_azure_cmdlet_property(WIDTH, "Resource ID", vault->id);
	sc_azure_cmdlet_property(WIDTH, "Vault URI", vault->url);
	sc_azure_cmdlet_property(WIDTH, "SKU", vault->sku);
	sc_print("\n");
}

static sc_status run(int argc, char **argv, bool *done, struct sc_error *err)
{
	SC_CLEANUP(sc_azure_account) account = NULL;
	struct sc_azure_new_vault new_vault = { 0 };
	struct sc_azure_subscription subscription;
	struct sc_azure_vault vault = { 0 };

	SC_TRY(read_arguments(argc, argv, &new_vault, done, err));
	if (*done)
		return SC_OK;
	SC_TRY(sc_azure_account_open(&account, err));
	SC_TRY(sc_azure_manager_subscription(account, new_vault.subscription, &subscription, err));
	new_vault.subscription = subscription.id;
	SC_TRY(sc_azure_manager_make_vault(account, &new_vault, &vault, err));
	print_vault(&vault, &new_vault);
	return SC_OK;
}

int main(int argc, char **argv)
{
	return sc_azure_cmdlet_main(NAME, run, argc, argv);
}
