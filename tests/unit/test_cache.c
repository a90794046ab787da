/* The bounded cache of loaded keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <openssl/crypto.h>

#include "hsmd/core/cache.h"

static size_t protected_bytes; /* taken from libcrypto's allocator, which is the arena in hsmd */

static void *counting_malloc(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	protected_bytes += size;
	return malloc(size);
}

static void *plain_realloc(void *block, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return realloc(block, size);
}

static void plain_free(void *block, const char *file, int line)
{
	(void)file, (void)line;
	free(block);
}

static struct sc_core_key *make_key(uint8_t number)
{
	struct sc_core_key *key = OPENSSL_zalloc(sizeof *key);

	atomic_init(&key->references, 1);
	key->digest.b[5] = number;
	return key;
}

static void put(struct sc_cache *cache, uint8_t number)
{
	SC_CLEANUP(sc_core_key) key = make_key(number);

	assert_true(sc_cache_put(cache, key));
}

static bool has(struct sc_cache *cache, uint8_t number)
{
	struct sc_hash digest = { .b[5] = number };
	SC_CLEANUP(sc_core_key) key = sc_cache_get(cache, &digest);

	return key != NULL;
}

static void renew(struct sc_cache *cache, uint8_t number)
{
	struct sc_hash digest = { .b[5] = number };
	SC_CLEANUP(sc_core_key) key = sc_cache_get(cache, &digest);

	assert_non_null(key);
	sc_cache_renew(cache, key);
}

static void the_key_longest_unused_makes_room(void **state)
{
	struct sc_cache *cache = sc_cache_new(3);

	(void)state;
	put(cache, 1);
	put(cache, 2);
	put(cache, 3);
	renew(cache, 1);
	/* To be looked for does not count as use. */
	assert_true(has(cache, 2));
	put(cache, 4);
	assert_false(has(cache, 2));
	assert_true(has(cache, 1));
	assert_true(has(cache, 3));
	assert_true(has(cache, 4));
	sc_cache_free(cache);
}

static void an_evicted_key_lives_until_its_use_ends(void **state)
{
	struct sc_cache *cache = sc_cache_new(1);
	struct sc_hash digest = { .b[5] = 1 };
	struct sc_core_key *used;

	(void)state;
	put(cache, 1);
	used = sc_cache_get(cache, &digest);
	put(cache, 2);
	assert_false(has(cache, 1));
	assert_int_equal(used->digest.b[5], 1);
	assert_int_equal(atomic_load(&used->references), 1);
	sc_cache_renew(cache, used);
	assert_true(has(cache, 2));
	sc_core_key_release(used);
	sc_cache_free(cache);
}

static void a_key_put_twice_is_kept_once(void **state)
{
	struct sc_cache *cache = sc_cache_new(8);
	uint32_t loaded;
	uint32_t capacity;

	(void)state;
	put(cache, 1);
	put(cache, 1);
	sc_cache_count(cache, &loaded, &capacity);
	assert_int_equal(loaded, 1);
	assert_int_equal(capacity, 8);
	sc_cache_clear(cache);
	sc_cache_count(cache, &loaded, &capacity);
	assert_int_equal(loaded, 0);
	assert_false(has(cache, 1));
	sc_cache_free(cache);
}

static bool put_sized(struct sc_cache *cache, uint8_t number, size_t size)
{
	SC_CLEANUP(sc_core_key) key = make_key(number);

	key->size = size;
	return sc_cache_put(cache, key);
}

static void keys_make_room_for_a_large_one_and_none_for_one_that_never_fits(void **state)
{
	struct sc_cache *cache = sc_cache_new(8);

	(void)state;
	sc_cache_limit(cache, 100);
	assert_true(put_sized(cache, 1, 40));
	assert_true(put_sized(cache, 2, 40));
	assert_true(put_sized(cache, 3, 20));
	assert_false(put_sized(cache, 4, 101));
	renew(cache, 1);
	assert_true(put_sized(cache, 5, 60));
	assert_false(has(cache, 2) || has(cache, 3));
	assert_true(has(cache, 1) && has(cache, 5));
	/* What an evicted key took is free again. */
	assert_true(put_sized(cache, 6, 100));
	assert_true(has(cache, 6) && !has(cache, 1) && !has(cache, 5));
	sc_cache_free(cache);
}

static void a_place_for_a_key_takes_no_protected_memory(void **state)
{
	size_t before = protected_bytes;
	struct sc_cache *cache = sc_cache_new(1000000);

	(void)state;
	assert_non_null(cache);
	assert_true(protected_bytes > before);
	assert_true(protected_bytes - before < 4096);
	sc_cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_longest_unused_makes_room),
		cmocka_unit_test(an_evicted_key_lives_until_its_use_ends),
		cmocka_unit_test(a_key_put_twice_is_kept_once),
		cmocka_unit_test(keys_make_room_for_a_large_one_and_none_for_one_that_never_fits),
		cmocka_unit_test(a_place_for_a_key_takes_no_protected_memory),
	};

	if (!CRYPTO_set_mem_functions(counting_malloc, plain_realloc, plain_free))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
