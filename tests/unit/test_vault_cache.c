/* Vaults in memory: what is obeyed, and from when on. */
#include "../support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/os.h"
#include "store_fixture.h"
#include "vaultd/vault_cache.h"

#define ISSUER "https://login.example/" TENANT "/"
#define OID    "55555555-5555-4555-8555-555555555555"
#define GRANTED                                                                                              \
	"{\"accessPolicies\":[{\"tenantId\":\"" TENANT "\",\"objectId\":\"" OID "\",\"issuer\":\"" ISSUER    \
	"\",\"permissions\":{\"keys\":[\"get\"]}}],\"softDeleteRetentionInDays\":7,"                         \
	"\"enablePurgeProtection\":true}"
#define REVOKED "{\"accessPolicies\":[]}"

/* -- an injected clock, and a look at the store ------------------------------------------------- */

static int64_t boot_time;

static int clock_of_the_test(clockid_t clock, struct timespec *out)
{
	if (clock != CLOCK_BOOTTIME)
		return sc_os_system.clock_gettime(clock, out);
	*out = (struct timespec){ boot_time / SC_SECOND, boot_time % SC_SECOND };
	return 0;
}

static unsigned reads;
static void (*after_read)(void); /* what happens while a row is on its way from the store to the cache */

sc_status __real_sc_store_vault_find(struct sc_store_vault_db *store, const char *tenant, const char *name,
				     struct sc_store_vault_row *out, struct sc_error *err);
sc_status __wrap_sc_store_vault_find(struct sc_store_vault_db *store, const char *tenant, const char *name,
				     struct sc_store_vault_row *out, struct sc_error *err);

sc_status __wrap_sc_store_vault_find(struct sc_store_vault_db *store, const char *tenant, const char *name,
				     struct sc_store_vault_row *out, struct sc_error *err)
{
	sc_status status = __real_sc_store_vault_find(store, tenant, name, out, err);
	void (*hook)(void) = after_read;

	reads++;
	after_read = NULL;
	if (hook)
		hook();
	return status;
}

static struct sc_vaultd_cache *cache;

static int begin(void **state)
{
	static struct sc_os table;
	struct fixture *f;

	if (set_up(state))
		return -1;
	f = *state;
	table = sc_os_system;
	table.clock_gettime = clock_of_the_test;
	sc_os = &table;
	boot_time = 100 * SC_SECOND;
	reads = 0;
	after_read = NULL;
	return sc_vaultd_cache_new(f->store, SC_VAULTD_CACHE_BYTES, &cache, NULL) == SC_OK ? 0 : -1;
}

static int end(void **state)
{
	sc_vaultd_cache_free(cache);
	sc_os = &sc_os_system;
	return tear_down(state);
}

static bool is_in_memory(const char *tenant, const char *name)
{
	struct sc_vaultd_vault *vault = sc_vaultd_cache_recall(cache, tenant, name);

	sc_vaultd_vault_release(cache, vault);
	return vault != NULL;
}

static void read_vault(const char *tenant, const char *name)
{
	struct sc_vaultd_vault *vault = NULL;
	struct sc_error err = { 0 };

	assert_ok(sc_vaultd_cache_read(cache, tenant, name, &vault, &err), &err);
	sc_vaultd_vault_release(cache, vault);
}

/* What the access policies of Contoso grant: recalled, or read if it is not in memory, as a call does. */
static uint32_t granted(void)
{
	const struct sc_access_principal principal = { ISSUER, OID, TENANT };
	struct sc_vaultd_vault *vault = sc_vaultd_cache_recall(cache, TENANT, "contoso");
	struct sc_error err = { 0 };
	uint32_t permissions;

	if (!vault)
		assert_ok(sc_vaultd_cache_read(cache, TENANT, "contoso", &vault, &err), &err);
	permissions = sc_access_grants_of(vault->grants, &principal);
	sc_vaultd_vault_release(cache, vault);
	return permissions;
}

static void write_policies(struct sc_store_vault_db *store, const char *properties)
{
	SC_CLEANUP(sc_store_vault_row) row = { 0 };
	struct sc_error err = { 0 };

	assert_ok(__real_sc_store_vault_find(store, TENANT, "Contoso", &row, &err), &err);
	row.properties = properties;
	assert_ok(sc_store_vault_update(store, &row, &err), &err);
}

static void write_other_vault(struct sc_store_vault_db *store)
{
	const struct sc_store_vault_row row = sample_vault(TENANT, "Third");
	struct sc_error err = { 0 };

	assert_ok(sc_store_vault_add(store, &row, &err), &err);
}

/* -- tests ------------------------------------------------------------------------------------- */

static void a_vault_is_read_once_and_then_recalled(void **state)
{
	const struct fixture *f = *state;
	struct sc_vaultd_vault *vault;

	write_policies(f->store, GRANTED);
	assert_false(is_in_memory(TENANT, "contoso"));
	read_vault(TENANT, "contoso");
	for (int i = 0; i < 10; i++) {
		assert_true(is_in_memory(TENANT, "contoso"));
		assert_true(is_in_memory(TENANT, "CONTOSO"));
	}
	assert_int_equal(reads, 1);
	vault = sc_vaultd_cache_recall(cache, TENANT, "contoso");
	assert_string_equal(vault->row.name, "Contoso");
	assert_string_equal(vault->row.region, "EU");
	assert_int_equal(vault->retention_days, 7);
	assert_true(vault->has_purge_protection);
	sc_vaultd_vault_release(cache, vault);
	assert_int_equal(granted(), SC_ACCESS_GET);
}

static void what_a_vault_does_not_say_is_as_in_azure(void **state)
{
	struct sc_vaultd_vault *vault = NULL;
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_vaultd_cache_read(cache, TENANT, "Second", &vault, &err), &err);
	assert_int_equal(vault->retention_days, 90);
	assert_false(vault->has_purge_protection);
	sc_vaultd_vault_release(cache, vault);
}

/* Rule P6. */
static void another_tenants_vault_is_like_an_absent_one(void **state)
{
	struct sc_vaultd_vault *vault = NULL;

	(void)state;
	read_vault(OTHER_TENANT, "foreign");
	assert_true(is_in_memory(OTHER_TENANT, "foreign"));
	assert_false(is_in_memory(TENANT, "foreign"));
	assert_status(sc_vaultd_cache_read(cache, TENANT, "foreign", &vault, NULL), SC_ERR_NOT_FOUND, NULL);
	assert_status(sc_vaultd_cache_read(cache, TENANT, "absent", &vault, NULL), SC_ERR_NOT_FOUND, NULL);
	assert_true(is_in_memory(OTHER_TENANT, "foreign"));
}

/* A caller without a token is asked to sign in to the tenant of the vault. */
static void the_challenge_finds_a_vault_without_a_tenant(void **state)
{
	struct sc_vaultd_vault *vault;

	(void)state;
	assert_false(is_in_memory(NULL, "contoso"));
	read_vault(TENANT, "contoso");
	vault = sc_vaultd_cache_recall(cache, NULL, "contoso");
	assert_non_null(vault);
	assert_string_equal(vault->row.tenant, TENANT);
	sc_vaultd_vault_release(cache, vault);
	assert_false(is_in_memory(NULL, "second"));
}

static void a_permission_that_was_removed_is_gone_from_the_next_request_on(void **state)
{
	const struct fixture *f = *state;

	write_policies(f->store, GRANTED);
	assert_int_equal(granted(), SC_ACCESS_GET);
	write_policies(f->store, REVOKED);
	sc_vaultd_cache_drop(cache, "Contoso");
	assert_int_equal(granted(), 0);
}

static struct sc_store_vault_db *changed_store;

static void revoke_meanwhile(void)
{
	write_policies(changed_store, REVOKED);
	sc_vaultd_cache_drop(cache, "Contoso");
}

/* A thread has read the row, another changes it and answers, and only then does the first one keep it. */
static void a_read_that_a_change_overtook_is_not_kept(void **state)
{
	const struct fixture *f = *state;

	changed_store = f->store;
	write_policies(f->store, GRANTED);
	after_read = revoke_meanwhile;
	assert_int_equal(granted(), SC_ACCESS_GET); /* the call began before the change */
	assert_int_equal(granted(), 0);
}

static void what_another_process_changes_is_noticed_within_a_second(void **state)
{
	const struct fixture *f = *state;
	SC_CLEANUP(sc_store_vault_db) other_process = NULL;
	struct sc_error err = { 0 };

	write_policies(f->store, GRANTED);
	assert_int_equal(granted(), SC_ACCESS_GET);
	assert_ok(sc_store_vault_db_open(path_of(f), &other_process, &err), &err);
	write_policies(other_process, REVOKED);
	boot_time += SC_SECOND - 1;
	assert_int_equal(granted(), SC_ACCESS_GET);
	boot_time += 1;
	assert_int_equal(granted(), 0);
}

static void a_vault_that_another_process_removed_is_absent_within_a_second(void **state)
{
	const struct fixture *f = *state;
	struct sc_vaultd_vault *vault = NULL;

	read_vault(TENANT, "second");
	run_sql(f, "DELETE FROM vaults WHERE name = 'Second'");
	assert_true(is_in_memory(TENANT, "second"));
	boot_time += SC_SECOND;
	assert_false(is_in_memory(TENANT, "second"));
	assert_status(sc_vaultd_cache_read(cache, TENANT, "second", &vault, NULL), SC_ERR_NOT_FOUND, NULL);
	assert_false(is_in_memory(NULL, "second"));
}

static void policies_are_compiled_once_per_revision(void **state)
{
	const struct fixture *f = *state;
	struct sc_vaultd_vault *first = NULL;
	struct sc_vaultd_vault *second = NULL;
	struct sc_vaultd_vault *third = NULL;
	struct sc_error err = { 0 };

	assert_ok(sc_vaultd_cache_read(cache, TENANT, "contoso", &first, &err), &err);
	boot_time += SC_SECOND;
	assert_ok(sc_vaultd_cache_read(cache, TENANT, "contoso", &second, &err), &err);
	assert_ptr_equal(first, second);
	assert_int_equal(reads, 1); /* nothing was written since */
	sc_vaultd_vault_release(cache, second);
	write_other_vault(f->store);
	boot_time += SC_SECOND;
	assert_ok(sc_vaultd_cache_read(cache, TENANT, "contoso", &second, &err), &err);
	assert_ptr_equal(first, second);
	assert_int_equal(reads, 2);
	assert_true(is_in_memory(TENANT, "contoso")); /* for another second */
	write_policies(f->store, GRANTED);
	assert_ok(sc_vaultd_cache_read(cache, TENANT, "contoso", &third, &err), &err);
	assert_ptr_not_equal(first, third);
	/* The one that a call still uses is as it was. */
	assert_string_equal(first->row.properties, REVOKED);
	sc_vaultd_vault_release(cache, first);
	sc_vaultd_vault_release(cache, second);
	sc_vaultd_vault_release(cache, third);
}

static void a_damaged_row_is_refused_and_not_kept(void **state)
{
	const struct fixture *f = *state;
	struct sc_vaultd_vault *vault = NULL;

	read_vault(TENANT, "second");
	run_sql(f, "UPDATE vaults SET properties = '{', revision = revision + 1 WHERE name = 'Second'");
	boot_time += SC_SECOND;
	assert_status(sc_vaultd_cache_read(cache, TENANT, "second", &vault, NULL), SC_ERR_INTEGRITY, NULL);
	assert_false(is_in_memory(TENANT, "second"));
}

static void start_cache_of(struct sc_store_vault_db *store, size_t bytes)
{
	struct sc_error err = { 0 };

	sc_vaultd_cache_free(cache);
	cache = NULL;
	assert_ok(sc_vaultd_cache_new(store, bytes, &cache, &err), &err);
}

static void memory_is_bounded_and_the_vault_unused_longest_goes(void **state)
{
	const struct fixture *f = *state;
	const struct sc_store_vault_row another = sample_vault(TENANT, "Another");
	struct sc_error err = { 0 };
	size_t bytes = 1;

	assert_ok(sc_store_vault_add(f->store, &another, &err), &err);
	/* Without room for one, a vault is used and not kept. */
	start_cache_of(f->store, bytes);
	read_vault(TENANT, "contoso");
	assert_false(is_in_memory(TENANT, "contoso"));
	/* Room for two. */
	for (bytes = 64; !is_in_memory(TENANT, "contoso") || !is_in_memory(TENANT, "another"); bytes += 64) {
		start_cache_of(f->store, bytes);
		read_vault(TENANT, "contoso");
		read_vault(TENANT, "another");
	}
	assert_true(is_in_memory(TENANT, "contoso")); /* the last used */
	read_vault(TENANT, "second");
	assert_true(is_in_memory(TENANT, "second"));
	assert_true(is_in_memory(TENANT, "contoso"));
	assert_false(is_in_memory(TENANT, "another"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_vault_is_read_once_and_then_recalled),
		TEST(what_a_vault_does_not_say_is_as_in_azure),
		TEST(another_tenants_vault_is_like_an_absent_one),
		TEST(the_challenge_finds_a_vault_without_a_tenant),
		TEST(a_permission_that_was_removed_is_gone_from_the_next_request_on),
		TEST(a_read_that_a_change_overtook_is_not_kept),
		TEST(what_another_process_changes_is_noticed_within_a_second),
		TEST(a_vault_that_another_process_removed_is_absent_within_a_second),
		TEST(policies_are_compiled_once_per_revision),
		TEST(a_damaged_row_is_refused_and_not_kept),
		TEST(memory_is_bounded_and_the_vault_unused_longest_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
