/* Access to a vault's keys: what is not granted is not allowed, and every refusal is in the audit log. */
#include "../support/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/os.h"
#include "vaultd/access/access.h"
#include "web/json.h"

#define TENANT "3f0c2a52-5d0b-4f64-9b54-2f6f3f1f6f01"
#define OTHER  "9a0c2a52-5d0b-4f64-9b54-2f6f3f1f6f09"
#define ISSUER "https://login.example/" TENANT "/"
#define OID    "11111111-2222-4333-8444-555555555555"

static char directory[] = "/tmp/sc_access.XXXXXX";
static char path[sizeof directory + 24];
static const struct sc_audit_settings settings = { .path = path };
static struct sc_audit *audit;

static bool sync_fails;
static bool disk_is_full;

static ssize_t write_or_full(int fd, const void *data, size_t len)
{
	struct stat info;

	if (!disk_is_full || fstat(fd, &info) || !S_ISREG(info.st_mode))
		return write(fd, data, len);
	errno = ENOSPC;
	return -1;
}

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
	table.write = write_or_full;
	sc_os = &table;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof path, "%s/audit.log", directory);
	return sc_audit_open(&settings, &audit, &err) == SC_OK ? 0 : -1;
}

static int close_audit(void **state)
{
	(void)state;
	sc_audit_free(audit);
	(void)unlink(path);
	strcat(path, ".lock");
	(void)unlink(path);
	return rmdir(directory);
}

static const struct sc_access_scope contoso = { .tenant = TENANT, .vault = "contoso" };

static struct sc_access question(enum sc_operation operation)
{
	struct sc_access access = { .audit = audit, .operation = operation, .scope = contoso };

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
	SC_CLEANUP(sc_access_grants) grants = NULL;
	struct sc_access access = question(operation);
	struct sc_error err = { 0 };

	assert_ok(sc_access_grants_compile(policies, &grants, &err), &err);
	json_decref(policies);
	return sc_access_decide(&access, grants, &contoso, &err);
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
	const struct sc_access_scope others = { .tenant = OTHER, .vault = "contoso" };
	SC_CLEANUP(sc_json) policies = entry(OTHER, OID, ISSUER, "[\"all\"]");
	SC_CLEANUP(sc_access_grants) grants = NULL;
	struct sc_access access = question(SC_OPERATION_KEY_GET);
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_access_grants_compile(policies, &grants, &err), &err);
	snprintf(access.caller.tid, sizeof access.caller.tid, "%s", OTHER);
	assert_status(sc_access_decide(&access, grants, &contoso, &err), SC_ERR_FORBIDDEN, &err);
	/* The same caller and entry, in the caller's own tenant. */
	assert_ok(sc_access_decide(&access, grants, &others, &err), &err);
}

static void only_administrators_change_resources(void **state)
{
	const struct sc_access_grant administrator = { { ISSUER, OID, TENANT }, SC_ACCESS_RESOURCES_WRITE };
	SC_CLEANUP(sc_access_grants) nobody = NULL;
	SC_CLEANUP(sc_access_grants) grants = NULL;
	struct sc_access reading = question(SC_OPERATION_VAULT_READ);
	struct sc_access changing = question(SC_OPERATION_VAULT_WRITE);
	struct sc_access using_a_key = question(SC_OPERATION_KEY_DECRYPT);
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_access_grants_new(NULL, 0, SC_ACCESS_RESOURCES_READ, &nobody, &err), &err);
	assert_ok(sc_access_grants_new(&administrator, 1, SC_ACCESS_RESOURCES_READ, &grants, &err), &err);
	assert_ok(sc_access_decide(&reading, nobody, &contoso, &err), &err);
	assert_status(sc_access_decide(&changing, nobody, &contoso, &err), SC_ERR_FORBIDDEN, &err);
	assert_string_equal(err.message, "The client with object id '" OID
					 "' does not have authorization to perform action "
					 "'Microsoft.KeyVault/vaults/write' over scope 'contoso'.");
	assert_ok(sc_access_decide(&changing, grants, &contoso, &err), &err);
	/* A resource administrator has no permission on keys, nor does a vault's policy change resources. */
	assert_status(sc_access_decide(&using_a_key, grants, &contoso, &err), SC_ERR_FORBIDDEN, &err);
	assert_int_equal(ask(SC_OPERATION_VAULT_WRITE, entry(TENANT, OID, ISSUER, "[\"all\"]")),
			 SC_ERR_FORBIDDEN);
}

/* Two entries about one principal add up, as they do in Azure. */
static void a_principal_has_the_permissions_of_all_its_entries(void **state)
{
	json_t *policies = entry(TENANT, OID, ISSUER, "[\"get\"]");
	json_t *more = entry(TENANT, OID, ISSUER, "[\"sign\"]");

	(void)state;
	assert_int_equal(json_array_extend(policies, more), 0);
	json_decref(more);
	assert_int_equal(ask(SC_OPERATION_KEY_GET, json_incref(policies)), SC_OK);
	assert_int_equal(ask(SC_OPERATION_KEY_SIGN, json_incref(policies)), SC_OK);
	assert_int_equal(ask(SC_OPERATION_KEY_DECRYPT, policies), SC_ERR_FORBIDDEN);
}

/* Of every permission's word, one allows an operation; "all" has all but purge. */
static void every_permission_has_its_word_and_its_bit(void **state)
{
	uint32_t seen = 0;

	(void)state;
	for (uint32_t bit = SC_ACCESS_GET; bit <= SC_ACCESS_SET_ROTATION_POLICY; bit <<= 1) {
		const char *name = sc_access_permission_name(bit);

		assert_non_null(name);
		assert_int_equal(sc_access_permissions_of(name), bit);
		seen |= bit;
	}
	assert_int_equal(sc_access_permissions_of("ALL"), seen & ~(uint32_t)SC_ACCESS_PURGE);
	assert_string_equal(sc_access_permission_word("unwrapkey"), "unwrapKey");
	assert_int_equal(sc_access_permissions_of("export"), 0);
	assert_null(sc_access_permission_word(NULL));
	assert_null(sc_access_permission_name(SC_ACCESS_RESOURCES_WRITE));
}

#define MANY 1024

static json_t *policies_of(unsigned count)
{
	json_t *policies = json_array();
	char oid[40];

	for (unsigned i = 0; i < count; i++) {
		json_t *one;

		snprintf(oid, sizeof oid, "%08x-2222-4333-8444-555555555555", i);
		one = entry(TENANT, oid, ISSUER, i % 2 ? "[\"sign\"]" : "[\"get\"]");
		assert_int_equal(json_array_extend(policies, one), 0);
		json_decref(one);
	}
	return policies;
}

/* Each of many principals has its own permission and no other's. */
static void one_of_many_policies_grants_what_it_says(void **state)
{
	SC_CLEANUP(sc_json) policies = policies_of(MANY);
	SC_CLEANUP(sc_access_grants) grants = NULL;
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_access_grants_compile(policies, &grants, &err), &err);
	for (unsigned i = 0; i < MANY + 1; i++) {
		char oid[40];
		const struct sc_access_principal principal = { ISSUER, oid, TENANT };
		uint32_t expected = i % 2 ? SC_ACCESS_SIGN : SC_ACCESS_GET;

		snprintf(oid, sizeof oid, "%08X-2222-4333-8444-555555555555", i);
		assert_int_equal(sc_access_grants_of(grants, &principal), i < MANY ? expected : 0);
	}
}

static int64_t cpu_of_decisions(unsigned policy_count)
{
	SC_CLEANUP(sc_json) policies = policies_of(policy_count);
	SC_CLEANUP(sc_access_grants) grants = NULL;
	struct sc_access access = question(SC_OPERATION_KEY_GET);
	struct sc_error err = { 0 };
	struct timespec begin, end;

	assert_ok(sc_access_grants_compile(policies, &grants, &err), &err);
	snprintf(access.caller.oid, sizeof access.caller.oid, "%08x-2222-4333-8444-555555555555",
		 (policy_count - 1) / 2 * 2);
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	for (int i = 0; i < 20000; i++)
		assert_int_equal(sc_access_decide(&access, grants, &contoso, &err), SC_OK);
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	return (end.tv_sec - begin.tv_sec) * INT64_C(1000000000) + end.tv_nsec - begin.tv_nsec;
}

/* A look at every policy would make the ratio some hundreds. */
static void many_policies_cost_what_one_costs(void **state)
{
	int64_t one = cpu_of_decisions(1);

	(void)state;
	assert_true(cpu_of_decisions(MANY) < 10 * one);
}

static uint64_t lines_of(const char *of, const char *needle)
{
	SC_CLEANUP(sc_bytes) log = { 0 };
	uint64_t count = 0;

	assert_int_equal(sc_file_read_path(of, 1 << 24, &log, NULL), SC_OK);
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
	assert_int_equal(lines_of(path, "\"request\":\"request-of-this-test\""), 1);
	assert_int_equal(lines_of(path, "\"result\":\"allowed\""), 1);
	assert_ok(sc_access_finish(&access, SC_ERR_TRANSFER_EXPIRED, "the package has expired", &err), &err);
	assert_int_equal(lines_of(path, "\"result\":\"failed\",\"reason\":\"the package has expired\""), 1);
	access.operation = SC_OPERATION_KEY_UPDATE;
	assert_status(sc_access_decide(&access, NULL, &contoso, &err), SC_ERR_FORBIDDEN, &err);
	assert_ok(sc_access_finish(&access, SC_OK, NULL, &err), &err); /* also syncs earlier lines */
	assert_int_equal(lines_of(path, "\"operation\":\"keys/update\",\"tenant\":\"" TENANT
					"\",\"vault\":\"contoso\",\"key\":\"\",\"result\":\"refused\""),
			 1);
}

/* As when the answer must not tell one tenant what another did (P6). */
static void a_reason_that_is_hidden_from_the_client_is_in_the_log(void **state)
{
	struct sc_access access = question(SC_OPERATION_KEY_IMPORT);
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_access_begin(&access, &err), &err);
	access.hidden_reason = "the true reason";
	assert_ok(sc_access_finish(&access, SC_ERR_TRANSFER_REFUSED, "the told reason", &err), &err);
	assert_int_equal(lines_of(path, "\"result\":\"failed\",\"reason\":\"the true reason\""), 1);
	assert_int_equal(lines_of(path, "the told reason"), 0);
}

/* For example, a row that was written but cannot be read again: the log must not deny the change. */
static void a_change_that_cannot_be_shown_is_done_all_the_same(void **state)
{
	struct sc_access access = question(SC_OPERATION_KEY_UPDATE);
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_access_begin(&access, &err), &err);
	assert_ok(sc_access_finish(&access, SC_ERR_SYSTEM, "not written", &err), &err);
	assert_int_equal(lines_of(path, "\"result\":\"failed\",\"reason\":\"not written\""), 1);
	access.is_done = true;
	assert_ok(sc_access_finish(&access, SC_ERR_SYSTEM, "written, not shown", &err), &err);
	assert_int_equal(lines_of(path, "\"result\":\"done\",\"reason\":\"written, not shown\""), 1);
}

/* A log of the test's own, beside the common one. */
static char other_path[sizeof directory + 24];

static void open_other(struct sc_audit **log)
{
	const struct sc_audit_settings other = { .path = other_path };
	struct sc_error err = { 0 };

	snprintf(other_path, sizeof other_path, "%s/other.log", directory);
	assert_ok(sc_audit_open(&other, log, &err), &err);
}

/* Closes it, and counts its lines with that text before it is gone. */
static uint64_t close_other(struct sc_audit *log, const char *needle)
{
	uint64_t count;

	sc_audit_free(log);
	count = lines_of(other_path, needle);
	assert_int_equal(unlink(other_path), 0);
	strcat(other_path, ".lock");
	assert_int_equal(unlink(other_path), 0);
	return count;
}

static void a_token_that_is_not_believed_is_told_and_counted(void **state)
{
	SC_CLEANUP(sc_web_issuers) issuers = NULL;
	struct sc_access access = question(SC_OPERATION_KEY_GET);
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_web_issuers_new(&issuers, &err), &err);
	open_other(&access.audit);
	snprintf(access.address, sizeof access.address, "192.0.2.1");
	for (unsigned i = 0; i < 3; i++)
		assert_status(sc_access_authenticate(&access, issuers, "a.b", "https://vault.example", &err),
			      SC_ERR_TOKEN, &err);
	assert_string_equal(err.message, "The access token is not valid here: it is not a signed token in "
					 "compact form");
	assert_int_equal(
	    close_other(access.audit, "\"kind\":\"refusals\",\"address\":\"192.0.2.1\",\"count\":3,"), 1);
}

/* As many as would fill the buffer of decisions many times. */
static void a_flood_of_refused_tokens_takes_no_room_from_decisions(void **state)
{
	SC_CLEANUP(sc_web_issuers) issuers = NULL;
	SC_CLEANUP(sc_access_grants) grants = NULL;
	SC_CLEANUP(sc_json) policies = entry(TENANT, OID, ISSUER, "[\"get\"]");
	struct sc_access access = question(SC_OPERATION_KEY_GET);
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_web_issuers_new(&issuers, &err), &err);
	assert_ok(sc_access_grants_compile(policies, &grants, &err), &err);
	open_other(&access.audit);
	disk_is_full = true;
	for (unsigned i = 0; i < 30000; i++)
		assert_int_equal(
		    sc_access_authenticate(&access, issuers, "a.b", "https://vault.example", &err),
		    SC_ERR_TOKEN);
	access = (struct sc_access){ .audit = access.audit, .operation = SC_OPERATION_KEY_GET };
	access.caller = question(SC_OPERATION_KEY_GET).caller;
	assert_ok(sc_access_decide(&access, grants, &contoso, &err), &err);
	assert_ok(sc_access_finish(&access, SC_OK, NULL, &err), &err);
	disk_is_full = false;
	assert_int_equal(close_other(access.audit, "\"result\":\"done\""), 1);
}

/* For example, a malformed body: an HTTP thread answers it, and it must not wait for the disk. */
static void a_change_that_has_not_begun_waits_for_no_disk(void **state)
{
	struct sc_access access = question(SC_OPERATION_KEY_UPDATE);
	struct sc_error err = { 0 };

	(void)state;
	open_other(&access.audit);
	sync_fails = true;
	assert_ok(sc_access_finish(&access, SC_ERR_JSON, "no JSON", &err), &err);
	assert_status(sc_access_begin(&access, &err), SC_ERR_NOT_DURABLE, &err);
	close_other(access.audit, "");
	sync_fails = false;
}

/* Nor is the module asked: the check comes before the use. */
static void a_use_is_refused_when_its_line_could_not_be_written(void **state)
{
	SC_CLEANUP(sc_access_grants) grants = NULL;
	SC_CLEANUP(sc_json) policies = entry(TENANT, OID, ISSUER, "[\"all\"]");
	struct sc_access access = question(SC_OPERATION_KEY_SIGN);
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_access_grants_compile(policies, &grants, &err), &err);
	open_other(&access.audit);
	assert_ok(sc_access_decide(&access, grants, &contoso, &err), &err);
	sync_fails = true;
	assert_status(sc_access_begin(&access, &err), SC_ERR_NOT_DURABLE, &err);
	assert_status(sc_access_decide(&access, grants, &contoso, &err), SC_ERR_NOT_DURABLE, &err);
	/* A change asks for itself, by its own line. */
	access.operation = SC_OPERATION_KEY_IMPORT;
	assert_ok(sc_access_decide(&access, grants, &contoso, &err), &err);
	assert_status(sc_access_begin(&access, &err), SC_ERR_NOT_DURABLE, &err);
	close_other(access.audit, "");
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
		cmocka_unit_test(a_principal_has_the_permissions_of_all_its_entries),
		cmocka_unit_test(every_permission_has_its_word_and_its_bit),
		cmocka_unit_test(one_of_many_policies_grants_what_it_says),
		cmocka_unit_test(many_policies_cost_what_one_costs),
		cmocka_unit_test(a_change_is_in_the_log_before_it_begins_and_a_refusal_when_it_is_answered),
		cmocka_unit_test(a_reason_that_is_hidden_from_the_client_is_in_the_log),
		cmocka_unit_test(a_change_that_cannot_be_shown_is_done_all_the_same),
		cmocka_unit_test(a_token_that_is_not_believed_is_told_and_counted),
		cmocka_unit_test(a_flood_of_refused_tokens_takes_no_room_from_decisions),
		cmocka_unit_test(a_change_that_has_not_begun_waits_for_no_disk),
		cmocka_unit_test(a_use_is_refused_when_its_line_could_not_be_written),
	};

	return cmocka_run_group_tests(tests, open_audit, close_audit);
}
