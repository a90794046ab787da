/*
 * What the vault's store promises about keys: their versions, the rule of one import (F4), and use by several
 * threads and programs at once.
 */
#include "support/test.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "store_fixture.h"

#define ROUNDS 25

/* -- keys -------------------------------------------------------------------------------------- */

static void the_newest_version_is_the_last_imported(void **state)
{
	struct fixture *f = *state;
	char version[SC_KEY_VERSION_SIZE];
	SC_CLEANUP(sc_store_key_row) newest = { 0 };
	SC_CLEANUP(sc_store_key_row) first = { 0 };
	struct sc_store_key_row none;

	/* In the same second, and not in alphabetical order. */
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
	const struct sc_store_key_row wanted = sample_key("Contoso", "k", 1);
	char version[SC_KEY_VERSION_SIZE];
	SC_CLEANUP(sc_store_key_row) key = { 0 };
	SC_CLEANUP(sc_store_key_row) changed = { 0 };

	assert_ok(sample_import(f->store, "Contoso", "k", 1, 1, version, NULL), NULL);
	assert_ok(sc_store_key_find(f->store, TENANT, "Contoso", "k", NULL, &key, NULL), NULL);
	assert_view_equal(key.blob, wanted.blob);
	assert_string_equal(key.jwk, wanted.jwk);
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

static void a_key_keeps_the_first_spelling_of_its_name_and_each_version_its_own(void **state)
{
	struct fixture *f = *state;
	char version[SC_KEY_VERSION_SIZE];
	SC_CLEANUP(sc_store_key_row) first = { 0 };
	SC_CLEANUP(sc_store_key_row) second = { 0 };
	SC_CLEANUP(sc_store_key_row) elsewhere = { 0 };

	assert_ok(sample_import(f->store, "Contoso", "FirstKey", 1, 1, version, NULL), NULL);
	assert_ok(sample_import(f->store, "CONTOSO", "firstKEY", 2, 2, version, NULL), NULL);
	assert_ok(sample_import(f->store, "Second", "FIRSTKEY", 3, 3, version, NULL), NULL);
	assert_ok(sc_store_key_find(f->store, TENANT, "contoso", "firstkey", sample_version(1), &first, NULL),
		  NULL);
	assert_ok(sc_store_key_find(f->store, TENANT, "contoso", "FIRSTKEY", NULL, &second, NULL), NULL);
	/* The owners sealed in the blobs contain these. */
	assert_string_equal(first.name, "FirstKey");
	assert_string_equal(first.vault, "Contoso");
	assert_string_equal(second.name, "firstKEY");
	assert_string_equal(second.vault, "CONTOSO");
	assert_string_equal(second.version, sample_version(2));
	/* Users see this. */
	assert_string_equal(first.display_name, "FirstKey");
	assert_string_equal(second.display_name, "FirstKey");
	/* Another vault's key of that name is another key. */
	assert_ok(sc_store_key_find(f->store, TENANT, "Second", "firstkey", NULL, &elsewhere, NULL), NULL);
	assert_string_equal(elsewhere.display_name, "FIRSTKEY");
}

static void assert_rows_equal(const struct sc_store_key_row *a, const struct sc_store_key_row *b)
{
	assert_string_equal(a->tenant, b->tenant);
	assert_string_equal(a->vault, b->vault);
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->display_name, b->display_name);
	assert_string_equal(a->version, b->version);
	assert_string_equal(a->kty, b->kty);
	assert_view_equal(a->blob, b->blob);
	assert_true(sc_hash_equals(&a->blob_digest, &b->blob_digest));
	assert_string_equal(a->jwk, b->jwk);
	assert_view_equal(a->receipt, b->receipt);
	assert_int_equal(a->enabled, b->enabled);
	assert_int_equal(a->not_before, b->not_before);
	assert_int_equal(a->expires, b->expires);
	assert_int_equal(a->created, b->created);
	assert_int_equal(a->updated, b->updated);
	assert_string_equal(a->key_ops, b->key_ops);
	assert_string_equal(a->tags, b->tags);
	assert_int_equal(a->revision, b->revision);
}

/* Nothing is read again after an import: the row that it returns is the row of a look-up. */
static void an_import_returns_the_row_as_it_is_stored(void **state)
{
	struct fixture *f = *state;
	struct sc_store_key_row row = sample_key("CONTOSO", "K", 0xab);
	struct sc_store_key_row other = sample_key("Contoso", "k", 2);
	const struct sc_store_package_claim claim = sample_claim(1);
	SC_CLEANUP(sc_store_key_row) written = { 0 };
	SC_CLEANUP(sc_store_key_row) again = { 0 };
	SC_CLEANUP(sc_store_key_row) before_the_module = { 0 };
	SC_CLEANUP(sc_store_key_row) found = { 0 };

	row.version = "000000000000000000000000000000AB";
	row.not_before = 5;
	assert_ok(sc_store_key_import(f->store, &row, &claim, &written, NULL), NULL);
	assert_ok(sc_store_key_find(f->store, TENANT, "contoso", "k", NULL, &found, NULL), NULL);
	assert_rows_equal(&written, &found);
	assert_string_equal(written.version, sample_version(0xab));
	assert_int_equal(written.not_before, 5);
	assert_int_equal(written.revision, 1);
	/* The same package into the same place returns the earlier row, whatever the later one says. */
	assert_ok(sc_store_key_import(f->store, &other, &claim, &again, NULL), NULL);
	assert_rows_equal(&again, &found);
	assert_ok(sc_store_package_find(f->store, TENANT, "contoso", "k", &claim, &before_the_module, NULL),
		  NULL);
	assert_rows_equal(&before_the_module, &found);
}

static void the_digest_of_a_blob_is_kept_with_its_row(void **state)
{
	struct fixture *f = *state;
	struct sc_store_key_row row = sample_key("Contoso", "k", 1);
	const struct sc_store_package_claim claim = sample_claim(1);
	SC_CLEANUP(sc_store_key_row) written = { 0 };
	SC_CLEANUP(sc_store_key_row) changed = { 0 };
	struct sc_hash expected;

	/* The store computes it, whatever the caller's row says. */
	memset(row.blob_digest.b, 0xee, sizeof row.blob_digest.b);
	assert_ok(sc_sha256(row.blob, &expected, NULL), NULL);
	assert_ok(sc_store_key_import(f->store, &row, &claim, &written, NULL), NULL);
	assert_true(sc_hash_equals(&written.blob_digest, &expected));
	memset(written.blob_digest.b, 0xee, sizeof written.blob_digest.b);
	assert_ok(sc_store_key_update(f->store, &written, NULL), NULL);
	assert_ok(sc_store_key_find(f->store, TENANT, "Contoso", "k", NULL, &changed, NULL), NULL);
	assert_true(sc_hash_equals(&changed.blob_digest, &expected));
}

/* -- rule F4 ----------------------------------------------------------------------------------- */

static void a_package_comes_to_one_place_once(void **state)
{
	struct fixture *f = *state;
	struct sc_store_package_claim claim = sample_claim(7);
	struct sc_store_key_row row = sample_key("Contoso", "k", 2);
	char version[SC_KEY_VERSION_SIZE] = "";
	SC_CLEANUP(sc_store_key_row) earlier = { 0 };
	SC_CLEANUP(sc_store_key_row) elsewhere = { 0 };
	struct sc_store_key_row none;
	struct sc_error err = { 0 };

	assert_status(sc_store_package_find(f->store, TENANT, "Contoso", "k", &claim, &none, NULL),
		      SC_ERR_NOT_FOUND, NULL);
	assert_ok(sample_import(f->store, "Contoso", "k", 1, 7, version, NULL), NULL);
	assert_string_equal(version, sample_version(1));
	/* The same file into the same place yields the version that exists. */
	assert_ok(sample_import(f->store, "CONTOSO", "K", 2, 7, version, NULL), NULL);
	assert_string_equal(version, sample_version(1));
	assert_ok(sc_store_package_find(f->store, TENANT, "contoso", "k", &claim, &earlier, NULL), NULL);
	assert_string_equal(earlier.version, sample_version(1));
	/* Anything else is refused, and leaves no trace. */
	assert_status(sample_import(f->store, "Contoso", "other", 2, 7, version, &err), SC_ERR_PACKAGE_TAKEN,
		      &err);
	assert_non_null(strstr(err.message, "imported elsewhere"));
	assert_null(strstr(err.message, "Contoso"));
	assert_status(sample_import(f->store, "Second", "k", 2, 7, version, &err), SC_ERR_PACKAGE_TAKEN,
		      &err);
	claim.digest.b[31] ^= 1;
	assert_status(sc_store_key_import(f->store, &row, &claim, &none, &err), SC_ERR_PACKAGE_TAKEN, &err);
	assert_non_null(strstr(err.message, "another file"));
	assert_status(sc_store_key_find(f->store, TENANT, "Second", "k", NULL, &none, NULL), SC_ERR_NOT_FOUND,
		      NULL);
	/* Another region is independent. */
	row.version = sample_version(2);
	claim.region = "NA";
	assert_ok(sc_store_key_import(f->store, &row, &claim, &elsewhere, &err), &err);
	assert_string_equal(elsewhere.version, sample_version(2));
}

/*
 * Before the module has opened a package, anyone may have made it up: only the caller's own tenant is asked.
 */
static void another_tenant_does_not_learn_that_a_package_was_imported(void **state)
{
	struct fixture *f = *state;
	struct sc_store_package_claim claim = sample_claim(7);
	struct sc_store_key_row row = sample_key("Foreign", "k", 2);
	char version[SC_KEY_VERSION_SIZE] = "";
	struct sc_store_key_row none;
	struct sc_error first = { 0 };
	struct sc_error second = { 0 };

	row.tenant = OTHER_TENANT;
	assert_ok(sample_import(f->store, "Contoso", "k", 1, 7, version, NULL), NULL);
	assert_status(sc_store_package_find(f->store, TENANT, "Second", "k", &claim, &none, NULL),
		      SC_ERR_PACKAGE_TAKEN, NULL);
	assert_status(sc_store_package_find(f->store, OTHER_TENANT, "Foreign", "k", &claim, &none, NULL),
		      SC_ERR_NOT_FOUND, NULL);
	/* At the commit there is one answer, to the same file and to another. */
	assert_status(sc_store_key_import(f->store, &row, &claim, &none, &first), SC_ERR_TRANSFER_REFUSED,
		      &first);
	claim.digest.b[31] ^= 1;
	assert_status(sc_store_package_find(f->store, OTHER_TENANT, "Foreign", "k", &claim, &none, NULL),
		      SC_ERR_NOT_FOUND, NULL);
	assert_status(sc_store_key_import(f->store, &row, &claim, &none, &second), SC_ERR_TRANSFER_REFUSED,
		      &second);
	assert_string_equal(first.message, second.message);
	assert_status(sc_store_key_find(f->store, OTHER_TENANT, "Foreign", "k", NULL, &none, NULL),
		      SC_ERR_NOT_FOUND, NULL);
}

static void a_package_outlives_its_purged_key(void **state)
{
	struct fixture *f = *state;
	char version[SC_KEY_VERSION_SIZE];
	struct sc_error err = { 0 };

	assert_ok(sample_import(f->store, "Contoso", "k", 1, 1, version, NULL), NULL);
	sc_store_vault_db_close(f->store);
	run_sql(f, "DELETE FROM key_versions");
	assert_ok(sc_store_vault_db_open(path_of(f), &f->store, NULL), NULL);
	assert_status(sample_import(f->store, "Contoso", "k", 2, 1, version, &err), SC_ERR_PACKAGE_TAKEN,
		      &err);
	assert_non_null(strstr(err.message, "purged"));
	assert_ok(sample_import(f->store, "Contoso", "k", 2, 2, version, &err), &err);
}

static void a_version_that_exists_is_not_a_package_that_was_used(void **state)
{
	struct fixture *f = *state;
	char version[SC_KEY_VERSION_SIZE] = "unchanged";
	const struct sc_store_package_claim free_claim = sample_claim(2);
	struct sc_store_key_row none;
	struct sc_error err = { 0 };

	assert_ok(sample_import(f->store, "Contoso", "k", 1, 1, version, NULL), NULL);
	snprintf(version, sizeof version, "unchanged");
	assert_status(sample_import(f->store, "Contoso", "K", 1, 2, version, &err), SC_ERR_EXISTS, &err);
	assert_non_null(strstr(err.message, sample_version(1)));
	assert_non_null(strstr(err.message, "choose another version"));
	assert_string_equal(version, "unchanged");
	/* Its package is still free, so another version can have it. */
	assert_status(sc_store_package_find(f->store, TENANT, "Contoso", "k", &free_claim, &none, NULL),
		      SC_ERR_NOT_FOUND, NULL);
	assert_ok(sample_import(f->store, "Contoso", "K", 2, 2, version, &err), &err);
	/* Another key may have a version of that number. */
	assert_ok(sample_import(f->store, "Contoso", "other", 1, 3, version, &err), &err);
	assert_status(sample_import(f->store, "Contoso", "other", 9, 2, version, &err), SC_ERR_PACKAGE_TAKEN,
		      &err);
}

static void a_version_or_an_id_of_the_wrong_length_is_refused(void **state)
{
	struct fixture *f = *state;
	struct sc_store_key_row row = sample_key("Contoso", "k", 1);
	struct sc_store_package_claim claim = sample_claim(1);
	SC_CLEANUP(sc_store_key_row) written = { 0 };
	struct sc_store_key_row none;

	claim.id.len = 15;
	assert_status(sc_store_key_import(f->store, &row, &claim, &none, NULL), SC_ERR_ARGUMENT, NULL);
	claim.id.len = 16;
	row.version = "1";
	assert_status(sc_store_key_import(f->store, &row, &claim, &none, NULL), SC_ERR_ARGUMENT, NULL);
	row.version = sample_version(1);
	assert_ok(sc_store_key_import(f->store, &row, &claim, &written, NULL), NULL);
}

struct import {
	struct fixture *f;
	pthread_barrier_t *start;
	const char *name;
	unsigned number;
	unsigned package;
	sc_status status;
	char version[SC_KEY_VERSION_SIZE];
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
		SC_CLEANUP(sc_store_key_row) key = { 0 };

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
		SC_CLEANUP(sc_store_key_row) key = { 0 };
		struct sc_store_key_row none;

		race(&a, &b);
		if (b.status == SC_OK) {
			winner = &b;
			loser = &a;
		}
		assert_int_equal(winner->status, SC_OK);
		assert_int_equal(loser->status, SC_ERR_PACKAGE_TAKEN);
		assert_ok(
		    sc_store_key_find(f->store, TENANT, "Contoso", winner->name, winner->version, &key, NULL),
		    NULL);
		assert_status(sc_store_key_find(f->store, TENANT, "Contoso", loser->name,
						sample_version(loser->number), &none, NULL),
			      SC_ERR_NOT_FOUND, NULL);
	}
}

/* -- several at once --------------------------------------------------------------------------- */

struct busy {
	struct fixture *f;
	unsigned number;
	unsigned failures;
};

static void *look_and_write(void *context)
{
	struct busy *one = context;
	char name[16];
	char version[SC_KEY_VERSION_SIZE];

	for (unsigned i = 0; i < 20; i++) {
		SC_CLEANUP(sc_store_key_row) key = { 0 };

		snprintf(name, sizeof name, "key-%u", one->number);
		one->failures += sample_import(one->f->store, "Contoso", name, i, one->number * 100 + i,
					       version, NULL) != SC_OK;
		one->failures +=
		    sc_store_key_find(one->f->store, TENANT, "Contoso", name, NULL, &key, NULL) != SC_OK;
		/* The next query sees what was acknowledged, on whichever connection it runs. */
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
	const struct sc_store_tenant_start_row tenant = { "third", "n", "s", "n", "i", "o", { 0 } };
	SC_CLEANUP(sc_store_tenant_start_row) made = { 0 };
	struct sc_store_vault_db *second = NULL;
	SC_CLEANUP(sc_store_tenant_row) seen = { 0 };
	char version[SC_KEY_VERSION_SIZE];

	assert_ok(sc_store_vault_db_open(path_of(f), &second, NULL), NULL);
	assert_ok(sc_store_tenant_start(second, &tenant, &made, NULL), NULL);
	assert_ok(sc_store_tenant_find(f->store, "third", &seen, NULL), NULL);
	assert_ok(sample_import(f->store, "Contoso", "k", 1, 1, version, NULL), NULL);
	sc_store_vault_db_close(second);
	assert_ok(sample_import(f->store, "Contoso", "k", 2, 2, version, NULL), NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_newest_version_is_the_last_imported),
		TEST(a_key_comes_back_whole_and_its_attributes_change),
		TEST(a_key_keeps_the_first_spelling_of_its_name_and_each_version_its_own),
		TEST(an_import_returns_the_row_as_it_is_stored),
		TEST(the_digest_of_a_blob_is_kept_with_its_row),
		TEST(a_package_comes_to_one_place_once),
		TEST(another_tenant_does_not_learn_that_a_package_was_imported),
		TEST(a_package_outlives_its_purged_key),
		TEST(a_version_that_exists_is_not_a_package_that_was_used),
		TEST(a_version_or_an_id_of_the_wrong_length_is_refused),
		TEST(of_two_imports_into_one_place_both_get_the_winners_version),
		TEST(of_two_imports_into_different_places_one_is_refused),
		TEST(many_threads_see_what_they_have_written),
		TEST(two_programs_may_have_it_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
