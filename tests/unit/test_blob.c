/* Key blobs (rule F3): they open only in their world, only whole, and only under one KM. */
#include "support/test.h"

#include <string.h>

#include "core_module.h"
#include "hsmd/core/blob.h"

static struct core core;
static struct sc_bytes blob;

static int setup(void **state)
{
	SC_CLEANUP(sc_acl) acl = NULL;

	(void)state;
	core_start(&core);
	core_make_world(&core);
	assert_ok(sc_acl_arrival(&(struct sc_key_type){ SC_ALGORITHM_RSA, 2048 }, &core.world, &acl, NULL),
		  NULL);
	core_seal(&core, core_rsa_key(), SC_APPLICATION_SIMPLE, NULL, acl, &blob);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sc_bytes_free(&blob);
	core_end(&core);
	return 0;
}

static sc_status open_with(const struct sc_snapshot *s, struct sc_view der)
{
	SC_CLEANUP(sc_core_key) key = NULL;

	return sc_blob_open(s, der, &key, NULL);
}

static void any_altered_byte_and_any_cut_is_refused(void **state)
{
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(core.module->state);

	(void)state;
	for (size_t i = 0; i < blob.len; i++) {
		sc_status status;

		blob.data[i] ^= 1;
		status = open_with(s, sc_bytes_view(&blob));
		blob.data[i] ^= 1;
		assert_true(status == SC_ERR_INTEGRITY || status == SC_ERR_ENCODING ||
			    status == SC_ERR_FORMAT);
		assert_int_not_equal(open_with(s, sc_view_of(blob.data, i)), SC_OK);
	}
	assert_ok(open_with(s, sc_bytes_view(&blob)), NULL);
}

/* Each field in turn is changed and encoded correctly again, so that only the seal can detect it. */
static void assert_sealed(const struct sc_snapshot *s, struct sc_key_blob *b)
{
	SC_CLEANUP(sc_bytes) der = { 0 };

	assert_ok(sc_key_blob_encode(b, &der, NULL), NULL);
	assert_status(open_with(s, sc_bytes_view(&der)), SC_ERR_INTEGRITY, NULL);
}

static void every_field_of_the_header_is_sealed(void **state)
{
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(core.module->state);
	SC_CLEANUP(sc_key_blob) b = NULL;
	struct sc_permission_group *group;

	(void)state;
	assert_ok(sc_key_blob_decode(sc_bytes_view(&blob), &b, NULL), NULL);
#define CHANGED(field, change)                                                                               \
	do {                                                                                                 \
		__typeof__(b->field) before = b->field;                                                      \
		change;                                                                                      \
		assert_sealed(s, b);                                                                         \
		b->field = before;                                                                           \
	} while (0)
	CHANGED(header->suite, b->header->suite = SC_SUITE_DLF1024);
	CHANGED(header->world, b->header->world.b[3] ^= 1);
	CHANGED(header->km_generation, b->header->km_generation = 2);
	CHANGED(header->salt, b->header->salt.b[0] ^= 1);
	CHANGED(header->application, strcpy(b->header->application.s, "vault"));
	CHANGED(header->type, b->header->type.bits = 3072);
	CHANGED(header->key_hash, b->header->key_hash.b[0] ^= 1);
	CHANGED(header->origin, b->header->origin = SC_ORIGIN_BYOK);
	CHANGED(header->package, b->header->package.b[0] ^= 1);
	CHANGED(header->created, b->header->created++);
	CHANGED(header->state_counter, b->header->state_counter++);
	CHANGED(header->owner, strcpy(b->header->owner.vault.s, "another"));
	CHANGED(commitment, b->commitment.b[31] ^= 1);
	group = sk_sc_permission_group_value(b->header->acl->groups, 0);
	*sk_sc_action_value(group->actions, 0)->value.use |= SC_USE_TOKEN;
	assert_sealed(s, b);
}

static void a_blob_opens_under_its_own_km_only(void **state)
{
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(core.module->state);
	static struct core other;

	(void)state;
	/* The same world id, but another key behind it. */
	s->km.data[0] ^= 1;
	assert_status(open_with(s, sc_bytes_view(&blob)), SC_ERR_INTEGRITY, NULL);
	s->km.data[0] ^= 1;
	s->km_generation++;
	assert_status(open_with(s, sc_bytes_view(&blob)), SC_ERR_INTEGRITY, NULL);
	s->km_generation--;
	assert_ok(open_with(s, sc_bytes_view(&blob)), NULL);
	core_start(&other);
	core_make_world(&other);
	SC_CLEANUP(sc_snapshot) elsewhere = sc_core_state_snapshot(other.module->state);
	assert_status(open_with(elsewhere, sc_bytes_view(&blob)), SC_ERR_INTEGRITY, NULL);
	core_end(&other);
}

static void two_blobs_of_one_key_have_nothing_secret_in_common(void **state)
{
	SC_CLEANUP(sc_key_blob) one = NULL;
	SC_CLEANUP(sc_key_blob) two = NULL;
	SC_CLEANUP(sc_bytes) again = { 0 };

	(void)state;
	assert_ok(sc_key_blob_decode(sc_bytes_view(&blob), &one, NULL), NULL);
	core_seal(&core, core_rsa_key(), SC_APPLICATION_SIMPLE, NULL, one->header->acl, &again);
	assert_ok(sc_key_blob_decode(sc_bytes_view(&again), &two, NULL), NULL);
	assert_false(sc_hash_equals(&one->header->salt, &two->header->salt));
	assert_int_equal(one->ciphertext.len, two->ciphertext.len);
	/* The plaintexts are equal, so with the same key stream the ciphertexts would be equal too. */
	assert_false(sc_memory_equals(one->ciphertext.data, two->ciphertext.data, 16));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(any_altered_byte_and_any_cut_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(every_field_of_the_header_is_sealed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_blob_opens_under_its_own_km_only, setup, teardown),
		cmocka_unit_test_setup_teardown(two_blobs_of_one_key_have_nothing_secret_in_common, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
