/*
 * What vaultd stores: tenants, subscriptions, resource groups, vaults, keys, and which transfer packages have
 * been imported. Rows and functions, no SQL: the engine behind them may change.
 *
 * When a function that writes returns SC_OK, the change is on disk (rule P2). Otherwise nobody sees any part
 * of the change, and the store carries on:
 *
 *   SC_ERR_NOT_DURABLE  The change could not be written: the disk is full, or a sync failed. Once there is
 *                       space again, writes succeed without a restart. After a failed sync every write is
 *                       refused until a restart. If the process ends before the next write, the change may
 *                       turn out to have been written in full.
 *   SC_ERR_BUSY         Another process locked the database for too long, or the row has changed since it was
 *                       read. From a look-up: no connection for reading became free within 5 seconds.
 *   SC_ERR_TOO_LARGE    A name or text to write exceeds its limit.
 *   SC_ERR_NOT_FOUND, SC_ERR_EXISTS, SC_ERR_INTEGRITY, SC_ERR_SYSTEM, SC_ERR_MEMORY
 *
 * Writing waits for the disk and belongs on a worker thread; look-ups are short. Any thread may call.
 *
 * Names and ids are compared without the case of ASCII letters, as the service does. GUIDs and versions come
 * back in lower case, everything else as it was written. Every look-up has the tenant in its key, so that an
 * absent row and another tenant's row give the same answer (rule P6).
 *
 * A row that was read owns its `memory`, into which its texts and views point. Release it with its _free
 * function or SC_CLEANUP. For a row to write, the caller sets the pointers and leaves `memory` empty.
 */
#ifndef SC_STORE_VAULT_STORE_H
#define SC_STORE_VAULT_STORE_H

#include "base/digest.h"
#include "formats/vault_name.h"

/* The longest id or name, and the longest text of a JSON column, in bytes. */
#define SC_STORE_NAME_MAX 256
#define SC_STORE_TEXT_MAX 262144

struct sc_store_vault_db;

/*
 * Opens the database, creates it if it is missing (mode 0600, in an existing directory), and upgrades its
 * schema to this program's. SC_ERR_FORMAT for another program's database or a newer schema, SC_ERR_INTEGRITY
 * for a file that is not a database. The caller closes *out, when no other thread uses it any more.
 */
sc_status sc_store_vault_db_open(const char *path, struct sc_store_vault_db **out,
				 struct sc_error *err) SC_WARN_UNUSED;
void sc_store_vault_db_close(struct sc_store_vault_db *store);
SC_CLEANUP_POINTER(sc_store_vault_db, struct sc_store_vault_db, sc_store_vault_db_close)

/*
 * A number that differs from an earlier one if anything was committed since, by another process or by this
 * one. It means nothing in itself, and nothing to another process. It serves a cache: ask before you read a
 * row, keep the number with the row, and the row is current while the number stays the same. If it differs,
 * read the vault again: its `revision` says whether it has changed. The call reads shared memory and not the
 * file, in some 4 microseconds. It waits neither for a writer nor for a connection that reads rows.
 */
sc_status sc_store_vault_db_version(struct sc_store_vault_db *store, int64_t *out,
				    struct sc_error *err) SC_WARN_UNUSED;

/* -- tenants and subscriptions ----------------------------------------------------------------- */

struct sc_store_tenant_row {
	const char *id;   /* GUID */
	const char *name; /* unique */
	struct sc_bytes memory;
};
void sc_store_tenant_row_free(struct sc_store_tenant_row *row);
SC_CLEANUP_VALUE(sc_store_tenant_row, sc_store_tenant_row_free)

sc_status sc_store_tenant_find(struct sc_store_vault_db *store, const char *id,
			       struct sc_store_tenant_row *out, struct sc_error *err) SC_WARN_UNUSED;

struct sc_store_subscription_row {
	const char *id; /* GUID, unique across all tenants */
	const char *tenant;
	const char *name;
	struct sc_bytes memory;
};
void sc_store_subscription_row_free(struct sc_store_subscription_row *row);
SC_CLEANUP_VALUE(sc_store_subscription_row, sc_store_subscription_row_free)

sc_status sc_store_subscription_find(struct sc_store_vault_db *store, const char *tenant, const char *id,
				     struct sc_store_subscription_row *out,
				     struct sc_error *err) SC_WARN_UNUSED;

/* Who may change the resources of a tenant: a principal, which is an issuer and an object id. */
struct sc_store_administrator_row {
	const char *tenant;
	const char *issuer; /* compared exactly */
	const char *oid;    /* GUID */
};
sc_status sc_store_administrator_exists(struct sc_store_vault_db *store,
					const struct sc_store_administrator_row *row, bool *exists,
					struct sc_error *err) SC_WARN_UNUSED;

/* A tenant and what it starts with. */
struct sc_store_tenant_start_row {
	const char *id;
	const char *name;
	const char *subscription; /* its id */
	const char *subscription_name;
	const char *issuer; /* the administrator's */
	const char *oid;
	struct sc_bytes memory;
};
void sc_store_tenant_start_row_free(struct sc_store_tenant_start_row *row);
SC_CLEANUP_VALUE(sc_store_tenant_start_row, sc_store_tenant_start_row_free)

/*
 * Adds a tenant with its first subscription and administrator, all or none; *out is what is stored. If there
 * is a tenant of that name, nothing is written, and *out is what that tenant started with: so a set-up that
 * was interrupted, before the sign-in service knew the tenant, can be completed. SC_ERR_EXISTS if an id is
 * taken.
 */
sc_status sc_store_tenant_start(struct sc_store_vault_db *store, const struct sc_store_tenant_start_row *row,
				struct sc_store_tenant_start_row *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Lists: call `visit` for each row, in the order of names (subscriptions: of ids). The row is valid during
 * the call. A status other than SC_OK ends the list and is returned. `visit` must not call the store. Pages:
 * at most `max` rows after the name `after`; NULL starts at the first row.
 */
typedef sc_status (*sc_store_subscription_visit)(void *context, const struct sc_store_subscription_row *row,
						 struct sc_error *err);
sc_status sc_store_subscription_list(struct sc_store_vault_db *store, const char *tenant,
				     sc_store_subscription_visit visit, void *context,
				     struct sc_error *err) SC_WARN_UNUSED;

/* -- resource groups --------------------------------------------------------------------------- */

struct sc_store_group_row {
	const char *tenant;
	const char *subscription;
	const char *name; /* unique within its subscription */
	const char *location;
	const char *tags; /* JSON */
	int64_t created;  /* seconds since 1970, like all times here */
	struct sc_bytes memory;
};
void sc_store_group_row_free(struct sc_store_group_row *row);
SC_CLEANUP_VALUE(sc_store_group_row, sc_store_group_row_free)

/*
 * Creates the group (*is_new), or sets the tags, and nothing else, of the group that exists. SC_ERR_NOT_FOUND
 * if the subscription does not exist or is another tenant's.
 */
sc_status sc_store_group_put(struct sc_store_vault_db *store, const struct sc_store_group_row *row,
			     bool *is_new, struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_store_group_find(struct sc_store_vault_db *store, const char *tenant, const char *subscription,
			      const char *name, struct sc_store_group_row *out,
			      struct sc_error *err) SC_WARN_UNUSED;

typedef sc_status (*sc_store_group_visit)(void *context, const struct sc_store_group_row *row,
					  struct sc_error *err);
sc_status sc_store_group_list(struct sc_store_vault_db *store, const char *tenant, const char *subscription,
			      const char *after, uint32_t max, sc_store_group_visit visit, void *context,
			      struct sc_error *err) SC_WARN_UNUSED;

/* -- vaults ------------------------------------------------------------------------------------ */

struct sc_store_vault_row {
	const char *tenant;
	const char *subscription;
	const char *group;
	const char *name; /* unique across all tenants: it is a host name */
	const char *location;
	const char *region; /* code, "EU" */
	const char *sku;
	const char *properties; /* JSON: access policies and all else that clients may change */
	const char *tags;       /* JSON */
	int64_t created;
	int64_t updated;
	int64_t revision; /* 1, and one more with every change of the row: set by the store */
	struct sc_bytes memory;
};
void sc_store_vault_row_free(struct sc_store_vault_row *row);
SC_CLEANUP_VALUE(sc_store_vault_row, sc_store_vault_row_free)

/* SC_ERR_EXISTS if any tenant has a vault of that name; SC_ERR_NOT_FOUND if its group does not exist. */
sc_status sc_store_vault_add(struct sc_store_vault_db *store, const struct sc_store_vault_row *row,
			     struct sc_error *err) SC_WARN_UNUSED;

/*
 * Writes sku, properties, tags and `updated` of a row that was read, if its revision is still row->revision.
 * Otherwise SC_ERR_BUSY: read it again.
 */
sc_status sc_store_vault_update(struct sc_store_vault_db *store, const struct sc_store_vault_row *row,
				struct sc_error *err) SC_WARN_UNUSED;

/* For the keys API, which knows a vault by its host name and the caller's tenant. */
sc_status sc_store_vault_find(struct sc_store_vault_db *store, const char *tenant, const char *name,
			      struct sc_store_vault_row *out, struct sc_error *err) SC_WARN_UNUSED;

/* For the Resource Manager: the vault of that name in exactly that group. */
sc_status sc_store_vault_find_in(struct sc_store_vault_db *store, const char *tenant,
				 const char *subscription, const char *group, const char *name,
				 struct sc_store_vault_row *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * The tenant that a vault belongs to. This is the only look-up without a tenant; it serves the challenge to a
 * caller who has not signed in yet, and the check whether a name is free.
 */
sc_status sc_store_vault_tenant(struct sc_store_vault_db *store, const char *name,
				struct sc_store_tenant_row *out, struct sc_error *err) SC_WARN_UNUSED;

/* Lists a whole subscription if `group` is NULL. */
typedef sc_status (*sc_store_vault_visit)(void *context, const struct sc_store_vault_row *row,
					  struct sc_error *err);
sc_status sc_store_vault_list(struct sc_store_vault_db *store, const char *tenant, const char *subscription,
			      const char *group, const char *after, uint32_t max, sc_store_vault_visit visit,
			      void *context, struct sc_error *err) SC_WARN_UNUSED;

/* -- keys -------------------------------------------------------------------------------------- */

#define SC_STORE_NO_TIME INT64_MIN /* a not_before or expires that is not set */

/*
 * One version of a key. Vault, name and version come back exactly as they were written, because the owner
 * sealed in the blob contains them in that form. So the versions of one key may spell its name differently;
 * display_name, which users see, is the same for all of them.
 */
struct sc_store_key_row {
	const char *tenant;
	const char *vault;
	const char *name;
	const char *display_name; /* the name as the key's first version spells it: set by the store */
	const char *version;      /* 32 hexadecimal digits, in lower case */
	const char *kty;          /* "RSA-HSM" */
	struct sc_view blob;      /* sealed by the module */
	struct sc_hash
	    blob_digest;        /* SHA-256 of the blob, by which the module finds the key: set by the store */
	const char *jwk;        /* the public members of its JWK (RFC 7518 section 6), a JSON object */
	struct sc_view receipt; /* rule F7 */
	bool enabled;
	int64_t not_before;
	int64_t expires;
	int64_t created;
	int64_t updated;
	const char *key_ops; /* JSON array */
	const char *tags;    /* JSON */
	int64_t revision;    /* as a vault's */
	struct sc_bytes memory;
};
void sc_store_key_row_free(struct sc_store_key_row *row);
SC_CLEANUP_VALUE(sc_store_key_row, sc_store_key_row_free)

/* The transfer package in which a key arrived. */
struct sc_store_package_claim {
	const char *region;    /* code; a package id is unique within a region */
	struct sc_view id;     /* SC_PACKAGE_ID_SIZE bytes */
	struct sc_hash digest; /* SHA-256 of the whole package file */
};

/*
 * The rule of one import (F4). Writes the key version and its package's id together, or neither, so that of
 * two imports of one package exactly one writes. The first version of a name makes the key. `row` needs
 * nothing that the store sets.
 *
 *   SC_OK                 *out is the package's key version as it is stored. It is `row`, written now, or,
 *                         if the same file was imported into the same vault and name before, that earlier
 *                         version.
 *   SC_ERR_PACKAGE_TAKEN  The tenant has imported the package elsewhere, or another file with its id, or its
 *                         key has been purged (a package's id outlives its key). The message does not say
 *                         where. A retry cannot succeed.
 *   SC_ERR_TRANSFER_REFUSED  Another tenant has imported the package. The message does not say so.
 *   SC_ERR_EXISTS         The key already has a version row->version. The package is still free: the caller
 *                         can retry with another random version, which the module seals in another blob.
 *   SC_ERR_NOT_FOUND      The vault does not exist.
 *   SC_ERR_ARGUMENT       The version or the package's id does not have its length.
 */
sc_status sc_store_key_import(struct sc_store_vault_db *store, const struct sc_store_key_row *row,
			      const struct sc_store_package_claim *claim, struct sc_store_key_row *out,
			      struct sc_error *err) SC_WARN_UNUSED;

/*
 * The same check without writing, to spare the module a pointless import. SC_OK (with the earlier version in
 * *out), SC_ERR_PACKAGE_TAKEN and SC_ERR_ARGUMENT as above; SC_ERR_NOT_FOUND if this tenant has not imported
 * the package yet. No module has opened it yet, so nothing is said about other tenants' packages.
 */
sc_status sc_store_package_find(struct sc_store_vault_db *store, const char *tenant, const char *vault,
				const char *name, const struct sc_store_package_claim *claim,
				struct sc_store_key_row *out, struct sc_error *err) SC_WARN_UNUSED;

/* One version of a key, or the newest if `version` is NULL or "". */
sc_status sc_store_key_find(struct sc_store_vault_db *store, const char *tenant, const char *vault,
			    const char *name, const char *version, struct sc_store_key_row *out,
			    struct sc_error *err) SC_WARN_UNUSED;

/*
 * Writes what clients may change: enabled, not_before, expires, key_ops, tags and `updated`, if the row's
 * revision is still row->revision. Otherwise SC_ERR_BUSY: read it again.
 */
sc_status sc_store_key_update(struct sc_store_vault_db *store, const struct sc_store_key_row *row,
			      struct sc_error *err) SC_WARN_UNUSED;

#endif
