/* A vault's store with sample contents, for tests of what it promises. */
#ifndef SAMPLE_VAULT_H
#define SAMPLE_VAULT_H

#include "store/vault_store.h"

#define TENANT             "11111111-1111-1111-1111-aaaaaaaaaaaa"
#define OTHER_TENANT       "22222222-2222-2222-2222-bbbbbbbbbbbb"
#define SUBSCRIPTION       "33333333-3333-3333-3333-cccccccccccc"
#define OTHER_SUBSCRIPTION "44444444-4444-4444-4444-dddddddddddd"

/*
 * Opens the store at `path` and adds both tenants, each with a subscription and a group "Acceptance". TENANT
 * has the vaults "Contoso" and "Second"; OTHER_TENANT has "Foreign". Aborts on failure.
 */
struct sc_store_vault_db *sample_vault_store(const char *path);

/* Rows of that store. */
struct sc_store_vault_row sample_vault(const char *tenant, const char *name);
struct sc_store_key_row sample_key(const char *vault, const char *name, unsigned number);

/*
 * The text of a version: its number in 32 digits. The fourth call after this one on the same thread
 * overwrites it.
 */
const char *sample_version(unsigned number);

/* The claim of package `number`, imported in Europe. */
struct sc_store_package_claim sample_claim(unsigned number);

/* Imports key `number` as a version of vault/name from package `package`. */
sc_status sample_import(struct sc_store_vault_db *store, const char *vault, const char *name, unsigned number,
			unsigned package, char version[SC_KEY_VERSION_SIZE], struct sc_error *err);

#endif
