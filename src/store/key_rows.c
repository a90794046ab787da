/*
 * Keys and the rule of one import (F4): see vault_store.h. The package's id is inserted first. If it is
 * taken, the existing row decides. If not, the key follows in the same transaction. The engine's own
 * uniqueness thus decides a race, not an earlier query.
 */
#include "store/vault_db.h"

#include <string.h>

#include "formats/transfer_package.h"

#define COLUMNS                                                                                              \
	"tenant, vault, name, version, kty, blob, spki, receipt, enabled, not_before, expires, created, "    \
	"updated,"                                                                                           \
	" key_ops, tags, revision"

static const char key_add[] =
    "INSERT INTO key_versions (" COLUMNS ", vault_key, name_key, serial)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, 1, ?16, ?17,"
    " (SELECT coalesce(max(serial), 0) + 1 FROM key_versions"
    "   WHERE tenant = ?1 AND vault_key = ?16 AND name_key = ?17))";

static const char key_update[] = "UPDATE key_versions SET enabled = ?6, not_before = ?7, expires = ?8,"
				 " key_ops = ?9, tags = ?10, updated = ?11, revision = revision + 1"
				 " WHERE tenant = ?1 AND vault_key = ?2 AND name_key = ?3 AND version = ?4"
				 " AND revision = ?5";

static const char key_find[] = "SELECT " COLUMNS " FROM key_versions WHERE tenant = ?1 AND vault_key = ?2"
			       " AND name_key = ?3 AND version = ?4";

static const char key_newest[] = "SELECT " COLUMNS " FROM key_versions WHERE tenant = ?1 AND vault_key = ?2"
				 " AND name_key = ?3 ORDER BY serial DESC LIMIT 1";

static const char package_add[] =
    "INSERT INTO packages (region, package_id, digest, tenant, vault_key, name_key, version)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";

/* The place of the import, whether it is the one asked for, and whether the key still exists. */
static const char package_find[] =
    "SELECT packages.version, packages.digest,"
    " packages.tenant = ?3 AND packages.vault_key = ?4 AND packages.name_key = ?5,"
    " key_versions.version IS NOT NULL"
    " FROM packages LEFT JOIN key_versions ON key_versions.tenant = packages.tenant"
    " AND key_versions.vault_key = packages.vault_key AND key_versions.name_key = packages.name_key"
    " AND key_versions.version = packages.version"
    " WHERE packages.region = ?1 AND packages.package_id = ?2";

/* -- rows -------------------------------------------------------------------------------------- */

void sc_store_key_row_free(struct sc_store_key_row *row)
{
	sc_bytes_free(&row->memory);
	*row = (struct sc_store_key_row){ 0 };
}

static int64_t time_of(const struct sc_db_row *row, unsigned column)
{
	return row->column[column].is_null ? SC_STORE_NO_TIME : row->column[column].integer;
}

static void fill_key(void *out, struct sc_db_row *row)
{
	*(struct sc_store_key_row *)out = (struct sc_store_key_row){
		.tenant = sc_db_row_text(row, 0),
		.vault = sc_db_row_text(row, 1),
		.name = sc_db_row_text(row, 2),
		.version = sc_db_row_text(row, 3),
		.kty = sc_db_row_text(row, 4),
		.blob = row->column[5].view,
		.spki = row->column[6].view,
		.receipt = row->column[7].view,
		.enabled = row->column[8].integer != 0,
		.not_before = time_of(row, 9),
		.expires = time_of(row, 10),
		.created = row->column[11].integer,
		.updated = row->column[12].integer,
		.key_ops = sc_db_row_text(row, 13),
		.tags = sc_db_row_text(row, 14),
		.revision = row->column[15].integer,
		.memory = sc_steal(row->memory),
	};
}

/* -- packages ---------------------------------------------------------------------------------- */

/* What is known about a package's id, as seen from one place (tenant, vault and key name). */
struct package {
	char version[SC_KEY_VERSION_SIZE];
	struct sc_hash digest;
	bool is_same_place;
	bool has_key;
};

static void fill_package(void *out, struct sc_db_row *row)
{
	struct package *package = out;
	struct sc_view version = row->column[0].view;
	struct sc_view digest = row->column[1].view;

	if (version.len < sizeof package->version)
		memcpy(package->version, version.data, version.len);
	if (digest.len == sizeof package->digest.b)
		memcpy(package->digest.b, digest.data, digest.len);
	package->is_same_place = row->column[2].integer != 0;
	package->has_key = row->column[3].integer != 0;
}

/* Rule F4. The messages do not name the place, which may be another tenant's (P6). */
static sc_status judge(const struct package *package, const struct sc_store_package_claim *claim,
		       char version[SC_KEY_VERSION_SIZE], struct sc_error *err)
{
	SC_ENSURE(sc_hash_equals(&package->digest, &claim->digest), err, SC_ERR_EXISTS,
		  "another file with this package's id has already been imported");
	SC_ENSURE(
	    package->is_same_place, err, SC_ERR_EXISTS,
	    "the package has already been imported elsewhere: make a new one (KeyTransferRemote -Package)");
	SC_ENSURE(package->has_key, err, SC_ERR_EXISTS,
		  "the key of this package has been purged: make a new package (KeyTransferRemote -Package)");
	memcpy(version, package->version, SC_KEY_VERSION_SIZE);
	return SC_OK;
}

static sc_status check_claim(const struct sc_store_package_claim *claim, struct sc_error *err)
{
	SC_ENSURE(claim->id.len == SC_PACKAGE_ID_SIZE, err, SC_ERR_ARGUMENT,
		  "a package's id must be %d bytes long", SC_PACKAGE_ID_SIZE);
	return SC_OK;
}

static sc_status claim_package(struct sc_db_transaction *transaction, const struct sc_store_key_row *row,
			       const struct sc_store_package_claim *claim, int64_t *added,
			       struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(claim->region),
					      sc_db_bytes(claim->id),
					      sc_db_bytes(sc_hash_view(&claim->digest)),
					      sc_db_folded(row->tenant),
					      sc_db_folded(row->vault),
					      sc_db_folded(row->name),
					      sc_db_folded(row->version) };

	return sc_db_run(transaction, package_add, values, SC_DB_COUNT(values), added, err);
}

static sc_status answer_earlier(struct sc_db_transaction *transaction, const struct sc_store_key_row *row,
				const struct sc_store_package_claim *claim, char version[SC_KEY_VERSION_SIZE],
				struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(claim->region), sc_db_bytes(claim->id),
					      sc_db_folded(row->tenant), sc_db_folded(row->vault),
					      sc_db_folded(row->name) };
	struct package package = { 0 };

	SC_TRY(sc_db_find_in(transaction, package_find, values, SC_DB_COUNT(values), fill_package, &package,
			     err));
	return judge(&package, claim, version, err);
}

sc_status sc_store_package_find(struct sc_store_vault_db *store, const char *tenant, const char *vault,
				const char *name, const struct sc_store_package_claim *claim,
				char version[SC_KEY_VERSION_SIZE], struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(claim->region), sc_db_bytes(claim->id),
					      sc_db_folded(tenant), sc_db_folded(vault), sc_db_folded(name) };
	struct package package = { 0 };

	SC_TRY(check_claim(claim, err));
	SC_TRY(sc_db_find(store->db, package_find, values, SC_DB_COUNT(values), fill_package, &package, err));
	return judge(&package, claim, version, err);
}

/* -- keys -------------------------------------------------------------------------------------- */

static sc_status add_key(struct sc_db_transaction *transaction, const struct sc_store_key_row *row,
			 struct sc_error *err)
{
	const struct sc_db_value values[] = {
		sc_db_folded(row->tenant),
		sc_db_text(row->vault),
		sc_db_text(row->name),
		sc_db_folded(row->version),
		sc_db_text(row->kty),
		sc_db_bytes(row->blob),
		sc_db_bytes(row->spki),
		sc_db_bytes(row->receipt),
		sc_db_integer(row->enabled),
		sc_db_integer_or_null(row->not_before, SC_STORE_NO_TIME),
		sc_db_integer_or_null(row->expires, SC_STORE_NO_TIME),
		sc_db_integer(row->created),
		sc_db_integer(row->updated),
		sc_db_text(row->key_ops),
		sc_db_text(row->tags),
		sc_db_folded(row->vault),
		sc_db_folded(row->name),
	};

	return sc_db_run(transaction, key_add, values, SC_DB_COUNT(values), NULL, err);
}

static bool is_version(const char *version)
{
	uint8_t ignored[(SC_KEY_VERSION_SIZE - 1) / 2];

	return sc_hex_read(version, ignored, sizeof ignored);
}

sc_status sc_store_key_import(struct sc_store_vault_db *store, const struct sc_store_key_row *row,
			      const struct sc_store_package_claim *claim, char version[SC_KEY_VERSION_SIZE],
			      struct sc_error *err)
{
	SC_CLEANUP(sc_db_transaction) transaction = SC_DB_NO_TRANSACTION;
	int64_t added = 0;

	SC_TRY(check_claim(claim, err));
	SC_ENSURE(is_version(row->version), err, SC_ERR_ARGUMENT,
		  "a key's version must be %d hexadecimal digits", SC_KEY_VERSION_SIZE - 1);
	SC_TRY(sc_db_begin(store->db, &transaction, err));
	SC_TRY(claim_package(&transaction, row, claim, &added, err));
	if (!added)
		return answer_earlier(&transaction, row, claim, version, err);
	SC_TRY(add_key(&transaction, row, err));
	SC_TRY(sc_db_commit(&transaction, err));
	memcpy(version, row->version, SC_KEY_VERSION_SIZE);
	return SC_OK;
}

sc_status sc_store_key_find(struct sc_store_vault_db *store, const char *tenant, const char *vault,
			    const char *name, const char *version, struct sc_store_key_row *out,
			    struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(tenant), sc_db_folded(vault), sc_db_folded(name),
					      sc_db_folded(version) };

	if (version && version[0])
		return sc_db_find(store->db, key_find, values, SC_DB_COUNT(values), fill_key, out, err);
	return sc_db_find(store->db, key_newest, values, SC_DB_COUNT(values) - 1, fill_key, out, err);
}

sc_status sc_store_key_update(struct sc_store_vault_db *store, const struct sc_store_key_row *row,
			      struct sc_error *err)
{
	const struct sc_db_value values[] = {
		sc_db_folded(row->tenant),
		sc_db_folded(row->vault),
		sc_db_folded(row->name),
		sc_db_folded(row->version),
		sc_db_integer(row->revision),
		sc_db_integer(row->enabled),
		sc_db_integer_or_null(row->not_before, SC_STORE_NO_TIME),
		sc_db_integer_or_null(row->expires, SC_STORE_NO_TIME),
		sc_db_text(row->key_ops),
		sc_db_text(row->tags),
		sc_db_integer(row->updated),
	};
	int64_t changed = 0;

	SC_TRY(sc_db_write(store->db, key_update, values, SC_DB_COUNT(values), &changed, err));
	SC_ENSURE(changed == 1, err, SC_ERR_BUSY, "the key %s was changed by another request: read it again",
		  row->name);
	return SC_OK;
}
