/*
 * Vaults in memory: see vault_cache.h. A hash table with lists, and a list in the order of the last use. One
 * lock guards all of it and is never held while the database is read or policies are compiled.
 */
#include "vaultd/vault_cache.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "vaultd/stored_json.h"

#define BUCKETS           1024
#define TRUSTED_FOR       SC_SECOND
#define RETENTION_DEFAULT 90 /* days, as in Azure */

/* When a row was read, or found to be current: taken before the look at the store. */
struct moment {
	int64_t time;    /* sc_clock_monotonic() */
	int64_t version; /* of the store */
	uint64_t drops;  /* of the cache */
};

struct entry {
	struct sc_vaultd_vault *vault;
	size_t size;
	struct moment moment;
	LIST_ENTRY(entry) bucket;
	TAILQ_ENTRY(entry) use;
};

LIST_HEAD(bucket, entry);
TAILQ_HEAD(uses, entry);

struct sc_vaultd_cache {
	struct sc_store_vault_db *store;
	size_t bytes_max;
	pthread_mutex_t lock; /* protects everything below, and the vaults' users */
	size_t bytes;
	uint64_t drops; /* number of calls of sc_vaultd_cache_drop() */
	struct bucket bucket[BUCKETS];
	struct uses uses; /* the last used first */
};

/* -- a vault ----------------------------------------------------------------------------------- */

static void vault_free(struct sc_vaultd_vault *vault)
{
	if (!vault)
		return;
	sc_access_grants_free(vault->grants);
	sc_store_vault_row_free(&vault->row);
	free(vault);
}
SC_CLEANUP_POINTER(vault, struct sc_vaultd_vault, vault_free)

/* Takes the row. */
static sc_status compile(struct sc_store_vault_row *row, struct sc_vaultd_vault **out, struct sc_error *err)
{
	SC_CLEANUP(sc_json) properties = NULL;
	SC_CLEANUP(vault) vault = calloc(1, sizeof *vault);
	const json_t *retention;

	SC_TRY(sc_check_allocated(vault, err));
	SC_TRY(sc_vaultd_stored_json(row->properties, &properties, err));
	SC_TRY(sc_access_grants_compile(json_object_get(properties, "accessPolicies"), &vault->grants, err));
	retention = json_object_get(properties, "softDeleteRetentionInDays");
	vault->retention_days =
	    json_is_integer(retention) ? json_integer_value(retention) : RETENTION_DEFAULT;
	vault->has_purge_protection = json_is_true(json_object_get(properties, "enablePurgeProtection"));
	vault->row = sc_steal(*row);
	vault->users = 1;
	*out = sc_steal(vault);
	return SC_OK;
}

/* The lock is held. */
static void release(struct sc_vaultd_vault *vault)
{
	if (--vault->users == 0)
		vault_free(vault);
}

void sc_vaultd_vault_release(struct sc_vaultd_cache *cache, struct sc_vaultd_vault *vault)
{
	if (!vault)
		return;
	pthread_mutex_lock(&cache->lock);
	release(vault);
	pthread_mutex_unlock(&cache->lock);
}

/* -- the table, with the lock held ------------------------------------------------------------- */

/* By the name alone, which is unique: the challenge knows no tenant. FNV-1a. */
static struct bucket *bucket_of(struct sc_vaultd_cache *cache, const char *name)
{
	uint32_t hash = 2166136261;

	for (; *name; name++)
		hash = (hash ^ (uint32_t)tolower((unsigned char)*name)) * 16777619;
	return &cache->bucket[hash % BUCKETS];
}

static struct entry *find(struct sc_vaultd_cache *cache, const char *tenant, const char *name)
{
	struct entry *entry;

	LIST_FOREACH(entry, bucket_of(cache, name), bucket)
	{
		if (strcasecmp(entry->vault->row.name, name) == 0 &&
		    (!tenant || strcasecmp(entry->vault->row.tenant, tenant) == 0))
			return entry;
	}
	return NULL;
}

static void remove_entry(struct sc_vaultd_cache *cache, struct entry *entry)
{
	LIST_REMOVE(entry, bucket);
	TAILQ_REMOVE(&cache->uses, entry, use);
	cache->bytes -= entry->size;
	release(entry->vault);
	free(entry);
}

static void remove_named(struct sc_vaultd_cache *cache, const char *name)
{
	struct entry *entry;

	while ((entry = find(cache, NULL, name)))
		remove_entry(cache, entry);
}

/* Without memory for an entry the vault is used once and not kept. */
static void keep(struct sc_vaultd_cache *cache, struct sc_vaultd_vault *vault, const struct moment *moment)
{
	struct entry *entry = calloc(1, sizeof *entry);

	remove_named(cache, vault->row.name);
	if (!entry)
		return;
	vault->users++;
	entry->vault = vault;
	entry->moment = *moment;
	entry->size =
	    sizeof *entry + sizeof *vault + vault->row.memory.len + sc_access_grants_size(vault->grants);
	LIST_INSERT_HEAD(bucket_of(cache, vault->row.name), entry, bucket);
	TAILQ_INSERT_HEAD(&cache->uses, entry, use);
	cache->bytes += entry->size;
	while (cache->bytes > cache->bytes_max)
		remove_entry(cache, TAILQ_LAST(&cache->uses, uses));
}

/* -- what others call -------------------------------------------------------------------------- */

struct sc_vaultd_vault *sc_vaultd_cache_recall(struct sc_vaultd_cache *cache, const char *tenant,
					       const char *name)
{
	int64_t now = sc_clock_monotonic();
	struct sc_vaultd_vault *vault = NULL;
	struct entry *entry;

	pthread_mutex_lock(&cache->lock);
	entry = find(cache, tenant, name);
	if (entry && now - entry->moment.time < TRUSTED_FOR) {
		TAILQ_REMOVE(&cache->uses, entry, use);
		TAILQ_INSERT_HEAD(&cache->uses, entry, use);
		vault = entry->vault;
		vault->users++;
	}
	pthread_mutex_unlock(&cache->lock);
	return vault;
}

static sc_status take_moment(struct sc_vaultd_cache *cache, struct moment *out, struct sc_error *err)
{
	out->time = sc_clock_monotonic();
	pthread_mutex_lock(&cache->lock);
	out->drops = cache->drops;
	pthread_mutex_unlock(&cache->lock);
	return sc_store_vault_db_version(cache->store, &out->version, err);
}

/*
 * The vault in memory if it is current: nothing was written to the store since it was read (`row` is NULL),
 * or the row that was read is of the same revision. It is then trusted for another second.
 */
static struct sc_vaultd_vault *confirm(struct sc_vaultd_cache *cache, const char *tenant, const char *name,
				       const struct sc_store_vault_row *row, const struct moment *moment)
{
	struct sc_vaultd_vault *vault = NULL;
	struct entry *entry;

	pthread_mutex_lock(&cache->lock);
	entry = find(cache, tenant, name);
	if (entry &&
	    (row ? entry->vault->row.revision == row->revision && entry->vault->row.created == row->created
		 : entry->moment.version == moment->version)) {
		if (entry->moment.time < moment->time)
			entry->moment = *moment;
		vault = entry->vault;
		vault->users++;
	}
	pthread_mutex_unlock(&cache->lock);
	return vault;
}

static void forget(struct sc_vaultd_cache *cache, const char *tenant, const char *name)
{
	struct entry *entry;

	pthread_mutex_lock(&cache->lock);
	entry = find(cache, tenant, name);
	if (entry)
		remove_entry(cache, entry);
	pthread_mutex_unlock(&cache->lock);
}

/* Reads the row. A vault whose revision is not in memory is compiled and kept. */
static sc_status read_row(struct sc_vaultd_cache *cache, const char *tenant, const char *name,
			  const struct moment *moment, struct sc_vaultd_vault **out, struct sc_error *err)
{
	SC_CLEANUP(sc_store_vault_row) row = { 0 };
	sc_status status = sc_store_vault_find(cache->store, tenant, name, &row, err);

	if (status == SC_ERR_NOT_FOUND)
		forget(cache, tenant, name);
	SC_TRY(status);
	*out = confirm(cache, tenant, name, &row, moment);
	if (*out)
		return SC_OK;
	SC_TRY(compile(&row, out, err));
	pthread_mutex_lock(&cache->lock);
	/* What was read before a drop may be what the drop was about. */
	if (cache->drops == moment->drops)
		keep(cache, *out, moment);
	pthread_mutex_unlock(&cache->lock);
	return SC_OK;
}

sc_status sc_vaultd_cache_read(struct sc_vaultd_cache *cache, const char *tenant, const char *name,
			       struct sc_vaultd_vault **out, struct sc_error *err)
{
	struct sc_vaultd_vault *vault;
	struct moment moment = { 0 };

	SC_TRY(take_moment(cache, &moment, err));
	vault = confirm(cache, tenant, name, NULL, &moment);
	if (!vault)
		SC_TRY(read_row(cache, tenant, name, &moment, &vault, err));
	*out = vault;
	return SC_OK;
}

void sc_vaultd_cache_drop(struct sc_vaultd_cache *cache, const char *name)
{
	pthread_mutex_lock(&cache->lock);
	cache->drops++;
	remove_named(cache, name);
	pthread_mutex_unlock(&cache->lock);
}

sc_status sc_vaultd_cache_new(struct sc_store_vault_db *store, size_t bytes, struct sc_vaultd_cache **out,
			      struct sc_error *err)
{
	struct sc_vaultd_cache *cache = calloc(1, sizeof *cache);

	SC_TRY(sc_check_allocated(cache, err));
	cache->store = store;
	cache->bytes_max = bytes;
	pthread_mutex_init(&cache->lock, NULL);
	TAILQ_INIT(&cache->uses);
	*out = cache;
	return SC_OK;
}

void sc_vaultd_cache_free(struct sc_vaultd_cache *cache)
{
	struct entry *entry;

	if (!cache)
		return;
	while ((entry = TAILQ_FIRST(&cache->uses)))
		remove_entry(cache, entry);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}
