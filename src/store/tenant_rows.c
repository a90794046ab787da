/* Tenants, their subscriptions and their administrators: see vault_store.h. */
#include "store/vault_db.h"

/* -- tenants ----------------------------------------------------------------------------------- */

static const char tenant_add[] = "INSERT INTO tenants (id, name, name_key) VALUES (?1, ?2, ?3)";

static const char tenant_find[] = "SELECT id, name FROM tenants WHERE id = ?1";

static const char tenant_of_vault[] =
    "SELECT tenants.id, tenants.name FROM vaults"
    " JOIN tenants ON tenants.id = vaults.tenant WHERE vaults.name_key = ?1";

void sc_store_tenant_row_free(struct sc_store_tenant_row *row)
{
	sc_bytes_free(&row->memory);
	*row = (struct sc_store_tenant_row){ 0 };
}

static void fill_tenant(void *out, struct sc_db_row *row)
{
	*(struct sc_store_tenant_row *)out = (struct sc_store_tenant_row){
		.id = sc_db_row_text(row, 0),
		.name = sc_db_row_text(row, 1),
		.memory = sc_steal(row->memory),
	};
}

static sc_status add_tenant(struct sc_db_transaction *transaction, const char *id, const char *name,
			    struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(id), sc_db_text(name), sc_db_folded(name) };

	return sc_db_run(transaction, tenant_add, values, SC_DB_COUNT(values), NULL, err);
}

sc_status sc_store_tenant_find(struct sc_store_vault_db *store, const char *id,
			       struct sc_store_tenant_row *out, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(id) };

	return sc_db_find(store->db, tenant_find, values, SC_DB_COUNT(values), fill_tenant, out, err);
}

sc_status sc_store_vault_tenant(struct sc_store_vault_db *store, const char *name,
				struct sc_store_tenant_row *out, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(name) };

	return sc_db_find(store->db, tenant_of_vault, values, SC_DB_COUNT(values), fill_tenant, out, err);
}

/* -- subscriptions ----------------------------------------------------------------------------- */

static const char subscription_add[] = "INSERT INTO subscriptions (id, tenant, name) VALUES (?1, ?2, ?3)";

static const char subscription_find[] = "SELECT id, tenant, name FROM subscriptions"
					" WHERE tenant = ?1 AND id = ?2";

static const char subscription_list[] = "SELECT id, tenant, name FROM subscriptions"
					" WHERE tenant = ?1 ORDER BY id";

void sc_store_subscription_row_free(struct sc_store_subscription_row *row)
{
	sc_bytes_free(&row->memory);
	*row = (struct sc_store_subscription_row){ 0 };
}

static void fill_subscription(void *out, struct sc_db_row *row)
{
	*(struct sc_store_subscription_row *)out = (struct sc_store_subscription_row){
		.id = sc_db_row_text(row, 0),
		.tenant = sc_db_row_text(row, 1),
		.name = sc_db_row_text(row, 2),
		.memory = sc_steal(row->memory),
	};
}

static sc_status add_subscription(struct sc_db_transaction *transaction, const char *id, const char *tenant,
				  const char *name, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(id), sc_db_folded(tenant), sc_db_text(name) };

	return sc_db_run(transaction, subscription_add, values, SC_DB_COUNT(values), NULL, err);
}

sc_status sc_store_subscription_find(struct sc_store_vault_db *store, const char *tenant, const char *id,
				     struct sc_store_subscription_row *out, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(tenant), sc_db_folded(id) };

	return sc_db_find(store->db, subscription_find, values, SC_DB_COUNT(values), fill_subscription, out,
			  err);
}

struct subscription_list {
	sc_store_subscription_visit visit;
	void *context;
};

static sc_status visit_subscription(void *context, struct sc_db_row *row, struct sc_error *err)
{
	const struct subscription_list *list = context;
	SC_CLEANUP(sc_store_subscription_row) subscription = { 0 };

	fill_subscription(&subscription, row);
	return list->visit(list->context, &subscription, err);
}

sc_status sc_store_subscription_list(struct sc_store_vault_db *store, const char *tenant,
				     sc_store_subscription_visit visit, void *context, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(tenant) };
	struct subscription_list list = { visit, context };

	return sc_db_list(store->db, subscription_list, values, SC_DB_COUNT(values), visit_subscription,
			  &list, err);
}

/* -- administrators ---------------------------------------------------------------------------- */

static const char administrator_add[] =
    "INSERT INTO administrators (tenant, issuer, oid) VALUES (?1, ?2, ?3)";

static const char administrator_find[] = "SELECT 1 FROM administrators"
					 " WHERE tenant = ?1 AND issuer = ?2 AND oid = ?3";

static void fill_nothing(void *out, struct sc_db_row *row)
{
	(void)out;
	sc_db_row_free(row);
}

sc_status sc_store_administrator_exists(struct sc_store_vault_db *store,
					const struct sc_store_administrator_row *row, bool *exists,
					struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(row->tenant), sc_db_text(row->issuer),
					      sc_db_folded(row->oid) };
	sc_status status =
	    sc_db_find(store->db, administrator_find, values, SC_DB_COUNT(values), fill_nothing, NULL, err);

	*exists = status == SC_OK;
	return status == SC_ERR_NOT_FOUND ? SC_OK : status;
}

static sc_status add_administrator(struct sc_db_transaction *transaction, const char *tenant,
				   const char *issuer, const char *oid, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(tenant), sc_db_text(issuer), sc_db_folded(oid) };

	return sc_db_run(transaction, administrator_add, values, SC_DB_COUNT(values), NULL, err);
}

/* -- a tenant's start -------------------------------------------------------------------------- */

static const char start_find[] =
    "SELECT tenants.id, tenants.name, subscriptions.id, subscriptions.name, administrators.issuer,"
    " administrators.oid FROM tenants"
    " JOIN subscriptions ON subscriptions.tenant = tenants.id"
    " JOIN administrators ON administrators.tenant = tenants.id"
    " WHERE tenants.name_key = ?1 ORDER BY subscriptions.rowid, administrators.rowid LIMIT 1";

void sc_store_tenant_start_row_free(struct sc_store_tenant_start_row *row)
{
	sc_bytes_free(&row->memory);
	*row = (struct sc_store_tenant_start_row){ 0 };
}

static void fill_start(void *out, struct sc_db_row *row)
{
	*(struct sc_store_tenant_start_row *)out = (struct sc_store_tenant_start_row){
		.id = sc_db_row_text(row, 0),
		.name = sc_db_row_text(row, 1),
		.subscription = sc_db_row_text(row, 2),
		.subscription_name = sc_db_row_text(row, 3),
		.issuer = sc_db_row_text(row, 4),
		.oid = sc_db_row_text(row, 5),
		.memory = sc_steal(row->memory),
	};
}

static sc_status find_start(struct sc_db_transaction *transaction, const char *name,
			    struct sc_store_tenant_start_row *out, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(name) };

	return sc_db_find_in(transaction, start_find, values, SC_DB_COUNT(values), fill_start, out, err);
}

static sc_status add_start(struct sc_db_transaction *transaction, const struct sc_store_tenant_start_row *row,
			   struct sc_error *err)
{
	SC_TRY(add_tenant(transaction, row->id, row->name, err));
	SC_TRY(add_subscription(transaction, row->subscription, row->id, row->subscription_name, err));
	return add_administrator(transaction, row->id, row->issuer, row->oid, err);
}

sc_status sc_store_tenant_start(struct sc_store_vault_db *store, const struct sc_store_tenant_start_row *row,
				struct sc_store_tenant_start_row *out, struct sc_error *err)
{
	SC_CLEANUP(sc_store_tenant_start_row) stored = { 0 };
	SC_CLEANUP(sc_db_transaction) transaction = SC_DB_NO_TRANSACTION;
	sc_status status;

	SC_TRY(sc_db_begin(store->db, &transaction, err));
	status = find_start(&transaction, row->name, &stored, err);
	if (status == SC_ERR_NOT_FOUND) {
		SC_TRY(add_start(&transaction, row, err));
		SC_TRY(find_start(&transaction, row->name, &stored, err));
		status = sc_db_commit(&transaction, err);
	}
	SC_TRY(status);
	*out = sc_steal(stored);
	return SC_OK;
}
