/* Resource groups: names under which vaults are kept, with a location and tags. */
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "formats/vault_name.h"
#include "vaultd/resources/resource_api.h"
#include "vaultd/resources/resource_handlers.h"
#include "vaultd/resources/vault_body.h"
#include "web/json.h"

#define GROUP_NAME_MAX 90
#define LOCATION_MAX   64

static json_t *group_json(const struct sc_store_group_row *row)
{
	json_t *tags = NULL;

	if (sc_json_read(sc_view_text(row->tags), &tags, NULL) != SC_OK)
		tags = json_object();
	return json_pack("{s:s+++, s:s, s:s, s:s, s:o, s:{s:s}}", "id", "/subscriptions/", row->subscription,
			 "/resourceGroups/", row->name, "name", row->name, "type",
			 "Microsoft.Resources/resourceGroups", "location", row->location, "tags", tags,
			 "properties", "provisioningState", "Succeeded");
}

static bool name_is_valid(const char *name)
{
	size_t len = strspn(name, SC_NAME_ALPHABET "_.()");

	return len > 0 && len <= GROUP_NAME_MAX && name[len] == '\0' && name[len - 1] != '.';
}

static sc_status find_group(struct sc_vaultd_call *call, struct sc_store_group_row *out, struct sc_error *err)
{
	return sc_store_group_find(call->vaultd->store, call->subscription.tenant, call->subscription.id,
				   sc_web_parameter(call->request, "group"), out, err);
}

static void get(struct sc_vaultd_call *call)
{
	SC_CLEANUP(sc_store_group_row) group = { 0 };
	struct sc_error err = { 0 };
	sc_status status;

	status = find_group(call, &group, &err);
	if (status == SC_OK)
		sc_vaultd_call_answer(call, 200, group_json(&group));
	else if (status == SC_ERR_NOT_FOUND)
		sc_vaultd_call_refuse(call, 404, "ResourceGroupNotFound",
				      "Resource group '%.90s' could not be found.",
				      sc_web_parameter(call->request, "group"));
	else
		sc_vaultd_call_fail(call, status, &err);
}

void sc_resources_groups_get(struct sc_web_request *request, void *context)
{
	sc_resources_begin(request, context, SC_OPERATION_GROUP_READ, get);
}

/* Tells whether the group exists (az group exists). */
static void head(struct sc_vaultd_call *call)
{
	SC_CLEANUP(sc_store_group_row) group = { 0 };
	struct sc_error err = { 0 };
	sc_status status;

	status = find_group(call, &group, &err);
	if (status == SC_OK || status == SC_ERR_NOT_FOUND)
		sc_vaultd_call_answer_bare(call, status == SC_OK ? 204 : 404);
	else
		sc_vaultd_call_fail(call, status, &err);
}

void sc_resources_groups_head(struct sc_web_request *request, void *context)
{
	sc_resources_begin(request, context, SC_OPERATION_GROUP_READ, head);
}

static sc_status add_group(void *context, const struct sc_store_group_row *row, struct sc_error *err)
{
	SC_TRY(sc_check_allocated(json_array_append_new(context, group_json(row)) == 0, err));
	return SC_OK;
}

static void list(struct sc_vaultd_call *call)
{
	SC_CLEANUP(sc_json) groups = json_array();
	struct sc_error err = { 0 };
	sc_status status;

	status = sc_store_group_list(call->vaultd->store, call->subscription.tenant, call->subscription.id,
				     NULL, UINT32_MAX, add_group, groups, &err);
	if (status == SC_OK)
		sc_vaultd_call_answer(call, 200, json_pack("{s:O}", "value", groups));
	else
		sc_vaultd_call_fail(call, status, &err);
}

void sc_resources_groups_list(struct sc_web_request *request, void *context)
{
	sc_resources_begin(request, context, SC_OPERATION_GROUP_READ, list);
}

/* The row that PUT writes, and the text that it points into. */
struct new_group {
	struct sc_store_group_row row;
	struct sc_bytes tags;
};

/* SC_ERR_CONFLICT if the group exists in another location. */
static sc_status write_group(struct sc_vaultd_call *call, const struct sc_store_group_row *row, bool *is_new,
			     struct sc_error *err)
{
	SC_CLEANUP(sc_store_group_row) present = { 0 };
	sc_status status;

	SC_TRY(sc_vaultd_call_start_change(call, err));
	status = find_group(call, &present, err);
	if (status == SC_OK)
		SC_ENSURE(strcasecmp(present.location, row->location) == 0, err, SC_ERR_CONFLICT,
			  "The resource group '%s' already exists in location '%s'.", present.name,
			  present.location);
	else if (status != SC_ERR_NOT_FOUND)
		return status;
	return sc_store_group_put(call->vaultd->store, row, is_new, err);
}

static sc_status read_group(struct sc_vaultd_call *call, struct new_group *group, struct sc_error *err)
{
	const char *name = sc_web_parameter(call->request, "group");
	const char *location = NULL;

	SC_ENSURE(
	    name_is_valid(name), err, SC_ERR_ARGUMENT,
	    "A resource group's name has 1 to %d letters, digits and '-_.()' and does not end with a full "
	    "stop.",
	    GROUP_NAME_MAX);
	SC_TRY(sc_json_text(call->body, "location", LOCATION_MAX, SC_JSON_NEEDED, &location, err));
	SC_TRY(sc_resources_tags_read(call->body, &group->tags, err));
	group->row = (struct sc_store_group_row){
		.tenant = call->subscription.tenant,
		.subscription = call->subscription.id,
		.name = name,
		.location = location,
		.tags = (const char *)group->tags.data,
		.created = sc_clock_now(),
	};
	return SC_OK;
}

static void put_group(struct sc_vaultd_call *call, const struct sc_store_group_row *row)
{
	SC_CLEANUP(sc_store_group_row) written = { 0 };
	struct sc_error err = { 0 };
	bool is_new = false;
	sc_status status = write_group(call, row, &is_new, &err);

	call->access.is_done = status == SC_OK;
	if (status == SC_OK)
		status = find_group(call, &written, &err);
	if (status == SC_OK)
		sc_vaultd_call_answer(call, is_new ? 201 : 200, group_json(&written));
	else if (status == SC_ERR_CONFLICT)
		sc_vaultd_call_refuse(call, 409, "InvalidResourceGroupLocation", "%s", err.message);
	else
		sc_vaultd_call_fail(call, status, &err);
}

static void refuse_location(struct sc_vaultd_call *call, const char *location)
{
	char known[SC_VAULTD_LOCATIONS_SIZE];

	sc_vaultd_list_locations(call->vaultd, known);
	sc_vaultd_call_refuse(
	    call, 400, "LocationNotAvailableForResourceGroup",
	    "The provided location '%s' is not available for resource group. List of available "
	    "locations is '%s'.",
	    location, known);
}

static void put(struct sc_vaultd_call *call)
{
	struct new_group group = { 0 };
	struct sc_error err = { 0 };
	sc_status status;

	if (!sc_resources_read_body(call))
		return;
	status = read_group(call, &group, &err);
	if (status != SC_OK)
		sc_vaultd_call_fail(call, status, &err);
	else if (!sc_vaultd_find_location(call->vaultd, group.row.location))
		refuse_location(call, group.row.location);
	else
		put_group(call, &group.row);
	sc_bytes_free(&group.tags);
}

void sc_resources_groups_put(struct sc_web_request *request, void *context)
{
	sc_resources_begin(request, context, SC_OPERATION_GROUP_WRITE, put);
}
