/* Makes, changes, shows and lists vaults. Their keys are in vaultd/keys/. */
#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "vaultd/resources/resource_api.h"
#include "vaultd/resources/resource_handlers.h"
#include "vaultd/resources/vault_body.h"
#include "vaultd/stored_json.h"
#include "vaultd/vault_cache.h"
#include "web/json.h"

#define TYPE     "Microsoft.KeyVault/vaults"
#define NAME_MAX 256

/* -- one vault --------------------------------------------------------------------------------- */

static sc_status find_vault(struct sc_vaultd_call *call, struct sc_store_vault_row *out, struct sc_error *err)
{
	return sc_store_vault_find_in(call->vaultd->store, call->subscription.tenant, call->subscription.id,
				      sc_web_parameter(call->request, "group"),
				      sc_web_parameter(call->request, "vault"), out, err);
}

static void answer_with(struct sc_vaultd_call *call, unsigned http, const struct sc_store_vault_row *row)
{
	struct sc_error err = { 0 };
	json_t *vault = NULL;
	sc_status status = sc_resources_vault_show(row, call->vaultd->vault_authority, &vault, &err);

	if (status == SC_OK)
		sc_vaultd_call_answer(call, http, vault);
	else
		sc_vaultd_call_fail(call, status, &err);
}

static void refuse_absent(struct sc_vaultd_call *call)
{
	sc_vaultd_call_refuse(call, 404, "ResourceNotFound",
			      "The Resource '" TYPE "/%.64s' under resource group '%.90s' was not found.",
			      sc_web_parameter(call->request, "vault"),
			      sc_web_parameter(call->request, "group"));
}

static void get(struct sc_vaultd_call *call)
{
	SC_CLEANUP(sc_store_vault_row) row = { 0 };
	struct sc_error err = { 0 };
	sc_status status;

	status = find_vault(call, &row, &err);
	if (status == SC_OK)
		answer_with(call, 200, &row);
	else if (status == SC_ERR_NOT_FOUND)
		refuse_absent(call);
	else
		sc_vaultd_call_fail(call, status, &err);
}

void sc_resources_vaults_get(struct sc_web_request *request, void *context)
{
	sc_resources_begin(request, context, SC_OPERATION_VAULT_READ, get);
}

/* -- PUT --------------------------------------------------------------------------------------- */

static struct sc_resources_policy_author author_of(const struct sc_vaultd_call *call)
{
	return (struct sc_resources_policy_author){ call->subscription.tenant, call->access.caller.issuer };
}

static void refuse_taken(struct sc_vaultd_call *call)
{
	sc_vaultd_call_refuse(
	    call, 409, "VaultAlreadyExists",
	    "The vault name '%.24s' is already in use. Vault names are globally unique, so another "
	    "vault already exists under it.",
	    sc_web_parameter(call->request, "vault"));
}

/* Ends a PUT with the vault as it is stored, or with the failure of its write. */
static void answer_written(struct sc_vaultd_call *call, sc_status status, struct sc_error *err)
{
	SC_CLEANUP(sc_store_vault_row) written = { 0 };

	call->access.is_done = status == SC_OK;
	if (status == SC_OK)
		status = find_vault(call, &written, err);
	if (status == SC_OK)
		answer_with(call, 200, &written);
	else
		sc_vaultd_call_fail(call, status, err);
}

static void write_new(struct sc_vaultd_call *call, const struct sc_resources_vault_request *request,
		      const struct sc_vaultd_region *region)
{
	struct sc_store_vault_row row = {
		.tenant = call->subscription.tenant,
		.subscription = call->subscription.id,
		.group = sc_web_parameter(call->request, "group"),
		.name = sc_web_parameter(call->request, "vault"),
		.location = request->location,
		.region = region->info->code,
		.sku = request->sku,
		.properties = (const char *)request->properties.data,
		.tags = (const char *)request->tags.data,
		.created = sc_clock_now(),
	};
	struct sc_error err = { 0 };
	sc_status status;

	row.updated = row.created;
	status = sc_vaultd_call_start_change(call, &err);
	if (status == SC_OK)
		status = sc_store_vault_add(call->vaultd->store, &row, &err);
	if (status == SC_ERR_EXISTS) {
		refuse_taken(call);
		return;
	}
	if (status == SC_ERR_NOT_FOUND) {
		sc_vaultd_call_refuse(call, 404, "ResourceGroupNotFound",
				      "Resource group '%.90s' could not be found.", row.group);
		return;
	}
	answer_written(call, status, &err);
}

static void create(struct sc_vaultd_call *call)
{
	const struct sc_resources_policy_author author = author_of(call);
	const char *name = sc_web_parameter(call->request, "vault");
	SC_CLEANUP(sc_resources_vault_request) request = { 0 };
	const struct sc_vaultd_region *region;
	char known[SC_VAULTD_LOCATIONS_SIZE];
	struct sc_error err = { 0 };
	sc_status status;

	if (!sc_vault_name_is_valid(name)) {
		sc_vaultd_call_refuse(
		    call, 400, "VaultNameNotValid",
		    "The vault name '%.64s' is invalid. A vault name has 3 to 24 letters, digits and "
		    "hyphens, begins with a letter, ends with a letter or digit, and has no two hyphens "
		    "in a row.",
		    name);
		return;
	}
	status = sc_resources_vault_request_read(call->body, &author, NULL, &request, &err);
	if (status != SC_OK) {
		sc_vaultd_call_fail(call, status, &err);
		return;
	}
	region = request.location ? sc_vaultd_find_location(call->vaultd, request.location) : NULL;
	sc_vaultd_list_locations(call->vaultd, known);
	if (!region)
		sc_vaultd_call_refuse(
		    call, 400, "LocationNotAvailableForResourceType",
		    "The provided location '%.64s' is not available for resource type '" TYPE "'. List of "
		    "available locations for the resource type is '%s'.",
		    request.location ? request.location : "", known);
	else
		write_new(call, &request, region);
}

/* Changes an existing vault: everything may change except its location. */
static sc_status write_change(struct sc_vaultd_call *call, struct sc_store_vault_row *row,
			      struct sc_error *err)
{
	const struct sc_resources_policy_author author = author_of(call);
	SC_CLEANUP(sc_json) present = NULL;
	SC_CLEANUP(sc_resources_vault_request) request = { 0 };
	const struct sc_vaultd_region *region;
	sc_status status;

	SC_TRY(sc_vaultd_stored_json(row->properties, &present, err));
	SC_TRY(sc_resources_vault_request_read(call->body, &author, present, &request, err));
	region = request.location ? sc_vaultd_find_location(call->vaultd, request.location) : NULL;
	SC_ENSURE(!request.location || (region && strcmp(region->info->code, row->region) == 0), err,
		  SC_ERR_ARGUMENT, "A vault cannot be moved: '%s' is in location '%s'.", row->name,
		  row->location);
	SC_ENSURE(strcmp(request.sku, row->sku) == 0 || strcmp(request.sku, "premium") == 0, err,
		  SC_ERR_ARGUMENT, "properties.sku.name: a premium vault cannot become a standard one.");
	row->sku = request.sku;
	row->properties = (const char *)request.properties.data;
	row->tags = (const char *)request.tags.data;
	row->updated = sc_clock_now();
	SC_TRY(sc_vaultd_call_start_change(call, err));
	status = sc_store_vault_update(call->vaultd->store, row, err);
	/* Also after a failure, which may have come after the change. */
	sc_vaultd_cache_drop(call->vaultd->vaults, row->name);
	return status;
}

static void change(struct sc_vaultd_call *call, struct sc_store_vault_row *row)
{
	struct sc_error err = { 0 };
	sc_status status = write_change(call, row, &err);

	if (status == SC_ERR_BUSY) {
		sc_vaultd_call_refuse(call, 409, "ConflictError",
				      "The vault was changed by another request: try again.");
		return;
	}
	answer_written(call, status, &err);
}

static void put(struct sc_vaultd_call *call)
{
	SC_CLEANUP(sc_store_vault_row) present = { 0 };
	struct sc_error err = { 0 };
	sc_status status;

	if (!sc_resources_read_body(call))
		return;
	status = find_vault(call, &present, &err);
	if (status == SC_OK)
		change(call, &present);
	else if (status == SC_ERR_NOT_FOUND)
		create(call);
	else
		sc_vaultd_call_fail(call, status, &err);
}

void sc_resources_vaults_put(struct sc_web_request *request, void *context)
{
	sc_resources_begin(request, context, SC_OPERATION_VAULT_WRITE, put);
}

/* -- lists ------------------------------------------------------------------------------------- */

struct list {
	const char *authority; /* NULL: the short form */
	json_t *vaults;
};

static sc_status add_vault(void *context, const struct sc_store_vault_row *row, struct sc_error *err)
{
	struct list *list = context;
	json_t *vault = NULL;

	if (list->authority)
		SC_TRY(sc_resources_vault_show(row, list->authority, &vault, err));
	else
		vault = sc_resources_vault_show_short(row);
	SC_TRY(sc_check_allocated(json_array_append_new(list->vaults, vault) == 0, err));
	return SC_OK;
}

static void answer_list(struct sc_vaultd_call *call, const char *authority)
{
	struct list list = { authority, json_array() };
	struct sc_error err = { 0 };
	sc_status status;

	status = sc_store_vault_list(call->vaultd->store, call->subscription.tenant, call->subscription.id,
				     sc_web_parameter(call->request, "group"), NULL, UINT32_MAX, add_vault,
				     &list, &err);
	if (status == SC_OK)
		sc_vaultd_call_answer(call, 200, json_pack("{s:O}", "value", list.vaults));
	else
		sc_vaultd_call_fail(call, status, &err);
	json_decref(list.vaults);
}

static void list_vaults(struct sc_vaultd_call *call)
{
	answer_list(call, call->vaultd->vault_authority);
}

void sc_resources_vaults_list(struct sc_web_request *request, void *context)
{
	sc_resources_begin(request, context, SC_OPERATION_VAULT_READ, list_vaults);
}

/* Ignores letter case. A space may arrive as a plus, as in forms: some clients write queries so, too. */
static bool begins_with(const char *filter, const char *wanted)
{
	for (; *wanted; wanted++, filter++)
		if (tolower((unsigned char)(*filter == '+' ? ' ' : *filter)) !=
		    tolower((unsigned char)*wanted))
			return false;
	return true;
}

/* Lists resources of all kinds. There is only one kind, so a filter for another finds nothing. */
static void list_resources(struct sc_vaultd_call *call)
{
	const char *filter = sc_web_query(call->request, "$filter");

	if (!filter || begins_with(filter, "resourceType eq '" TYPE "'"))
		answer_list(call, NULL);
	else if (begins_with(filter, "resourceType eq '"))
		sc_vaultd_call_answer(call, 200, json_pack("{s:[]}", "value"));
	else
		sc_vaultd_call_refuse(call, 400, "InvalidFilterInQueryString",
				      "Invalid $filter '%.128s': only resourceType eq '...' is supported.",
				      filter);
}

void sc_resources_list(struct sc_web_request *request, void *context)
{
	sc_resources_begin(request, context, SC_OPERATION_RESOURCE_LIST, list_resources);
}

/* -- is a name free? --------------------------------------------------------------------------- */

static sc_status judge_name(struct sc_vaultd_call *call, const char *name, json_t **out, struct sc_error *err)
{
	SC_CLEANUP(sc_store_tenant_row) owner = { 0 };
	sc_status status;

	if (!sc_vault_name_is_valid(name)) {
		*out = json_pack("{s:b, s:s, s:s}", "nameAvailable", 0, "reason", "AccountNameInvalid",
				 "message", "The vault name is invalid.");
		return SC_OK;
	}
	status = sc_store_vault_tenant(call->vaultd->store, name, &owner, err);
	if (status == SC_ERR_NOT_FOUND) {
		*out = json_pack("{s:b}", "nameAvailable", 1);
		return SC_OK;
	}
	SC_TRY(status);
	*out = json_pack("{s:b, s:s, s:s}", "nameAvailable", 0, "reason", "AlreadyExists", "message",
			 "The vault name is already in use.");
	return SC_OK;
}

static void check_name(struct sc_vaultd_call *call)
{
	struct sc_error err = { 0 };
	const char *name = NULL;
	json_t *answer = NULL;
	sc_status status;

	if (!sc_resources_read_body(call))
		return;
	status = sc_json_text(call->body, "name", NAME_MAX, SC_JSON_NEEDED, &name, &err);
	if (status == SC_OK)
		status = judge_name(call, name, &answer, &err);
	if (status == SC_OK)
		sc_vaultd_call_answer(call, 200, answer);
	else
		sc_vaultd_call_fail(call, status, &err);
}

void sc_resources_vaults_check_name(struct sc_web_request *request, void *context)
{
	sc_resources_begin(request, context, SC_OPERATION_VAULT_NAME_CHECK, check_name);
}
