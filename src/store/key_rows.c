/*
 * Keys and the rule of one import (F4): see vault_store.h. The package's id is inserted first. If it is
 * taken, the existing row decides. If not, the key and its version follow in the same transaction. The
 * engine's own uniqueness thus decides a race, not an earlier query.
 */
#include "store/vault_db.h"

#include "formats/key_blob.h"
#include "formats/transfer_package.h"

/* Of a version v and its key k: what fill_key reads, in this order. */
#define COLUMNS                                                                                              \
	"v.tenant, v.vault, v.name, k.name, v.version, v.kty, v.blob, v.blob_digest, v.jwk, v.receipt,"      \
	" v.enabled, v.not_before, v.expires, v.created, v.updated, v.key_ops, v.tags, v.revision"
#define COLUMN_COUNT 18
#define VERSIONS     "key_versions AS v JOIN keys AS k USING (tenant, vault_key, name_key)"

static const char key_add[] = "INSERT INTO keys (tenant, vault_key, name_key, name) VALUES (?1, ?2, ?3, ?4)"
			      " ON CONFLICT DO NOTHING";

static const char version_add[] =
    "INSERT INTO key_versions (tenant, vault_key, name_key, vault, name, version, kty, blob, blob_digest,"
    " jwk, receipt, enabled, not_before, expires, created, updated, key_ops, tags, revision, serial)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, 1,"
    " (SELECT coalesce(max(serial), 0) + 1 FROM key_versions"
    "   WHERE tenant = ?1 AND vault_key = ?2 AND name_key = ?3))";

static const char version_update[] = "UPDATE key_versions SET enabled = ?6, not_before = ?7, expires = ?8,"
				     " key_ops = ?9, tags = ?10, updated = ?11, revision = revision + 1"
				     " WHERE tenant = ?1 AND vault_key = ?2 AND name_key = ?3"
				     " AND version = ?4 AND revision = ?5";

static const char version_find[] = "SELECT " COLUMNS " FROM " VERSIONS " WHERE v.tenant = ?1"
				   " AND v.vault_key = ?2 AND v.name_key = ?3 AND v.version = ?4";

static const char version_newest[] = "SELECT " COLUMNS " FROM " VERSIONS " WHERE v.tenant = ?1"
				     " AND v.vault_key = ?2 AND v.name_key = ?3 ORDER BY serial DESC LIMIT 1";

static const char package_add[] =
    "INSERT INTO packages (region, package_id, digest, tenant, vault_key, name_key, version)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";

/*
 * The key version, if it is in the place asked for and still exists; what was imported; whether the tenant,
 * and whether the place, is the one asked for; and whether there is a version. Another place's key is not
 * read (P6).
 */
#define PACKAGE_FIND                                                                                         \
	"SELECT " COLUMNS ", p.digest, p.tenant = ?3,"                                                       \
	" p.tenant = ?3 AND p.vault_key = ?4 AND p.name_key = ?5, v.version IS NOT NULL FROM packages AS p"  \
	" LEFT JOIN key_versions AS v ON v.tenant = p.tenant AND v.vault_key = p.vault_key"                  \
	"  AND v.name_key = p.name_key AND v.version = p.version"                                            \
	"  AND v.tenant = ?3 AND v.vault_key = ?4 AND v.name_key = ?5"                                       \
	" LEFT JOIN keys AS k"                                                                               \
	"  ON k.tenant = v.tenant AND k.vault_key = v.vault_key AND k.name_key = v.name_key"                 \
	" WHERE p.region = ?1 AND p.package_id = ?2"

static const char package_find[] = PACKAGE_FIND;
static const char package_find_own[] = PACKAGE_FIND " AND p.tenant = ?3";

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
		.display_name = sc_db_row_text(row, 3),
		.version = sc_db_row_text(row, 4),
		.kty = sc_db_row_text(row, 5),
		.blob = row->column[6].view,
		.blob_digest = sc_db_row_hash(row, 7),
		.jwk = sc_db_row_text(row, 8),
		.receipt = row->column[9].view,
		.enabled = row->column[10].integer != 0,
		.not_before = time_of(row, 11),
		.expires = time_of(row, 12),
		.created = row->column[13].integer,
		.updated = row->column[14].integer,
		.key_ops = sc_db_row_text(row, 15),
		.tags = sc_db_row_text(row, 16),
		.revision = row->column[17].integer,
		.memory = sc_steal(row->memory),
	};
}

/* -- packages ---------------------------------------------------------------------------------- */

/* What is known about a package's id, as seen from one place (tenant, vault and key name). */
struct package {
	struct sc_store_key_row key; /* if it has_key */
	struct sc_hash digest;
	bool is_same_tenant;
	bool is_same_place;
	bool has_key;
};

static void package_free(struct package *package)
{
	sc_store_key_row_free(&package->key);
}
SC_CLEANUP_VALUE(package, package_free)

static void fill_package(void *out, struct sc_db_row *row)
{
	struct package *package = out;

	package->digest = sc_db_row_hash(row, COLUMN_COUNT);
	package->is_same_tenant = row->column[COLUMN_COUNT + 1].integer != 0;
	package->is_same_place = row->column[COLUMN_COUNT + 2].integer != 0;
	package->has_key = row->column[COLUMN_COUNT + 3].integer != 0;
	fill_key(&package->key, row);
}

/*
 * Rule F4. If the package is another tenant's, the caller learns no more than that it cannot be imported
 * (P6).
 */
static sc_status judge(struct package *package, const struct sc_store_package_claim *claim,
		       struct sc_store_key_row *out, struct sc_error *err)
{
	SC_ENSURE(package->is_same_tenant, err, SC_ERR_TRANSFER_REFUSED, "the package cannot be imported");
	SC_ENSURE(sc_hash_equals(&package->digest, &claim->digest), err, SC_ERR_PACKAGE_TAKEN,
		  "another file with this package's id has already been imported");
	SC_ENSURE(
	    package->is_same_place, err, SC_ERR_PACKAGE_TAKEN,
	    "the package has already been imported elsewhere: make a new one (KeyTransferRemote -Package)");
	SC_ENSURE(package->has_key, err, SC_ERR_PACKAGE_TAKEN,
		  "the key of this package has been purged: make a new package (KeyTransferRemote -Package)");
	*out = sc_steal(package->key);
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
				const struct sc_store_package_claim *claim, struct sc_store_key_row *out,
				struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(claim->region), sc_db_bytes(claim->id),
					      sc_db_folded(row->tenant), sc_db_folded(row->vault),
					      sc_db_folded(row->name) };
	SC_CLEANUP(package) package = { 0 };

	SC_TRY(sc_db_find_in(transaction, package_find, values, SC_DB_COUNT(values), fill_package, &package,
			     err));
	return judge(&package, claim, out, err);
}

sc_status sc_store_package_find(struct sc_store_vault_db *store, const char *tenant, const char *vault,
				const char *name, const struct sc_store_package_claim *claim,
				struct sc_store_key_row *out, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(claim->region), sc_db_bytes(claim->id),
					      sc_db_folded(tenant), sc_db_folded(vault), sc_db_folded(name) };
	SC_CLEANUP(package) package = { 0 };

	SC_TRY(check_claim(claim, err));
	SC_TRY(sc_db_find(store->db, package_find_own, values, SC_DB_COUNT(values), fill_package, &package,
			  err));
	return judge(&package, claim, out, err);
}

/* -- keys -------------------------------------------------------------------------------------- */

/* The first version of a name makes the key. */
static sc_status add_key(struct sc_db_transaction *transaction, const struct sc_store_key_row *row,
			 struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(row->tenant), sc_db_folded(row->vault),
					      sc_db_folded(row->name), sc_db_text(row->name) };

	return sc_db_run(transaction, key_add, values, SC_DB_COUNT(values), NULL, err);
}

static sc_status add_version(struct sc_db_transaction *transaction, const struct sc_store_key_row *row,
			     const struct sc_hash *blob_digest, struct sc_error *err)
{
	const struct sc_db_value values[] = {
		sc_db_folded(row->tenant),
		sc_db_folded(row->vault),
		sc_db_folded(row->name),
		sc_db_text(row->vault),
		sc_db_text(row->name),
		sc_db_folded(row->version),
		sc_db_text(row->kty),
		sc_db_bytes(row->blob),
		sc_db_bytes(sc_hash_view(blob_digest)),
		sc_db_text(row->jwk),
		sc_db_bytes(row->receipt),
		sc_db_integer(row->enabled),
		sc_db_integer_or_null(row->not_before, SC_STORE_NO_TIME),
		sc_db_integer_or_null(row->expires, SC_STORE_NO_TIME),
		sc_db_integer(row->created),
		sc_db_integer(row->updated),
		sc_db_text(row->key_ops),
		sc_db_text(row->tags),
	};
	sc_status status = sc_db_run(transaction, version_add, values, SC_DB_COUNT(values), NULL, err);

	SC_ENSURE(status != SC_ERR_EXISTS, err, status,
		  "the key %s already has a version %s: choose another version", row->name, row->version);
	return status;
}

static sc_status find_written(struct sc_db_transaction *transaction, const struct sc_store_key_row *row,
			      struct sc_store_key_row *out, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(row->tenant), sc_db_folded(row->vault),
					      sc_db_folded(row->name), sc_db_folded(row->version) };

	return sc_db_find_in(transaction, version_find, values, SC_DB_COUNT(values), fill_key, out, err);
}

static bool is_version(const char *version)
{
	uint8_t ignored[(SC_KEY_VERSION_SIZE - 1) / 2];

	return sc_hex_read(version, ignored, sizeof ignored);
}

sc_status sc_store_key_import(struct sc_store_vault_db *store, const struct sc_store_key_row *row,
			      const struct sc_store_package_claim *claim, struct sc_store_key_row *out,
			      struct sc_error *err)
{
	SC_CLEANUP(sc_db_transaction) transaction = SC_DB_NO_TRANSACTION;
	SC_CLEANUP(sc_store_key_row) written = { 0 };
	struct sc_hash blob_digest;
	int64_t added = 0;

	SC_TRY(check_claim(claim, err));
	SC_ENSURE(is_version(row->version), err, SC_ERR_ARGUMENT,
		  "a key's version must be %d hexadecimal digits", SC_KEY_VERSION_SIZE - 1);
	SC_TRY(sc_key_blob_digest(row->blob, &blob_digest, err));
	SC_TRY(sc_db_begin(store->db, &transaction, err));
	SC_TRY(claim_package(&transaction, row, claim, &added, err));
	if (!added)
		return answer_earlier(&transaction, row, claim, out, err);
	SC_TRY(add_key(&transaction, row, err));
	SC_TRY(add_version(&transaction, row, &blob_digest, err));
	SC_TRY(find_written(&transaction, row, &written, err));
	SC_TRY(sc_db_commit(&transaction, err));
	*out = sc_steal(written);
	return SC_OK;
}

sc_status sc_store_key_find(struct sc_store_vault_db *store, const char *tenant, const char *vault,
			    const char *name, const char *version, struct sc_store_key_row *out,
			    struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(tenant), sc_db_folded(vault), sc_db_folded(name),
					      sc_db_folded(version) };

	if (version && version[0])
		return sc_db_find(store->db, version_find, values, SC_DB_COUNT(values), fill_key, out, err);
	return sc_db_find(store->db, version_newest, values, SC_DB_COUNT(values) - 1, fill_key, out, err);
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

	SC_TRY(sc_db_write(store->db, version_update, values, SC_DB_COUNT(values), &changed, err));
	SC_ENSURE(changed == 1, err, SC_ERR_BUSY, "the key %s was changed by another request: read it again",
		  row->name);
	return SC_OK;
}
