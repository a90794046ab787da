/*
 * What the two packages prove together (evidence/packages.h, article step 3.2). The checks between them are
 * here; those of a single statement are in test_statement.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "changes.h"

#define NOW INT64_C(1800000000)

static sc_status verify_both(const struct sc_forge *kek, const struct sc_forge *world,
			     const struct sc_evidence_trust *trust, struct sc_evidence_target **target,
			     struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) kek_package = sc_forge_kek_package(kek);
	SC_CLEANUP(sc_bytes) world_package = sc_forge_world_package(world);

	return sc_evidence_packages_verify(sc_bytes_view(&kek_package), sc_bytes_view(&world_package), trust,
					   NULL, target, err);
}

/* The two packages of one forge, under its root. */
static sc_status verify(const struct sc_forge *f, struct sc_error *err)
{
	const struct sc_evidence_trust trust = sc_forge_trust(f);
	SC_CLEANUP(sc_evidence_target) target = NULL;

	return verify_both(f, f, &trust, &target, err);
}

/* -- what holds -------------------------------------------------------------------------------- */

struct seen {
	size_t count;
	char last[64];
};

static void note(void *context, const char *check, const char *found)
{
	struct seen *seen = context;

	seen->count++;
	assert_true(strlen(check) > 0 && strlen(check) < sizeof seen->last);
	assert_true(strlen(found) > 0);
	strcpy(seen->last, check);
}

static void an_honest_region_is_believed(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(NOW, "EU");
	const struct sc_evidence_trust trust = sc_forge_trust(f);
	SC_CLEANUP(sc_bytes) kek = sc_forge_kek_package(f);
	SC_CLEANUP(sc_bytes) world = sc_forge_world_package(f);
	SC_CLEANUP(sc_evidence_target) target = NULL;
	struct seen seen = { 0 };
	const struct sc_evidence_report report = { note, &seen };
	struct sc_hash root = { 0 };

	(void)state;
	assert_int_equal(sc_evidence_packages_verify(sc_bytes_view(&kek), sc_bytes_view(&world), &trust,
						     &report, &target, NULL),
			 SC_OK);
	assert_int_equal(seen.count, 11);
	assert_string_equal(target->region.s, "EU");
	assert_string_equal(target->operator_name.s, "Test Operator");
	assert_true(sc_hash_equals(&target->key_hash, &f->key->key_hash));
	assert_true(sc_hash_equals(&target->world_id, &f->world->world));
	assert_int_equal(EVP_PKEY_eq(target->key, f->kek), 1);
	assert_int_equal(sc_certificate_key_hash(f->root, &root, NULL), SC_OK);
	assert_true(sc_hash_equals(&target->root, &root));
	assert_int_equal(target->not_after, NOW + sc_certificate_lifetime(SC_CERTIFICATE_KEK));
}

static void a_refusal_names_the_check(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(NOW, "EU");
	const struct sc_evidence_trust trust = sc_forge_trust(f);
	SC_CLEANUP(sc_evidence_target) target = NULL;
	struct seen seen = { 0 };
	const struct sc_evidence_report report = { note, &seen };
	struct sc_error err = { 0 };

	(void)state;
	sc_forge_state_uses(f, SC_USE_IMPORT_TRANSFER | SC_USE_DECRYPT);
	SC_CLEANUP(sc_bytes) kek = sc_forge_kek_package(f);
	SC_CLEANUP(sc_bytes) world = sc_forge_world_package(f);
	assert_int_equal(sc_evidence_packages_verify(sc_bytes_view(&kek), sc_bytes_view(&world), &trust,
						     &report, &target, &err),
			 SC_ERR_EVIDENCE_EXPORTABLE);
	assert_string_equal(seen.last, "Origin");
	assert_ptr_equal(strstr(err.message, "Permissions: "), err.message);
	assert_null(target);
}

/* -- what does not ----------------------------------------------------------------------------- */

/* Each change by itself, after the same packages without it were accepted. */
static void packages_are_refused_for_what_is_wrong_with_them(void **state)
{
	SC_CLEANUP(sc_forge) other = sc_forge_new(NOW, "EU");
	size_t count = 0;
	const struct sc_forge_change *change = sc_forge_changes(&count);

	(void)state;
	for (; count > 0; count--, change++) {
		SC_CLEANUP(sc_forge) f = sc_forge_new(NOW, "EU");
		struct sc_error err = { 0 };
		sc_status status;

		assert_int_equal(verify(f, &err), SC_OK);
		change->apply(f, other);
		status = verify(f, &err);
		if (status != change->packages)
			fail_msg("%s: %s (%s), not %s", change->name, sc_status_name(status), err.message,
				 sc_status_name(change->packages));
	}
}

static void a_world_package_without_its_region_certificate_is_refused(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(NOW, "EU");
	const struct sc_evidence_trust trust = sc_forge_trust(f);
	SC_CLEANUP(sc_evidence_target) target = NULL;
	SC_CLEANUP(sc_bytes) kek = sc_forge_kek_package(f);
	SC_CLEANUP(sc_bytes) world = sc_forge_world_statement(f);

	(void)state;
	assert_int_equal(verify(f, NULL), SC_OK);
	assert_int_equal(sc_evidence_packages_verify(sc_bytes_view(&kek), sc_bytes_view(&world), &trust, NULL,
						     &target, NULL),
			 SC_ERR_EVIDENCE_WORLD);
}

/* -- packages that do not belong together ------------------------------------------------------ */

/* A second region of the same manufacturer. */
static struct sc_forge *region_of(struct sc_forge *manufacturer, const char *region)
{
	struct sc_forge *f = sc_forge_new(NOW, region);

	EVP_PKEY_free(f->root_key);
	X509_free(f->root);
	EVP_PKEY_up_ref(manufacturer->root_key);
	X509_up_ref(manufacturer->root);
	f->root_key = manufacturer->root_key;
	f->root = manufacturer->root;
	sc_forge_warrant_again(f);
	sc_forge_region_again(f);
	return f;
}

static void packages_of_two_regions_are_refused(void **state)
{
	SC_CLEANUP(sc_forge) eu = sc_forge_new(NOW, "EU");
	SC_CLEANUP(sc_forge) na = region_of(eu, "NA");
	SC_CLEANUP(sc_forge) other_eu = region_of(eu, "EU");
	const struct sc_evidence_trust trust = sc_forge_trust(eu);
	SC_CLEANUP(sc_evidence_target) target = NULL;

	(void)state;
	assert_int_equal(verify(eu, NULL), SC_OK);
	assert_int_equal(verify(na, NULL), SC_OK);
	assert_int_equal(verify(other_eu, NULL), SC_OK);
	assert_int_equal(verify_both(eu, na, &trust, &target, NULL), SC_ERR_EVIDENCE_REGION);
	assert_int_equal(verify_both(na, eu, &trust, &target, NULL), SC_ERR_EVIDENCE_REGION);
	assert_int_equal(verify_both(eu, other_eu, &trust, &target, NULL), SC_ERR_EVIDENCE_WORLD);
}

static void both_packages_enclose_one_and_the_same_region_certificate(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(NOW, "EU");
	const struct sc_evidence_trust trust = sc_forge_trust(f);
	SC_CLEANUP(sc_bytes) kek = sc_forge_kek_package(f);
	SC_CLEANUP(sc_bytes) world = sc_forge_world_package(f);
	SC_CLEANUP(sc_bytes) renewed = { 0 };
	SC_CLEANUP(sc_evidence_target) target = NULL;

	(void)state;
	sc_forge_region_again(f);
	renewed = sc_forge_world_package(f);
	assert_int_equal(sc_evidence_packages_verify(sc_bytes_view(&kek), sc_bytes_view(&world), &trust, NULL,
						     &target, NULL),
			 SC_OK);
	sc_evidence_target_free(target);
	target = NULL;
	assert_int_equal(sc_evidence_packages_verify(sc_bytes_view(&kek), sc_bytes_view(&renewed), &trust,
						     NULL, &target, NULL),
			 SC_ERR_EVIDENCE_WORLD);
}

static void packages_of_two_roots_are_refused_even_if_both_are_trusted(void **state)
{
	SC_CLEANUP(sc_forge) ours = sc_forge_new(NOW, "EU");
	SC_CLEANUP(sc_forge) theirs = sc_forge_new(NOW, "EU");
	X509 *const roots[] = { ours->root, theirs->root };
	const struct sc_evidence_trust both = { .roots = roots, .root_count = 2, .now = NOW };
	SC_CLEANUP(sc_evidence_target) target = NULL;

	(void)state;
	assert_int_equal(verify_both(theirs, theirs, &both, &target, NULL), SC_OK);
	sc_evidence_target_free(target);
	target = NULL;
	assert_int_equal(verify_both(ours, theirs, &both, &target, NULL), SC_ERR_EVIDENCE_ROOT);
}

static void the_kek_is_judged_now_and_the_world_statement_then(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(NOW, "EU");
	int64_t end = NOW + sc_certificate_lifetime(SC_CERTIFICATE_KEK);

	(void)state;
	f->world->time = NOW - SC_DAY + 60; /* soon after the warrant became valid */
	f->now = end - 1;
	assert_int_equal(verify(f, NULL), SC_OK);
	f->now = end;
	assert_int_equal(verify(f, NULL), SC_ERR_EVIDENCE_TIME);
	f->now = NOW;
	f->world->time = NOW - SC_DAY - 60; /* before it */
	assert_int_equal(verify(f, NULL), SC_ERR_EVIDENCE_TIME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_honest_region_is_believed),
		cmocka_unit_test(a_refusal_names_the_check),
		cmocka_unit_test(packages_are_refused_for_what_is_wrong_with_them),
		cmocka_unit_test(a_world_package_without_its_region_certificate_is_refused),
		cmocka_unit_test(packages_of_two_regions_are_refused),
		cmocka_unit_test(both_packages_enclose_one_and_the_same_region_certificate),
		cmocka_unit_test(packages_of_two_roots_are_refused_even_if_both_are_trusted),
		cmocka_unit_test(the_kek_is_judged_now_and_the_world_statement_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
