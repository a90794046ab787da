/*
 * Loaded keys: one bounded cache for all connections, indexed by the digest of the key's blob. It has a limit
 * on keys and one on their memory. A key that exceeds either evicts the least recently used ones, and nothing
 * else evicts any (M12). An evicted key that is in use lives until that use ends.
 */
#ifndef SC_HSMD_CORE_CACHE_H
#define SC_HSMD_CORE_CACHE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "formats/key_blob.h"
#include "hsmd/core/material.h"

/*
 * What libcrypto adds to a loaded key at its first use (blinding, Montgomery's form of the moduli): at most
 * so many times the length of the key's results. Measured with RSA of 2048 to 4096 bits: 14 to 17.
 */
#define SC_CORE_KEY_USE 20

struct sc_core_key {
	atomic_uint references;
	struct sc_hash digest; /* of its blob */
	struct sc_key_blob_header *header;
	struct sc_owner owner; /* copied from the header */
	uint32_t application;  /* enum sc_application */
	struct sc_material material;
	size_t size;       /* bytes of memory */
	uint64_t failures; /* of allocations in the process, before this key was loaded: see private_use.h */
	/* Links of the cache. */
	struct sc_core_key *next_in_bucket;
	struct sc_core_key *newer;
	struct sc_core_key *older;
};

/* Gives up a reference. The last one frees and wipes the key. Accepts NULL. */
void sc_core_key_release(struct sc_core_key *key);
SC_CLEANUP_POINTER(sc_core_key, struct sc_core_key, sc_core_key_release)

struct sc_cache;

/* A cache for at most `capacity` keys (at least 1). NULL when out of memory. */
struct sc_cache *sc_cache_new(uint32_t capacity);
void sc_cache_free(struct sc_cache *cache);

/*
 * Limits the bytes that keys loaded from now on take together with those that are; 0, as at first: no limit.
 */
void sc_cache_limit(struct sc_cache *cache, size_t memory);

/*
 * Shares a key with the cache. If a key with the same digest is already loaded, that one is kept instead.
 * False if the key alone exceeds the limit on memory: nothing is evicted then.
 */
bool sc_cache_put(struct sc_cache *cache, struct sc_core_key *key) SC_WARN_UNUSED;

/* The key, with a reference for the caller. NULL if it is not loaded. Its age is as before. */
struct sc_core_key *sc_cache_get(struct sc_cache *cache, const struct sc_hash *digest);

/* Makes the key the most recently used, if it is still loaded: for a use that is permitted. */
void sc_cache_renew(struct sc_cache *cache, struct sc_core_key *key);

/* How many keys are loaded, and how many fit. */
void sc_cache_count(struct sc_cache *cache, uint32_t *loaded, uint32_t *capacity);

/* Evicts this key, if it is still loaded, so that its next use loads it again. */
void sc_cache_forget(struct sc_cache *cache, const struct sc_core_key *key);

/* Evicts all keys: for when the world changes. */
void sc_cache_clear(struct sc_cache *cache);

#endif
