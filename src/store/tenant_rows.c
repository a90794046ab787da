/* Tenants and their subscriptions: see vault_store.h. */
#include "store/vault_db.h"

/* -- tenants ----------------------------------------------------------------------------------- */

static const char tenant_add[] = "INSERT INTO tenants (id, name) VALUES (?1, ?2)";

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

sc_status sc_store_tenant_add(struct sc_store_vault_db *store, const struct sc_store_tenant_row *row,
			      struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(row->id), sc_db_text(row->name) };

	return sc_db_write(store->db, tenant_add, values, SC_DB_COUNT(values), NULL, err);
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

sc_status sc_store_subscription_add(struct sc_store_vault_db *store,
				    const struct sc_store_subscription_row *row, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(row->id), sc_db_folded(row->tenant),
					      sc_db_text(row->name) };

	return sc_db_write(store->db, subscription_add, values, SC_DB_COUNT(values), NULL, err);
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
