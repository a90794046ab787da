/* Resource groups: see vault_store.h. */
#include "store/vault_db.h"

#define COLUMNS "tenant, subscription, name, location, tags, created"

static const char group_add[] = "INSERT INTO resource_groups (" COLUMNS ", name_key)"
				" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";

static const char group_tag[] = "UPDATE resource_groups SET tags = ?4"
				" WHERE tenant = ?1 AND subscription = ?2 AND name_key = ?3";

static const char group_find[] = "SELECT " COLUMNS " FROM resource_groups"
				 " WHERE tenant = ?1 AND subscription = ?2 AND name_key = ?3";

static const char group_list[] = "SELECT " COLUMNS " FROM resource_groups"
				 " WHERE tenant = ?1 AND subscription = ?2 AND name_key > ?3"
				 " ORDER BY name_key LIMIT ?4";

void sc_store_group_row_free(struct sc_store_group_row *row)
{
	sc_bytes_free(&row->memory);
	*row = (struct sc_store_group_row){ 0 };
}

static void fill_group(void *out, struct sc_db_row *row)
{
	*(struct sc_store_group_row *)out = (struct sc_store_group_row){
		.tenant = sc_db_row_text(row, 0),
		.subscription = sc_db_row_text(row, 1),
		.name = sc_db_row_text(row, 2),
		.location = sc_db_row_text(row, 3),
		.tags = sc_db_row_text(row, 4),
		.created = row->column[5].integer,
		.memory = sc_steal(row->memory),
	};
}

static sc_status add(struct sc_db_transaction *transaction, const struct sc_store_group_row *row,
		     int64_t *added, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(row->tenant), sc_db_folded(row->subscription),
					      sc_db_text(row->name),     sc_db_text(row->location),
					      sc_db_text(row->tags),     sc_db_integer(row->created),
					      sc_db_folded(row->name) };

	return sc_db_run(transaction, group_add, values, SC_DB_COUNT(values), added, err);
}

static sc_status tag(struct sc_db_transaction *transaction, const struct sc_store_group_row *row,
		     struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(row->tenant), sc_db_folded(row->subscription),
					      sc_db_folded(row->name), sc_db_text(row->tags) };

	return sc_db_run(transaction, group_tag, values, SC_DB_COUNT(values), NULL, err);
}

sc_status sc_store_group_put(struct sc_store_vault_db *store, const struct sc_store_group_row *row,
			     bool *is_new, struct sc_error *err)
{
	SC_CLEANUP(sc_db_transaction) transaction = SC_DB_NO_TRANSACTION;
	int64_t added = 0;

	SC_TRY(sc_db_begin(store->db, &transaction, err));
	SC_TRY(add(&transaction, row, &added, err));
	if (!added)
		SC_TRY(tag(&transaction, row, err));
	SC_TRY(sc_db_commit(&transaction, err));
	*is_new = added == 1;
	return SC_OK;
}

sc_status sc_store_group_find(struct sc_store_vault_db *store, const char *tenant, const char *subscription,
			      const char *name, struct sc_store_group_row *out, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(tenant), sc_db_folded(subscription),
					      sc_db_folded(name) };

	return sc_db_find(store->db, group_find, values, SC_DB_COUNT(values), fill_group, out, err);
}

struct group_list {
	sc_store_group_visit visit;
	void *context;
};

static sc_status visit_group(void *context, struct sc_db_row *row, struct sc_error *err)
{
	const struct group_list *list = context;
	SC_CLEANUP(sc_store_group_row) group = { 0 };

	fill_group(&group, row);
	return list->visit(list->context, &group, err);
}

sc_status sc_store_group_list(struct sc_store_vault_db *store, const char *tenant, const char *subscription,
			      const char *after, uint32_t max, sc_store_group_visit visit, void *context,
			      struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(tenant), sc_db_folded(subscription),
					      sc_store_page_after(after), sc_db_integer(max) };
	struct group_list list = { visit, context };

	return sc_db_list(store->db, group_list, values, SC_DB_COUNT(values), visit_group, &list, err);
}
