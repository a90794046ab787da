/*
 * What a verifier trusts is what the connected module reports (byok/module_trust.h), completely or not at
 * all.
 */
#include "support/test.h"

#include "base/clock.h"
#include "byok/module_trust.h"
#include "forge.h"
#include "formats/oid.h"
#include "module_stand_in.h"

struct fixture {
	struct sc_forge *forge;
	struct sc_forge *other;
};

static int setup(void **state)
{
	static struct fixture f;

	f.forge = sc_forge_new(sc_clock_now(), "EU");
	f.other = sc_forge_new(sc_clock_now(), "EU");
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sc_forge_free(f->forge);
	sc_forge_free(f->other);
	return 0;
}

static sc_status ask_at(uint64_t clock, X509 *const *roots, size_t count, const char *revoked,
			struct sc_byok_trust **out, struct sc_error *err)
{
	struct sc_stand_in *module = sc_stand_in_start(SC_MODE_WORLD, roots, count, revoked);
	struct sc_client *client = NULL;
	sc_status status;

	sc_stand_in_set_clock(module, clock);
	assert_ok(sc_client_open(sc_stand_in_path(module), &client, err), err);
	status = sc_byok_trust_read(client, out, err);
	sc_client_free(client);
	sc_stand_in_stop(module);
	return status;
}

static sc_status ask(X509 *const *roots, size_t count, const char *revoked, struct sc_byok_trust **out,
		     struct sc_error *err)
{
	return ask_at(0, roots, count, revoked, out, err);
}

static void its_own_root_comes_first_then_those_that_its_custodians_chose(void **state)
{
	struct fixture *f = *state;
	X509 *const roots[] = { f->forge->root, f->other->root };
	SC_CLEANUP(sc_byok_trust) trust = NULL;
	struct sc_error err = { 0 };
	struct sc_hash own;

	assert_ok(ask(roots, 2, NULL, &trust, &err), &err);
	assert_int_equal(trust->trust.root_count, 2);
	assert_int_equal(X509_cmp(trust->trust.roots[0], roots[0]), 0);
	assert_int_equal(X509_cmp(trust->trust.roots[1], roots[1]), 0);
	assert_ok(sc_certificate_key_hash(roots[0], &own, &err), &err);
	assert_true(sc_hash_equals(&trust->root, &own));
	assert_int_equal(trust->trust.revoked_count, 0);
	assert_int_equal(trust->mode, SC_MODE_WORLD);
	assert_true(trust->trust.now > 0);
}

static void a_statement_of_a_module_that_its_world_revoked_is_refused(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_bytes) statement = sc_forge_kek_package(f->forge);
	static const char other[] = "0000-0000-0000";
	struct sc_error err = { 0 };

	for (int is_revoked = 0; is_revoked < 2; is_revoked++) {
		const char *esn = is_revoked ? f->forge->esn.s : other;
		SC_CLEANUP(sc_byok_trust) trust = NULL;
		SC_CLEANUP(sc_evidence) evidence = NULL;

		assert_ok(ask(&f->forge->root, 1, esn, &trust, &err), &err);
		assert_int_equal(trust->trust.revoked_count, 1);
		assert_string_equal(trust->trust.revoked[0], esn);
		assert_status(sc_statement_verify(sc_bytes_view(&statement), SC_OID_KEY_STATEMENT,
						  &trust->trust, SC_EVIDENCE_TIME_STATED, &evidence, &err),
			      is_revoked ? SC_ERR_EVIDENCE_REVOKED : SC_OK, &err);
	}
}

static void a_certificate_that_is_no_root_is_refused(void **state)
{
	struct fixture *f = *state;
	X509 *const good[] = { f->forge->root, f->other->root };
	X509 *const bad[] = { f->forge->root, f->other->warrant };
	SC_CLEANUP(sc_byok_trust) trust = NULL;
	struct sc_error err = { 0 };

	assert_status(ask(bad, 2, NULL, &trust, &err), SC_ERR_EVIDENCE_USAGE, &err);
	assert_null(trust);
	assert_ok(ask(good, 2, NULL, &trust, &err), &err);
}

static void a_serial_number_that_is_no_text_is_refused(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_byok_trust) trust = NULL;
	struct sc_error err = { 0 };

	assert_int_not_equal(ask(&f->forge->root, 1, "\033[2J", &trust, &err), SC_OK);
	assert_null(trust);
	assert_ok(ask(&f->forge->root, 1, "0000-0000-0000", &trust, &err), &err);
}

/* Verifiers compute with it: a day later must be a valid time, too. */
static void a_clock_beyond_all_times_is_refused(void **state)
{
	static const uint64_t beyond[] = { INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX };
	const uint64_t last = INT64_C(253402300799); /* 9999-12-31T23:59:59Z */
	struct fixture *f = *state;
	SC_CLEANUP(sc_byok_trust) trust = NULL;
	struct sc_error err = { 0 };

	for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
		assert_status(ask_at(beyond[i], &f->forge->root, 1, NULL, &trust, &err), SC_ERR_PROTOCOL,
			      &err);
		assert_null(trust);
	}
	assert_ok(ask_at(last, &f->forge->root, 1, NULL, &trust, &err), &err);
	assert_int_equal(trust->trust.now, last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_own_root_comes_first_then_those_that_its_custodians_chose),
		cmocka_unit_test(a_statement_of_a_module_that_its_world_revoked_is_refused),
		cmocka_unit_test(a_certificate_that_is_no_root_is_refused),
		cmocka_unit_test(a_serial_number_that_is_no_text_is_refused),
		cmocka_unit_test(a_clock_beyond_all_times_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
