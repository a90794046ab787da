/* Access policies: see policies.h. access/ compiles them and decides what they allow. */
#include "vaultd/resources/policies.h"

#include <string.h>
#include <strings.h>

#include "formats/guid.h"
#include "vaultd/access/permission.h"
#include "web/json.h"

#define POLICIES_MAX   1024
#define PERMISSION_MAX 32

static const char *const kinds[] = { "keys", "secrets", "certificates", "storage" };

static sc_status read_key_permissions(const json_t *given, json_t *kept, struct sc_error *err)
{
	const json_t *item;
	size_t i;

	json_array_foreach(given, i, item) {
		const char *known = sc_access_permission_word(json_string_value(item));

		SC_ENSURE(known, err, SC_ERR_ARGUMENT,
			  "accessPolicies: '%.32s' is not a permission for keys.",
			  json_is_string(item) ? json_string_value(item) : "(not a string)");
		SC_TRY(sc_check_allocated(json_array_append_new(kept, json_string(known)) == 0, err));
	}
	return SC_OK;
}

/*
 * Permissions for what this service does not have (secrets, certificates, storage) are kept as texts and have
 * no effect.
 */
static sc_status read_permissions(const json_t *entry, json_t **out, struct sc_error *err)
{
	SC_CLEANUP(sc_json) kept = json_object();
	json_t *permissions = NULL;

	SC_TRY(sc_json_object(entry, "permissions", SC_JSON_NEEDED, &permissions, err));
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		json_t *given = NULL;
		json_t *list = json_array();
		const json_t *item;
		size_t j;

		json_object_set_new(kept, kinds[i], list);
		SC_TRY(sc_json_array(permissions, kinds[i], SC_JSON_OPTIONAL, &given, err));
		if (i == 0) {
			SC_TRY(read_key_permissions(given, list, err));
			continue;
		}
		json_array_foreach(given, j, item) {
			SC_ENSURE(json_is_string(item) && json_string_length(item) <= PERMISSION_MAX, err,
				  SC_ERR_JSON,
				  "accessPolicies: a permission is not a string, or is too long.");
			json_array_append_new(list, json_string(json_string_value(item)));
		}
	}
	*out = sc_steal(kept);
	return sc_check_allocated(*out, err);
}

/* The issuer of the existing entry with this object id, or else the author's. */
static const char *issuer_of(const char *oid, const json_t *present,
			     const struct sc_resources_policy_author *author)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(present, "accessPolicies"), i, entry) {
		const char *known = json_string_value(json_object_get(entry, "objectId"));
		const char *issuer = json_string_value(json_object_get(entry, "issuer"));

		if (known && issuer && strcasecmp(known, oid) == 0)
			return issuer;
	}
	return author->issuer;
}

bool sc_resources_policy_author_is_of(const struct sc_resources_policy_author *author, const char *given)
{
	return strcasecmp(given, author->tenant) == 0 || strcasecmp(given, "adfs") == 0;
}

static sc_status read_entry(const json_t *entry, const struct sc_resources_policy_author *author,
			    const json_t *present, json_t **out, struct sc_error *err)
{
	const char *tenant = NULL;
	const char *oid = NULL;
	const char *application = NULL;
	json_t *permissions = NULL;

	SC_ENSURE(json_is_object(entry), err, SC_ERR_JSON, "accessPolicies: an entry is not an object.");
	SC_TRY(sc_json_text(entry, "tenantId", SC_GUID_SIZE - 1, SC_JSON_NEEDED, &tenant, err));
	SC_TRY(sc_json_text(entry, "objectId", SC_GUID_SIZE - 1, SC_JSON_NEEDED, &oid, err));
	SC_TRY(sc_json_text(entry, "applicationId", SC_GUID_SIZE - 1, SC_JSON_OPTIONAL, &application, err));
	SC_ENSURE(sc_resources_policy_author_is_of(author, tenant), err, SC_ERR_ARGUMENT,
		  "accessPolicies: tenant '%s' is not the vault's: other tenants cannot have access.",
		  tenant);
	SC_ENSURE(oid[0], err, SC_ERR_ARGUMENT, "accessPolicies: an objectId is empty.");
	SC_ENSURE(!application || !application[0], err, SC_ERR_ARGUMENT,
		  "accessPolicies: applicationId is not supported: give the user or the application its own "
		  "entry.");
	SC_TRY(read_permissions(entry, &permissions, err));
	*out = json_pack("{s:s, s:s, s:o, s:s}", "tenantId", author->tenant, "objectId", oid, "permissions",
			 permissions, "issuer", issuer_of(oid, present, author));
	return sc_check_allocated(*out, err);
}

sc_status sc_resources_policies_read(const json_t *properties,
				     const struct sc_resources_policy_author *author, const json_t *present,
				     json_t **out, struct sc_error *err)
{
	SC_CLEANUP(sc_json) kept = json_array();
	json_t *given = NULL;
	const json_t *item;
	size_t i;

	SC_TRY(sc_json_array(properties, "accessPolicies", SC_JSON_OPTIONAL, &given, err));
	/* Leaving them out must not remove them. */
	SC_ENSURE(given, err, SC_ERR_ARGUMENT,
		  "properties.accessPolicies: not specified: give all policies, or [] for none.");
	SC_ENSURE(json_array_size(given) <= POLICIES_MAX, err, SC_ERR_ARGUMENT,
		  "accessPolicies: more than %d entries.", POLICIES_MAX);
	json_array_foreach(given, i, item) {
		json_t *entry = NULL;

		SC_TRY(read_entry(item, author, present, &entry, err));
		SC_TRY(sc_check_allocated(json_array_append_new(kept, entry) == 0, err));
	}
	*out = sc_steal(kept);
	return sc_check_allocated(*out, err);
}

json_t *sc_resources_policies_show(const json_t *policies)
{
	json_t *shown = policies ? json_deep_copy(policies) : json_array();
	json_t *entry;
	size_t i;

	json_array_foreach(shown, i, entry)
		json_object_del(entry, "issuer");
	return shown;
}
