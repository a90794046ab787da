/* Vaults and keys as JSON, and the explanations of refused packages. */
#include "../support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "formats/key_type.h"
#include "vaultd/keys/bundle.h"
#include "vaultd/keys/import_refusal.h"
#include "vaultd/resources/policies.h"
#include "vaultd/resources/vault_body.h"
#include "web/json.h"
#include "web/jwk.h"

#define TENANT "3f0c2a52-5d0b-4f64-9b54-2f6f3f1f6f01"
#define OID    "11111111-2222-4333-8444-555555555555"

static const struct sc_resources_policy_author author = { TENANT, "https://login.example/t/" };

static json_t *parse(const char *text)
{
	json_t *json = NULL;
	struct sc_error err = { 0 };

	assert_ok(sc_json_read(sc_view_text(text), &json, &err), &err);
	return json;
}

static const char *text_at(const json_t *json, const char *a, const char *b)
{
	return json_string_value(json_object_get(json_object_get(json, a), b));
}

/* -- keys -------------------------------------------------------------------------------------- */

static void a_bundle_shows_the_public_key_and_the_attributes(void **state)
{
	SC_CLEANUP(sc_pkey) key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	SC_CLEANUP(sc_json) members = NULL;
	SC_CLEANUP(sc_bytes) jwk = { 0 };
	SC_CLEANUP(sc_bytes) n = { 0 };
	const struct sc_vaultd_vault vault = { .retention_days = 90 };
	SC_CLEANUP(sc_json) bundle = NULL;
	SC_CLEANUP(sc_json) again = NULL;
	struct sc_store_key_row row = { .vault = "Contoso",
					.name = "FIRST",
					.display_name = "first",
					.version = "00112233445566778899aabbccddeeff",
					.kty = "RSA-HSM",
					.enabled = true,
					.not_before = 7,
					.expires = SC_STORE_NO_TIME,
					.key_ops = "[\"decrypt\"]",
					.tags = "{\"a\":\"b\"}" };
	struct sc_error err = { 0 };
	const json_t *attributes;

	(void)state;
	assert_ok(sc_web_jwk_public_members(key, &members, &err), &err);
	assert_ok(sc_json_write(members, &jwk, &err), &err);
	row.jwk = (const char *)jwk.data;
	assert_ok(sc_keys_bundle_of(&row, &vault, "vault.localhost:8443", &bundle, &err), &err);
	assert_string_equal(
	    text_at(bundle, "key", "kid"),
	    "https://contoso.vault.localhost:8443/keys/first/00112233445566778899aabbccddeeff");
	assert_string_equal(text_at(bundle, "key", "e"), "AQAB");
	assert_ok(sc_json_base64url(json_object_get(bundle, "key"), "n", 512, &n, &err), &err);
	assert_int_equal(n.len, 256);
	assert_true(n.data[0] & 0x80); /* no leading zero */
	attributes = json_object_get(bundle, "attributes");
	assert_int_equal(json_integer_value(json_object_get(attributes, "nbf")), 7);
	assert_null(json_object_get(attributes, "exp"));
	assert_string_equal(text_at(bundle, "attributes", "recoveryLevel"), "Recoverable+Purgeable");
	assert_true(json_is_false(json_object_get(attributes, "exportable")));
	assert_string_equal(text_at(bundle, "tags", "a"), "b");
	/* A damaged row is not reported as malformed JSON, because the client is not at fault. */
	row.tags = "{";
	assert_status(sc_keys_bundle_of(&row, &vault, "vault.localhost:8443", &again, &err), SC_ERR_INTEGRITY,
		      &err);
	row.tags = "{}";
	row.jwk = "[]";
	assert_status(sc_keys_bundle_of(&row, &vault, "vault.localhost:8443", &again, &err), SC_ERR_INTEGRITY,
		      &err);
}

/* Reading a key takes longer than a signature. Nothing in this row could be read as one. */
static void public_members_are_shown_as_they_are_stored(void **state)
{
	const struct sc_vaultd_vault vault = { .retention_days = 90 };
	const struct sc_store_key_row row = { .vault = "Contoso",
					      .name = "first",
					      .display_name = "first",
					      .version = "00112233445566778899aabbccddeeff",
					      .kty = "RSA-HSM",
					      .jwk = "{\"n\":\"no modulus\",\"e\":\"\",\"kty\":\"EC\"}",
					      .key_ops = "[]",
					      .tags = "{}" };
	SC_CLEANUP(sc_json) bundle = NULL;
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_keys_bundle_of(&row, &vault, "vault.localhost:8443", &bundle, &err), &err);
	assert_string_equal(text_at(bundle, "key", "n"), "no modulus");
	assert_string_equal(text_at(bundle, "key", "e"), "");
	assert_string_equal(text_at(bundle, "key", "kty"), "RSA-HSM");
}

static sc_status read_changes(const char *text)
{
	SC_CLEANUP(sc_json) body = parse(text);
	struct sc_keys_changes changes;

	return sc_keys_changes_read(body, body, &changes, NULL);
}

/* A tag whose name and value have that many letters of two bytes. */
static sc_status read_tag(size_t characters)
{
	char letters[2 * 257 + 1] = "";
	char text[4 * 257 + 64];

	for (size_t i = 0; i < characters; i++)
		strcat(letters, "\xc3\xbc");
	snprintf(text, sizeof text, "{\"tags\":{\"%s\":\"%s\"}}", letters, letters);
	return read_changes(text);
}

static void a_tags_length_is_counted_in_characters(void **state)
{
	(void)state;
	assert_int_equal(read_tag(256), SC_OK);
	assert_int_equal(read_tag(257), SC_ERR_ARGUMENT);
}

static void what_no_key_can_have_is_refused(void **state)
{
	(void)state;
	assert_int_equal(read_changes("{\"key_ops\":[\"sign\",\"decrypt\"],\"tags\":{\"a\":\"b\"}}"), SC_OK);
	assert_int_equal(read_changes("{\"key_ops\":[\"sign\",\"sign\"]}"), SC_ERR_ARGUMENT);
	assert_int_equal(read_changes("{\"key_ops\":[\"export\"]}"), SC_ERR_ARGUMENT);
	assert_int_equal(read_changes("{\"key_ops\":[1]}"), SC_ERR_ARGUMENT);
	assert_int_equal(read_changes("{\"tags\":{\"a\":1}}"), SC_ERR_ARGUMENT);
	assert_int_equal(read_changes("{\"attributes\":{\"exportable\":false}}"), SC_OK);
	assert_int_equal(read_changes("{\"attributes\":{\"exportable\":true}}"), SC_ERR_ARGUMENT);
	assert_int_equal(read_changes("{\"attributes\":{\"enabled\":\"yes\"}}"), SC_ERR_JSON);
	assert_int_equal(read_changes("{\"attributes\":{\"nbf\":-1}}"), SC_ERR_ARGUMENT);
}

static void what_an_update_does_not_say_stays(void **state)
{
	SC_CLEANUP(sc_json) body = parse("{\"attributes\":{\"enabled\":false,\"nbf\":null}}");
	SC_CLEANUP(sc_json) late = parse("{\"attributes\":{\"nbf\":200}}");
	struct sc_store_key_row row = {
		.enabled = true, .not_before = 50, .expires = 100, .key_ops = "[]", .tags = "{}"
	};
	struct sc_bytes texts[2] = { { 0 }, { 0 } };
	struct sc_keys_changes changes;
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_keys_changes_read(body, body, &changes, &err), &err);
	assert_ok(sc_keys_changes_apply(&changes, &row, texts, &err), &err);
	assert_false(row.enabled);
	assert_int_equal(row.not_before, 50);
	assert_int_equal(row.expires, 100);
	assert_string_equal(row.key_ops, "[]");
	/* A start after the row's existing expiry. */
	assert_ok(sc_keys_changes_read(late, late, &changes, &err), &err);
	assert_status(sc_keys_changes_apply(&changes, &row, texts, &err), SC_ERR_ARGUMENT, &err);
}

/* Before the module works on a package: there is no row yet. */
static void impossible_attributes_are_refused_without_a_key(void **state)
{
	SC_CLEANUP(sc_json) possible = parse("{\"attributes\":{\"nbf\":100,\"exp\":101}}");
	SC_CLEANUP(sc_json) impossible = parse("{\"attributes\":{\"nbf\":100,\"exp\":100}}");
	SC_CLEANUP(sc_json) late = parse("{\"attributes\":{\"nbf\":100}}");
	const struct sc_store_key_row key = { .not_before = SC_STORE_NO_TIME, .expires = 100 };
	struct sc_keys_changes changes;
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_keys_changes_read(possible, possible, &changes, &err), &err);
	assert_ok(sc_keys_changes_check(&changes, NULL, &err), &err);
	assert_ok(sc_keys_changes_read(impossible, impossible, &changes, &err), &err);
	assert_status(sc_keys_changes_check(&changes, NULL, &err), SC_ERR_ARGUMENT, &err);
	assert_ok(sc_keys_changes_read(late, late, &changes, &err), &err);
	assert_ok(sc_keys_changes_check(&changes, NULL, &err), &err);
	assert_status(sc_keys_changes_check(&changes, &key, &err), SC_ERR_ARGUMENT, &err);
}

static void key_ops_restrict(void **state)
{
	struct sc_store_key_row row = { .key_ops = "[\"decrypt\",\"sign\"]" };

	(void)state;
	assert_true(sc_keys_allows(&row, "sign"));
	assert_false(sc_keys_allows(&row, "verify"));
	row.key_ops = "[]";
	assert_false(sc_keys_allows(&row, "sign"));
	row.key_ops = "damaged";
	assert_false(sc_keys_allows(&row, "sign"));
}

/* -- vaults ------------------------------------------------------------------------------------ */

static void a_vaults_name_is_a_hosts_name(void **state)
{
	(void)state;
	assert_true(sc_vault_name_is_valid("ContosoKeyVaultHSM"));
	assert_true(sc_vault_name_is_valid("a-1"));
	assert_false(sc_vault_name_is_valid("ab"));
	assert_false(sc_vault_name_is_valid("abcdefghijklmnopqrstuvwxy"));
	assert_false(sc_vault_name_is_valid("1abc"));
	assert_false(sc_vault_name_is_valid("abc-"));
	assert_false(sc_vault_name_is_valid("a--b"));
	assert_false(sc_vault_name_is_valid("a.b.c"));
	assert_false(sc_vault_name_is_valid("a_b"));
}

/* Reads the body of a PUT: a valid one, with `more` among its properties. */
static sc_status read_vault(const char *more, const char *present_text,
			    struct sc_resources_vault_request *request)
{
	char text[2048];
	SC_CLEANUP(sc_json) body = NULL;
	SC_CLEANUP(sc_json) present = present_text ? parse(present_text) : NULL;
	struct sc_error err = { 0 };
	sc_status status;

	snprintf(
	    text, sizeof text,
	    "{\"location\":\"westeurope\",\"properties\":{\"tenantId\":\"adfs\",\"sku\":{\"family\":\"A\","
	    "\"name\":\"Premium\"}%s%s}}",
	    more, strstr(more, "accessPolicies") ? "" : ",\"accessPolicies\":[]");
	body = parse(text);
	status = sc_resources_vault_request_read(body, &author, present, request, &err);
	request->location = NULL; /* it pointed into the body */
	return status;
}

static sc_status try_vault(const char *more)
{
	SC_CLEANUP(sc_resources_vault_request) request = { 0 };

	return read_vault(more, NULL, &request);
}

static void what_the_service_would_not_do_is_refused(void **state)
{
	(void)state;
	assert_int_equal(try_vault(""), SC_OK);
	assert_int_equal(try_vault(",\"enableRbacAuthorization\":false"), SC_OK);
	assert_int_equal(try_vault(",\"enableRbacAuthorization\":true"), SC_ERR_ARGUMENT);
	assert_int_equal(
	    try_vault(",\"networkAcls\":{\"bypass\":\"AzureServices\",\"defaultAction\":\"Allow\"}"), SC_OK);
	assert_int_equal(try_vault(",\"networkAcls\":{\"defaultAction\":\"Deny\"}"), SC_ERR_ARGUMENT);
	assert_int_equal(try_vault(",\"publicNetworkAccess\":\"Disabled\""), SC_ERR_ARGUMENT);
	assert_int_equal(try_vault(",\"createMode\":\"recover\""), SC_ERR_ARGUMENT);
	assert_int_equal(try_vault(",\"enableSoftDelete\":false"), SC_ERR_ARGUMENT);
	assert_int_equal(try_vault(",\"softDeleteRetentionInDays\":6"), SC_ERR_ARGUMENT);
	assert_int_equal(try_vault(",\"softDeleteRetentionInDays\":7"), SC_OK);
}

#define POLICY(tenant, permissions)                                                                          \
	",\"accessPolicies\":[{\"tenantId\":\"" tenant "\",\"objectId\":\"" OID                              \
	"\",\"permissions\":{\"keys\":" permissions "}}]"

static void access_policies_are_for_the_vaults_own_tenant(void **state)
{
	(void)state;
	assert_int_equal(try_vault(POLICY(TENANT, "[\"Get\"]")), SC_OK);
	assert_int_equal(try_vault(POLICY("adfs", "[\"all\"]")), SC_OK);
	assert_int_equal(try_vault(POLICY("9a0c2a52-5d0b-4f64-9b54-2f6f3f1f6f09", "[\"Get\"]")),
			 SC_ERR_ARGUMENT);
	assert_int_equal(try_vault(POLICY(TENANT, "[\"exportKey\"]")), SC_ERR_ARGUMENT);
	/* Leaving the policies out does not mean that there are none. */
	assert_int_equal(try_vault(",\"accessPolicies\":[]"), SC_OK);
	assert_int_equal(try_vault(",\"accessPolicies\":null"), SC_ERR_ARGUMENT);
}

/* Reads a PUT with `count` times the same access policy. */
static sc_status read_policies(unsigned count, struct sc_error *err)
{
	SC_CLEANUP(sc_json)
	body = parse("{\"properties\":{\"tenantId\":\"adfs\",\"sku\":{\"name\":\"premium\"}}}");
	SC_CLEANUP(sc_json)
	entry =
	    json_pack("{s:s, s:s, s:{s:[s, s, s, s]}}", "tenantId", TENANT, "objectId", OID, "permissions",
		      "keys", "unwrapKey", "decrypt", "getrotationpolicy", "setrotationpolicy");
	SC_CLEANUP(sc_resources_vault_request) request = { 0 };
	json_t *policies = json_array();

	assert_int_equal(json_object_set_new(json_object_get(body, "properties"), "accessPolicies", policies),
			 0);
	while (count--)
		assert_int_equal(json_array_append(policies, entry), 0);
	return sc_resources_vault_request_read(body, &author, NULL, &request, err);
}

static void more_policies_than_can_be_kept_are_refused_by_name(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(read_policies(500, &err), &err);
	assert_status(read_policies(1024, &err), SC_ERR_TOO_LARGE, &err);
	assert_non_null(strstr(err.message, "access policies"));
}

/* An entry keeps the issuer that it was made with when another client puts it back. Clients never see it. */
static void an_access_policy_names_its_principals_issuer(void **state)
{
	SC_CLEANUP(sc_resources_vault_request) fresh = { 0 };
	SC_CLEANUP(sc_resources_vault_request) kept = { 0 };
	struct sc_store_vault_row row = { .tenant = TENANT,
					  .subscription = "s",
					  .group = "g",
					  .name = "Contoso",
					  .location = "europe",
					  .sku = "premium",
					  .tags = "{}" };
	SC_CLEANUP(sc_json) shown = NULL;
	struct sc_error err = { 0 };

	(void)state;
	assert_int_equal(read_vault(POLICY(TENANT, "[\"get\"]"), NULL, &fresh), SC_OK);
	assert_non_null(
	    strstr((const char *)fresh.properties.data, "\"issuer\":\"https://login.example/t/\""));
	assert_string_equal(fresh.sku, "premium");
	assert_int_equal(read_vault(POLICY(TENANT, "[\"get\"]"),
				    "{\"accessPolicies\":[{\"objectId\":\"" OID
				    "\",\"issuer\":\"https://outside.example/\"}]}",
				    &kept),
			 SC_OK);
	assert_non_null(
	    strstr((const char *)kept.properties.data, "\"issuer\":\"https://outside.example/\""));
	row.properties = (const char *)kept.properties.data;
	assert_ok(sc_resources_vault_show(&row, "vault.localhost:8443", &shown, &err), &err);
	assert_string_equal(text_at(shown, "properties", "vaultUri"),
			    "https://contoso.vault.localhost:8443/");
	assert_string_equal(json_string_value(json_object_get(shown, "id")),
			    "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/Contoso");
	assert_null(json_object_get(
	    json_array_get(json_object_get(json_object_get(shown, "properties"), "accessPolicies"), 0),
	    "issuer"));
}

static void purge_protection_once_on_stays_on(void **state)
{
	SC_CLEANUP(sc_resources_vault_request) request = { 0 };

	(void)state;
	assert_int_equal(
	    read_vault(",\"enablePurgeProtection\":true", "{\"enablePurgeProtection\":true}", &request),
	    SC_OK);
	sc_resources_vault_request_free(&request);
	request = (struct sc_resources_vault_request){ 0 };
	assert_int_equal(read_vault("", "{\"enablePurgeProtection\":true}", &request), SC_ERR_ARGUMENT);
}

/* -- packages ---------------------------------------------------------------------------------- */

static void a_refused_package_is_told_what_it_was_made_for(void **state)
{
	SC_CLEANUP(sc_transfer_header) header = sc_transfer_header_new();
	static const char subscription[] = "11111111-1111-4111-8111-111111111111";
	struct sc_error err = { 0 };

	(void)state;
	assert_non_null(header);
	assert_ok(sc_text_set(&header->region, "EU", "region", &err), &err);
	assert_ok(sc_text_set(&header->subscription, OID, "subscription", &err), &err);
	header->not_after = 1795518000;
	assert_status(
	    sc_keys_import_explain(header, "North America", subscription, SC_ERR_TRANSFER_REGION, &err),
	    SC_ERR_TRANSFER_REGION, &err);
	assert_string_equal(err.message,
			    "The transfer package was made for Europe, but this vault is in North America.");
	(void)sc_keys_import_explain(header, "North America", subscription, SC_ERR_TRANSFER_SUBSCRIPTION,
				     &err);
	assert_non_null(strstr(err.message, OID));
	assert_non_null(strstr(err.message, subscription));
	(void)sc_keys_import_explain(header, "North America", subscription, SC_ERR_TRANSFER_EXPIRED, &err);
	assert_non_null(strstr(err.message, "expired on 2026-11-24"));
	assert_int_equal(
	    sc_keys_import_explain(header, "North America", subscription, SC_ERR_PACKAGE_TAKEN, &err),
	    SC_ERR_CONFLICT);
	/* An error that is not about the package keeps its message. */
	(void)sc_fail(&err, SC_ERR_UNAVAILABLE, "the module is away");
	assert_int_equal(
	    sc_keys_import_explain(header, "North America", subscription, SC_ERR_UNAVAILABLE, &err),
	    SC_ERR_UNAVAILABLE);
	assert_string_equal(err.message, "the module is away");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bundle_shows_the_public_key_and_the_attributes),
		cmocka_unit_test(public_members_are_shown_as_they_are_stored),
		cmocka_unit_test(a_tags_length_is_counted_in_characters),
		cmocka_unit_test(what_no_key_can_have_is_refused),
		cmocka_unit_test(what_an_update_does_not_say_stays),
		cmocka_unit_test(impossible_attributes_are_refused_without_a_key),
		cmocka_unit_test(key_ops_restrict),
		cmocka_unit_test(a_vaults_name_is_a_hosts_name),
		cmocka_unit_test(what_the_service_would_not_do_is_refused),
		cmocka_unit_test(access_policies_are_for_the_vaults_own_tenant),
		cmocka_unit_test(more_policies_than_can_be_kept_are_refused_by_name),
		cmocka_unit_test(an_access_policy_names_its_principals_issuer),
		cmocka_unit_test(purge_protection_once_on_stays_on),
		cmocka_unit_test(a_refused_package_is_told_what_it_was_made_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
