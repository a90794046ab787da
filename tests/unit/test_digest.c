/*
 * Hashes with domains; and, below them, HMAC and HKDF against Project Wycheproof's vectors and SHA-256
 * against FIPS 180-4's. The plain HMAC and HKDF are not part of digest.h, so that nobody uses them without a
 * domain (rule F2). The source is included to reach them.
 */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/digest.c"

/* -- vectors ----------------------------------------------------------------------------------- */

typedef void check_vector(json_t *group, json_t *vector);

/* Calls `check` for every vector in the file, which must have at least `least`. */
static void for_every_vector(const char *file, size_t least, check_vector *check)
{
	const char *directory = getenv("SC_VECTORS");
	char path[4096];
	json_error_t error;
	json_t *root;
	json_t *group;
	json_t *vector;
	size_t i;
	size_t j;
	size_t seen = 0;

	assert_non_null(directory);
	snprintf(path, sizeof path, "%s/%s", directory, file);
	root = json_load_file(path, 0, &error);
	if (!root)
		fail_msg("%s: %s", path, error.text);
	json_array_foreach(json_object_get(root, "testGroups"), i, group) {
		json_array_foreach(json_object_get(group, "tests"), j, vector) {
			check(group, vector);
			seen++;
		}
	}
	assert_true(seen >= least);
	assert_int_equal(seen, json_integer_value(json_object_get(root, "numberOfTests")));
	json_decref(root);
}

static void member(json_t *vector, const char *name, struct sc_bytes *out)
{
	const char *hex = json_string_value(json_object_get(vector, name));

	assert_non_null(hex);
	assert_ok(sc_bytes_new(strlen(hex) / 2, out, NULL), NULL);
	assert_true(sc_hex_read(hex, out->data, out->len));
}

static bool is_valid(json_t *vector)
{
	return strcmp(json_string_value(json_object_get(vector, "result")), "valid") == 0;
}

static void check_hmac(json_t *group, json_t *vector)
{
	size_t tag_len = (size_t)json_integer_value(json_object_get(group, "tagSize")) / 8;
	SC_CLEANUP(sc_bytes) key = { 0 };
	SC_CLEANUP(sc_bytes) message = { 0 };
	SC_CLEANUP(sc_bytes) tag = { 0 };
	SC_CLEANUP(sc_secret) secret = { 0 };
	struct sc_hash mac;

	member(vector, "key", &key);
	member(vector, "msg", &message);
	member(vector, "tag", &tag);
	assert_ok(sc_secret_copy(sc_bytes_view(&key), &secret, NULL), NULL);
	assert_ok(hmac(&secret, sc_bytes_view(&message), NULL, 0, &mac, NULL), NULL);
	assert_int_equal(tag.len == tag_len && memcmp(mac.b, tag.data, tag_len) == 0, is_valid(vector));
}

static void hmac_agrees_with_wycheproof(void **state)
{
	(void)state;
	for_every_vector("hmac_sha256_test.json", 174, check_hmac);
}

static void check_hkdf(json_t *group, json_t *vector)
{
	size_t len = (size_t)json_integer_value(json_object_get(vector, "size"));
	SC_CLEANUP(sc_bytes) key = { 0 };
	SC_CLEANUP(sc_bytes) salt = { 0 };
	SC_CLEANUP(sc_bytes) info = { 0 };
	SC_CLEANUP(sc_bytes) expected = { 0 };
	SC_CLEANUP(sc_secret) secret = { 0 };
	SC_CLEANUP(sc_secret) derived = { 0 };
	sc_status status;

	(void)group;
	member(vector, "ikm", &key);
	member(vector, "salt", &salt);
	member(vector, "info", &info);
	member(vector, "okm", &expected);
	assert_ok(sc_secret_copy(sc_bytes_view(&key), &secret, NULL), NULL);
	status = hkdf(&secret, sc_bytes_view(&salt), sc_bytes_view(&info), len, &derived, NULL);
	assert_int_equal(status == SC_OK, is_valid(vector));
	if (status == SC_OK)
		assert_view_equal(sc_secret_view(&derived), sc_bytes_view(&expected));
	else
		assert_null(derived.data);
}

static void hkdf_agrees_with_wycheproof(void **state)
{
	(void)state;
	for_every_vector("hkdf_sha256_test.json", 86, check_hkdf);
}

/* FIPS 180-4's own examples. */
static void sha256_agrees_with_its_standard(void **state)
{
	static const char *const pairs[][2] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct sc_hash hash;
		struct sc_hash expected;

		assert_true(sc_hash_read(pairs[i][1], &expected));
		assert_ok(sc_sha256(sc_view_text(pairs[i][0]), &hash, NULL), NULL);
		assert_true(sc_hash_equals(&hash, &expected));
	}
}

/* -- domains ----------------------------------------------------------------------------------- */

static void a_hash_covers_its_context_with_terminator_and_every_part(void **state)
{
	struct sc_view parts[] = { sc_view_text("ab"), sc_view_text("c") };
	struct sc_hash by_parts;
	struct sc_hash by_hand;

	(void)state;
	assert_ok(sc_hash_parts("context 1", parts, 2, &by_parts, NULL), NULL);
	assert_ok(sc_sha256(sc_view_of("context 1\0abc", 13), &by_hand, NULL), NULL);
	assert_true(sc_hash_equals(&by_parts, &by_hand));
	assert_ok(sc_hash_parts("context 1", parts, 1, &by_parts, NULL), NULL);
	assert_false(sc_hash_equals(&by_parts, &by_hand));
	assert_ok(sc_hash_parts("context 2", parts, 2, &by_parts, NULL), NULL);
	assert_false(sc_hash_equals(&by_parts, &by_hand));
}

static void a_mac_covers_its_context_with_terminator_and_every_part(void **state)
{
	struct sc_view parts[] = { sc_view_text("ab"), sc_view_text("c") };
	SC_CLEANUP(sc_secret) key = { 0 };
	struct sc_hash by_parts;
	struct sc_hash by_hand;

	(void)state;
	assert_ok(sc_secret_random(32, &key, NULL), NULL);
	assert_ok(sc_hmac_parts(&key, "context 1", parts, 2, &by_parts, NULL), NULL);
	assert_ok(hmac(&key, sc_view_of("context 1\0abc", 13), NULL, 0, &by_hand, NULL), NULL);
	assert_true(sc_hash_equals(&by_parts, &by_hand));
	key.data[0] ^= 1;
	assert_ok(sc_hmac_parts(&key, "context 1", parts, 2, &by_parts, NULL), NULL);
	assert_false(sc_hash_equals(&by_parts, &by_hand));
}

static void a_derived_key_has_context_and_parts_as_its_info(void **state)
{
	struct sc_view parts[] = { sc_view_text("ab"), sc_view_text("c") };
	struct sc_view salt = sc_view_text("salt");
	SC_CLEANUP(sc_secret) key = { 0 };
	SC_CLEANUP(sc_secret) derived = { 0 };
	SC_CLEANUP(sc_secret) by_hand = { 0 };

	(void)state;
	assert_ok(sc_secret_random(32, &key, NULL), NULL);
	assert_ok(sc_derive(&key, salt, "context 1", parts, 2, 64, &derived, NULL), NULL);
	assert_ok(hkdf(&key, salt, sc_view_of("context 1\0abc", 13), 64, &by_hand, NULL), NULL);
	assert_int_equal(derived.len, 64);
	assert_true(sc_secret_equals(&derived, &by_hand));
}

/* -- how hashes are written -------------------------------------------------------------------- */

static void a_hash_is_read_as_it_is_printed(void **state)
{
	struct sc_hash hash;
	struct sc_hash again;
	char text[SC_HASH_GROUPED_SIZE];

	(void)state;
	assert_ok(sc_sha256(sc_view_text("abc"), &hash, NULL), NULL);
	sc_hash_grouped(&hash, text);
	assert_string_equal(text, "ba7816bf 8f01cfea 414140de 5dae2223 b00361a3 96177a9c b410ff61 f20015ad");
	assert_true(sc_hash_read(text, &again));
	assert_true(sc_hash_equals(&hash, &again));
	assert_true(sc_hash_read("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", &again));
	assert_true(sc_hash_equals(&hash, &again));
}

static void anything_but_a_whole_hash_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"ba7816bf",
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad0",
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ag",
		"ba7816bf-8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
		"ba7816bf\t8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	};
	struct sc_hash hash;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(sc_hash_read(bad[i], &hash));
}

static void only_zero_is_zero(void **state)
{
	struct sc_hash hash = { 0 };

	(void)state;
	assert_true(sc_hash_is_zero(&hash));
	for (size_t i = 0; i < sizeof hash.b; i++) {
		hash.b[i] = 0x80;
		assert_false(sc_hash_is_zero(&hash));
		hash.b[i] = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_agrees_with_its_standard),
		cmocka_unit_test(hmac_agrees_with_wycheproof),
		cmocka_unit_test(hkdf_agrees_with_wycheproof),
		cmocka_unit_test(a_hash_covers_its_context_with_terminator_and_every_part),
		cmocka_unit_test(a_mac_covers_its_context_with_terminator_and_every_part),
		cmocka_unit_test(a_derived_key_has_context_and_parts_as_its_info),
		cmocka_unit_test(a_hash_is_read_as_it_is_printed),
		cmocka_unit_test(anything_but_a_whole_hash_is_refused),
		cmocka_unit_test(only_zero_is_zero),
	};

	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
