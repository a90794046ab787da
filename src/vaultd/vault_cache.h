/*
 * The vaults that calls are about, in memory: the row, what its properties say, and its access policies
 * compiled. So a call begins on its HTTP thread without a look at the database.
 *
 * What this process changes is obeyed from the next request on: sc_vaultd_cache_drop() comes before the
 * answer. What another process changes is noticed within a second, because an entry is used for one second
 * after it was read. Then a worker asks the store whether anything was written since, and reads the row again
 * if so. What was compiled is kept as long as the revision is the same.
 */
#ifndef SC_VAULTD_VAULT_CACHE_H
#define SC_VAULTD_VAULT_CACHE_H

#include "formats/guid.h"
#include "store/vault_store.h"
#include "vaultd/access/access_grants.h"

#define SC_VAULTD_CACHE_BYTES ((size_t)64 << 20) /* of rows and grants; the vault unused longest goes first */

/* A vault as it was at one revision. Shared and read-only. */
struct sc_vaultd_vault {
	struct sc_store_vault_row row;
	struct sc_access_grants *grants; /* its access policies */
	int64_t retention_days;          /* how long a deleted key could be recovered */
	bool has_purge_protection;
	unsigned users; /* protected by the cache's lock */
};

struct sc_vaultd_cache;

/* The store is borrowed. The caller frees *out when nothing uses it or its vaults any more. SC_ERR_MEMORY. */
sc_status sc_vaultd_cache_new(struct sc_store_vault_db *store, size_t bytes, struct sc_vaultd_cache **out,
			      struct sc_error *err) SC_WARN_UNUSED;
void sc_vaultd_cache_free(struct sc_vaultd_cache *cache); /* NULL is allowed */
SC_CLEANUP_POINTER(sc_vaultd_cache, struct sc_vaultd_cache, sc_vaultd_cache_free)

/*
 * The tenant's vault of that name, from memory; never waits for the database. NULL if it must be read.
 * Another tenant's vault is like an absent one (rule P6). `tenant` is NULL only for the challenge to a caller
 * without a token, which names the tenant that the vault belongs to. The caller releases the vault.
 */
struct sc_vaultd_vault *sc_vaultd_cache_recall(struct sc_vaultd_cache *cache, const char *tenant,
					       const char *name);

/*
 * The same from the database, and keeps it. Waits: worker threads only. SC_ERR_NOT_FOUND; SC_ERR_INTEGRITY
 * for a damaged row; the store's errors.
 */
sc_status sc_vaultd_cache_read(struct sc_vaultd_cache *cache, const char *tenant, const char *name,
			       struct sc_vaultd_vault **out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Forgets a vault. For the thread that wrote to its row, whatever came of it, before the answer: no later
 * request sees what was in memory before, nor what another thread is reading at this moment.
 */
void sc_vaultd_cache_drop(struct sc_vaultd_cache *cache, const char *name);

void sc_vaultd_vault_release(struct sc_vaultd_cache *cache, struct sc_vaultd_vault *vault);

#endif
