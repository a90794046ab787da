/* Access to a vault's keys: what is not granted is not allowed, and every refusal is in the audit log. */
#include "../support/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/os.h"
#include "vaultd/keys/access.h"
#include "web/json.h"

#define TENANT "3f0c2a52-5d0b-4f64-9b54-2f6f3f1f6f01"
#define OTHER  "9a0c2a52-5d0b-4f64-9b54-2f6f3f1f6f09"
#define ISSUER "https://login.example/" TENANT "/"
#define OID    "11111111-2222-4333-8444-555555555555"

static char directory[] = "/tmp/sc_access.XXXXXX";
static char path[sizeof directory + 16];
static struct sc_audit *audit;

static bool sync_fails;

static int fsync_or_not(int fd)
{
	if (!sync_fails)
		return fsync(fd);
	errno = EIO;
	return -1;
}

static int open_audit(void **state)
{
	static struct sc_os table;
	struct sc_error err = { 0 };

	(void)state;
	table = sc_os_system;
	table.fsync = fsync_or_not;
	sc_os = &table;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof path, "%s/audit.log", directory);
	return sc_audit_open(path, &audit, &err) == SC_OK ? 0 : -1;
}

static int close_audit(void **state)
{
	(void)state;
	sc_audit_free(audit);
	(void)unlink(path);
	return rmdir(directory);
}

static struct sc_access question(enum sc_operation operation)
{
	struct sc_access access = {
		.audit = audit, .operation = operation, .tenant = TENANT, .vault = "contoso"
	};

	snprintf(access.caller.issuer, sizeof access.caller.issuer, "%s", ISSUER);
	snprintf(access.caller.tid, sizeof access.caller.tid, "%s", TENANT);
	snprintf(access.caller.oid, sizeof access.caller.oid, "%s", OID);
	return access;
}

/* An array of one entry, as the Resource Manager stores it. */
static json_t *entry(const char *tenant, const char *oid, const char *issuer, const char *permissions)
{
	char text[1024];
	json_t *json = NULL;

	snprintf(
	    text, sizeof text,
	    "[{\"tenantId\":\"%s\",\"objectId\":\"%s\",\"issuer\":\"%s\",\"permissions\":{\"keys\":%s}}]",
	    tenant, oid, issuer, permissions);
	assert_int_equal(sc_json_read(sc_view_text(text), &json, NULL), SC_OK);
	return json;
}

static sc_status ask(enum sc_operation operation, json_t *policies)
{
	struct sc_access access = question(operation);
	struct sc_error err = { 0 };
	sc_status status = sc_access_by_policies(&access, policies, &err);

	json_decref(policies);
	return status;
}

static void nothing_assigned_means_nothing_allowed(void **state)
{
	(void)state;
	assert_int_equal(ask(SC_OPERATION_KEY_DECRYPT, entry(TENANT, OID, ISSUER, "[\"decrypt\"]")), SC_OK);
	assert_int_equal(ask(SC_OPERATION_KEY_DECRYPT, NULL), SC_ERR_FORBIDDEN);
	assert_int_equal(ask(SC_OPERATION_KEY_DECRYPT, json_array()), SC_ERR_FORBIDDEN);
	assert_int_equal(ask(SC_OPERATION_KEY_DECRYPT, entry(TENANT, OID, ISSUER, "[]")), SC_ERR_FORBIDDEN);
}

static void a_permission_allows_its_own_operation_only(void **state)
{
	(void)state;
	assert_int_equal(ask(SC_OPERATION_KEY_SIGN, entry(TENANT, OID, ISSUER, "[\"Sign\"]")), SC_OK);
	assert_int_equal(ask(SC_OPERATION_KEY_SIGN, entry(TENANT, OID, ISSUER, "[\"get\",\"decrypt\"]")),
			 SC_ERR_FORBIDDEN);
	assert_int_equal(ask(SC_OPERATION_KEY_IMPORT, entry(TENANT, OID, ISSUER, "[\"all\"]")), SC_OK);
	assert_int_equal(ask(SC_OPERATION_KEY_ROTATION_POLICY, entry(TENANT, OID, ISSUER, "[\"all\"]")),
			 SC_OK);
	assert_int_equal(ask(SC_OPERATION_KEY_ROTATION_POLICY, entry(TENANT, OID, ISSUER, "[\"get\"]")),
			 SC_ERR_FORBIDDEN);
}

/* Two issuers may give two people the same object id. An entry without an object id matches nobody. */
static void a_principal_is_issuer_and_object_id(void **state)
{
	(void)state;
	assert_int_equal(ask(SC_OPERATION_KEY_GET, entry(TENANT, OID, ISSUER, "[\"get\"]")), SC_OK);
	assert_int_equal(
	    ask(SC_OPERATION_KEY_GET, entry(TENANT, OID, "https://elsewhere.example/", "[\"get\"]")),
	    SC_ERR_FORBIDDEN);
	assert_int_equal(ask(SC_OPERATION_KEY_GET, entry(TENANT, OTHER, ISSUER, "[\"get\"]")),
			 SC_ERR_FORBIDDEN);
	assert_int_equal(ask(SC_OPERATION_KEY_GET, entry(OTHER, OID, ISSUER, "[\"get\"]")), SC_ERR_FORBIDDEN);
	assert_int_equal(ask(SC_OPERATION_KEY_GET, entry(TENANT, "", ISSUER, "[\"get\"]")), SC_ERR_FORBIDDEN);
}

static void another_tenant_is_refused_whatever_the_policies_say(void **state)
{
	json_t *policies = entry(OTHER, OID, ISSUER, "[\"all\"]");
	struct sc_access access = question(SC_OPERATION_KEY_GET);
	struct sc_error err = { 0 };

	(void)state;
	snprintf(access.caller.tid, sizeof access.caller.tid, "%s", OTHER);
	assert_status(sc_access_by_policies(&access, policies, &err), SC_ERR_FORBIDDEN, &err);
	/* The same caller and entry, in the caller's own tenant. */
	snprintf(access.tenant, sizeof access.tenant, "%s", OTHER);
	assert_ok(sc_access_by_policies(&access, policies, &err), &err);
	json_decref(policies);
}

static void only_administrators_change_resources(void **state)
{
	struct sc_access reading = question(SC_OPERATION_RESOURCE_READ);
	struct sc_access changing = question(SC_OPERATION_VAULT_WRITE);
	struct sc_access using_a_key = question(SC_OPERATION_KEY_DECRYPT);
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_access_to_resources(&reading, false, &err), &err);
	assert_status(sc_access_to_resources(&changing, false, &err), SC_ERR_FORBIDDEN, &err);
	assert_ok(sc_access_to_resources(&changing, true, &err), &err);
	/* A resource administrator has no permission on keys. */
	assert_status(sc_access_to_resources(&using_a_key, true, &err), SC_ERR_FORBIDDEN, &err);
}

static uint64_t lines_of(const char *needle)
{
	SC_CLEANUP(sc_bytes) log = { 0 };
	uint64_t count = 0;

	assert_int_equal(sc_file_read_path(path, 1 << 20, &log, NULL), SC_OK);
	for (size_t i = 0; i + strlen(needle) <= log.len; i++)
		count += memcmp(log.data + i, needle, strlen(needle)) == 0;
	return count;
}

static void a_change_is_in_the_log_before_it_begins_and_a_refusal_when_it_is_answered(void **state)
{
	struct sc_access access = question(SC_OPERATION_KEY_IMPORT);
	struct sc_error err = { 0 };

	(void)state;
	snprintf(access.request, sizeof access.request, "request-of-this-test");
	assert_ok(sc_access_begin(&access, &err), &err);
	assert_int_equal(lines_of("\"request\":\"request-of-this-test\""), 1);
	assert_int_equal(lines_of("\"result\":\"allowed\""), 1);
	assert_ok(sc_access_finish(&access, SC_ERR_TRANSFER_EXPIRED, "the package has expired", &err), &err);
	assert_int_equal(lines_of("\"result\":\"failed\",\"reason\":\"the package has expired\""), 1);
	access.operation = SC_OPERATION_KEY_UPDATE;
	assert_status(sc_access_by_policies(&access, NULL, &err), SC_ERR_FORBIDDEN, &err);
	assert_ok(sc_access_finish(&access, SC_OK, NULL, &err), &err); /* also syncs earlier lines */
	assert_int_equal(lines_of("\"operation\":\"keys/update\",\"tenant\":\"" TENANT
				  "\",\"vault\":\"contoso\",\"key\":\"\",\"result\":\"refused\""),
			 1);
}

/* For example, a row that was written but cannot be read again: the log must not deny the change. */
static void a_change_that_cannot_be_shown_is_done_all_the_same(void **state)
{
	struct sc_access access = question(SC_OPERATION_KEY_UPDATE);
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_access_begin(&access, &err), &err);
	assert_ok(sc_access_finish(&access, SC_ERR_SYSTEM, "not written", &err), &err);
	assert_int_equal(lines_of("\"result\":\"failed\",\"reason\":\"not written\""), 1);
	access.is_done = true;
	assert_ok(sc_access_finish(&access, SC_ERR_SYSTEM, "written, not shown", &err), &err);
	assert_int_equal(lines_of("\"result\":\"done\",\"reason\":\"written, not shown\""), 1);
}

static void a_token_that_is_not_believed_is_told_and_noted(void **state)
{
	SC_CLEANUP(sc_web_issuers) issuers = NULL;
	struct sc_access access = question(SC_OPERATION_KEY_GET);
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_web_issuers_new(&issuers, &err), &err);
	snprintf(access.request, sizeof access.request, "request-with-a-token");
	assert_status(sc_access_authenticate(&access, issuers, "a.b", "https://vault.example", &err),
		      SC_ERR_TOKEN, &err);
	assert_string_equal(err.message, "The access token is not valid here: it is not a signed token in "
					 "compact form");
	access.operation = SC_OPERATION_KEY_UPDATE;
	assert_ok(sc_access_begin(&access, &err), &err); /* also syncs earlier lines */
	assert_int_equal(lines_of("\"request\":\"request-with-a-token\""), 2);
	assert_int_equal(lines_of("\"reason\":\"it is not a signed token in compact form\""), 1);
}

/* For example, a malformed body: an HTTP thread answers it, and it must not wait for the disk. */
static void a_change_that_has_not_begun_waits_for_no_disk(void **state)
{
	SC_CLEANUP(sc_audit) own = NULL;
	struct sc_access access = question(SC_OPERATION_KEY_UPDATE);
	struct sc_error err = { 0 };
	char own_path[sizeof directory + 16];

	(void)state;
	snprintf(own_path, sizeof own_path, "%s/own.log", directory);
	assert_ok(sc_audit_open(own_path, &own, &err), &err);
	assert_int_equal(unlink(own_path), 0);
	access.audit = own;
	sync_fails = true;
	assert_ok(sc_access_finish(&access, SC_ERR_JSON, "no JSON", &err), &err);
	assert_status(sc_access_begin(&access, &err), SC_ERR_NOT_DURABLE, &err);
	sync_fails = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_assigned_means_nothing_allowed),
		cmocka_unit_test(a_permission_allows_its_own_operation_only),
		cmocka_unit_test(a_principal_is_issuer_and_object_id),
		cmocka_unit_test(another_tenant_is_refused_whatever_the_policies_say),
		cmocka_unit_test(only_administrators_change_resources),
		cmocka_unit_test(a_change_is_in_the_log_before_it_begins_and_a_refusal_when_it_is_answered),
		cmocka_unit_test(a_change_that_cannot_be_shown_is_done_all_the_same),
		cmocka_unit_test(a_token_that_is_not_believed_is_told_and_noted),
		cmocka_unit_test(a_change_that_has_not_begun_waits_for_no_disk),
	};

	return cmocka_run_group_tests(tests, open_audit, close_audit);
}
