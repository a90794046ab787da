/* Tenants and subscriptions: what a client asks for when it signs in. */
#include "vaultd/resources/resource_api.h"
#include "vaultd/resources/resource_handlers.h"
#include "web/json.h"

static void list_tenants(struct sc_vaultd_call *call)
{
	SC_CLEANUP(sc_store_tenant_row) tenant = { 0 };
	struct sc_error err = { 0 };
	sc_status status;

	status = sc_store_tenant_find(call->vaultd->store, call->access.caller.tid, &tenant, &err);
	if (status == SC_OK)
		sc_vaultd_call_answer(call, 200,
				      json_pack("{s:[{s:s+, s:s, s:s, s:s}]}", "value", "id", "/tenants/",
						tenant.id, "tenantId", tenant.id, "displayName", tenant.name,
						"tenantCategory", "Home"));
	else if (status == SC_ERR_NOT_FOUND)
		sc_vaultd_call_answer(call, 200, json_pack("{s:[]}", "value"));
	else
		sc_vaultd_call_fail(call, status, &err);
}

void sc_resources_tenants_list(struct sc_web_request *request, void *context)
{
	sc_resources_begin(request, context, SC_OPERATION_TENANT_LIST, list_tenants);
}

static json_t *subscription_json(const struct sc_store_subscription_row *row)
{
	return json_pack("{s:s+, s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s}, s:s}", "id", "/subscriptions/",
			 row->id, "subscriptionId", row->id, "tenantId", row->tenant, "displayName",
			 row->name, "state", "Enabled", "subscriptionPolicies", "locationPlacementId",
			 "Internal_2014-09-01", "quotaId", "Internal_2014-09-01", "spendingLimit", "Off",
			 "authorizationSource", "RoleBased");
}

static sc_status add_subscription(void *context, const struct sc_store_subscription_row *row,
				  struct sc_error *err)
{
	SC_TRY(sc_check_allocated(json_array_append_new(context, subscription_json(row)) == 0, err));
	return SC_OK;
}

static void list_subscriptions(struct sc_vaultd_call *call)
{
	SC_CLEANUP(sc_json) list = json_array();
	struct sc_error err = { 0 };
	sc_status status;

	status = sc_store_subscription_list(call->vaultd->store, call->access.caller.tid, add_subscription,
					    list, &err);
	if (status == SC_OK)
		sc_vaultd_call_answer(call, 200,
				      json_pack("{s:O, s:{s:s, s:i}}", "value", list, "count", "type",
						"Total", "value", (int)json_array_size(list)));
	else
		sc_vaultd_call_fail(call, status, &err);
}

void sc_resources_subscriptions_list(struct sc_web_request *request, void *context)
{
	sc_resources_begin(request, context, SC_OPERATION_SUBSCRIPTION_READ, list_subscriptions);
}

static void get_subscription(struct sc_vaultd_call *call)
{
	sc_vaultd_call_answer(call, 200, subscription_json(&call->subscription));
}

void sc_resources_subscriptions_get(struct sc_web_request *request, void *context)
{
	sc_resources_begin(request, context, SC_OPERATION_SUBSCRIPTION_READ, get_subscription);
}
