/*
 * Keys of every type: made, sealed, loaded, described and stated alike. A secret key has no public half, and
 * its hash is a commitment that stays the same in every blob.
 */
#include "support/test.h"

#include <string.h>

#include "core_module.h"
#include "evidence/signed_statement.h"
#include "formats/oid.h"
#include "formats/statement.h"
#include "hsmd/core/blob.h"
#include "hsmd/core/keycheck.h"

static struct core core;

static int setup(void **state)
{
	(void)state;
	core_start(&core);
	core_make_world(&core);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	core_end(&core);
	return 0;
}

/* RSA-3072 and 4096 take seconds to generate and differ from RSA-2048 in nothing that is tested here. */
static const struct sc_key_type types[] = {
	{ SC_ALGORITHM_RSA, 2048 }, { SC_ALGORITHM_EC, 256 },   { SC_ALGORITHM_EC, 384 },
	{ SC_ALGORITHM_EC, 521 },   { SC_ALGORITHM_EC_K, 256 }, { SC_ALGORITHM_AES, 128 },
	{ SC_ALGORITHM_AES, 192 },  { SC_ALGORITHM_AES, 256 },  { SC_ALGORITHM_HMAC, 256 },
	{ SC_ALGORITHM_HMAC, 384 }, { SC_ALGORITHM_HMAC, 512 },
};
#define TYPES (sizeof types / sizeof types[0])

static sc_status generate(const struct sc_key_type *type, struct sc_view exponent, struct sc_bytes *blob,
			  struct sc_bytes *spki, struct sc_hash *hash)
{
	SC_CLEANUP(core_answer) answer = { 0 };
	struct sc_key_generate_response out;
	const struct sc_key_generate_request in = { .application = sc_view_text("simple"),
						    .algorithm = type->algorithm,
						    .bits = type->bits,
						    .exponent = exponent };
	sc_status status = core_key_generate(core.custody, 0, &in, &out, &answer);

	if (status == SC_OK) {
		assert_ok(sc_bytes_copy(out.blob, blob, NULL), NULL);
		assert_ok(sc_bytes_copy(out.spki, spki, NULL), NULL);
		*hash = out.key_hash;
	}
	return status;
}

static void check_info(const struct sc_hash *digest, const struct sc_key_type *type,
		       const struct sc_bytes *spki, const struct sc_hash *hash)
{
	SC_CLEANUP(core_answer) answer = { 0 };
	SC_CLEANUP(sc_acl) acl = NULL;
	struct sc_key_info_response info;

	assert_ok(
	    core_key_info(core.custody, 0, &(struct sc_key_info_request){ *digest, { 0 } }, &info, &answer),
	    NULL);
	assert_int_equal(info.algorithm, type->algorithm);
	assert_int_equal(info.bits, type->bits);
	assert_true(sc_view_equals(info.spki, sc_bytes_view(spki)));
	assert_true(sc_hash_equals(&info.key_hash, hash));
	assert_ok(sc_acl_decode(info.acl, &acl, NULL), NULL);
	assert_int_equal(sc_acl_uses(acl), sc_uses_of_type(type));
}

static void check_statement(const struct sc_hash *digest, const struct sc_key_type *type,
			    const struct sc_hash *hash)
{
	SC_CLEANUP(core_answer) answer = { 0 };
	SC_CLEANUP(sc_evidence) evidence = NULL;
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(core.module->state);
	const struct sc_evidence_trust trust = sc_snapshot_trust(s, core_now);
	struct sc_key_attest_response out;
	struct sc_error err = { 0 };

	assert_ok(core_key_attest(core.custody, 0, &(struct sc_key_attest_request){ *digest, { 0 }, { 0 } },
				  &out, &answer),
		  NULL);
	assert_ok(sc_statement_verify(out.statement, SC_OID_KEY_STATEMENT, &trust, SC_EVIDENCE_TIME_STATED,
				      &evidence, &err),
		  &err);
	assert_int_equal(evidence->key->type.algorithm, type->algorithm);
	assert_int_equal(evidence->key->type.bits, type->bits);
	assert_true(sc_hash_equals(&evidence->key->key_hash, hash));
	assert_int_equal(evidence->key->spki.len == 0, sc_key_type_is_secret(type));
}

static void a_key_of_each_type_is_made_loaded_described_and_stated(void **state)
{
	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		SC_CLEANUP(sc_bytes) blob = { 0 };
		SC_CLEANUP(sc_bytes) spki = { 0 };
		struct sc_hash hash;
		struct sc_hash digest;

		assert_ok(generate(&types[i], (struct sc_view){ 0 }, &blob, &spki, &hash), NULL);
		assert_int_equal(spki.len == 0, sc_key_type_is_secret(&types[i]));
		assert_ok(core_load(core.custody, sc_bytes_view(&blob), &digest), NULL);
		check_info(&digest, &types[i], &spki, &hash);
		check_statement(&digest, &types[i], &hash);
	}
}

static void what_is_not_a_type_is_not_made(void **state)
{
	static const struct sc_key_type wrong[] = {
		{ 0, 256 },
		{ SC_ALGORITHM_RSA, 1024 },
		{ SC_ALGORITHM_EC, 255 },
		{ SC_ALGORITHM_EC_K, 384 },
		{ SC_ALGORITHM_AES, 64 },
		{ SC_ALGORITHM_AES, 512 },
		{ SC_ALGORITHM_HMAC, 128 },
		{ SC_ALGORITHM_HMAC, 1024 },
		{ 6, 256 },
	};
	SC_CLEANUP(sc_bytes) blob = { 0 };
	SC_CLEANUP(sc_bytes) spki = { 0 };
	struct sc_hash hash;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_status(generate(&wrong[i], (struct sc_view){ 0 }, &blob, &spki, &hash),
			      SC_ERR_KEY_TYPE, NULL);
	for (size_t i = 1; i < TYPES; i++)
		assert_status(
		    generate(&types[i], sc_view_of((const uint8_t *)"\1\0\1", 3), &blob, &spki, &hash),
		    SC_ERR_ARGUMENT, NULL);
}

/* -- the hash of a secret key ---------------------------------------------------------------------- */

static void a_secret_keys_hash_is_the_same_in_every_blob(void **state)
{
	static const struct sc_owner nobody;
	const struct sc_key_type type = { SC_ALGORITHM_HMAC, 256 };
	SC_CLEANUP(sc_snapshot) s = sc_core_state_snapshot(core.module->state);
	SC_CLEANUP(sc_material) key = { 0 };
	SC_CLEANUP(sc_material) other_salt = { 0 };
	SC_CLEANUP(sc_acl) acl = NULL;
	struct sc_hash hashes[3];

	(void)state;
	assert_ok(sc_acl_arrival(&type, &core.world, &acl, NULL), NULL);
	assert_ok(sc_material_generate(&type, (struct sc_view){ 0 }, NULL, &key, NULL), NULL);
	other_salt.type = type;
	assert_ok(sc_secret_copy(sc_secret_view(&key.secret), &other_salt.secret, NULL), NULL);
	for (int i = 0; i < 3; i++) {
		const struct sc_blob_request request = { i < 2 ? &key : &other_salt,
							 SC_APPLICATION_SIMPLE,
							 &nobody,
							 acl,
							 SC_ORIGIN_GENERATED,
							 NULL,
							 core_now,
							 1 };
		SC_CLEANUP(sc_bytes) blob = { 0 };
		SC_CLEANUP(sc_core_key) opened = NULL;

		assert_ok(sc_blob_seal(s, &request, &blob, &opened, NULL), NULL);
		assert_true(sc_secret_equals(&opened->material.secret, &key.secret));
		hashes[i] = opened->header->key_hash;
	}
	assert_true(sc_hash_equals(&hashes[0], &hashes[1]));
	assert_false(sc_hash_equals(&hashes[0], &hashes[2]));
}

static void every_flipped_byte_of_a_secret_keys_blob_is_refused(void **state)
{
	SC_CLEANUP(sc_bytes) blob = { 0 };
	SC_CLEANUP(sc_bytes) spki = { 0 };
	struct sc_hash hash;
	struct sc_hash digest;

	(void)state;
	assert_ok(generate(&(struct sc_key_type){ SC_ALGORITHM_AES, 256 }, (struct sc_view){ 0 }, &blob,
			   &spki, &hash),
		  NULL);
	for (size_t i = 0; i < blob.len; i++) {
		blob.data[i] ^= 1;
		assert_int_not_equal(core_load(core.custody, sc_bytes_view(&blob), &digest), SC_OK);
		blob.data[i] ^= 1;
	}
	assert_ok(core_load(core.custody, sc_bytes_view(&blob), &digest), NULL);
}

/* -- keys from outside (rule M4) ------------------------------------------------------------------- */

static void a_sound_key_from_outside_is_taken(void **state)
{
	(void)state;
	for (size_t i = 1; i < TYPES; i++) {
		SC_CLEANUP(sc_material) key = { 0 };
		SC_CLEANUP(sc_material) again = { 0 };
		SC_CLEANUP(sc_secret) encoded = { 0 };
		const struct sc_key_type *other = &types[(i + 4) % TYPES];
		SC_CLEANUP(sc_material) none = { 0 };

		assert_ok(sc_material_generate(&types[i], (struct sc_view){ 0 }, NULL, &key, NULL), NULL);
		assert_ok(sc_material_encode(&key, &encoded, NULL), NULL);
		assert_ok(sc_keycheck_material(sc_secret_view(&encoded), &types[i], &again, NULL), NULL);
		assert_true(sc_material_equals(&key, &again));
		assert_status(sc_keycheck_material(sc_secret_view(&encoded), other, &none, NULL),
			      SC_ERR_KEY_INVALID, NULL);
	}
}

static void make_encoded(const struct sc_key_type *type, struct sc_secret *out)
{
	SC_CLEANUP(sc_material) key = { 0 };

	assert_ok(sc_material_generate(type, (struct sc_view){ 0 }, NULL, &key, NULL), NULL);
	assert_ok(sc_material_encode(&key, out, NULL), NULL);
}

/*
 * The last bytes of an encoded EC key are its public point, and the private number begins behind 30 2. 01 01
 * 04 20.
 */
static void an_ec_key_whose_halves_differ_is_refused(void **state)
{
	static const uint8_t before_number[] = { 0x02, 0x01, 0x01, 0x04, 0x20 };
	const struct sc_key_type type = { SC_ALGORITHM_EC, 256 };
	SC_CLEANUP(sc_secret) one = { 0 };
	SC_CLEANUP(sc_secret) another = { 0 };
	SC_CLEANUP(sc_material) none = { 0 };
	struct sc_error err = { 0 };
	uint8_t *number;

	(void)state;
	make_encoded(&type, &one);
	make_encoded(&type, &another);
	number = memmem(one.data, one.len, before_number, sizeof before_number);
	assert_non_null(number);
	memcpy(another.data + another.len - 64, one.data + one.len - 64, 64);
	assert_status(sc_keycheck_material(sc_secret_view(&another), &type, &none, &err), SC_ERR_KEY_INVALID,
		      &err);
	assert_non_null(strstr(err.message, "does not belong"));
	memset(number + sizeof before_number, 0, 32);
	assert_status(sc_keycheck_material(sc_secret_view(&one), &type, &none, &err), SC_ERR_KEY_INVALID,
		      &err);
	memset(number + sizeof before_number, 0xff, 32);
	assert_status(sc_keycheck_material(sc_secret_view(&one), &type, &none, &err), SC_ERR_KEY_INVALID,
		      &err);
}

static void a_secret_key_of_another_length_or_all_zero_is_refused(void **state)
{
	static const uint8_t zero[SC_HASH_SIZE + 65];
	uint8_t some[SC_HASH_SIZE + 65] = { 0 };

	(void)state;
	some[SC_HASH_SIZE] = 1;
	for (size_t i = 0; i < TYPES; i++) {
		SC_CLEANUP(sc_material) key = { 0 };
		size_t len = SC_HASH_SIZE + types[i].bits / 8;

		if (!sc_key_type_is_secret(&types[i]))
			continue;
		assert_status(sc_keycheck_material(sc_view_of(zero, len), &types[i], &key, NULL),
			      SC_ERR_KEY_INVALID, NULL);
		assert_status(sc_keycheck_material(sc_view_of(some, len - 1), &types[i], &key, NULL),
			      SC_ERR_KEY_INVALID, NULL);
		assert_status(sc_keycheck_material(sc_view_of(some, len + 1), &types[i], &key, NULL),
			      SC_ERR_KEY_INVALID, NULL);
		assert_ok(sc_keycheck_material(sc_view_of(some, len), &types[i], &key, NULL), NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(a_key_of_each_type_is_made_loaded_described_and_stated),
		TEST(what_is_not_a_type_is_not_made),
		TEST(a_secret_keys_hash_is_the_same_in_every_blob),
		TEST(every_flipped_byte_of_a_secret_keys_blob_is_refused),
		TEST(a_sound_key_from_outside_is_taken),
		TEST(an_ec_key_whose_halves_differ_is_refused),
		TEST(a_secret_key_of_another_length_or_all_zero_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
