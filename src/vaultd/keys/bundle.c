/* Keys as JSON: see bundle.h. */
#include "vaultd/keys/bundle.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "vaultd/stored_json.h"
#include "web/json.h"

#define TAGS_MAX    15
#define TAG_MAX     256
#define OP_TEXT_MAX 16

static const char *const known_ops[] = { "encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey" };

/* -- showing ----------------------------------------------------------------------------------- */

void sc_keys_bundle_kid(const struct sc_store_key_row *key, const char *authority, char kid[SC_KEY_ID_SIZE])
{
	char vault[64];
	size_t i;

	/* Host names are written in lower case, whatever the case of the vault's name. */
	for (i = 0; key->vault[i] && i < sizeof vault - 1; i++)
		vault[i] = (char)tolower((unsigned char)key->vault[i]);
	vault[i] = '\0';
	snprintf(kid, SC_KEY_ID_SIZE, "https://%s.%s/keys/%s/%s", vault, authority, key->display_name,
		 key->version);
}

static sc_status key_json(const struct sc_store_key_row *key, const char *authority, json_t **out,
			  struct sc_error *err)
{
	SC_CLEANUP(sc_json) members = NULL;
	SC_CLEANUP(sc_json) ops = NULL;
	SC_CLEANUP(sc_json) jwk = NULL;
	char kid[SC_KEY_ID_SIZE];

	SC_TRY(sc_vaultd_stored_json(key->jwk, &members, err));
	SC_ENSURE(json_is_object(members), err, SC_ERR_INTEGRITY,
		  "a database row is damaged: the public key of %s", key->name);
	SC_TRY(sc_vaultd_stored_json(key->key_ops, &ops, err));
	sc_keys_bundle_kid(key, authority, kid);
	jwk = json_pack("{s:s, s:s, s:O}", "kid", kid, "kty", key->kty, "key_ops", ops);
	SC_TRY(sc_check_allocated(jwk && json_object_update_missing(jwk, members) == 0, err));
	*out = sc_steal(jwk);
	return SC_OK;
}

/* How a deleted key could be recovered, in Azure's words. */
static const char *recovery_level(bool purge_protection, int64_t days)
{
	if (days < 90)
		return purge_protection ? "CustomizedRecoverable" : "CustomizedRecoverable+Purgeable";
	return purge_protection ? "Recoverable" : "Recoverable+Purgeable";
}

static json_t *attributes_json(const struct sc_store_key_row *key, const struct sc_vaultd_vault *vault)
{
	json_t *json =
	    json_pack("{s:b, s:I, s:I, s:s, s:I, s:b}", "enabled", key->enabled, "created",
		      (json_int_t)key->created, "updated", (json_int_t)key->updated, "recoveryLevel",
		      recovery_level(vault->has_purge_protection, vault->retention_days), "recoverableDays",
		      (json_int_t)vault->retention_days, "exportable", 0);

	if (json && key->not_before != SC_STORE_NO_TIME)
		json_object_set_new(json, "nbf", json_integer(key->not_before));
	if (json && key->expires != SC_STORE_NO_TIME)
		json_object_set_new(json, "exp", json_integer(key->expires));
	return json;
}

sc_status sc_keys_bundle_of(const struct sc_store_key_row *key, const struct sc_vaultd_vault *vault,
			    const char *authority, json_t **out, struct sc_error *err)
{
	SC_CLEANUP(sc_json) tags = NULL;
	SC_CLEANUP(sc_json) jwk = NULL;

	SC_TRY(sc_vaultd_stored_json(key->tags, &tags, err));
	SC_TRY(key_json(key, authority, &jwk, err));
	*out =
	    json_pack("{s:O, s:o, s:O}", "key", jwk, "attributes", attributes_json(key, vault), "tags", tags);
	return sc_check_allocated(*out, err);
}

/* -- what clients may set ---------------------------------------------------------------------- */

static bool is_known_op(const char *text)
{
	for (size_t i = 0; i < sizeof known_ops / sizeof known_ops[0]; i++)
		if (text && strcmp(known_ops[i], text) == 0)
			return true;
	return false;
}

static sc_status check_ops(const json_t *ops, struct sc_error *err)
{
	const json_t *op;
	size_t i;

	SC_ENSURE(json_array_size(ops) <= sizeof known_ops / sizeof known_ops[0], err, SC_ERR_ARGUMENT,
		  "Property 'key_ops' names an operation twice.");
	json_array_foreach(ops, i, op) {
		SC_ENSURE(is_known_op(json_string_value(op)), err, SC_ERR_ARGUMENT,
			  "Property 'key_ops' has an operation that RSA keys do not support here.");
		for (size_t j = 0; j < i; j++)
			SC_ENSURE(!json_equal(op, json_array_get(ops, j)), err, SC_ERR_ARGUMENT,
				  "Property 'key_ops' names an operation twice.");
	}
	return SC_OK;
}

static sc_status check_tags(json_t *tags, struct sc_error *err)
{
	const char *name;
	json_t *value;

	SC_ENSURE(json_object_size(tags) <= TAGS_MAX, err, SC_ERR_ARGUMENT,
		  "Property 'tags' has more than %d tags.", TAGS_MAX);
	json_object_foreach(tags, name, value)
		SC_ENSURE(
		    sc_view_characters(sc_view_text(name)) <= TAG_MAX && json_is_string(value) &&
			sc_view_characters(sc_view_text(json_string_value(value))) <= TAG_MAX,
		    err, SC_ERR_ARGUMENT,
		    "Property 'tags' has a name or value that is not a string of at most %d characters.",
		    TAG_MAX);
	return SC_OK;
}

static sc_status read_time(const json_t *attributes, const char *name, int64_t *out, struct sc_error *err)
{
	bool is_given = false;
	int64_t time = 0;

	SC_TRY(sc_json_integer(attributes, name, SC_JSON_OPTIONAL, &time, &is_given, err));
	SC_ENSURE(!is_given || (time >= 0 && time < INT64_C(253402300800)), err, SC_ERR_ARGUMENT,
		  "Property 'attributes.%s' is not a time in seconds.", name);
	*out = is_given ? time : SC_STORE_NO_TIME;
	return SC_OK;
}

sc_status sc_keys_changes_read(const json_t *body, const json_t *ops_in, struct sc_keys_changes *out,
			       struct sc_error *err)
{
	struct sc_keys_changes changes = { .not_before = SC_STORE_NO_TIME, .expires = SC_STORE_NO_TIME };
	json_t *attributes = NULL;
	bool exportable = false;

	SC_TRY(sc_json_object(body, "attributes", SC_JSON_OPTIONAL, &attributes, err));
	SC_TRY(sc_json_object(body, "tags", SC_JSON_OPTIONAL, &changes.tags, err));
	SC_TRY(sc_json_array(ops_in, "key_ops", SC_JSON_OPTIONAL, &changes.key_ops, err));
	if (attributes) {
		SC_TRY(sc_json_boolean(attributes, "enabled", SC_JSON_OPTIONAL, &changes.enabled,
				       &changes.has_enabled, err));
		SC_TRY(sc_json_boolean(attributes, "exportable", SC_JSON_OPTIONAL, &exportable, NULL, err));
		SC_TRY(read_time(attributes, "nbf", &changes.not_before, err));
		SC_TRY(read_time(attributes, "exp", &changes.expires, err));
	}
	SC_ENSURE(!exportable, err, SC_ERR_ARGUMENT,
		  "Property 'attributes.exportable': keys of this service cannot be exported.");
	SC_TRY(check_ops(changes.key_ops, err));
	SC_TRY(check_tags(changes.tags, err));
	*out = changes;
	return SC_OK;
}

static sc_status set_text(const json_t *json, const char **text, struct sc_bytes *memory,
			  struct sc_error *err)
{
	if (!json)
		return SC_OK;
	SC_TRY(sc_json_write(json, memory, err));
	*text = (const char *)memory->data;
	return SC_OK;
}

static int64_t time_after(int64_t changed, int64_t present)
{
	return changed != SC_STORE_NO_TIME ? changed : present;
}

sc_status sc_keys_changes_check(const struct sc_keys_changes *changes, const struct sc_store_key_row *key,
				struct sc_error *err)
{
	int64_t not_before = time_after(changes->not_before, key ? key->not_before : SC_STORE_NO_TIME);
	int64_t expires = time_after(changes->expires, key ? key->expires : SC_STORE_NO_TIME);

	SC_ENSURE(not_before == SC_STORE_NO_TIME || expires == SC_STORE_NO_TIME || not_before < expires, err,
		  SC_ERR_ARGUMENT, "Property 'attributes.exp' is not later than 'attributes.nbf'.");
	return SC_OK;
}

sc_status sc_keys_changes_apply(const struct sc_keys_changes *changes, struct sc_store_key_row *row,
				struct sc_bytes memory[2], struct sc_error *err)
{
	SC_TRY(sc_keys_changes_check(changes, row, err));
	if (changes->has_enabled)
		row->enabled = changes->enabled;
	row->not_before = time_after(changes->not_before, row->not_before);
	row->expires = time_after(changes->expires, row->expires);
	SC_TRY(set_text(changes->key_ops, &row->key_ops, &memory[0], err));
	return set_text(changes->tags, &row->tags, &memory[1], err);
}

bool sc_keys_allows(const struct sc_store_key_row *key, const char *operation)
{
	SC_CLEANUP(sc_json) ops = NULL;
	const json_t *op;
	size_t i;

	/* Unreadable key_ops allow nothing. */
	if (sc_json_read(sc_view_text(key->key_ops), &ops, NULL) != SC_OK)
		return false;
	json_array_foreach(ops, i, op) {
		if (json_is_string(op) && strcmp(json_string_value(op), operation) == 0)
			return true;
	}
	return false;
}
