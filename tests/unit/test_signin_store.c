/* What signind's store promises: who is found, by what, in which tenant, and until when. */
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include "scratch.h"
#include "store/signin_store.h"

#define TENANT       "11111111-1111-1111-1111-aaaaaaaaaaaa"
#define OTHER_TENANT "22222222-2222-2222-2222-bbbbbbbbbbbb"
#define THIRD_TENANT "33333333-3333-3333-3333-cccccccccccc"
#define USER         "55555555-5555-5555-5555-eeeeeeeeeeee"
#define APPLICATION  "66666666-6666-6666-6666-ffffffffffff"
#define PRINCIPAL    "77777777-7777-7777-7777-aaaaaaaaaaaa"

struct fixture {
	struct scratch scratch;
	struct sc_store_signin_db *store;
};

static const struct sc_store_user_row user = {
	.tenant = TENANT, .oid = USER, .upn = "Ada@Example.org", .name = "Ada", .password = "$argon2id$u"
};
static const struct sc_store_application_row application = {
	.tenant = TENANT, .appid = APPLICATION, .oid = PRINCIPAL, .name = "ci", .secret = { { 7 } }
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	const struct sc_store_signin_tenant_row tenant = { .id = TENANT, .name = "one" };
	const struct sc_store_signin_tenant_row other = { .id = OTHER_TENANT, .name = "two" };

	f->scratch = scratch_make();
	assert_ok(sc_store_signin_db_open(scratch_path(&f->scratch, "signin.db"), &f->store, NULL), NULL);
	assert_ok(sc_store_signin_tenant_add(f->store, &tenant, NULL), NULL);
	assert_ok(sc_store_signin_tenant_add(f->store, &other, NULL), NULL);
	assert_ok(sc_store_user_add(f->store, &user, NULL), NULL);
	assert_ok(sc_store_application_add(f->store, &application, NULL), NULL);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	sc_store_signin_db_close(f->store);
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

static void a_user_is_found_by_name_in_any_case_with_or_without_tenant(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_store_user_row) anywhere = { 0 };
	SC_CLEANUP(sc_store_user_row) there = { 0 };
	SC_CLEANUP(sc_store_user_row) by_id = { 0 };
	struct sc_store_user_row none;

	assert_ok(sc_store_user_find_by_upn(f->store, NULL, "ADA@EXAMPLE.ORG", &anywhere, NULL), NULL);
	assert_string_equal(anywhere.tenant, TENANT);
	assert_string_equal(anywhere.oid, USER);
	assert_string_equal(anywhere.upn, "Ada@Example.org");
	assert_string_equal(anywhere.name, "Ada");
	assert_string_equal(anywhere.password, "$argon2id$u");
	assert_ok(sc_store_user_find_by_upn(f->store, TENANT, "ada@example.org", &there, NULL), NULL);
	assert_ok(sc_store_user_find(f->store, TENANT, USER, &by_id, NULL), NULL);
	assert_status(sc_store_user_find_by_upn(f->store, OTHER_TENANT, "ada@example.org", &none, NULL),
		      SC_ERR_NOT_FOUND, NULL);
	assert_status(sc_store_user_find(f->store, OTHER_TENANT, USER, &none, NULL), SC_ERR_NOT_FOUND, NULL);
	assert_status(sc_store_user_find_by_upn(f->store, NULL, "ada@example.com", &none, NULL),
		      SC_ERR_NOT_FOUND, NULL);
}

static void a_users_name_is_unique_over_all_tenants(void **state)
{
	struct fixture *f = *state;
	struct sc_store_user_row same = user;

	same.tenant = OTHER_TENANT;
	same.upn = "aDA@example.org";
	assert_status(sc_store_user_add(f->store, &same, NULL), SC_ERR_EXISTS, NULL);
	same.upn = "ada@example.com";
	assert_ok(sc_store_user_add(f->store, &same, NULL), NULL);
}

static void an_application_is_found_by_its_id_with_or_without_tenant(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_store_application_row) anywhere = { 0 };
	SC_CLEANUP(sc_store_application_row) there = { 0 };
	struct sc_store_application_row none;

	assert_ok(sc_store_application_find(f->store, NULL, "66666666-6666-6666-6666-FFFFFFFFFFFF", &anywhere,
					    NULL),
		  NULL);
	assert_string_equal(anywhere.tenant, TENANT);
	assert_string_equal(anywhere.appid, APPLICATION);
	assert_string_equal(anywhere.oid, PRINCIPAL);
	assert_string_equal(anywhere.name, "ci");
	assert_int_equal(anywhere.secret.b[0], 7);
	assert_ok(sc_store_application_find(f->store, TENANT, APPLICATION, &there, NULL), NULL);
	assert_status(sc_store_application_find(f->store, OTHER_TENANT, APPLICATION, &none, NULL),
		      SC_ERR_NOT_FOUND, NULL);
	assert_status(sc_store_application_add(f->store, &application, NULL), SC_ERR_EXISTS, NULL);
}

static void a_tenant_is_found_and_nobody_stands_without_one(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_store_signin_tenant_row) tenant = { 0 };
	struct sc_store_signin_tenant_row none;
	struct sc_store_user_row lost = user;
	struct sc_store_application_row stray = application;

	assert_ok(sc_store_signin_tenant_find(f->store, TENANT, &tenant, NULL), NULL);
	assert_string_equal(tenant.name, "one");
	assert_status(sc_store_signin_tenant_find(f->store, "absent", &none, NULL), SC_ERR_NOT_FOUND, NULL);
	lost.tenant = "absent";
	lost.upn = "x@example.org";
	assert_status(sc_store_user_add(f->store, &lost, NULL), SC_ERR_NOT_FOUND, NULL);
	stray.tenant = "absent";
	stray.appid = "x";
	assert_status(sc_store_application_add(f->store, &stray, NULL), SC_ERR_NOT_FOUND, NULL);
}

static struct sc_store_refresh_row refresh(uint8_t number, int64_t created, int64_t expires)
{
	return (struct sc_store_refresh_row){ .hash.b[0] = number,
					      .tenant = TENANT,
					      .oid = USER,
					      .client = APPLICATION,
					      .created = created,
					      .expires = expires };
}

static void a_refresh_token_is_good_until_it_expires(void **state)
{
	struct fixture *f = *state;
	struct sc_store_refresh_row row = refresh(1, 1000, 2000);
	struct sc_store_refresh_row none;
	SC_CLEANUP(sc_store_refresh_row) found = { 0 };

	assert_ok(sc_store_refresh_add(f->store, &row, NULL), NULL);
	assert_ok(sc_store_refresh_find(f->store, NULL, &row.hash, 1999, &found, NULL), NULL);
	assert_string_equal(found.tenant, TENANT);
	assert_string_equal(found.oid, USER);
	assert_string_equal(found.client, APPLICATION);
	assert_int_equal(found.expires, 2000);
	assert_int_equal(found.created, 1000);
	assert_true(sc_hash_equals(&found.hash, &row.hash));
	assert_status(sc_store_refresh_find(f->store, TENANT, &row.hash, 2000, &none, NULL), SC_ERR_NOT_FOUND,
		      NULL);
	assert_status(sc_store_refresh_find(f->store, OTHER_TENANT, &row.hash, 1999, &none, NULL),
		      SC_ERR_NOT_FOUND, NULL);
	row.hash.b[31] ^= 1;
	assert_status(sc_store_refresh_find(f->store, TENANT, &row.hash, 1999, &none, NULL), SC_ERR_NOT_FOUND,
		      NULL);
	row.oid = "absent";
	assert_status(sc_store_refresh_add(f->store, &row, NULL), SC_ERR_NOT_FOUND, NULL);
}

static void expired_refresh_tokens_go_when_another_comes(void **state)
{
	struct fixture *f = *state;
	const struct sc_store_refresh_row old = refresh(1, 1000, 2000);
	const struct sc_store_refresh_row good = refresh(2, 1000, 2001);
	const struct sc_store_refresh_row later = refresh(3, 2000, 3000);
	struct sc_store_refresh_row none;
	SC_CLEANUP(sc_store_refresh_row) found = { 0 };

	assert_ok(sc_store_refresh_add(f->store, &old, NULL), NULL);
	assert_ok(sc_store_refresh_add(f->store, &good, NULL), NULL);
	assert_ok(sc_store_refresh_add(f->store, &later, NULL), NULL);
	assert_ok(sc_store_refresh_find(f->store, TENANT, &good.hash, 1500, &found, NULL), NULL);
	assert_status(sc_store_refresh_find(f->store, TENANT, &old.hash, 1500, &none, NULL), SC_ERR_NOT_FOUND,
		      NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void a_refresh_token_ends_soon_after_it_was_exchanged(void **state)
{
	struct fixture *f = *state;
	const struct sc_store_refresh_row old = refresh(1, 1000, 9000);
	const struct sc_store_refresh_row ending = refresh(2, 1000, 1520);
	const struct sc_store_refresh_row next = refresh(3, 1500, 9500);
	const struct sc_store_refresh_row last = refresh(4, 1500, 9500);
	struct sc_store_refresh_row again = refresh(5, 1560, 9500);
	struct sc_store_refresh_row none;
	SC_CLEANUP(sc_store_refresh_row) found = { 0 };

	assert_ok(sc_store_refresh_add(f->store, &old, NULL), NULL);
	assert_ok(sc_store_refresh_add(f->store, &ending, NULL), NULL);
	assert_ok(sc_store_refresh_find(f->store, TENANT, &old.hash, 1500, &found, NULL), NULL);
	assert_int_equal(found.until, 0);
	sc_store_refresh_row_free(&found);
	assert_ok(sc_store_refresh_rotate(f->store, &old.hash, 1560, &next, NULL), NULL);
	/* Using it never extends its life. */
	assert_ok(sc_store_refresh_rotate(f->store, &ending.hash, 1560, &last, NULL), NULL);
	assert_status(sc_store_refresh_find(f->store, TENANT, &ending.hash, 1520, &none, NULL),
		      SC_ERR_NOT_FOUND, NULL);
	/* It is still known, so that its later use is noticed, but it no longer works. */
	assert_ok(sc_store_refresh_find(f->store, TENANT, &old.hash, 1560, &found, NULL), NULL);
	assert_int_equal(found.until, 1560);
	assert_int_equal(found.expires, 9000);
	again.created = 1560;
	assert_status(sc_store_refresh_rotate(f->store, &old.hash, 1620, &again, NULL), SC_ERR_NOT_FOUND,
		      NULL);
	again.created = 1559;
	assert_ok(sc_store_refresh_rotate(f->store, &old.hash, 1620, &again, NULL), NULL);
	sc_store_refresh_row_free(&found);
	assert_ok(sc_store_refresh_find(f->store, TENANT, &old.hash, 1560, &found, NULL), NULL);
	assert_int_equal(found.until, 1560);
}

static void no_token_is_had_for_one_that_has_ended(void **state)
{
	struct fixture *f = *state;
	const struct sc_store_refresh_row old = refresh(1, 1000, 2000);
	const struct sc_store_refresh_row early = refresh(2, 1999, 9000);
	const struct sc_store_refresh_row late = refresh(3, 2000, 9000);
	struct sc_store_refresh_row none;

	assert_status(sc_store_refresh_rotate(f->store, &old.hash, 2060, &early, NULL), SC_ERR_NOT_FOUND,
		      NULL);
	assert_ok(sc_store_refresh_add(f->store, &old, NULL), NULL);
	assert_status(sc_store_refresh_rotate(f->store, &old.hash, 2060, &late, NULL), SC_ERR_NOT_FOUND,
		      NULL);
	assert_status(sc_store_refresh_find(f->store, TENANT, &late.hash, 2001, &none, NULL),
		      SC_ERR_NOT_FOUND, NULL);
	assert_ok(sc_store_refresh_rotate(f->store, &old.hash, 2060, &early, NULL), NULL);
}

static void a_sign_in_ends_with_all_its_tokens_and_no_others(void **state)
{
	struct fixture *f = *state;
	struct sc_store_refresh_row first = refresh(1, 1000, 9000);
	struct sc_store_refresh_row second = refresh(2, 1500, 9000);
	struct sc_store_refresh_row other = refresh(3, 1000, 9000);
	struct sc_store_refresh_row none;
	SC_CLEANUP(sc_store_refresh_row) found = { 0 };

	first.family = second.family = first.hash;
	other.family = other.hash;
	assert_ok(sc_store_refresh_add(f->store, &first, NULL), NULL);
	assert_ok(sc_store_refresh_add(f->store, &other, NULL), NULL);
	assert_ok(sc_store_refresh_rotate(f->store, &first.hash, 1560, &second, NULL), NULL);
	assert_ok(sc_store_refresh_find(f->store, TENANT, &second.hash, 1500, &found, NULL), NULL);
	assert_true(sc_hash_equals(&found.family, &first.hash));
	assert_ok(sc_store_refresh_revoke(f->store, &found.family, NULL), NULL);
	assert_status(sc_store_refresh_find(f->store, TENANT, &first.hash, 1500, &none, NULL),
		      SC_ERR_NOT_FOUND, NULL);
	assert_status(sc_store_refresh_find(f->store, TENANT, &second.hash, 1500, &none, NULL),
		      SC_ERR_NOT_FOUND, NULL);
	sc_store_refresh_row_free(&found);
	assert_ok(sc_store_refresh_find(f->store, TENANT, &other.hash, 1500, &found, NULL), NULL);
}

static sc_status note_tenant(void *context, const struct sc_store_signin_tenant_row *row,
			     struct sc_error *err)
{
	char *ids = context;

	(void)err;
	strcat(strcat(ids, row->id), " ");
	return SC_OK;
}

static void all_tenants_are_listed(void **state)
{
	struct fixture *f = *state;
	char ids[200] = "";

	assert_ok(sc_store_signin_tenant_list(f->store, note_tenant, ids, NULL), NULL);
	assert_non_null(strstr(ids, TENANT " "));
	assert_non_null(strstr(ids, OTHER_TENANT " "));
	assert_int_equal(strlen(ids), strlen(TENANT) + strlen(OTHER_TENANT) + 2);
}

static void a_tenants_name_is_unique_in_any_case(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_store_signin_tenant_row) found = { 0 };
	const struct sc_store_signin_tenant_row same = { .id = USER, .name = "ONE" };
	struct sc_error err = { 0 };

	assert_status(sc_store_signin_tenant_add(f->store, &same, &err), SC_ERR_EXISTS, &err);
	assert_string_equal(err.message, "tenant ONE: already exists");
	assert_ok(sc_store_signin_tenant_find_by_name(f->store, "One", &found, NULL), NULL);
	assert_string_equal(found.id, TENANT);
}

/* Each with one name that is taken; then the same with none. */
static void a_tenant_starts_whole_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	struct sc_store_signin_tenant_row tenant = { .id = THIRD_TENANT, .name = "two" };
	struct sc_store_user_row first = user;
	struct sc_store_application_row program = application;
	SC_CLEANUP(sc_store_user_row) found = { 0 };
	SC_CLEANUP(sc_store_signin_tenant_row) absent = { 0 };
	struct sc_error err = { 0 };

	first.tenant = program.tenant = THIRD_TENANT;
	assert_status(sc_store_signin_tenant_start(f->store, &tenant, &first, &program, &err), SC_ERR_EXISTS,
		      &err);
	assert_string_equal(err.message, "tenant two: already exists");
	tenant.name = "three";
	assert_status(sc_store_signin_tenant_start(f->store, &tenant, &first, &program, &err), SC_ERR_EXISTS,
		      &err);
	assert_non_null(strstr(err.message, "user Ada@Example.org: already exists"));
	first.upn = "ada@example.net";
	assert_status(sc_store_signin_tenant_start(f->store, &tenant, &first, &program, &err), SC_ERR_EXISTS,
		      &err);
	assert_status(sc_store_signin_tenant_find(f->store, THIRD_TENANT, &absent, NULL), SC_ERR_NOT_FOUND,
		      NULL);
	program.appid = THIRD_TENANT;
	assert_ok(sc_store_signin_tenant_start(f->store, &tenant, &first, &program, &err), &err);
	assert_ok(sc_store_user_find_by_upn(f->store, NULL, "ada@example.net", &found, NULL), NULL);
	assert_string_equal(found.tenant, THIRD_TENANT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_user_is_found_by_name_in_any_case_with_or_without_tenant),
		TEST(a_users_name_is_unique_over_all_tenants),
		TEST(an_application_is_found_by_its_id_with_or_without_tenant),
		TEST(a_tenant_is_found_and_nobody_stands_without_one),
		TEST(a_refresh_token_is_good_until_it_expires),
		TEST(expired_refresh_tokens_go_when_another_comes),
		TEST(a_refresh_token_ends_soon_after_it_was_exchanged),
		TEST(no_token_is_had_for_one_that_has_ended),
		TEST(a_sign_in_ends_with_all_its_tokens_and_no_others),
		TEST(all_tenants_are_listed),
		TEST(a_tenants_name_is_unique_in_any_case),
		TEST(a_tenant_starts_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
