/* One handler per operation of the Resource Manager. The context is the struct sc_vaultd. */
#ifndef SC_VAULTD_RESOURCES_RESOURCE_HANDLERS_H
#define SC_VAULTD_RESOURCES_RESOURCE_HANDLERS_H

#include "web/web.h"

void sc_resources_cloud_metadata(struct sc_web_request *request, void *context);
void sc_resources_tenants_list(struct sc_web_request *request, void *context);
void sc_resources_subscriptions_list(struct sc_web_request *request, void *context);
void sc_resources_subscriptions_get(struct sc_web_request *request, void *context);
void sc_resources_groups_list(struct sc_web_request *request, void *context);
void sc_resources_groups_put(struct sc_web_request *request, void *context);
void sc_resources_groups_get(struct sc_web_request *request, void *context);
void sc_resources_groups_head(struct sc_web_request *request, void *context);
void sc_resources_list(struct sc_web_request *request, void *context);
void sc_resources_vaults_list(struct sc_web_request *request, void *context);
void sc_resources_vaults_check_name(struct sc_web_request *request, void *context);
void sc_resources_vaults_get(struct sc_web_request *request, void *context);
void sc_resources_vaults_put(struct sc_web_request *request, void *context);

#endif
