/* Get-AzureSubscription, article step 1.2: lists the account's subscriptions; the key is for one of them. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "azure/cmdlet.h"
#include "azure/manager.h"
#include "base/options.h"
#include "base/print.h"
#include "base/visible.h"
#include "formats/guid.h"

#define NAME "Get-AzureSubscription"

#define WIDTH 16

struct arguments {
	const char *id;
	char guid[SC_GUID_SIZE]; /* what it is */
	const char *name;
};

static sc_status check(struct arguments *a, struct sc_error *err)
{
	if (!a->id)
		return SC_OK;
	SC_ENSURE(
	    sc_guid_read_typed(a->id, a->guid), err, SC_ERR_ARGUMENT,
	    "-SubscriptionId: %s is not a subscription id, such as 3f0c2a52-5d0b-4f64-9b54-2f6f3f1f6f01",
	    sc_shown(a->id).s);
	a->id = a->guid;
	return SC_OK;
}

static sc_status read_arguments(int argc, char **argv, struct arguments *a, bool *done, struct sc_error *err)
{
	const struct sc_option options[] = {
		{ .name = "SubscriptionId",
		  .argument = "ID",
		  .help = "only the subscription with this id",
		  .value = &a->id },
		{ .name = "SubscriptionName",
		  .argument = "NAME",
		  .help = "only subscriptions with this name",
		  .value = &a->name },
		{ 0 },
	};
	const struct sc_command_line line = { NAME, "[OPTIONS]", "Lists the account's subscriptions.",
					      options, "Sign in with Add-AzureAccount first." };
	size_t operands;

	SC_TRY(sc_options_read(&line, argc, argv, NULL, 0, &operands, done, err));
	return *done ? SC_OK : check(a, err);
}

static void print_subscription(const struct sc_azure_subscription *s, const char *account)
{
	sc_print("\n");
	sc_azure_cmdlet_property(WIDTH, "SubscriptionId", s->id);
	sc_azure_cmdlet_property(WIDTH, "SubscriptionName", s->name);
	sc_azure_cmdlet_property(WIDTH, "State", s->state);
	sc_azure_cmdlet_property(WIDTH, "DefaultAccount", account);
	sc_azure_cmdlet_property(WIDTH, "TenantId", s->tenant);
}

static bool is_wanted(const struct arguments *a, const struct sc_azure_subscription *s)
{
	return (!a->id || strcasecmp(a->id, s->id) == 0) && (!a->name || strcasecmp(a->name, s->name) == 0);
}

static sc_status print_all(struct sc_azure_account *account, const struct arguments *a, struct sc_error *err)
{
	struct sc_azure_subscription *list = NULL;
	size_t count = 0;
	size_t shown = 0;

	SC_TRY(sc_azure_manager_subscriptions(account, &list, &count, err));
	for (size_t i = 0; i < count; i++)
		if (is_wanted(a, &list[i])) {
			print_subscription(&list[i], sc_azure_account_session(account)->account);
			shown++;
		}
	free(list);
	if (shown)
		sc_print("\n");
	SC_ENSURE(shown || (!a->id && !a->name), err, SC_ERR_NOT_FOUND,
		  "%s: the account has no such subscription (it has %zu)",
		  sc_shown(a->id ? a->id : a->name).s, count);
	return SC_OK;
}

static sc_status run(int argc, char **argv, bool *done, struct sc_error *err)
{
	SC_CLEANUP(sc_azure_account) account = NULL;
	struct arguments a = { 0 };

	SC_TRY(read_arguments(argc, argv, &a, done, err));
	if (*done)
		return SC_OK;
	SC_TRY(sc_azure_account_open(&account, err));
	return print_all(account, &a, err);
}

int main(int argc, char **argv)
{
	return sc_azure_cmdlet_main(NAME, run, argc, argv);
}
