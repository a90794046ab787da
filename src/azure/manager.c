/* The Resource Manager: see manager.h. */
#include "azure/manager.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "azure/service_answer.h"
#include "base/visible.h"
#include "formats/transfer_package.h"
#include "formats/vault_name.h"

#define SUBSCRIPTIONS_VERSION "2019-11-01"
#define GROUPS_VERSION        "2021-04-01"
#define RESOURCES_VERSION     "2015-11-01"
#define VAULTS_VERSION        "2022-07-01"

#define VAULT_PROVIDER "/providers/Microsoft.KeyVault/vaults/"

#define PAGES_MAX 64

/* All permissions on keys, by Azure's names. */
static const char *const all_key_permissions[] = {
	"get",
	"list",
	"create",
	"import",
	"update",
	"delete",
	"recover",
	"backup",
	"restore",
	"purge",
	"encrypt",
	"decrypt",
	"unwrapKey",
	"wrapKey",
	"verify",
	"sign",
	"rotate",
	"release",
	"getrotationpolicy",
	"setrotationpolicy",
};

static sc_status call(struct sc_azure_account *account, const char *method, const char *url,
		      const json_t *body, const char *what, json_t **out, struct sc_error *err)
{
	char audience[SC_AZURE_URL_SIZE];
	struct sc_azure_call request = { method, url, audience, body, what };

	SC_TRY(sc_azure_url_make(audience, err, "%s/", sc_azure_account_session(account)->manager));
	return sc_azure_account_call(account, &request, out, err);
}

/* -- names ------------------------------------------------------------------------------------- */

static sc_status check_vault_name(const char *name, struct sc_error *err)
{
	SC_ENSURE(sc_vault_name_is_valid(name), err, SC_ERR_ARGUMENT,
		  "%s: a vault name must be 3 to 24 letters, digits and hyphens", sc_shown(name).s);
	return SC_OK;
}

static sc_status check_group_name(const char *name, struct sc_error *err)
{
	size_t len = strlen(name);

	SC_ENSURE(len >= 1 && len <= 90 && name[len - 1] != '.' &&
		      strspn(name, SC_LETTERS_DIGITS "-_.()") == len && strspn(name, ".") != len,
		  err, SC_ERR_ARGUMENT,
		  "%s: a resource group name must be 1 to 90 letters, digits, '-', '_', '.', '(', ')', "
		  "and must not end in '.'",
		  sc_shown(name).s);
	return SC_OK;
}

/* /subscriptions/<guid>/resourceGroups/<name>/providers/…/<name>: safe to append to the manager's address. */
static bool is_resource_id(const char *id)
{
	size_t len = strlen(id);

	if (len < 2 || len >= SC_AZURE_SESSION_TEXT_SIZE || id[0] != '/' || id[len - 1] == '/')
		return false;
	return strspn(id, SC_LETTERS_DIGITS "-_.()/") == len && !strstr(id, "//") && !strstr(id, "/.");
}

static sc_status copy_text(const json_t *object, const char *name, enum sc_json_need need, char *out,
			   size_t size, struct sc_error *err)
{
	const char *text = NULL;

	SC_TRY(sc_azure_answer_text(object, name, size - 1, need, &text, err));
	return sc_azure_session_set(out, size, text ? text : "", name, err);
}

static sc_status copy_guid(const json_t *object, const char *name, char out[SC_GUID_SIZE],
			   struct sc_error *err)
{
	SC_TRY(copy_text(object, name, SC_JSON_NEEDED, out, SC_GUID_SIZE, err));
	for (char *c = out; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	SC_ENSURE(sc_guid_is_lower(out), err, SC_ERR_JSON, "\"%s\" is not a GUID", name);
	return SC_OK;
}

/* -- lists ------------------------------------------------------------------------------------- */

typedef sc_status visit_item(void *context, const json_t *item, struct sc_error *err);

static sc_status visit_page(const json_t *page, visit_item *visit, void *context, struct sc_error *err)
{
	json_t *items = NULL;
	json_t *item;
	size_t i;

	SC_TRY(sc_json_array(page, "value", SC_JSON_NEEDED, &items, err));
	json_array_foreach(items, i, item) {
		SC_ENSURE(json_is_object(item), err, SC_ERR_JSON, "an item of the list is not an object");
		SC_TRY(visit(context, item, err));
	}
	return SC_OK;
}

/* The next page's address; empty at the end. It must be on the Resource Manager's host. */
static sc_status next_page(struct sc_azure_account *account, const json_t *page, char url[SC_AZURE_URL_SIZE],
			   struct sc_error *err)
{
	const char *manager = sc_azure_account_session(account)->manager;
	size_t len = strlen(manager);
	const char *next = NULL;

	SC_TRY(sc_azure_answer_text(page, "nextLink", SC_AZURE_URL_SIZE - 1, SC_JSON_OPTIONAL, &next, err));
	url[0] = '\0';
	if (!next || !*next)
		return SC_OK;
	SC_ENSURE(strncasecmp(next, manager, len) == 0 && next[len] == '/' && !strchr(next, ' '), err,
		  SC_ERR_JSON, "the list continues on another host, which is not asked");
	return sc_azure_url_make(url, err, "%s%s", manager, next + len);
}

/* Visits every item of a list, page by page; overwrites `url`. */
static sc_status visit_list(struct sc_azure_account *account, char url[SC_AZURE_URL_SIZE], const char *what,
			    visit_item *visit, void *context, struct sc_error *err)
{
	for (unsigned pages = 0; *url; pages++) {
		SC_CLEANUP(sc_json) page = NULL;
		sc_status status;

		SC_ENSURE(pages < PAGES_MAX, err, SC_ERR_TOO_LARGE, "%s: more than %d pages", what,
			  PAGES_MAX);
		SC_TRY(call(account, "GET", url, NULL, what, &page, err));
		status = visit_page(page, visit, context, err);
		if (status == SC_OK)
			status = next_page(account, page, url, err);
		if (status != SC_OK)
			return sc_fail_context(err, status, "%s", what);
	}
	return SC_OK;
}

/* -- subscriptions ----------------------------------------------------------------------------- */

struct subscriptions {
	struct sc_azure_subscription *item; /* SC_AZURE_SUBSCRIPTIONS_MAX of them */
	size_t count;
};

static void subscriptions_free(struct subscriptions *list)
{
	free(list->item);
}
SC_CLEANUP_VALUE(subscriptions, subscriptions_free)

static sc_status add_subscription(void *context, const json_t *item, struct sc_error *err)
{
	struct subscriptions *list = context;
	struct sc_azure_subscription *s = &list->item[list->count];

	SC_ENSURE(list->count < SC_AZURE_SUBSCRIPTIONS_MAX, err, SC_ERR_TOO_LARGE, "more than %d",
		  SC_AZURE_SUBSCRIPTIONS_MAX);
	SC_TRY(copy_guid(item, "subscriptionId", s->id, err));
	SC_TRY(copy_text(item, "displayName", SC_JSON_NEEDED, s->name, sizeof s->name, err));
	SC_TRY(copy_text(item, "state", SC_JSON_OPTIONAL, s->state, sizeof s->state, err));
	SC_TRY(copy_guid(item, "tenantId", s->tenant, err));
	list->count++;
	return SC_OK;
}

sc_status sc_azure_manager_subscriptions(struct sc_azure_account *account, struct sc_azure_subscription **out,
					 size_t *count, struct sc_error *err)
{
	SC_CLEANUP(subscriptions) list = { 0 };
	char url[SC_AZURE_URL_SIZE];

	list.item = calloc(SC_AZURE_SUBSCRIPTIONS_MAX, sizeof *list.item);
	SC_TRY(sc_check_allocated(list.item, err));
	SC_TRY(sc_azure_url_make(url, err, "%s/subscriptions?api-version=" SUBSCRIPTIONS_VERSION,
				 sc_azure_account_session(account)->manager));
	SC_TRY(visit_list(account, url, "subscriptions", add_subscription, &list, err));
	*count = list.count;
	*out = sc_steal(list.item);
	return SC_OK;
}

sc_status sc_azure_manager_subscription(struct sc_azure_account *account, const char *id,
					struct sc_azure_subscription *out, struct sc_error *err)
{
	SC_CLEANUP(subscriptions) list = { 0 };
	char guid[SC_GUID_SIZE];

	SC_ENSURE(!id || sc_guid_read_typed(id, guid), err, SC_ERR_ARGUMENT,
		  "-SubscriptionId: %s is not a subscription id (see Get-AzureSubscription)",
		  sc_shown(id ? id : "").s);
	SC_TRY(sc_azure_manager_subscriptions(account, &list.item, &list.count, err));
	SC_ENSURE(list.count > 0, err, SC_ERR_NOT_FOUND, "the account has no subscription");
	SC_ENSURE(
	    id || list.count == 1, err, SC_ERR_USAGE,
	    "the account has %zu subscriptions: choose one with -SubscriptionId (see Get-AzureSubscription)",
	    list.count);
	for (size_t i = 0; i < list.count; i++)
		if (!id || strcmp(list.item[i].id, guid) == 0) {
			*out = list.item[i];
			return SC_OK;
		}
	return sc_fail(err, SC_ERR_NOT_FOUND, "%s: the account has no subscription with that id", guid);
}

/* -- vaults ------------------------------------------------------------------------------------ */

/* Reads a vault from the Resource Manager's description. */
static sc_status read_vault(const json_t *body, struct sc_azure_vault *out, struct sc_error *err)
{
	struct sc_azure_vault vault = { 0 };
	json_t *properties = NULL;
	json_t *sku = NULL;
	size_t len;

	SC_TRY(copy_text(body, "name", SC_JSON_NEEDED, vault.name, sizeof vault.name, err));
	SC_TRY(check_vault_name(vault.name, err));
	SC_TRY(copy_text(body, "id", SC_JSON_NEEDED, vault.id, sizeof vault.id, err));
	SC_TRY(copy_text(body, "location", SC_JSON_OPTIONAL, vault.location, sizeof vault.location, err));
	SC_TRY(sc_json_object(body, "properties", SC_JSON_NEEDED, &properties, err));
	SC_TRY(copy_text(properties, "vaultUri", SC_JSON_NEEDED, vault.url, sizeof vault.url, err));
	SC_TRY(sc_json_object(properties, "sku", SC_JSON_OPTIONAL, &sku, err));
	if (sku)
		SC_TRY(copy_text(sku, "name", SC_JSON_OPTIONAL, vault.sku, sizeof vault.sku, err));
	SC_ENSURE(sc_azure_url_is_base(vault.url), err, SC_ERR_JSON, "\"vaultUri\" is not an address");
	len = strlen(vault.url);
	if (vault.url[len - 1] == '/')
		vault.url[len - 1] = '\0';
	*out = vault;
	return SC_OK;
}

struct search {
	const char *name;
	char id[SC_AZURE_SESSION_TEXT_SIZE];
};

static sc_status match_vault(void *context, const json_t *item, struct sc_error *err)
{
	struct search *search = context;
	const char *name = NULL;
	const char *id = NULL;

	SC_TRY(sc_azure_answer_text(item, "name", 256, SC_JSON_NEEDED, &name, err));
	if (strcasecmp(name, search->name) != 0)
		return SC_OK;
	SC_TRY(sc_azure_answer_text(item, "id", SC_AZURE_SESSION_TEXT_SIZE - 1, SC_JSON_NEEDED, &id, err));
	SC_ENSURE(is_resource_id(id), err, SC_ERR_JSON, "the vault's id is not a resource id");
	return sc_azure_session_set(search->id, sizeof search->id, id, "id", err);
}

static sc_status find_vault_id(struct sc_azure_account *account, const char *name,
			       char id[SC_AZURE_SESSION_TEXT_SIZE], struct sc_error *err)
{
	SC_CLEANUP(subscriptions) list = { 0 };
	struct search search = { .name = name };
	char url[SC_AZURE_URL_SIZE];

	SC_TRY(sc_azure_manager_subscriptions(account, &list.item, &list.count, err));
	for (size_t i = 0; i < list.count && !search.id[0]; i++) {
		SC_TRY(sc_azure_url_make(url, err,
					 "%s/subscriptions/%s/resources?$filter=resourceType%%20eq%%20"
					 "'Microsoft.KeyVault/vaults'&api-version=" RESOURCES_VERSION,
					 sc_azure_account_session(account)->manager, list.item[i].id));
		SC_TRY(visit_list(account, url, "vaults", match_vault, &search, err));
	}
	SC_ENSURE(search.id[0], err, SC_ERR_NOT_FOUND, "%s: no vault of that name in the subscriptions of %s",
		  sc_shown(name).s, sc_azure_account_session(account)->account);
	memcpy(id, search.id, sizeof search.id);
	return SC_OK;
}

static sc_status get_vault(struct sc_azure_account *account, const char *id, const char *name,
			   struct sc_azure_vault *out, struct sc_error *err)
{
	SC_CLEANUP(sc_json) body = NULL;
	char url[SC_AZURE_URL_SIZE];
	sc_status status;

	SC_TRY(sc_azure_url_make(url, err, "%s%s?api-version=" VAULTS_VERSION,
				 sc_azure_account_session(account)->manager, id));
	SC_TRY(call(account, "GET", url, NULL, name, &body, err));
	status = read_vault(body, out, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "vault %s", name);
	SC_ENSURE(strcasecmp(out->name, name) == 0, err, SC_ERR_HTTP,
		  "vault %s: the service answered with vault %s", name, out->name);
	return SC_OK;
}

sc_status sc_azure_manager_vault(struct sc_azure_account *account, const char *name,
				 struct sc_azure_vault *out, struct sc_error *err)
{
	char id[SC_AZURE_SESSION_TEXT_SIZE];

	SC_TRY(check_vault_name(name, err));
	SC_TRY(find_vault_id(account, name, id, err));
	return get_vault(account, id, name, out, err);
}

/* -- making groups and vaults ------------------------------------------------------------------ */

sc_status sc_azure_manager_make_group(struct sc_azure_account *account, const char *subscription,
				      const char *group, const char *location, struct sc_error *err)
{
	SC_CLEANUP(sc_json) body = NULL;
	SC_CLEANUP(sc_json) answer = NULL;
	char url[SC_AZURE_URL_SIZE];

	SC_TRY(check_group_name(group, err));
	body = json_pack("{s:s}", "location", location);
	SC_ENSURE(body, err, SC_ERR_ARGUMENT, "the location is not UTF-8");
	SC_TRY(sc_azure_url_make(url, err,
				 "%s/subscriptions/%s/resourcegroups/%s?api-version=" GROUPS_VERSION,
				 sc_azure_account_session(account)->manager, subscription, group));
	return call(account, "PUT", url, body, group, &answer, err);
}

static sc_status make_vault_body(const struct sc_azure_session *session,
				 const struct sc_azure_new_vault *new_vault, json_t **out,
				 struct sc_error *err)
{
	SC_CLEANUP(sc_json) keys = json_array();
	size_t count = sizeof all_key_permissions / sizeof all_key_permissions[0];

	for (size_t i = 0; i < count; i++)
		SC_TRY(sc_check_allocated(
		    json_array_append_new(keys, json_string(all_key_permissions[i])) == 0, err));
	*out = json_pack("{s:s, s:{s:s, s:{s:s, s:s}, s:b, s:[{s:s, s:s, s:{s:O}}]}}", "location",
			 new_vault->location, "properties", "tenantId", session->tenant, "sku", "family", "A",
			 "name", new_vault->sku, "enableRbacAuthorization", 0, "accessPolicies", "tenantId",
			 session->tenant, "objectId", session->object_id, "permissions", "keys", keys);
	SC_ENSURE(*out, err, SC_ERR_ARGUMENT, "the location or the SKU is not UTF-8");
	return SC_OK;
}

sc_status sc_azure_manager_make_vault(struct sc_azure_account *account,
				      const struct sc_azure_new_vault *new_vault, struct sc_azure_vault *out,
				      struct sc_error *err)
{
	SC_CLEANUP(sc_json) body = NULL;
	SC_CLEANUP(sc_json) answer = NULL;
	char url[SC_AZURE_URL_SIZE];
	char id[SC_AZURE_SESSION_TEXT_SIZE];
	sc_status status;

	SC_TRY(check_group_name(new_vault->group, err));
	SC_TRY(check_vault_name(new_vault->name, err));
	snprintf(id, sizeof id, "/subscriptions/%s/resourceGroups/%s" VAULT_PROVIDER "%s",
		 new_vault->subscription, new_vault->group, new_vault->name);
	/* A PUT would change an existing vault, including its access policies. */
	status = get_vault(account, id, new_vault->name, out, err);
	SC_ENSURE(status != SC_OK, err, SC_ERR_EXISTS, "%s: a vault of that name already exists",
		  new_vault->name);
	if (status != SC_ERR_NOT_FOUND)
		return status;
	SC_TRY(make_vault_body(sc_azure_account_session(account), new_vault, &body, err));
	SC_TRY(sc_azure_url_make(url, err, "%s%s?api-version=" VAULTS_VERSION,
				 sc_azure_account_session(account)->manager, id));
	SC_TRY(call(account, "PUT", url, body, new_vault->name, &answer, err));
	status = read_vault(answer, out, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "vault %s", new_vault->name);
	return SC_OK;
}
