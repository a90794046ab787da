/* What the vault's store promises to vaultd: names, tenants, pages, revisions, and the rule of one import
 * (F4). */
#include "support/test.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sample_vault.h"
#include "scratch.h"
#include "store/signin_store.h"

#define ROUNDS 25

struct fixture {
	struct scratch scratch;
	struct sc_vault_store *store;
};

static const char *path_of(const struct fixture *f)
{
	return scratch_path(&f->scratch, "vault.db");
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	f->scratch = scratch_make();
	f->store = sample_vault_store(path_of(f));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	sc_vault_store_close(f->store);
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

static void reopen(struct fixture *f)
{
	sc_vault_store_close(f->store);
	f->store = NULL;
	assert_ok(sc_vault_store_open(path_of(f), &f->store, NULL), NULL);
}

/* As another program would, on the closed store's file. */
static void run_sql(const struct fixture *f, const char *sql)
{
	sqlite3 *handle = NULL;

	assert_int_equal(sqlite3_open(path_of(f), &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

/* -- the file ---------------------------------------------------------------------------------------------
 */

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
	sc_vault_store_close(f->store);
	f->store = NULL;
	assert_int_equal(chmod(path_of(f), 0640), 0);
	assert_status(sc_vault_store_open(path_of(f), &f->store, &err), SC_ERR_ARGUMENT, &err);
	assert_non_null(strstr(err.message, "chmod 600"));
	assert_int_equal(chmod(path_of(f), 0600), 0);
	assert_ok(sc_vault_store_open(path_of(f), &f->store, &err), &err);
}

static void a_link_in_its_place_is_not_followed(void **state)
{
	struct fixture *f = *state;
	struct sc_vault_store *other = NULL;
	const char *link = scratch_path(&f->scratch, "link.db");

	assert_int_equal(symlink(path_of(f), link), 0);
	assert_status(sc_vault_store_open(link, &other, NULL), SC_ERR_ARGUMENT, NULL);
	assert_int_equal(unlink(link), 0);
	assert_ok(sc_vault_store_open(link, &other, NULL), NULL);
	sc_vault_store_close(other);
}

static void a_newer_schema_is_refused_and_left_as_it_is(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };

	sc_vault_store_close(f->store);
	f->store = NULL;
	run_sql(f, "PRAGMA user_version = 99");
	assert_status(sc_vault_store_open(path_of(f), &f->store, &err), SC_ERR_FORMAT, &err);
	assert_non_null(strstr(err.message, "99"));
	run_sql(f, "PRAGMA user_version = 1");
	assert_ok(sc_vault_store_open(path_of(f), &f->store, &err), &err);
}

static void anothers_database_is_refused_and_left_as_it_is(void **state)
{
	struct fixture *f = *state;
	static const char noise[] =
	    "This is a text that somebody keeps here, and no database of any kind at all.\n";
	const char *path = scratch_path(&f->scratch, "noise");
	char content[sizeof noise] = "";
	struct sc_signin_store *signin = NULL;
	struct sc_vault_store *vault = NULL;
	struct sc_error err = { 0 };
	FILE *file;

	assert_status(sc_signin_store_open(path_of(f), &signin, &err), SC_ERR_FORMAT, &err);
	assert_non_null(strstr(err.message, "is no database of signind"));
	scratch_write(path, noise, sizeof noise);
	assert_int_equal(chmod(path, 0600), 0);
	assert_status(sc_vault_store_open(path, &vault, &err), SC_ERR_INTEGRITY, &err);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fread(content, 1, sizeof content, file), sizeof content);
	fclose(file);
	assert_memory_equal(content, noise, sizeof noise);
	assert_status(sc_vault_store_open(scratch_path(&f->scratch, "absent/vault.db"), &vault, &err),
		      SC_ERR_NOT_FOUND, &err);
	assert_status(sc_vault_store_open(":memory:", &vault, &err), SC_ERR_ARGUMENT, &err);
}

static void what_is_written_is_there_after_a_restart(void **state)
{
	struct fixture *f = *state;
	char version[SC_STORE_VERSION_SIZE];
	SC_CLEANUP(sc_key_row) key = { 0 };
	SC_CLEANUP(sc_tenant_row) tenant = { 0 };
	SC_CLEANUP(sc_subscription_row) subscription = { 0 };

	assert_ok(sample_import(f->store, "Contoso", "first", 1, 1, version, NULL), NULL);
	reopen(f);
	assert_ok(sc_store_key_find(f->store, TENANT, "Contoso", "first", NULL, &key, NULL), NULL);
	assert_string_equal(key.version, version);
	assert_ok(sc_store_tenant_find(f->store, TENANT, &tenant, NULL), NULL);
	assert_string_equal(tenant.name, "a tenant");
	assert_ok(sc_store_subscription_find(f->store, TENANT, SUBSCRIPTION, &subscription, NULL), NULL);
	assert_string_equal(subscription.tenant, TENANT);
}

/* -- names and tenants ------------------------------------------------------------------------------------
 */

static void names_compare_without_case_and_come_back_as_written(void **state)
{
	struct fixture *f = *state;
	char version[SC_STORE_VERSION_SIZE];
	SC_CLEANUP(sc_vault_row) vault = { 0 };
	SC_CLEANUP(sc_vault_row) same = { 0 };
	SC_CLEANUP(sc_group_row) group = { 0 };
	SC_CLEANUP(sc_key_row) key = { 0 };
	SC_CLEANUP(sc_subscription_row) subscription = { 0 };

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
	char version[SC_STORE_VERSION_SIZE];
	struct sc_vault_row vault;
	struct sc_group_row group;
	struct sc_key_row key;
	struct sc_subscription_row subscription;
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
	SC_CLEANUP(sc_tenant_row) tenant = { 0 };
	struct sc_tenant_row none;

	assert_ok(sc_store_vault_tenant(f->store, "FOREIGN", &tenant, NULL), NULL);
	assert_string_equal(tenant.id, OTHER_TENANT);
	assert_status(sc_store_vault_tenant(f->store, "nobody's", &none, NULL), SC_ERR_NOT_FOUND, NULL);
}

static void a_vaults_name_is_unique_over_all_tenants(void **state)
{
	struct fixture *f = *state;
	const struct sc_vault_row taken = sample_vault(TENANT, "fOREIGN");
	const struct sc_vault_row free_name = sample_vault(TENANT, "fOREIGN2");

	assert_status(sc_store_vault_add(f->store, &taken, NULL), SC_ERR_EXISTS, NULL);
	assert_ok(sc_store_vault_add(f->store, &free_name, NULL), NULL);
}

static void nothing_stands_without_what_it_belongs_to(void **state)
{
	struct fixture *f = *state;
	struct sc_vault_row vault = sample_vault(TENANT, "third");
	struct sc_subscription_row subscription = { .id = "s", .tenant = "nobody", .name = "n" };
	struct sc_group_row group = { .tenant = OTHER_TENANT,
				      .subscription = SUBSCRIPTION,
				      .name = "g",
				      .location = "l",
				      .tags = "{}" };
	char version[SC_STORE_VERSION_SIZE];
	bool is_new;

	vault.group = "absent";
	assert_status(sc_store_vault_add(f->store, &vault, NULL), SC_ERR_NOT_FOUND, NULL);
	vault.group = "Acceptance";
	vault.subscription = OTHER_SUBSCRIPTION;
	assert_status(sc_store_vault_add(f->store, &vault, NULL), SC_ERR_NOT_FOUND, NULL);
	vault.subscription = SUBSCRIPTION;
	assert_ok(sc_store_vault_add(f->store, &vault, NULL), NULL);
	assert_status(sc_store_subscription_add(f->store, &subscription, NULL), SC_ERR_NOT_FOUND, NULL);
	assert_status(sc_store_group_put(f->store, &group, &is_new, NULL), SC_ERR_NOT_FOUND, NULL);
	assert_status(sample_import(f->store, "Foreign", "first", 1, 1, version, NULL), SC_ERR_NOT_FOUND,
		      NULL);
	/* And its package is free still. */
	assert_ok(sample_import(f->store, "third", "first", 1, 1, version, NULL), NULL);
}

static void a_name_is_never_a_part_of_a_statement(void **state)
{
	struct fixture *f = *state;
	const char *const name = "x'); DROP TABLE vaults; --\"$1 ?1 %s";
	struct sc_vault_row row = sample_vault(TENANT, name);
	SC_CLEANUP(sc_vault_row) vault = { 0 };
	SC_CLEANUP(sc_vault_row) other = { 0 };

	row.tags = name;
	assert_ok(sc_store_vault_add(f->store, &row, NULL), NULL);
	assert_ok(sc_store_vault_find(f->store, TENANT, name, &vault, NULL), NULL);
	assert_string_equal(vault.name, name);
	assert_string_equal(vault.tags, name);
	assert_ok(sc_store_vault_find(f->store, TENANT, "Contoso", &other, NULL), NULL);
}

/* -- groups, vaults, lists --------------------------------------------------------------------------------
 */

static void a_group_that_is_there_takes_new_tags_alone(void **state)
{
	struct fixture *f = *state;
	const struct sc_group_row again = { .tenant = TENANT,
					    .subscription = SUBSCRIPTION,
					    .name = "ACCEPTANCE",
					    .location = "japaneast",
					    .tags = "{\"a\":\"b\"}",
					    .created = 5 };
	SC_CLEANUP(sc_group_row) group = { 0 };
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

static sc_status collect_vault(void *context, const struct sc_vault_row *row, struct sc_error *err)
{
	(void)err;
	return collect(context, row->name);
}

static sc_status collect_group(void *context, const struct sc_group_row *row, struct sc_error *err)
{
	(void)err;
	return collect(context, row->name);
}

static sc_status collect_subscription(void *context, const struct sc_subscription_row *row,
				      struct sc_error *err)
{
	(void)err;
	return collect(context, row->id);
}

static void add_vaults(struct fixture *f)
{
	const struct sc_group_row group = { .tenant = TENANT,
					    .subscription = SUBSCRIPTION,
					    .name = "another",
					    .location = "l",
					    .tags = "{}" };
	struct sc_vault_row vault = sample_vault(TENANT, "alpha");
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
	struct sc_vault_row row = sample_vault(TENANT, name);
	SC_CLEANUP(sc_vault_row) vault = { 0 };
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
	SC_CLEANUP(sc_vault_row) first = { 0 };
	SC_CLEANUP(sc_vault_row) second = { 0 };
	SC_CLEANUP(sc_vault_row) after = { 0 };

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

/* -- keys -------------------------------------------------------------------------------------------------
 */

static void the_newest_version_is_the_last_imported(void **state)
{
	struct fixture *f = *state;
	char version[SC_STORE_VERSION_SIZE];
	SC_CLEANUP(sc_key_row) newest = { 0 };
	SC_CLEANUP(sc_key_row) first = { 0 };
	struct sc_key_row none;

	/* In the same second, and not in the order of their texts. */
	assert_ok(sample_import(f->store, "Contoso", "k", 9, 1, version, NULL), NULL);
	assert_ok(sample_import(f->store, "Contoso", "k", 3, 2, version, NULL), NULL);
	assert_ok(sample_import(f->store, "Contoso", "other", 99, 3, version, NULL), NULL);
	assert_ok(sc_store_key_find(f->store, TENANT, "Contoso", "k", "", &newest, NULL), NULL);
	assert_string_equal(newest.version, sample_version(3));
	assert_ok(sc_store_key_find(f->store, TENANT, "Contoso", "k", sample_version(9), &first, NULL), NULL);
	assert_string_equal(first.version, sample_version(9));
	assert_status(sc_store_key_find(f->store, TENANT, "Contoso", "k", sample_version(99), &none, NULL),
		      SC_ERR_NOT_FOUND, NULL);
	assert_status(sc_store_key_find(f->store, TENANT, "Contoso", "absent", NULL, &none, NULL),
		      SC_ERR_NOT_FOUND, NULL);
}

static void a_key_comes_back_whole_and_its_attributes_change(void **state)
{
	struct fixture *f = *state;
	const struct sc_key_row wanted = sample_key("Contoso", "k", 1);
	char version[SC_STORE_VERSION_SIZE];
	SC_CLEANUP(sc_key_row) key = { 0 };
	SC_CLEANUP(sc_key_row) changed = { 0 };

	assert_ok(sample_import(f->store, "Contoso", "k", 1, 1, version, NULL), NULL);
	assert_ok(sc_store_key_find(f->store, TENANT, "Contoso", "k", NULL, &key, NULL), NULL);
	assert_view_equal(key.blob, wanted.blob);
	assert_view_equal(key.spki, wanted.spki);
	assert_view_equal(key.receipt, wanted.receipt);
	assert_string_equal(key.kty, "RSA-HSM");
	assert_string_equal(key.key_ops, "[\"decrypt\"]");
	assert_true(key.enabled && key.not_before == SC_STORE_NO_TIME && key.expires == SC_STORE_NO_TIME);
	key.enabled = false;
	key.not_before = 0;
	key.expires = 7000;
	key.key_ops = "[]";
	key.tags = "{\"t\":\"1\"}";
	key.updated = 3000;
	assert_ok(sc_store_key_update(f->store, &key, NULL), NULL);
	assert_status(sc_store_key_update(f->store, &key, NULL), SC_ERR_BUSY, NULL);
	assert_ok(sc_store_key_find(f->store, TENANT, "Contoso", "k", NULL, &changed, NULL), NULL);
	assert_true(!changed.enabled && changed.not_before == 0 && changed.expires == 7000);
	assert_string_equal(changed.key_ops, "[]");
	assert_string_equal(changed.tags, "{\"t\":\"1\"}");
	assert_int_equal(changed.created, 2000);
	assert_int_equal(changed.updated, 3000);
}

/* -- rule F4 ----------------------------------------------------------------------------------------------
 */

static void a_package_comes_to_one_place_once(void **state)
{
	struct fixture *f = *state;
	struct sc_package_claim claim = sample_claim(7);
	struct sc_key_row row = sample_key("Contoso", "k", 2);
	char version[SC_STORE_VERSION_SIZE] = "";
	struct sc_error err = { 0 };

	assert_status(sc_store_package_find(f->store, TENANT, "Contoso", "k", &claim, version, NULL),
		      SC_ERR_NOT_FOUND, NULL);
	assert_ok(sample_import(f->store, "Contoso", "k", 1, 7, version, NULL), NULL);
	assert_string_equal(version, sample_version(1));
	/* The same file into the same place: the version that is there. */
	assert_ok(sample_import(f->store, "CONTOSO", "K", 2, 7, version, NULL), NULL);
	assert_string_equal(version, sample_version(1));
	assert_ok(sc_store_package_find(f->store, TENANT, "contoso", "k", &claim, version, NULL), NULL);
	assert_string_equal(version, sample_version(1));
	/* Anything else is refused, and leaves no trace. */
	assert_status(sample_import(f->store, "Contoso", "other", 2, 7, version, &err), SC_ERR_EXISTS, &err);
	assert_non_null(strstr(err.message, "another place"));
	assert_null(strstr(err.message, "Contoso"));
	assert_status(sample_import(f->store, "Second", "k", 2, 7, version, &err), SC_ERR_EXISTS, &err);
	assert_status(sc_store_package_find(f->store, OTHER_TENANT, "Foreign", "k", &claim, version, &err),
		      SC_ERR_EXISTS, &err);
	claim.digest.b[31] ^= 1;
	assert_status(sc_store_key_import(f->store, &row, &claim, version, &err), SC_ERR_EXISTS, &err);
	assert_non_null(strstr(err.message, "another file"));
	assert_status(sc_store_key_find(f->store, TENANT, "Second", "k", NULL, &row, NULL), SC_ERR_NOT_FOUND,
		      NULL);
	/* Another region counts by itself. */
	row.version = sample_version(2);
	claim.region = "NA";
	assert_ok(sc_store_key_import(f->store, &row, &claim, version, &err), &err);
	assert_string_equal(version, sample_version(2));
}

static void a_package_outlives_its_purged_key(void **state)
{
	struct fixture *f = *state;
	char version[SC_STORE_VERSION_SIZE];
	struct sc_error err = { 0 };

	assert_ok(sample_import(f->store, "Contoso", "k", 1, 1, version, NULL), NULL);
	sc_vault_store_close(f->store);
	run_sql(f, "DELETE FROM key_versions");
	assert_ok(sc_vault_store_open(path_of(f), &f->store, NULL), NULL);
	assert_status(sample_import(f->store, "Contoso", "k", 2, 1, version, &err), SC_ERR_EXISTS, &err);
	assert_non_null(strstr(err.message, "purged"));
	assert_ok(sample_import(f->store, "Contoso", "k", 2, 2, version, &err), &err);
}

static void a_version_or_an_id_of_the_wrong_length_is_refused(void **state)
{
	struct fixture *f = *state;
	struct sc_key_row row = sample_key("Contoso", "k", 1);
	struct sc_package_claim claim = sample_claim(1);
	char version[SC_STORE_VERSION_SIZE];

	claim.id.len = 15;
	assert_status(sc_store_key_import(f->store, &row, &claim, version, NULL), SC_ERR_ARGUMENT, NULL);
	claim.id.len = 16;
	row.version = "1";
	assert_status(sc_store_key_import(f->store, &row, &claim, version, NULL), SC_ERR_ARGUMENT, NULL);
	row.version = sample_version(1);
	assert_ok(sc_store_key_import(f->store, &row, &claim, version, NULL), NULL);
}

struct import {
	struct fixture *f;
	pthread_barrier_t *start;
	const char *name;
	unsigned number;
	unsigned package;
	sc_status status;
	char version[SC_STORE_VERSION_SIZE];
};

static void *import(void *context)
{
	struct import *one = context;

	pthread_barrier_wait(one->start);
	one->status =
	    sample_import(one->f->store, "Contoso", one->name, one->number, one->package, one->version, NULL);
	return NULL;
}

static void race(struct import *a, struct import *b)
{
	pthread_barrier_t start;
	pthread_t threads[2];

	pthread_barrier_init(&start, NULL, 2);
	a->start = b->start = &start;
	assert_int_equal(pthread_create(&threads[0], NULL, import, a), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, import, b), 0);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	pthread_barrier_destroy(&start);
}

static void of_two_imports_into_one_place_both_get_the_winners_version(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct import a = { .f = f, .name = "same", .number = 2 * i, .package = i };
		struct import b = { .f = f, .name = "SAME", .number = 2 * i + 1, .package = i };
		SC_CLEANUP(sc_key_row) key = { 0 };

		race(&a, &b);
		assert_int_equal(a.status, SC_OK);
		assert_int_equal(b.status, SC_OK);
		assert_string_equal(a.version, b.version);
		assert_ok(sc_store_key_find(f->store, TENANT, "Contoso", "same", NULL, &key, NULL), NULL);
		assert_string_equal(key.version, a.version);
	}
}

static void of_two_imports_into_different_places_one_is_refused(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct import a = { .f = f, .name = "here", .number = 2 * i, .package = i };
		struct import b = { .f = f, .name = "there", .number = 2 * i + 1, .package = i };
		const struct import *winner = &a, *loser = &b;
		SC_CLEANUP(sc_key_row) key = { 0 };
		struct sc_key_row none;

		race(&a, &b);
		if (b.status == SC_OK) {
			winner = &b;
			loser = &a;
		}
		assert_int_equal(winner->status, SC_OK);
		assert_int_equal(loser->status, SC_ERR_EXISTS);
		assert_ok(
		    sc_store_key_find(f->store, TENANT, "Contoso", winner->name, winner->version, &key, NULL),
		    NULL);
		assert_status(sc_store_key_find(f->store, TENANT, "Contoso", loser->name,
						sample_version(loser->number), &none, NULL),
			      SC_ERR_NOT_FOUND, NULL);
	}
}

/* -- several at once --------------------------------------------------------------------------------------
 */

struct busy {
	struct fixture *f;
	unsigned number;
	unsigned failures;
};

static void *look_and_write(void *context)
{
	struct busy *one = context;
	char name[16];
	char version[SC_STORE_VERSION_SIZE];

	for (unsigned i = 0; i < 20; i++) {
		SC_CLEANUP(sc_key_row) key = { 0 };

		snprintf(name, sizeof name, "key-%u", one->number);
		one->failures += sample_import(one->f->store, "Contoso", name, i, one->number * 100 + i,
					       version, NULL) != SC_OK;
		one->failures +=
		    sc_store_key_find(one->f->store, TENANT, "Contoso", name, NULL, &key, NULL) != SC_OK;
		/* What was acknowledged is seen by the next look, whichever connection takes it. */
		if (key.version)
			one->failures += strcmp(key.version, sample_version(i)) != 0;
	}
	return NULL;
}

static void many_threads_see_what_they_have_written(void **state)
{
	struct fixture *f = *state;
	struct busy busy[8];
	pthread_t threads[8];

	for (unsigned i = 0; i < 8; i++) {
		busy[i] = (struct busy){ f, i, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL, look_and_write, &busy[i]), 0);
	}
	for (unsigned i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(busy[i].failures, 0);
	}
}

static void two_programs_may_have_it_open(void **state)
{
	struct fixture *f = *state;
	const struct sc_tenant_row tenant = { .id = "third", .name = "n" };
	struct sc_vault_store *second = NULL;
	SC_CLEANUP(sc_tenant_row) seen = { 0 };
	char version[SC_STORE_VERSION_SIZE];

	assert_ok(sc_vault_store_open(path_of(f), &second, NULL), NULL);
	assert_ok(sc_store_tenant_add(second, &tenant, NULL), NULL);
	assert_ok(sc_store_tenant_find(f->store, "third", &seen, NULL), NULL);
	assert_ok(sample_import(f->store, "Contoso", "k", 1, 1, version, NULL), NULL);
	sc_vault_store_close(second);
	assert_ok(sample_import(f->store, "Contoso", "k", 2, 2, version, NULL), NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(its_files_are_its_users_alone),
		TEST(a_link_in_its_place_is_not_followed),
		TEST(a_newer_schema_is_refused_and_left_as_it_is),
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
		TEST(the_newest_version_is_the_last_imported),
		TEST(a_key_comes_back_whole_and_its_attributes_change),
		TEST(a_package_comes_to_one_place_once),
		TEST(a_package_outlives_its_purged_key),
		TEST(a_version_or_an_id_of_the_wrong_length_is_refused),
		TEST(of_two_imports_into_one_place_both_get_the_winners_version),
		TEST(of_two_imports_into_different_places_one_is_refused),
		TEST(many_threads_see_what_they_have_written),
		TEST(two_programs_may_have_it_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
