/* The tables of signind and all queries on them: see signin_store.h. */
#include "store/signin_store.h"

#include <stdlib.h>

#include "base/visible.h"
#include "store/db.h"

#define APPLICATION_ID 0x53437331 /* "SCs1" */
#define FIRST_VERSION  2          /* version 1 was never released, and had other tables */

static const char *const steps[] = {
	"CREATE TABLE tenants ("
	"  id TEXT NOT NULL PRIMARY KEY, name_key TEXT NOT NULL UNIQUE, name TEXT NOT NULL) STRICT;"

	"CREATE TABLE users ("
	"  tenant TEXT NOT NULL REFERENCES tenants (id), oid TEXT NOT NULL, upn_key TEXT NOT NULL UNIQUE,"
	"  upn TEXT NOT NULL, name TEXT NOT NULL, password TEXT NOT NULL,"
	"  PRIMARY KEY (tenant, oid)) STRICT;"

	"CREATE TABLE applications ("
	"  appid TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL REFERENCES tenants (id), oid TEXT NOT NULL,"
	"  name TEXT NOT NULL, secret BLOB NOT NULL CHECK (length(secret) = 32),"
	"  UNIQUE (tenant, oid)) STRICT;"

	"CREATE TABLE refresh_tokens ("
	"  hash BLOB NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, oid TEXT NOT NULL, client TEXT NOT NULL,"
	"  created INTEGER NOT NULL, expires INTEGER NOT NULL, family BLOB NOT NULL, until INTEGER,"
	"  FOREIGN KEY (tenant, oid) REFERENCES users (tenant, oid)) STRICT;"
	"CREATE INDEX refresh_tokens_by_end ON refresh_tokens (expires);"
	"CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family);",
};

static const struct sc_db_schema schema = {
	.owner = "signind",
	.maker = "safeconduct init",
	.application_id = APPLICATION_ID,
	.first_version = FIRST_VERSION,
	.steps = steps,
	.step_count = SC_DB_COUNT(steps),
};

struct sc_store_signin_db {
	struct sc_db *db;
};

sc_status sc_store_signin_db_open(const char *path, struct sc_store_signin_db **out, struct sc_error *err)
{
	SC_CLEANUP(sc_store_signin_db) store = calloc(1, sizeof *store);

	SC_ENSURE(store, err, SC_ERR_MEMORY, "out of memory for a database");
	SC_TRY(sc_db_open(path, &schema, &store->db, err));
	*out = sc_steal(store);
	return SC_OK;
}

void sc_store_signin_db_close(struct sc_store_signin_db *store)
{
	if (!store)
		return;
	sc_db_close(store->db);
	free(store);
}

/* -- tenants ----------------------------------------------------------------------------------- */

static const char tenant_add[] = "INSERT INTO tenants (id, name, name_key) VALUES (?1, ?2, ?3)";

static const char tenant_find[] = "SELECT id, name FROM tenants WHERE id = ?1";

static const char tenant_find_by_name[] = "SELECT id, name FROM tenants WHERE name_key = ?1";

void sc_store_signin_tenant_row_free(struct sc_store_signin_tenant_row *row)
{
	sc_bytes_free(&row->memory);
	*row = (struct sc_store_signin_tenant_row){ 0 };
}

static void fill_tenant(void *out, struct sc_db_row *row)
{
	*(struct sc_store_signin_tenant_row *)out = (struct sc_store_signin_tenant_row){
		.id = sc_db_row_text(row, 0),
		.name = sc_db_row_text(row, 1),
		.memory = sc_steal(row->memory),
	};
}

static sc_status add_tenant(struct sc_db_transaction *transaction,
			    const struct sc_store_signin_tenant_row *row, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(row->id), sc_db_text(row->name),
					      sc_db_folded(row->name) };
	sc_status status = sc_db_run(transaction, tenant_add, values, SC_DB_COUNT(values), NULL, err);

	SC_ENSURE(status != SC_ERR_EXISTS, err, SC_ERR_EXISTS, "tenant %s: already exists",
		  sc_shown(row->name).s);
	return status;
}

sc_status sc_store_signin_tenant_add(struct sc_store_signin_db *store,
				     const struct sc_store_signin_tenant_row *row, struct sc_error *err)
{
	SC_CLEANUP(sc_db_transaction) transaction = SC_DB_NO_TRANSACTION;

	SC_TRY(sc_db_begin(store->db, &transaction, err));
	SC_TRY(add_tenant(&transaction, row, err));
	return sc_db_commit(&transaction, err);
}

sc_status sc_store_signin_tenant_find(struct sc_store_signin_db *store, const char *id,
				      struct sc_store_signin_tenant_row *out, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(id) };

	return sc_db_find(store->db, tenant_find, values, SC_DB_COUNT(values), fill_tenant, out, err);
}

sc_status sc_store_signin_tenant_find_by_name(struct sc_store_signin_db *store, const char *name,
					      struct sc_store_signin_tenant_row *out, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(name) };

	return sc_db_find(store->db, tenant_find_by_name, values, SC_DB_COUNT(values), fill_tenant, out, err);
}

static const char tenant_list[] = "SELECT id, name FROM tenants ORDER BY id";

struct tenant_list {
	sc_store_signin_tenant_visit visit;
	void *context;
};

static sc_status visit_tenant(void *context, struct sc_db_row *row, struct sc_error *err)
{
	const struct tenant_list *list = context;
	SC_CLEANUP(sc_store_signin_tenant_row) tenant = { 0 };

	fill_tenant(&tenant, row);
	return list->visit(list->context, &tenant, err);
}

sc_status sc_store_signin_tenant_list(struct sc_store_signin_db *store, sc_store_signin_tenant_visit visit,
				      void *context, struct sc_error *err)
{
	struct tenant_list list = { visit, context };

	return sc_db_list(store->db, tenant_list, NULL, 0, visit_tenant, &list, err);
}

/* -- users ------------------------------------------------------------------------------------- */

static const char user_add[] = "INSERT INTO users (tenant, oid, upn, name, password, upn_key)"
			       " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

static const char user_find[] = "SELECT tenant, oid, upn, name, password FROM users"
				" WHERE tenant = ?1 AND oid = ?2";

static const char user_find_by_upn[] =
    "SELECT tenant, oid, upn, name, password FROM users WHERE upn_key = ?1";

static const char user_find_by_upn_in[] = "SELECT tenant, oid, upn, name, password FROM users"
					  " WHERE upn_key = ?1 AND tenant = ?2";

void sc_store_user_row_free(struct sc_store_user_row *row)
{
	sc_bytes_free(&row->memory);
	*row = (struct sc_store_user_row){ 0 };
}

static void fill_user(void *out, struct sc_db_row *row)
{
	*(struct sc_store_user_row *)out = (struct sc_store_user_row){
		.tenant = sc_db_row_text(row, 0),
		.oid = sc_db_row_text(row, 1),
		.upn = sc_db_row_text(row, 2),
		.name = sc_db_row_text(row, 3),
		.password = sc_db_row_text(row, 4),
		.memory = sc_steal(row->memory),
	};
}

static sc_status add_user(struct sc_db_transaction *transaction, const struct sc_store_user_row *row,
			  struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(row->tenant), sc_db_folded(row->oid),
					      sc_db_text(row->upn),      sc_db_text(row->name),
					      sc_db_text(row->password), sc_db_folded(row->upn) };
	sc_status status = sc_db_run(transaction, user_add, values, SC_DB_COUNT(values), NULL, err);

	SC_ENSURE(status != SC_ERR_EXISTS, err, SC_ERR_EXISTS,
		  "user %s: already exists; names of users are unique across all tenants",
		  sc_shown(row->upn).s);
	return status;
}

sc_status sc_store_user_add(struct sc_store_signin_db *store, const struct sc_store_user_row *row,
			    struct sc_error *err)
{
	SC_CLEANUP(sc_db_transaction) transaction = SC_DB_NO_TRANSACTION;

	SC_TRY(sc_db_begin(store->db, &transaction, err));
	SC_TRY(add_user(&transaction, row, err));
	return sc_db_commit(&transaction, err);
}

sc_status sc_store_user_find(struct sc_store_signin_db *store, const char *tenant, const char *oid,
			     struct sc_store_user_row *out, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(tenant), sc_db_folded(oid) };

	return sc_db_find(store->db, user_find, values, SC_DB_COUNT(values), fill_user, out, err);
}

sc_status sc_store_user_find_by_upn(struct sc_store_signin_db *store, const char *tenant, const char *upn,
				    struct sc_store_user_row *out, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(upn), sc_db_folded(tenant) };

	if (tenant)
		return sc_db_find(store->db, user_find_by_upn_in, values, SC_DB_COUNT(values), fill_user, out,
				  err);
	return sc_db_find(store->db, user_find_by_upn, values, SC_DB_COUNT(values) - 1, fill_user, out, err);
}

/* -- applications ------------------------------------------------------------------------------ */

static const char application_add[] = "INSERT INTO applications (tenant, appid, oid, name, secret)"
				      " VALUES (?1, ?2, ?3, ?4, ?5)";

static const char application_find[] = "SELECT tenant, appid, oid, name, secret FROM applications"
				       " WHERE appid = ?1";

static const char application_find_in[] = "SELECT tenant, appid, oid, name, secret FROM applications"
					  " WHERE appid = ?1 AND tenant = ?2";

void sc_store_application_row_free(struct sc_store_application_row *row)
{
	sc_bytes_free(&row->memory);
	*row = (struct sc_store_application_row){ 0 };
}

static void fill_application(void *out, struct sc_db_row *row)
{
	*(struct sc_store_application_row *)out = (struct sc_store_application_row){
		.tenant = sc_db_row_text(row, 0),
		.appid = sc_db_row_text(row, 1),
		.oid = sc_db_row_text(row, 2),
		.name = sc_db_row_text(row, 3),
		.secret = sc_db_row_hash(row, 4),
		.memory = sc_steal(row->memory),
	};
}

static sc_status add_application(struct sc_db_transaction *transaction,
				 const struct sc_store_application_row *row, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(row->tenant), sc_db_folded(row->appid),
					      sc_db_folded(row->oid), sc_db_text(row->name),
					      sc_db_bytes(sc_hash_view(&row->secret)) };

	return sc_db_run(transaction, application_add, values, SC_DB_COUNT(values), NULL, err);
}

sc_status sc_store_application_add(struct sc_store_signin_db *store,
				   const struct sc_store_application_row *row, struct sc_error *err)
{
	SC_CLEANUP(sc_db_transaction) transaction = SC_DB_NO_TRANSACTION;

	SC_TRY(sc_db_begin(store->db, &transaction, err));
	SC_TRY(add_application(&transaction, row, err));
	return sc_db_commit(&transaction, err);
}

sc_status sc_store_signin_tenant_start(struct sc_store_signin_db *store,
				       const struct sc_store_signin_tenant_row *tenant,
				       const struct sc_store_user_row *user,
				       const struct sc_store_application_row *application,
				       struct sc_error *err)
{
	SC_CLEANUP(sc_db_transaction) transaction = SC_DB_NO_TRANSACTION;

	SC_TRY(sc_db_begin(store->db, &transaction, err));
	SC_TRY(add_tenant(&transaction, tenant, err));
	SC_TRY(add_user(&transaction, user, err));
	SC_TRY(add_application(&transaction, application, err));
	return sc_db_commit(&transaction, err);
}

sc_status sc_store_application_find(struct sc_store_signin_db *store, const char *tenant, const char *appid,
				    struct sc_store_application_row *out, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(appid), sc_db_folded(tenant) };

	if (tenant)
		return sc_db_find(store->db, application_find_in, values, SC_DB_COUNT(values),
				  fill_application, out, err);
	return sc_db_find(store->db, application_find, values, SC_DB_COUNT(values) - 1, fill_application, out,
			  err);
}

/* -- refresh tokens ---------------------------------------------------------------------------- */

static const char refresh_add[] =
    "INSERT INTO refresh_tokens (hash, tenant, oid, client, created, expires, family)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

static const char refresh_expire[] = "DELETE FROM refresh_tokens WHERE expires <= ?1";

static const char refresh_find[] =
    "SELECT hash, tenant, oid, client, created, expires, family, until FROM refresh_tokens"
    " WHERE hash = ?1 AND expires > ?2";

static const char refresh_find_in[] =
    "SELECT hash, tenant, oid, client, created, expires, family, until FROM refresh_tokens"
    " WHERE hash = ?1 AND expires > ?2 AND tenant = ?3";

void sc_store_refresh_row_free(struct sc_store_refresh_row *row)
{
	sc_bytes_free(&row->memory);
	*row = (struct sc_store_refresh_row){ 0 };
}

static void fill_refresh(void *out, struct sc_db_row *row)
{
	*(struct sc_store_refresh_row *)out = (struct sc_store_refresh_row){
		.hash = sc_db_row_hash(row, 0),
		.tenant = sc_db_row_text(row, 1),
		.oid = sc_db_row_text(row, 2),
		.client = sc_db_row_text(row, 3),
		.created = row->column[4].integer,
		.expires = row->column[5].integer,
		.family = sc_db_row_hash(row, 6),
		.until = row->column[7].integer,
		.memory = sc_steal(row->memory),
	};
}

static sc_status add_refresh(struct sc_db_transaction *transaction, const struct sc_store_refresh_row *row,
			     struct sc_error *err)
{
	const struct sc_db_value now[] = { sc_db_integer(row->created) };
	const struct sc_db_value values[] = {
		sc_db_bytes(sc_hash_view(&row->hash)),
		sc_db_folded(row->tenant),
		sc_db_folded(row->oid),
		sc_db_folded(row->client),
		sc_db_integer(row->created),
		sc_db_integer(row->expires),
		sc_db_bytes(sc_hash_view(&row->family)),
	};

	SC_TRY(sc_db_run(transaction, refresh_expire, now, SC_DB_COUNT(now), NULL, err));
	return sc_db_run(transaction, refresh_add, values, SC_DB_COUNT(values), NULL, err);
}

sc_status sc_store_refresh_add(struct sc_store_signin_db *store, const struct sc_store_refresh_row *row,
			       struct sc_error *err)
{
	SC_CLEANUP(sc_db_transaction) transaction = SC_DB_NO_TRANSACTION;

	SC_TRY(sc_db_begin(store->db, &transaction, err));
	SC_TRY(add_refresh(&transaction, row, err));
	return sc_db_commit(&transaction, err);
}

static const char refresh_end[] =
    "UPDATE refresh_tokens SET until = CASE WHEN until < ?2 THEN until ELSE ?2 END"
    " WHERE hash = ?1 AND expires > ?3 AND (until IS NULL OR until > ?3)";

sc_status sc_store_refresh_rotate(struct sc_store_signin_db *store, const struct sc_hash *old, int64_t until,
				  const struct sc_store_refresh_row *row, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_bytes(sc_hash_view(old)), sc_db_integer(until),
					      sc_db_integer(row->created) };
	SC_CLEANUP(sc_db_transaction) transaction = SC_DB_NO_TRANSACTION;
	int64_t changed = 0;

	SC_TRY(sc_db_begin(store->db, &transaction, err));
	SC_TRY(sc_db_run(&transaction, refresh_end, values, SC_DB_COUNT(values), &changed, err));
	SC_ENSURE(changed > 0, err, SC_ERR_NOT_FOUND, "no such refresh token");
	SC_TRY(add_refresh(&transaction, row, err));
	return sc_db_commit(&transaction, err);
}

sc_status sc_store_refresh_find(struct sc_store_signin_db *store, const char *tenant,
				const struct sc_hash *hash, int64_t now, struct sc_store_refresh_row *out,
				struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_bytes(sc_hash_view(hash)), sc_db_integer(now),
					      sc_db_folded(tenant) };

	if (tenant)
		return sc_db_find(store->db, refresh_find_in, values, SC_DB_COUNT(values), fill_refresh, out,
				  err);
	return sc_db_find(store->db, refresh_find, values, SC_DB_COUNT(values) - 1, fill_refresh, out, err);
}

static const char refresh_revoke[] = "DELETE FROM refresh_tokens WHERE family = ?1";

sc_status sc_store_refresh_revoke(struct sc_store_signin_db *store, const struct sc_hash *family,
				  struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_bytes(sc_hash_view(family)) };

	return sc_db_write(store->db, refresh_revoke, values, SC_DB_COUNT(values), NULL, err);
}
