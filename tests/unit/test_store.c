/* What the vault's store promises vaultd: its file, names, tenants, pages and revisions. */
#include "support/test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/signin_store.h"
#include "store_fixture.h"

/* -- the file ---------------------------------------------------------------------------------- */

static void assert_private(const char *path, const char *suffix)
{
	char whole[128];
	struct stat status;

	snprintf(whole, sizeof whole, "%s%s", path, suffix);
	assert_int_equal(stat(whole, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void its_files_are_its_users_alone(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };

	assert_private(path_of(f), "");
	assert_private(path_of(f), "-wal");
	assert_private(path_of(f), "-shm");
	sc_store_vault_db_close(f->store);
	f->store = NULL;
	assert_int_equal(chmod(path_of(f), 0640), 0);
	assert_status(sc_store_vault_db_open(path_of(f), &f->store, &err), SC_ERR_ARGUMENT, &err);
	assert_non_null(strstr(err.message, "chmod 600"));
	assert_int_equal(chmod(path_of(f), 0600), 0);
	assert_ok(sc_store_vault_db_open(path_of(f), &f->store, &err), &err);
}

static void a_link_in_its_place_is_not_followed(void **state)
{
	struct fixture *f = *state;
	struct sc_store_vault_db *other = NULL;
	const char *link = scratch_path(&f->scratch, "link.db");

	assert_int_equal(symlink(path_of(f), link), 0);
	assert_status(sc_store_vault_db_open(link, &other, NULL), SC_ERR_ARGUMENT, NULL);
	assert_int_equal(unlink(link), 0);
	assert_ok(sc_store_vault_db_open(link, &other, NULL), NULL);
	sc_store_vault_db_close(other);
}

static void a_newer_schema_is_refused_and_left_as_it_is(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };

	sc_store_vault_db_close(f->store);
	f->store = NULL;
	run_sql(f, "PRAGMA user_version = 99");
	assert_status(sc_store_vault_db_open(path_of(f), &f->store, &err), SC_ERR_FORMAT, &err);
	assert_non_null(strstr(err.message, "99"));
	run_sql(f, "PRAGMA user_version = 2");
	assert_ok(sc_store_vault_db_open(path_of(f), &f->store, &err), &err);
}

/* Its tables have the names of ours, so otherwise the first query would fail, in words of SQLite. */
static void a_schema_from_before_the_first_release_is_refused_by_name(void **state)
{
	struct fixture *f = *state;
	struct sc_store_signin_db *signin = NULL;
	struct sc_error err = { 0 };
	char path[256];

	sc_store_vault_db_close(f->store);
	f->store = NULL;
	run_sql(f, "PRAGMA user_version = 1");
	assert_status(sc_store_vault_db_open(path_of(f), &f->store, &err), SC_ERR_FORMAT, &err);
	assert_non_null(strstr(err.message, "cannot be upgraded"));
	assert_non_null(strstr(err.message, "`safeconduct init`"));
	run_sql(f, "PRAGMA user_version = 2");
	assert_ok(sc_store_vault_db_open(path_of(f), &f->store, &err), &err);
	snprintf(path, sizeof path, "%s", scratch_path(&f->scratch, "signin.db"));
	assert_ok(sc_store_signin_db_open(path, &signin, &err), &err);
	sc_store_signin_db_close(signin);
	run_sql_in(path, "PRAGMA user_version = 1");
	assert_status(sc_store_signin_db_open(path, &signin, &err), SC_ERR_FORMAT, &err);
	assert_non_null(strstr(err.message, "was made by a signind"));
}

static void anothers_database_is_refused_and_left_as_it_is(void **state)
{
	struct fixture *f = *state;
	static const char noise[] =
	    "This is a text that somebody keeps here. It is not a database of any kind.\n";
	const char *path = scratch_path(&f->scratch, "noise");
	char content[sizeof noise] = "";
	struct sc_store_signin_db *signin = NULL;
	struct sc_store_vault_db *vault = NULL;
	struct sc_error err = { 0 };
	FILE *file;

	assert_status(sc_store_signin_db_open(path_of(f), &signin, &err), SC_ERR_FORMAT, &err);
	assert_non_null(strstr(err.message, "is not a database of signind"));
	scratch_write(path, noise, sizeof noise);
	assert_int_equal(chmod(path, 0600), 0);
	assert_status(sc_store_vault_db_open(path, &vault, &err), SC_ERR_INTEGRITY, &err);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fread(content, 1, sizeof content, file), sizeof content);
	fclose(file);
	assert_memory_equal(content, noise, sizeof noise);
	assert_status(sc_store_vault_db_open(scratch_path(&f->scratch, "absent/vault.db"), &vault, &err),
		      SC_ERR_NOT_FOUND, &err);
	assert_status(sc_store_vault_db_open(":memory:", &vault, &err), SC_ERR_ARGUMENT, &err);
}

static void what_is_written_is_there_after_a_restart(void **state)
{
	struct fixture *f = *state;
	char version[SC_KEY_VERSION_SIZE];
	SC_CLEANUP(sc_store_key_row) key = { 0 };
	SC_CLEANUP(sc_store_tenant_row) tenant = { 0 };
	SC_CLEANUP(sc_store_subscription_row) subscription = { 0 };

	assert_ok(sample_import(f->store, "Contoso", "first", 1, 1, version, NULL), NULL);
	reopen(f);
	assert_ok(sc_store_key_find(f->store, TENANT, "Contoso", "first", NULL, &key, NULL), NULL);
	assert_string_equal(key.version, version);
	assert_ok(sc_store_tenant_find(f->store, TENANT, &tenant, NULL), NULL);
	assert_string_equal(tenant.name, TENANT);
	assert_ok(sc_store_subscription_find(f->store, TENANT, SUBSCRIPTION, &subscription, NULL), NULL);
	assert_string_equal(subscription.tenant, TENANT);
}

/* -- names and tenants ------------------------------------------------------------------------- */

static void names_compare_without_case_and_come_back_as_written(void **state)
{
	struct fixture *f = *state;
	char version[SC_KEY_VERSION_SIZE];
	SC_CLEANUP(sc_store_vault_row) vault = { 0 };
	SC_CLEANUP(sc_store_vault_row) same = { 0 };
	SC_CLEANUP(sc_store_group_row) group = { 0 };
	SC_CLEANUP(sc_store_key_row) key = { 0 };
	SC_CLEANUP(sc_store_subscription_row) subscription = { 0 };

	assert_ok(
	    sc_store_vault_find(f->store, "11111111-1111-1111-1111-AAAAAAAAAAAA", "cONTOSO", &vault, NULL),
	    NULL);
	assert_string_equal(vault.name, "Contoso");
	assert_string_equal(vault.tenant, TENANT);
	assert_ok(
	    sc_store_vault_find_in(f->store, TENANT, SUBSCRIPTION, "ACCEPTANCE", "contoso", &same, NULL),
	    NULL);
	assert_string_equal(same.group, "Acceptance");
	assert_ok(sc_store_group_find(f->store, TENANT, SUBSCRIPTION, "acceptance", &group, NULL), NULL);
	assert_string_equal(group.name, "Acceptance");
	assert_ok(sc_store_subscription_find(f->store, TENANT, "33333333-3333-3333-3333-CCCCCCCCCCCC",
					     &subscription, NULL),
		  NULL);
	assert_ok(sample_import(f->store, "Contoso", "FirstKey", 0xab, 1, version, NULL), NULL);
	assert_ok(sc_store_key_find(f->store, TENANT, "CONTOSO", "firstKEY",
				    "000000000000000000000000000000AB", &key, NULL),
		  NULL);
	assert_string_equal(key.name, "FirstKey");
	assert_string_equal(key.vault, "Contoso");
	assert_string_equal(key.version, sample_version(0xab));
}

/* Rule P6. */
static void anothers_things_are_as_if_they_were_not_there(void **state)
{
	struct fixture *f = *state;
	char version[SC_KEY_VERSION_SIZE];
	struct sc_store_vault_row vault;
	struct sc_store_group_row group;
	struct sc_store_key_row key;
	struct sc_store_subscription_row subscription;
	struct sc_error foreign = { 0 }, absent = { 0 };

	assert_ok(sample_import(f->store, "Contoso", "first", 1, 1, version, NULL), NULL);
	assert_status(sc_store_vault_find(f->store, OTHER_TENANT, "Contoso", &vault, &foreign),
		      SC_ERR_NOT_FOUND, NULL);
	assert_status(sc_store_vault_find(f->store, OTHER_TENANT, "nobody's", &vault, &absent),
		      SC_ERR_NOT_FOUND, NULL);
	assert_string_equal(foreign.message, absent.message);
	assert_status(sc_store_vault_find_in(f->store, OTHER_TENANT, SUBSCRIPTION, "Acceptance", "Contoso",
					     &vault, NULL),
		      SC_ERR_NOT_FOUND, NULL);
	assert_status(sc_store_group_find(f->store, OTHER_TENANT, SUBSCRIPTION, "Acceptance", &group, NULL),
		      SC_ERR_NOT_FOUND, NULL);
	assert_status(sc_store_subscription_find(f->store, OTHER_TENANT, SUBSCRIPTION, &subscription, NULL),
		      SC_ERR_NOT_FOUND, NULL);
	assert_status(sc_store_key_find(f->store, OTHER_TENANT, "Contoso", "first", NULL, &key, NULL),
		      SC_ERR_NOT_FOUND, NULL);
	assert_status(sc_store_key_find(f->store, TENANT, "Second", "first", NULL, &key, NULL),
		      SC_ERR_NOT_FOUND, NULL);
}

static void only_the_challenge_finds_a_vault_without_its_tenant(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_store_tenant_row) tenant = { 0 };
	struct sc_store_tenant_row none;

	assert_ok(sc_store_vault_tenant(f->store, "FOREIGN", &tenant, NULL), NULL);
	assert_string_equal(tenant.id, OTHER_TENANT);
	assert_status(sc_store_vault_tenant(f->store, "nobody's", &none, NULL), SC_ERR_NOT_FOUND, NULL);
}

static void a_vaults_name_is_unique_over_all_tenants(void **state)
{
	struct fixture *f = *state;
	const struct sc_store_vault_row taken = sample_vault(TENANT, "fOREIGN");
	const struct sc_store_vault_row free_name = sample_vault(TENANT, "fOREIGN2");

	assert_status(sc_store_vault_add(f->store, &taken, NULL), SC_ERR_EXISTS, NULL);
	assert_ok(sc_store_vault_add(f->store, &free_name, NULL), NULL);
}

static void nothing_stands_without_what_it_belongs_to(void **state)
{
	struct fixture *f = *state;
	struct sc_store_vault_row vault = sample_vault(TENANT, "third");
	struct sc_store_group_row group = { .tenant = OTHER_TENANT,
					    .subscription = SUBSCRIPTION,
					    .name = "g",
					    .location = "l",
					    .tags = "{}" };
	char version[SC_KEY_VERSION_SIZE];
	bool is_new;

	vault.group = "absent";
	assert_status(sc_store_vault_add(f->store, &vault, NULL), SC_ERR_NOT_FOUND, NULL);
	vault.group = "Acceptance";
	vault.subscription = OTHER_SUBSCRIPTION;
	assert_status(sc_store_vault_add(f->store, &vault, NULL), SC_ERR_NOT_FOUND, NULL);
	vault.subscription = SUBSCRIPTION;
	assert_ok(sc_store_vault_add(f->store, &vault, NULL), NULL);
	assert_status(sc_store_group_put(f->store, &group, &is_new, NULL), SC_ERR_NOT_FOUND, NULL);
	assert_status(sample_import(f->store, "Foreign", "first", 1, 1, version, NULL), SC_ERR_NOT_FOUND,
		      NULL);
	/* And its package is still free. */
	assert_ok(sample_import(f->store, "third", "first", 1, 1, version, NULL), NULL);
}

static void a_name_is_never_a_part_of_a_statement(void **state)
{
	struct fixture *f = *state;
	const char *const name = "x'); DROP TABLE vaults; --\"$1 ?1 %s";
	struct sc_store_vault_row row = sample_vault(TENANT, name);
	SC_CLEANUP(sc_store_vault_row) vault = { 0 };
	SC_CLEANUP(sc_store_vault_row) other = { 0 };

	row.tags = name;
	assert_ok(sc_store_vault_add(f->store, &row, NULL), NULL);
	assert_ok(sc_store_vault_find(f->store, TENANT, name, &vault, NULL), NULL);
	assert_string_equal(vault.name, name);
	assert_string_equal(vault.tags, name);
	assert_ok(sc_store_vault_find(f->store, TENANT, "Contoso", &other, NULL), NULL);
}

/* -- groups, vaults, lists --------------------------------------------------------------------- */

static void a_group_that_is_there_takes_new_tags_alone(void **state)
{
	struct fixture *f = *state;
	const struct sc_store_group_row again = { .tenant = TENANT,
						  .subscription = SUBSCRIPTION,
						  .name = "ACCEPTANCE",
						  .location = "japaneast",
						  .tags = "{\"a\":\"b\"}",
						  .created = 5 };
	SC_CLEANUP(sc_store_group_row) group = { 0 };
	bool is_new = true;

	assert_ok(sc_store_group_put(f->store, &again, &is_new, NULL), NULL);
	assert_false(is_new);
	assert_ok(sc_store_group_find(f->store, TENANT, SUBSCRIPTION, "Acceptance", &group, NULL), NULL);
	assert_string_equal(group.name, "Acceptance");
	assert_string_equal(group.location, "westeurope");
	assert_string_equal(group.tags, "{\"a\":\"b\"}");
	assert_int_equal(group.created, 1000);
}

struct names {
	char text[256];
	unsigned stop_after;
};

static sc_status collect(struct names *names, const char *name)
{
	strcat(names->text, name);
	strcat(names->text, " ");
	return --names->stop_after ? SC_OK : SC_ERR_CANCELLED;
}

static sc_status collect_vault(void *context, const struct sc_store_vault_row *row, struct sc_error *err)
{
	(void)err;
	return collect(context, row->name);
}

static sc_status collect_group(void *context, const struct sc_store_group_row *row, struct sc_error *err)
{
	(void)err;
	return collect(context, row->name);
}

static sc_status collect_subscription(void *context, const struct sc_store_subscription_row *row,
				      struct sc_error *err)
{
	(void)err;
	return collect(context, row->id);
}

static void add_vaults(struct fixture *f)
{
	const struct sc_store_group_row group = { .tenant = TENANT,
						  .subscription = SUBSCRIPTION,
						  .name = "another",
						  .location = "l",
						  .tags = "{}" };
	struct sc_store_vault_row vault = sample_vault(TENANT, "alpha");
	bool is_new = false;

	assert_ok(sc_store_group_put(f->store, &group, &is_new, NULL), NULL);
	assert_true(is_new);
	vault.group = "another";
	assert_ok(sc_store_vault_add(f->store, &vault, NULL), NULL);
	vault.name = "Zulu";
	assert_ok(sc_store_vault_add(f->store, &vault, NULL), NULL);
}

static const char *vault_names(struct fixture *f, const char *group, const char *after, uint32_t max,
			       unsigned stop_after, sc_status expected)
{
	static struct names names;

	names = (struct names){ .stop_after = stop_after };
	assert_status(sc_store_vault_list(f->store, TENANT, SUBSCRIPTION, group, after, max, collect_vault,
					  &names, NULL),
		      expected, NULL);
	return names.text;
}

static void lists_have_the_callers_own_in_order_page_by_page(void **state)
{
	struct fixture *f = *state;
	struct names names = { .stop_after = 99 };

	add_vaults(f);
	assert_string_equal(vault_names(f, NULL, NULL, 99, 99, SC_OK), "alpha Contoso Second Zulu ");
	assert_string_equal(vault_names(f, "ANOTHER", NULL, 99, 99, SC_OK), "alpha Zulu ");
	assert_string_equal(vault_names(f, NULL, NULL, 2, 99, SC_OK), "alpha Contoso ");
	assert_string_equal(vault_names(f, NULL, "CONTOSO", 2, 99, SC_OK), "Second Zulu ");
	assert_string_equal(vault_names(f, "another", "alpha", 2, 99, SC_OK), "Zulu ");
	assert_string_equal(vault_names(f, NULL, "zulu", 2, 99, SC_OK), "");
	assert_string_equal(vault_names(f, NULL, NULL, 99, 2, SC_ERR_CANCELLED), "alpha Contoso ");
	assert_ok(sc_store_group_list(f->store, TENANT, SUBSCRIPTION, NULL, 99, collect_group, &names, NULL),
		  NULL);
	assert_string_equal(names.text, "Acceptance another ");
	names = (struct names){ .stop_after = 99 };
	assert_ok(sc_store_subscription_list(f->store, TENANT, collect_subscription, &names, NULL), NULL);
	assert_string_equal(names.text, SUBSCRIPTION " ");
}

static void what_is_too_long_is_not_written_and_not_found(void **state)
{
	struct fixture *f = *state;
	char name[SC_STORE_NAME_MAX + 2] = "";
	struct sc_store_vault_row row = sample_vault(TENANT, name);
	SC_CLEANUP(sc_store_vault_row) vault = { 0 };
	SC_CLEANUP(sc_bytes) text = { 0 };

	memset(name, 'n', sizeof name);
	name[SC_STORE_NAME_MAX + 1] = '\0';
	assert_status(sc_store_vault_add(f->store, &row, NULL), SC_ERR_TOO_LARGE, NULL);
	assert_status(sc_store_vault_find(f->store, TENANT, name, &vault, NULL), SC_ERR_NOT_FOUND, NULL);
	assert_string_equal(vault_names(f, name, NULL, 9, 9, SC_ERR_NOT_FOUND), "");
	name[SC_STORE_NAME_MAX] = '\0';
	assert_ok(sc_bytes_new(SC_STORE_TEXT_MAX + 2, &text, NULL), NULL);
	memset(text.data, 't', SC_STORE_TEXT_MAX + 1);
	row.properties = (const char *)text.data;
	assert_status(sc_store_vault_add(f->store, &row, NULL), SC_ERR_TOO_LARGE, NULL);
	text.data[SC_STORE_TEXT_MAX] = '\0';
	assert_ok(sc_store_vault_add(f->store, &row, NULL), NULL);
	assert_ok(sc_store_vault_find(f->store, TENANT, name, &vault, NULL), NULL);
	assert_int_equal(strlen(vault.properties), SC_STORE_TEXT_MAX);
}

static void of_two_changes_of_a_vault_the_second_must_have_seen_the_first(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_store_vault_row) first = { 0 };
	SC_CLEANUP(sc_store_vault_row) second = { 0 };
	SC_CLEANUP(sc_store_vault_row) after = { 0 };

	assert_ok(sc_store_vault_find(f->store, TENANT, "Contoso", &first, NULL), NULL);
	assert_ok(sc_store_vault_find(f->store, TENANT, "Contoso", &second, NULL), NULL);
	first.properties = "{\"first\":1}";
	first.updated = 3000;
	assert_ok(sc_store_vault_update(f->store, &first, NULL), NULL);
	second.properties = "{\"second\":1}";
	assert_status(sc_store_vault_update(f->store, &second, NULL), SC_ERR_BUSY, NULL);
	assert_ok(sc_store_vault_find(f->store, TENANT, "Contoso", &after, NULL), NULL);
	assert_string_equal(after.properties, "{\"first\":1}");
	assert_int_equal(after.updated, 3000);
	assert_int_equal(after.created, 1000);
	after.properties = "{\"second\":1}";
	assert_ok(sc_store_vault_update(f->store, &after, NULL), NULL);
}

static int64_t version_of(struct fixture *f)
{
	int64_t version = 0;

	assert_ok(sc_store_vault_db_version(f->store, &version, NULL), NULL);
	return version;
}

static int64_t revision_of(struct fixture *f)
{
	SC_CLEANUP(sc_store_vault_row) vault = { 0 };

	assert_ok(sc_store_vault_find(f->store, TENANT, "Contoso", &vault, NULL), NULL);
	return vault.revision;
}

/* A cache of vaults depends on this. */
static void a_row_is_current_while_the_version_is_the_same(void **state)
{
	struct fixture *f = *state;
	struct sc_store_vault_db *other_program = NULL;
	SC_CLEANUP(sc_store_vault_row) vault = { 0 };
	char version[SC_KEY_VERSION_SIZE];
	int64_t before = version_of(f);
	int64_t revision = revision_of(f);

	assert_int_equal(version_of(f), before);
	assert_ok(sc_store_vault_db_open(path_of(f), &other_program, NULL), NULL);
	assert_int_equal(version_of(f), before);
	assert_ok(sc_store_vault_find(other_program, TENANT, "Contoso", &vault, NULL), NULL);
	vault.properties = "{}";
	assert_ok(sc_store_vault_update(other_program, &vault, NULL), NULL);
	assert_int_not_equal(version_of(f), before);
	assert_int_equal(revision_of(f), revision + 1);
	/* A change of something else changes the version, but not the vault's revision. */
	before = version_of(f);
	assert_ok(sample_import(f->store, "Contoso", "k", 1, 1, version, NULL), NULL);
	assert_int_not_equal(version_of(f), before);
	assert_int_equal(revision_of(f), revision + 1);
	sc_store_vault_db_close(other_program);
}

/* -- a tenant's start -------------------------------------------------------------------------- */

static const struct sc_store_tenant_start_row new_tenant = { .id = "33333333-3333-3333-3333-cccccccccccc",
							     .name = "Fabrikam",
							     .subscription =
								 "77777777-7777-4444-4444-dddddddddddd",
							     .subscription_name = "Fabrikam Keys",
							     .issuer = "https://login/Third/",
							     .oid = "99999999-9999-9999-9999-cccccccccccc" };

static void assert_administrator(struct fixture *f, const char *tenant, const char *issuer, const char *oid,
				 bool wanted)
{
	const struct sc_store_administrator_row row = { tenant, issuer, oid };
	bool exists = !wanted;

	assert_ok(sc_store_administrator_exists(f->store, &row, &exists, NULL), NULL);
	assert_true(exists == wanted);
}

static void a_tenant_starts_with_a_subscription_and_an_administrator_of_its_own(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_store_tenant_start_row) made = { 0 };
	SC_CLEANUP(sc_store_subscription_row) subscription = { 0 };
	struct sc_store_subscription_row none;

	assert_ok(sc_store_tenant_start(f->store, &new_tenant, &made, NULL), NULL);
	assert_string_equal(made.id, new_tenant.id);
	assert_ok(
	    sc_store_subscription_find(f->store, new_tenant.id, new_tenant.subscription, &subscription, NULL),
	    NULL);
	assert_string_equal(subscription.name, "Fabrikam Keys");
	assert_status(sc_store_subscription_find(f->store, TENANT, new_tenant.subscription, &none, NULL),
		      SC_ERR_NOT_FOUND, NULL);
	assert_administrator(f, new_tenant.id, new_tenant.issuer, "99999999-9999-9999-9999-CCCCCCCCCCCC",
			     true);
	assert_administrator(f, TENANT, new_tenant.issuer, new_tenant.oid, false);
	assert_administrator(f, new_tenant.id, "https://login/third/", new_tenant.oid, false);
	assert_administrator(f, new_tenant.id, new_tenant.issuer, TENANT, false);
}

static void a_tenant_that_exists_is_returned_as_it_started(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_store_tenant_start_row) first = { 0 };
	SC_CLEANUP(sc_store_tenant_start_row) second = { 0 };
	SC_CLEANUP(sc_store_tenant_row) absent = { 0 };
	struct sc_store_tenant_start_row again = new_tenant;

	assert_ok(sc_store_tenant_start(f->store, &new_tenant, &first, NULL), NULL);
	again.id = "55555555-5555-5555-5555-cccccccccccc";
	again.name = "fabrikaM";
	again.subscription = "66666666-6666-6666-6666-dddddddddddd";
	again.subscription_name = "other";
	assert_ok(sc_store_tenant_start(f->store, &again, &second, NULL), NULL);
	assert_string_equal(second.id, new_tenant.id);
	assert_string_equal(second.name, "Fabrikam");
	assert_string_equal(second.subscription, new_tenant.subscription);
	assert_string_equal(second.oid, new_tenant.oid);
	assert_status(sc_store_tenant_find(f->store, again.id, &absent, NULL), SC_ERR_NOT_FOUND, NULL);
}

static void a_tenant_starts_whole_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	struct sc_store_tenant_start_row taken = new_tenant;
	struct sc_store_tenant_start_row made;
	SC_CLEANUP(sc_store_tenant_row) absent = { 0 };

	taken.subscription = OTHER_SUBSCRIPTION;
	assert_status(sc_store_tenant_start(f->store, &taken, &made, NULL), SC_ERR_EXISTS, NULL);
	assert_status(sc_store_tenant_find(f->store, new_tenant.id, &absent, NULL), SC_ERR_NOT_FOUND, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(its_files_are_its_users_alone),
		TEST(a_link_in_its_place_is_not_followed),
		TEST(a_newer_schema_is_refused_and_left_as_it_is),
		TEST(a_schema_from_before_the_first_release_is_refused_by_name),
		TEST(anothers_database_is_refused_and_left_as_it_is),
		TEST(what_is_written_is_there_after_a_restart),
		TEST(names_compare_without_case_and_come_back_as_written),
		TEST(anothers_things_are_as_if_they_were_not_there),
		TEST(only_the_challenge_finds_a_vault_without_its_tenant),
		TEST(a_vaults_name_is_unique_over_all_tenants),
		TEST(nothing_stands_without_what_it_belongs_to),
		TEST(a_name_is_never_a_part_of_a_statement),
		TEST(what_is_too_long_is_not_written_and_not_found),
		TEST(a_group_that_is_there_takes_new_tags_alone),
		TEST(lists_have_the_callers_own_in_order_page_by_page),
		TEST(of_two_changes_of_a_vault_the_second_must_have_seen_the_first),
		TEST(a_row_is_current_while_the_version_is_the_same),
		TEST(a_tenant_starts_with_a_subscription_and_an_administrator_of_its_own),
		TEST(a_tenant_that_exists_is_returned_as_it_started),
		TEST(a_tenant_starts_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
