/* Loaded keys: see cache.h. */
#include "hsmd/core/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

struct sc_cache {
	pthread_mutex_t lock;
	struct sc_core_key **buckets;
	uint32_t bucket_count; /* a power of two */
	uint32_t capacity;
	uint32_t loaded;
	size_t memory; /* that the keys may take; 0: no limit */
	size_t used;
	struct sc_core_key *newest;
	struct sc_core_key *oldest;
};

void sc_core_key_release(struct sc_core_key *key)
{
	if (!key || atomic_fetch_sub(&key->references, 1) != 1)
		return;
	sc_material_free(&key->material);
	sc_key_blob_header_free(key->header);
	OPENSSL_free(key);
}

struct sc_cache *sc_cache_new(uint32_t capacity)
{
	struct sc_cache *cache = OPENSSL_zalloc(sizeof *cache);
	uint32_t count = 16;

	while (count < capacity && count < 1u << 24)
		count *= 2;
	/* Pointers are not secret. A million of them would fill the arena. */
	if (cache)
		cache->buckets = calloc(count, sizeof *cache->buckets);
	if (!cache || !cache->buckets) {
		OPENSSL_free(cache);
		return NULL;
	}
	cache->bucket_count = count;
	cache->capacity = capacity ? capacity : 1;
	pthread_mutex_init(&cache->lock, NULL);
	return cache;
}

void sc_cache_limit(struct sc_cache *cache, size_t memory)
{
	pthread_mutex_lock(&cache->lock);
	cache->memory = memory;
	pthread_mutex_unlock(&cache->lock);
}

static struct sc_core_key **bucket_of(const struct sc_cache *cache, const struct sc_hash *digest)
{
	uint32_t number;

	/* A digest is as good as random, so its first bytes spread the keys evenly. */
	memcpy(&number, digest->b, sizeof number);
	return &cache->buckets[number & (cache->bucket_count - 1)];
}

static struct sc_core_key *find(const struct sc_cache *cache, const struct sc_hash *digest)
{
	struct sc_core_key *key = *bucket_of(cache, digest);

	while (key && !sc_hash_equals(&key->digest, digest))
		key = key->next_in_bucket;
	return key;
}

static void unlink_age(struct sc_cache *cache, struct sc_core_key *key)
{
	*(key->newer ? &key->newer->older : &cache->newest) = key->older;
	*(key->older ? &key->older->newer : &cache->oldest) = key->newer;
	key->newer = key->older = NULL;
}

static void link_newest(struct sc_cache *cache, struct sc_core_key *key)
{
	key->older = cache->newest;
	*(cache->newest ? &cache->newest->newer : &cache->oldest) = key;
	cache->newest = key;
}

static void remove_key(struct sc_cache *cache, struct sc_core_key *key)
{
	struct sc_core_key **link = bucket_of(cache, &key->digest);

	while (*link != key)
		link = &(*link)->next_in_bucket;
	*link = key->next_in_bucket;
	unlink_age(cache, key);
	cache->loaded--;
	cache->used -= key->size;
	sc_core_key_release(key);
}

static void make_newest(struct sc_cache *cache, struct sc_core_key *key)
{
	if (cache->newest == key)
		return;
	unlink_age(cache, key);
	link_newest(cache, key);
}

static bool has_room(const struct sc_cache *cache, const struct sc_core_key *key)
{
	return cache->loaded < cache->capacity &&
	       (!cache->memory || cache->used + key->size <= cache->memory);
}

bool sc_cache_put(struct sc_cache *cache, struct sc_core_key *key)
{
	struct sc_core_key *present;
	struct sc_core_key **bucket;

	pthread_mutex_lock(&cache->lock);
	if (cache->memory && key->size > cache->memory) {
		pthread_mutex_unlock(&cache->lock);
		return false;
	}
	present = find(cache, &key->digest);
	if (present) {
		make_newest(cache, present);
	} else {
		while (!has_room(cache, key))
			remove_key(cache, cache->oldest);
		bucket = bucket_of(cache, &key->digest);
		atomic_fetch_add(&key->references, 1);
		key->next_in_bucket = *bucket;
		*bucket = key;
		link_newest(cache, key);
		cache->loaded++;
		cache->used += key->size;
	}
	pthread_mutex_unlock(&cache->lock);
	return true;
}

struct sc_core_key *sc_cache_get(struct sc_cache *cache, const struct sc_hash *digest)
{
	struct sc_core_key *key;

	pthread_mutex_lock(&cache->lock);
	key = find(cache, digest);
	if (key)
		atomic_fetch_add(&key->references, 1);
	pthread_mutex_unlock(&cache->lock);
	return key;
}

void sc_cache_renew(struct sc_cache *cache, struct sc_core_key *key)
{
	pthread_mutex_lock(&cache->lock);
	if (find(cache, &key->digest) == key)
		make_newest(cache, key);
	pthread_mutex_unlock(&cache->lock);
}

void sc_cache_count(struct sc_cache *cache, uint32_t *loaded, uint32_t *capacity)
{
	pthread_mutex_lock(&cache->lock);
	*loaded = cache->loaded;
	*capacity = cache->capacity;
	pthread_mutex_unlock(&cache->lock);
}

void sc_cache_forget(struct sc_cache *cache, const struct sc_core_key *key)
{
	struct sc_core_key *loaded;

	pthread_mutex_lock(&cache->lock);
	loaded = find(cache, &key->digest);
	if (loaded == key)
		remove_key(cache, loaded);
	pthread_mutex_unlock(&cache->lock);
}

void sc_cache_clear(struct sc_cache *cache)
{
	pthread_mutex_lock(&cache->lock);
	while (cache->oldest)
		remove_key(cache, cache->oldest);
	pthread_mutex_unlock(&cache->lock);
}

void sc_cache_free(struct sc_cache *cache)
{
	if (!cache)
		return;
	sc_cache_clear(cache);
	pthread_mutex_destroy(&cache->lock);
	free(cache->buckets);
	OPENSSL_free(cache);
}
