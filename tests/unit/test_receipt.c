/* Receipts: what makes one valid, and everything that by itself makes it invalid (rule F7). */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "byok/receipt.h"
#include "forge.h"

#define NOW          INT64_C(1795517120)
#define SUBSCRIPTION "8c6a1b52-6f04-4f38-9d0c-2b1f0f6f8a11"

/* A valid receipt, and what it is compared with. */
struct fixture {
	struct sc_forge *forge;
	struct sc_byok_sent_package package;
	struct sc_byok_receipt_expected expected;
	unsigned checks; /* checks reported */
};

static void count_check(void *context, const char *check, const char *found)
{
	struct fixture *f = context;

	assert_true(check[0] && found[0]);
	f->checks++;
}

static void put_text(struct sc_text *text, const char *value)
{
	struct sc_error err = { 0 };

	assert_ok(sc_text_set(text, value, "text", &err), &err);
}

/*
 * Turns the key statement into that of a key in a vault. Any public key will do; the forge has an RSA-4096
 * one.
 */
static void make_receipt(struct sc_key_statement *s, const struct sc_hash *package)
{
	put_text(&s->application, "vault");
	put_text(&s->owner.daemon, "vaultd");
	put_text(&s->owner.tenant, "0f1a5a0e-93ac-4d0d-9a53-1f3e3d8f4c22");
	put_text(&s->owner.subscription, SUBSCRIPTION);
	put_text(&s->owner.vault, "contosokeyvaulthsm");
	put_text(&s->owner.name, "contosofirsthsmkey");
	put_text(&s->owner.version, "d6a1f0c2e4b84a5d9c3e7f60518293a4");
	s->origin = SC_ORIGIN_BYOK;
	s->package = *package;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct sc_error err = { 0 };

	f->forge = sc_forge_new(NOW, "EU");
	memset(f->package.digest.b, 7, sizeof f->package.digest.b);
	sc_acl_free(f->forge->key->acl);
	f->forge->key->acl = NULL;
	assert_ok(sc_acl_arrival(&f->forge->key->type, &f->forge->key->world, &f->forge->key->acl, &err),
		  &err);
	make_receipt(f->forge->key, &f->package.digest);
	sc_forge_put(&f->forge->kek_certificate, NULL);
	f->package.world = f->forge->key->world;
	f->package.key_hash = f->forge->key->key_hash;
	f->package.region = f->forge->key->region;
	put_text(&f->package.subscription, SUBSCRIPTION);
	f->expected = (struct sc_byok_receipt_expected){
		.key_hash = f->forge->key->key_hash,
		.key_name = "key_simple_contosokey",
		.package = &f->package,
		.subscription = SUBSCRIPTION,
		.vault = "ContosoKeyVaultHSM",
		.name = "ContosoFirstHSMkey",
	};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sc_forge_free(f->forge);
	free(f);
	return 0;
}

static void answers(struct fixture *f, sc_status expected)
{
	const struct sc_evidence_report report = { count_check, f };
	struct sc_evidence_trust trust = sc_forge_trust(f->forge);
	SC_CLEANUP(sc_bytes) receipt = sc_forge_kek_package(f->forge);
	struct sc_error err = { 0 };

	f->checks = 0;
	assert_status(sc_byok_receipt_verify(sc_bytes_view(&receipt), &trust, &f->expected, &report, &err),
		      expected, &err);
}

static void a_receipt_of_the_key_at_home_holds(void **state)
{
	struct fixture *f = *state;

	answers(f, SC_OK);
	assert_int_equal(f->checks, 11);
}

static void a_receipt_of_another_key_is_refused(void **state)
{
	struct fixture *f = *state;

	answers(f, SC_OK);
	f->expected.key_hash.b[0] ^= 1;
	answers(f, SC_ERR_EVIDENCE_KEY);
}

static void a_receipt_for_another_place_is_refused(void **state)
{
	struct fixture *f = *state;

	answers(f, SC_OK);
	f->expected.subscription = "00000000-6f04-4f38-9d0c-2b1f0f6f8a11";
	answers(f, SC_ERR_OWNER);
	f->expected.subscription = SUBSCRIPTION;
	f->expected.vault = "fabrikam";
	answers(f, SC_ERR_OWNER);
	f->expected.vault = NULL;
	f->expected.name = "other";
	answers(f, SC_ERR_OWNER);
	f->expected.name = NULL;
	answers(f, SC_OK);
}

static void without_a_named_subscription_the_packages_counts(void **state)
{
	struct fixture *f = *state;

	f->expected.subscription = NULL;
	answers(f, SC_OK);
	put_text(&f->package.subscription, "00000000-6f04-4f38-9d0c-2b1f0f6f8a11");
	answers(f, SC_ERR_OWNER);
	f->expected.package = NULL;
	answers(f, SC_OK);
}

static void a_receipt_of_another_package_is_refused(void **state)
{
	struct fixture *f = *state;

	answers(f, SC_OK);
	f->package.digest.b[31] ^= 1;
	answers(f, SC_ERR_INTEGRITY);
}

static void a_package_for_another_world_or_region_or_of_another_key_is_refused(void **state)
{
	struct fixture *f = *state;

	answers(f, SC_OK);
	f->package.world.b[0] ^= 1;
	answers(f, SC_ERR_EVIDENCE_WORLD);
	f->package.world.b[0] ^= 1;
	put_text(&f->package.region, "NA");
	answers(f, SC_ERR_EVIDENCE_WORLD);
	put_text(&f->package.region, "EU");
	f->package.key_hash.b[0] ^= 1;
	answers(f, SC_ERR_EVIDENCE_KEY);
}

static void a_key_statement_without_a_package_is_no_receipt(void **state)
{
	struct fixture *f = *state;

	answers(f, SC_OK);
	memset(f->forge->key->package.b, 0, SC_HASH_SIZE);
	answers(f, SC_ERR_FORMAT);
}

static void every_origin_but_byok_is_refused(void **state)
{
	struct fixture *f = *state;

	for (uint32_t origin = SC_ORIGIN_GENERATED; origin <= SC_ORIGIN_IMPORTED_IN_CLEAR; origin++) {
		f->forge->key->origin = origin;
		answers(f, origin == SC_ORIGIN_BYOK ? SC_OK : SC_ERR_EVIDENCE_ORIGIN);
	}
}

static void a_key_that_can_leave_the_vault_is_refused(void **state)
{
	struct fixture *f = *state;
	struct sc_permission_group *group = sk_sc_permission_group_value(f->forge->key->acl->groups, 0);
	struct sc_error err = { 0 };

	answers(f, SC_OK);
	assert_ok(sc_acl_add_plain(group, SC_ACTION_REPLACE_ACL, &err), &err);
	f->forge->key->exportable = true;
	answers(f, SC_ERR_EVIDENCE_EXPORTABLE);
}

static void a_key_outside_any_vault_is_refused(void **state)
{
	struct fixture *f = *state;

	answers(f, SC_OK);
	put_text(&f->forge->key->application, "simple");
	answers(f, SC_ERR_OWNER);
}

static void a_receipt_is_judged_at_its_own_time(void **state)
{
	struct fixture *f = *state;
	struct sc_evidence_trust trust = sc_forge_trust(f->forge);
	SC_CLEANUP(sc_bytes) receipt = sc_forge_kek_package(f->forge);
	struct sc_error err = { 0 };

	trust.now += INT64_C(40) * 365 * 86400; /* every certificate has expired */
	assert_ok(sc_byok_receipt_verify(sc_bytes_view(&receipt), &trust, &f->expected, NULL, &err), &err);
}

static void a_receipt_under_another_root_is_refused(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_forge) other = sc_forge_new(NOW, "EU");
	struct sc_evidence_trust trust = sc_forge_trust(other);
	SC_CLEANUP(sc_bytes) receipt = sc_forge_kek_package(f->forge);
	struct sc_error err = { 0 };

	answers(f, SC_OK);
	assert_status(sc_byok_receipt_verify(sc_bytes_view(&receipt), &trust, &f->expected, NULL, &err),
		      SC_ERR_EVIDENCE_ROOT, &err);
}

static void a_receipt_of_a_world_that_is_no_region_is_refused(void **state)
{
	struct fixture *f = *state;

	answers(f, SC_OK);
	sc_forge_put(&f->forge->member, NULL);
	sc_forge_put(&f->forge->region_certificate, NULL);
	put_text(&f->forge->key->region, "");
	answers(f, SC_ERR_NO_REGION);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_receipt_of_the_key_at_home_holds),
		TEST(a_receipt_of_another_key_is_refused),
		TEST(a_receipt_for_another_place_is_refused),
		TEST(without_a_named_subscription_the_packages_counts),
		TEST(a_receipt_of_another_package_is_refused),
		TEST(a_package_for_another_world_or_region_or_of_another_key_is_refused),
		TEST(a_key_statement_without_a_package_is_no_receipt),
		TEST(every_origin_but_byok_is_refused),
		TEST(a_key_that_can_leave_the_vault_is_refused),
		TEST(a_key_outside_any_vault_is_refused),
		TEST(a_receipt_is_judged_at_its_own_time),
		TEST(a_receipt_under_another_root_is_refused),
		TEST(a_receipt_of_a_world_that_is_no_region_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
