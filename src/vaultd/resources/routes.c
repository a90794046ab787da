/* The table of the Resource Manager: paths compare without case (the host is relaxed, web/web.h). */
#include "vaultd/resources/routes.h"

#include "vaultd/resources/handlers.h"

#define SUBSCRIPTION "/subscriptions/{subscription}"
#define GROUP        SUBSCRIPTION "/resourceGroups/{group}"
#define KEY_VAULT    "/providers/Microsoft.KeyVault"

const struct sc_web_route sc_resources_routes[] = {
	{ "GET", "/tenants", sc_tenants_list },
	{ "GET", "/subscriptions", sc_subscriptions_list },
	{ "GET", SUBSCRIPTION, sc_subscriptions_get },
	{ "GET", SUBSCRIPTION "/resourceGroups", sc_groups_list },
	{ "PUT", GROUP, sc_groups_put },
	{ "GET", GROUP, sc_groups_get },
	{ "HEAD", GROUP, sc_groups_head },
	{ "GET", SUBSCRIPTION "/resources", sc_resources_list },
	{ "GET", SUBSCRIPTION KEY_VAULT "/vaults", sc_vaults_list },
	{ "POST", SUBSCRIPTION KEY_VAULT "/checkNameAvailability", sc_vaults_check_name },
	{ "GET", GROUP KEY_VAULT "/vaults", sc_vaults_list },
	{ "GET", GROUP KEY_VAULT "/vaults/{vault}", sc_vaults_get },
	{ "PUT", GROUP KEY_VAULT "/vaults/{vault}", sc_vaults_put },
	{ 0 },
};
