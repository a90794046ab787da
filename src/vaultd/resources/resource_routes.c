/* The Resource Manager's routes. Letter case in paths does not matter (the host is relaxed, web/web.h). */
#include "vaultd/resources/resource_routes.h"

#include "vaultd/resources/resource_handlers.h"

#define SUBSCRIPTION "/subscriptions/{subscription}"
#define GROUP        SUBSCRIPTION "/resourceGroups/{group}"
#define KEY_VAULT    "/providers/Microsoft.KeyVault"

const struct sc_web_route sc_resources_routes[] = {
	{ "GET", "/metadata/endpoints", sc_resources_cloud_metadata },
	{ "GET", "/tenants", sc_resources_tenants_list },
	{ "GET", "/subscriptions", sc_resources_subscriptions_list },
	{ "GET", SUBSCRIPTION, sc_resources_subscriptions_get },
	{ "GET", SUBSCRIPTION "/resourceGroups", sc_resources_groups_list },
	{ "PUT", GROUP, sc_resources_groups_put },
	{ "GET", GROUP, sc_resources_groups_get },
	{ "HEAD", GROUP, sc_resources_groups_head },
	{ "GET", SUBSCRIPTION "/resources", sc_resources_list },
	{ "GET", SUBSCRIPTION KEY_VAULT "/vaults", sc_resources_vaults_list },
	{ "POST", SUBSCRIPTION KEY_VAULT "/checkNameAvailability", sc_resources_vaults_check_name },
	{ "GET", GROUP KEY_VAULT "/vaults", sc_resources_vaults_list },
	{ "GET", GROUP KEY_VAULT "/vaults/{vault}", sc_resources_vaults_get },
	{ "PUT", GROUP KEY_VAULT "/vaults/{vault}", sc_resources_vaults_put },
	{ 0 },
};
