/*
 * The tables of vaultd, and how they are opened. Columns named …_key hold a name folded for comparison; the
 * name as it was written is next to it. Every table below tenants has the tenant in its keys, so that no row
 * can refer to another tenant's (rule P6).
 *
 * keys has one row per key: the first spelling of its name, and whatever else belongs to a key and not to one
 * of its versions. Each version (key_versions) has vault and name as they were written with it, because the
 * owner sealed in its blob contains them in that form.
 *
 * packages holds the ids of imported transfer packages (rule F4). It refers to the key by value, not by a
 * foreign key, because the row remains, as a tombstone, when the key is purged.
 */
#include "store/vault_db.h"

#include <stdlib.h>

#define APPLICATION_ID 0x53437631 /* "SCv1" */
#define FIRST_VERSION  2          /* version 1 was never released, and had other tables */

static const char *const steps[] = {
	"CREATE TABLE tenants ("
	"  id TEXT NOT NULL PRIMARY KEY, name_key TEXT NOT NULL UNIQUE, name TEXT NOT NULL) STRICT;"

	"CREATE TABLE administrators ("
	"  tenant TEXT NOT NULL REFERENCES tenants (id), issuer TEXT NOT NULL, oid TEXT NOT NULL,"
	"  PRIMARY KEY (tenant, issuer, oid)) STRICT;"

	"CREATE TABLE subscriptions ("
	"  id TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL REFERENCES tenants (id), name TEXT NOT NULL,"
	"  UNIQUE (tenant, id)) STRICT;"

	"CREATE TABLE resource_groups ("
	"  tenant TEXT NOT NULL, subscription TEXT NOT NULL, name_key TEXT NOT NULL, name TEXT NOT NULL,"
	"  location TEXT NOT NULL, tags TEXT NOT NULL, created INTEGER NOT NULL,"
	"  PRIMARY KEY (tenant, subscription, name_key),"
	"  FOREIGN KEY (tenant, subscription) REFERENCES subscriptions (tenant, id)) STRICT;"

	"CREATE TABLE vaults ("
	"  name_key TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, subscription TEXT NOT NULL,"
	"  group_key TEXT NOT NULL, group_name TEXT NOT NULL, name TEXT NOT NULL, location TEXT NOT NULL,"
	"  region TEXT NOT NULL, sku TEXT NOT NULL, properties TEXT NOT NULL, tags TEXT NOT NULL,"
	"  created INTEGER NOT NULL, updated INTEGER NOT NULL, revision INTEGER NOT NULL,"
	"  UNIQUE (tenant, name_key),"
	"  FOREIGN KEY (tenant, subscription, group_key)"
	"    REFERENCES resource_groups (tenant, subscription, name_key)) STRICT;"
	"CREATE INDEX vaults_of_group ON vaults (tenant, subscription, group_key, name_key);"

	"CREATE TABLE keys ("
	"  tenant TEXT NOT NULL, vault_key TEXT NOT NULL, name_key TEXT NOT NULL, name TEXT NOT NULL,"
	"  PRIMARY KEY (tenant, vault_key, name_key),"
	"  FOREIGN KEY (tenant, vault_key) REFERENCES vaults (tenant, name_key)) STRICT;"

	"CREATE TABLE key_versions ("
	"  tenant TEXT NOT NULL, vault_key TEXT NOT NULL, name_key TEXT NOT NULL, version TEXT NOT NULL,"
	"  serial INTEGER NOT NULL, vault TEXT NOT NULL, name TEXT NOT NULL, kty TEXT NOT NULL,"
	"  blob BLOB NOT NULL, blob_digest BLOB NOT NULL CHECK (length(blob_digest) = 32),"
	"  jwk TEXT NOT NULL, receipt BLOB NOT NULL, enabled INTEGER NOT NULL,"
	"  not_before INTEGER, expires INTEGER, created INTEGER NOT NULL, updated INTEGER NOT NULL,"
	"  key_ops TEXT NOT NULL, tags TEXT NOT NULL, revision INTEGER NOT NULL,"
	"  PRIMARY KEY (tenant, vault_key, name_key, version),"
	"  UNIQUE (tenant, vault_key, name_key, serial),"
	"  FOREIGN KEY (tenant, vault_key, name_key) REFERENCES keys (tenant, vault_key, name_key)) STRICT;"

	"CREATE TABLE packages ("
	"  region TEXT NOT NULL, package_id BLOB NOT NULL, digest BLOB NOT NULL, tenant TEXT NOT NULL,"
	"  vault_key TEXT NOT NULL, name_key TEXT NOT NULL, version TEXT NOT NULL,"
	"  PRIMARY KEY (region, package_id)) STRICT;",
};

static const struct sc_db_schema schema = {
	.owner = "vaultd",
	.maker = "safeconduct init",
	.application_id = APPLICATION_ID,
	.first_version = FIRST_VERSION,
	.steps = steps,
	.step_count = SC_DB_COUNT(steps),
};

sc_status sc_store_vault_db_open(const char *path, struct sc_store_vault_db **out, struct sc_error *err)
{
	SC_CLEANUP(sc_store_vault_db) store = calloc(1, sizeof *store);

	SC_ENSURE(store, err, SC_ERR_MEMORY, "out of memory for a database");
	SC_TRY(sc_db_open(path, &schema, &store->db, err));
	*out = sc_steal(store);
	return SC_OK;
}

void sc_store_vault_db_close(struct sc_store_vault_db *store)
{
	if (!store)
		return;
	sc_db_close(store->db);
	free(store);
}

sc_status sc_store_vault_db_version(struct sc_store_vault_db *store, int64_t *out, struct sc_error *err)
{
	return sc_db_version(store->db, out, err);
}
