/* Vaults as JSON: see vault_body.h. */
#include "vaultd/resources/vault_body.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "vaultd/resources/policies.h"
#include "vaultd/stored_json.h"
#include "web/json.h"

#define TYPE          "Microsoft.KeyVault/vaults"
#define WORD_MAX      64
#define TAGS_MAX      15
#define TAG_NAME_MAX  512 /* characters */
#define TAG_VALUE_MAX 256
#define RETENTION_MIN 7
#define RETENTION_MAX 90

/* -- showing ----------------------------------------------------------------------------------- */

json_t *sc_resources_vault_show_short(const struct sc_store_vault_row *row)
{
	json_t *tags = NULL;

	if (sc_json_read(sc_view_text(row->tags), &tags, NULL) != SC_OK)
		tags = json_object();
	return json_pack("{s:s+++++, s:s, s:s, s:s, s:o}", "id", "/subscriptions/", row->subscription,
			 "/resourceGroups/", row->group, "/providers/" TYPE "/", row->name, "name", row->name,
			 "type", TYPE, "location", row->location, "tags", tags);
}

static json_t *uri_json(const struct sc_store_vault_row *row, const char *authority)
{
	char host[SC_VAULT_NAME_SIZE];
	size_t i;

	for (i = 0; row->name[i] && i + 1 < sizeof host; i++)
		host[i] = (char)tolower((unsigned char)row->name[i]);
	host[i] = '\0';
	return json_pack("s++++", "https://", host, ".", authority, "/");
}

sc_status sc_resources_vault_show(const struct sc_store_vault_row *row, const char *authority, json_t **out,
				  struct sc_error *err)
{
	SC_CLEANUP(sc_json) vault = sc_resources_vault_show_short(row);
	SC_CLEANUP(sc_json) properties = NULL;

	SC_TRY(sc_vaultd_stored_json(row->properties, &properties, err));
	if (json_object_set_new(properties, "accessPolicies",
				sc_resources_policies_show(json_object_get(properties, "accessPolicies"))) ||
	    json_object_set_new(properties, "sku",
				json_pack("{s:s, s:s}", "family", "A", "name", row->sku)) ||
	    json_object_set_new(properties, "tenantId", json_string(row->tenant)) ||
	    json_object_set_new(properties, "vaultUri", uri_json(row, authority)) ||
	    json_object_set_new(properties, "provisioningState", json_string("Succeeded")) ||
	    json_object_set(vault, "properties", properties))
		return sc_fail_plain(err, SC_ERR_MEMORY);
	*out = sc_steal(vault);
	return SC_OK;
}

/* -- reading a PUT ----------------------------------------------------------------------------- */

sc_status sc_resources_tags_read(const json_t *body, struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_json) none = json_object();
	json_t *tags = NULL;
	const char *name;
	json_t *value;

	SC_TRY(sc_json_object(body, "tags", SC_JSON_OPTIONAL, &tags, err));
	SC_ENSURE(json_object_size(tags) <= TAGS_MAX, err, SC_ERR_JSON, "tags: more than %d tags.", TAGS_MAX);
	json_object_foreach(tags, name, value)
		SC_ENSURE(sc_view_characters(sc_view_text(name)) <= TAG_NAME_MAX && json_is_string(value) &&
			      sc_view_characters(sc_view_text(json_string_value(value))) <= TAG_VALUE_MAX,
			  err, SC_ERR_JSON,
			  "tags: a name or value is not a string, or is longer than %d or %d characters.",
			  TAG_NAME_MAX, TAG_VALUE_MAX);
	return sc_json_write(tags ? tags : none, out, err);
}

static sc_status read_sku(const json_t *properties, const char **out, struct sc_error *err)
{
	json_t *sku = NULL;
	const char *name = NULL;

	SC_TRY(sc_json_object(properties, "sku", SC_JSON_NEEDED, &sku, err));
	SC_TRY(sc_json_text(sku, "name", WORD_MAX, SC_JSON_NEEDED, &name, err));
	SC_ENSURE(strcasecmp(name, "standard") == 0 || strcasecmp(name, "premium") == 0, err, SC_ERR_ARGUMENT,
		  "properties.sku.name: '%s' is neither standard nor premium.", name);
	*out = tolower((unsigned char)name[0]) == 'p' ? "premium" : "standard";
	return SC_OK;
}

/* Refuses requests for a protection that this service does not offer. */
static sc_status refuse_what_is_not_done(const json_t *properties, struct sc_error *err)
{
	const char *mode = NULL;
	const char *access = NULL;
	const char *action = NULL;
	json_t *acls = NULL;
	bool roles = false;

	SC_TRY(sc_json_boolean(properties, "enableRbacAuthorization", SC_JSON_OPTIONAL, &roles, NULL, err));
	SC_TRY(sc_json_text(properties, "createMode", WORD_MAX, SC_JSON_OPTIONAL, &mode, err));
	SC_TRY(sc_json_text(properties, "publicNetworkAccess", WORD_MAX, SC_JSON_OPTIONAL, &access, err));
	SC_TRY(sc_json_object(properties, "networkAcls", SC_JSON_OPTIONAL, &acls, err));
	if (acls)
		SC_TRY(sc_json_text(acls, "defaultAction", WORD_MAX, SC_JSON_OPTIONAL, &action, err));
	SC_ENSURE(!roles, err, SC_ERR_ARGUMENT,
		  "properties.enableRbacAuthorization: role-based access is not offered: set it to false and "
		  "use access policies.");
	SC_ENSURE(!mode || strcasecmp(mode, "default") == 0, err, SC_ERR_ARGUMENT,
		  "properties.createMode: '%s' is not offered.", mode ? mode : "");
	SC_ENSURE((!access || !access[0] || strcasecmp(access, "enabled") == 0) &&
		      (!action || strcasecmp(action, "allow") == 0),
		  err, SC_ERR_ARGUMENT,
		  "properties.networkAcls, publicNetworkAccess: this service has no network rules: use a "
		  "firewall in front of it.");
	return SC_OK;
}

static sc_status copy_flag(const json_t *from, json_t *to, const char *name, bool *out, struct sc_error *err)
{
	*out = false;
	SC_TRY(sc_json_boolean(from, name, SC_JSON_OPTIONAL, out, NULL, err));
	SC_TRY(sc_check_allocated(json_object_set_new(to, name, json_boolean(*out)) == 0, err));
	return SC_OK;
}

/* Copies how long a deleted vault and its keys are kept. Purge protection, once on, stays on. */
static sc_status copy_recovery(const json_t *from, const json_t *present, json_t *to, struct sc_error *err)
{
	bool soft_delete = true;
	bool purge_protection = false;
	bool is_given = false;
	int64_t days = RETENTION_MAX;

	SC_TRY(sc_json_boolean(from, "enableSoftDelete", SC_JSON_OPTIONAL, &soft_delete, &is_given, err));
	SC_ENSURE(!is_given || soft_delete, err, SC_ERR_ARGUMENT,
		  "properties.enableSoftDelete: cannot be turned off.");
	SC_TRY(sc_json_integer(from, "softDeleteRetentionInDays", SC_JSON_OPTIONAL, &days, &is_given, err));
	if (!is_given)
		days = RETENTION_MAX;
	SC_ENSURE(days >= RETENTION_MIN && days <= RETENTION_MAX, err, SC_ERR_ARGUMENT,
		  "properties.softDeleteRetentionInDays: must be from %d to %d.", RETENTION_MIN,
		  RETENTION_MAX);
	SC_TRY(
	    sc_json_boolean(from, "enablePurgeProtection", SC_JSON_OPTIONAL, &purge_protection, NULL, err));
	SC_ENSURE(purge_protection || !json_is_true(json_object_get(present, "enablePurgeProtection")), err,
		  SC_ERR_ARGUMENT, "properties.enablePurgeProtection: cannot be turned off again.");
	if (json_object_set_new(to, "enableSoftDelete", json_true()) ||
	    json_object_set_new(to, "softDeleteRetentionInDays", json_integer(days)) ||
	    (purge_protection && json_object_set_new(to, "enablePurgeProtection", json_true())))
		return sc_fail_plain(err, SC_ERR_MEMORY);
	return SC_OK;
}

static sc_status read_properties(const json_t *from, const struct sc_resources_policy_author *author,
				 const json_t *present, struct sc_bytes *out, struct sc_error *err)
{
	static const char *const flags[] = { "enabledForDeployment", "enabledForDiskEncryption",
					     "enabledForTemplateDeployment", "enableRbacAuthorization" };
	SC_CLEANUP(sc_json) kept = json_object();
	json_t *policies = NULL;
	bool flag;

	SC_TRY(sc_resources_policies_read(from, author, present, &policies, err));
	SC_TRY(sc_check_allocated(json_object_set_new(kept, "accessPolicies", policies) == 0, err));
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		SC_TRY(copy_flag(from, kept, flags[i], &flag, err));
	SC_TRY(copy_recovery(from, present, kept, err));
	SC_TRY(sc_check_allocated(
	    json_object_set_new(kept, "publicNetworkAccess", json_string("Enabled")) == 0, err));
	SC_TRY(sc_json_write(kept, out, err));
	SC_ENSURE(out->len <= SC_STORE_TEXT_MAX, err, SC_ERR_TOO_LARGE,
		  "properties: larger than %d bytes when stored: give fewer access policies.",
		  SC_STORE_TEXT_MAX);
	return SC_OK;
}

sc_status sc_resources_vault_request_read(const json_t *body, const struct sc_resources_policy_author *author,
					  const json_t *present, struct sc_resources_vault_request *out,
					  struct sc_error *err)
{
	SC_CLEANUP(sc_resources_vault_request) request = { 0 };
	json_t *properties = NULL;
	const char *tenant = NULL;

	SC_TRY(sc_json_text(body, "location", WORD_MAX, SC_JSON_OPTIONAL, &request.location, err));
	SC_TRY(sc_json_object(body, "properties", SC_JSON_NEEDED, &properties, err));
	SC_TRY(sc_json_text(properties, "tenantId", WORD_MAX, SC_JSON_NEEDED, &tenant, err));
	SC_ENSURE(sc_resources_policy_author_is_of(author, tenant), err, SC_ERR_ARGUMENT,
		  "properties.tenantId: '%s' is not the subscription's tenant.", tenant);
	SC_TRY(read_sku(properties, &request.sku, err));
	SC_TRY(refuse_what_is_not_done(properties, err));
	SC_TRY(read_properties(properties, author, present, &request.properties, err));
	SC_TRY(sc_resources_tags_read(body, &request.tags, err));
	*out = sc_steal(request);
	return SC_OK;
}

void sc_resources_vault_request_free(struct sc_resources_vault_request *request)
{
	sc_bytes_free(&request->properties);
	sc_bytes_free(&request->tags);
}
