/* Tenants and subscriptions: what a client asks for when it signs in. */
#include <string.h>

#include "vaultd/resources/resource_call.h"
#include "vaultd/resources/resource_handlers.h"

void sc_resources_tenants_list(struct sc_web_request *request, void *context)
{
	struct sc_resources_call *call =
	    sc_resources_call_begin(request, context, SC_OPERATION_RESOURCE_READ);
	SC_CLEANUP(sc_store_tenant_row) tenant = { 0 };
	struct sc_error err = { 0 };
	sc_status status;

	if (!call)
		return;
	status = sc_store_tenant_find(call->vaultd->store, call->access.caller.tid, &tenant, &err);
	if (status == SC_OK)
		sc_resources_call_answer(call, 200,
					 json_pack("{s:[{s:s+, s:s, s:s, s:s}]}", "value", "id", "/tenants/",
						   tenant.id, "tenantId", tenant.id, "displayName",
						   tenant.name, "tenantCategory", "Home"));
	else if (status == SC_ERR_NOT_FOUND)
		sc_resources_call_answer(call, 200, json_pack("{s:[]}", "value"));
	else
		sc_resources_call_fail(call, status, &err);
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
	if (json_array_append_new(context, subscription_json(row)))
		return sc_fail_plain(err, SC_ERR_MEMORY);
	return SC_OK;
}

void sc_resources_subscriptions_list(struct sc_web_request *request, void *context)
{
	struct sc_resources_call *call =
	    sc_resources_call_begin(request, context, SC_OPERATION_RESOURCE_READ);
	json_t *list = json_array();
	struct sc_error err = { 0 };
	sc_status status;

	if (call) {
		status = sc_store_subscription_list(call->vaultd->store, call->access.caller.tid,
						    add_subscription, list, &err);
		if (status == SC_OK)
			sc_resources_call_answer(call, 200,
						 json_pack("{s:O, s:{s:s, s:i}}", "value", list, "count",
							   "type", "Total", "value",
							   (int)json_array_size(list)));
		else
			sc_resources_call_fail(call, status, &err);
	}
	json_decref(list);
}

void sc_resources_subscriptions_get(struct sc_web_request *request, void *context)
{
	struct sc_resources_call *call =
	    sc_resources_call_begin(request, context, SC_OPERATION_RESOURCE_READ);

	if (call)
		sc_resources_call_answer(call, 200, subscription_json(&call->subscription));
}
