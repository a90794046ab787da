/*
 * Loaded keys: one bounded cache for all connections, found by the digest of their blob; the one longest unused
 * makes room. A key that is in use when it is evicted lives until that use ends.
 */
#ifndef SC_HSMD_CORE_CACHE_H
#define SC_HSMD_CORE_CACHE_H

#include <stdatomic.h>
#include <stdbool.h>

#include <openssl/evp.h>

#include "formats/key_blob.h"

struct sc_core_key {
	atomic_uint references;
	struct sc_hash digest; /* of its blob */
	struct sc_key_blob_header *header;
	struct sc_owner owner; /* the header's */
	uint32_t application;  /* enum sc_application */
	EVP_PKEY *private_key;
	/* The cache's own links. */
	struct sc_core_key *next_in_bucket;
	struct sc_core_key *newer;
	struct sc_core_key *older;
};

/* Gives up a reference; the last one frees and wipes the key. Accepts NULL. */
void sc_core_key_release(struct sc_core_key *key);
SC_CLEANUP_POINTER(sc_core_key, struct sc_core_key, sc_core_key_release)

struct sc_cache;

/* For at most `capacity` keys, at least 1. NULL when out of memory. */
struct sc_cache *sc_cache_new(uint32_t capacity);
void sc_cache_free(struct sc_cache *cache);

/* Shares a key with the cache; one of the same digest that is there already is kept instead. */
void sc_cache_put(struct sc_cache *cache, struct sc_core_key *key);

/* The key with a reference for the caller, now the latest used; NULL where it is not loaded. */
struct sc_core_key *sc_cache_get(struct sc_cache *cache, const struct sc_hash *digest);

/* How many are loaded, and how many fit. */
void sc_cache_count(struct sc_cache *cache, uint32_t *loaded, uint32_t *capacity);

/* Forgets the key that is longest unused, to save memory; false where none is loaded. */
bool sc_cache_forget_oldest(struct sc_cache *cache);

/* Forgets all: when the world changes. */
void sc_cache_clear(struct sc_cache *cache);

#endif
