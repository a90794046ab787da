/* Vaults: see vault_store.h. */
#include "store/vault_db.h"

#define COLUMNS                                                                                              \
	"tenant, subscription, group_name, name, location, region, sku, properties, tags, created, "         \
	"updated, revision"

static const char vault_add[] = "INSERT INTO vaults (" COLUMNS ", group_key, name_key)"
				" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 1, ?12, ?13)";

static const char vault_update[] = "UPDATE vaults SET sku = ?4, properties = ?5, tags = ?6, updated = ?7,"
				   " revision = revision + 1"
				   " WHERE tenant = ?1 AND name_key = ?2 AND revision = ?3";

static const char vault_find[] = "SELECT " COLUMNS " FROM vaults WHERE tenant = ?1 AND name_key = ?2";

static const char vault_find_in[] = "SELECT " COLUMNS " FROM vaults WHERE tenant = ?1 AND subscription = ?2"
				    " AND group_key = ?3 AND name_key = ?4";

static const char vault_list_of_subscription[] = "SELECT " COLUMNS " FROM vaults"
						 " WHERE tenant = ?1 AND subscription = ?2 AND name_key > ?3"
						 " ORDER BY name_key LIMIT ?4";

static const char vault_list_of_group[] = "SELECT " COLUMNS " FROM vaults"
					  " WHERE tenant = ?1 AND subscription = ?2 AND name_key > ?3"
					  " AND group_key = ?5 ORDER BY name_key LIMIT ?4";

void sc_store_vault_row_free(struct sc_store_vault_row *row)
{
	sc_bytes_free(&row->memory);
	*row = (struct sc_store_vault_row){ 0 };
}

static void fill_vault(void *out, struct sc_db_row *row)
{
	*(struct sc_store_vault_row *)out = (struct sc_store_vault_row){
		.tenant = sc_db_row_text(row, 0),
		.subscription = sc_db_row_text(row, 1),
		.group = sc_db_row_text(row, 2),
		.name = sc_db_row_text(row, 3),
		.location = sc_db_row_text(row, 4),
		.region = sc_db_row_text(row, 5),
		.sku = sc_db_row_text(row, 6),
		.properties = sc_db_row_text(row, 7),
		.tags = sc_db_row_text(row, 8),
		.created = row->column[9].integer,
		.updated = row->column[10].integer,
		.revision = row->column[11].integer,
		.memory = sc_steal(row->memory),
	};
}

sc_status sc_store_vault_add(struct sc_store_vault_db *store, const struct sc_store_vault_row *row,
			     struct sc_error *err)
{
	const struct sc_db_value values[] = {
		sc_db_folded(row->tenant),   sc_db_folded(row->subscription), sc_db_text(row->group),
		sc_db_text(row->name),       sc_db_text(row->location),       sc_db_text(row->region),
		sc_db_text(row->sku),        sc_db_text(row->properties),     sc_db_text(row->tags),
		sc_db_integer(row->created), sc_db_integer(row->updated),     sc_db_folded(row->group),
		sc_db_folded(row->name),
	};

	return sc_db_write(store->db, vault_add, values, SC_DB_COUNT(values), NULL, err);
}

sc_status sc_store_vault_update(struct sc_store_vault_db *store, const struct sc_store_vault_row *row,
				struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(row->tenant),    sc_db_folded(row->name),
					      sc_db_integer(row->revision), sc_db_text(row->sku),
					      sc_db_text(row->properties),  sc_db_text(row->tags),
					      sc_db_integer(row->updated) };
	int64_t changed = 0;

	SC_TRY(sc_db_write(store->db, vault_update, values, SC_DB_COUNT(values), &changed, err));
	SC_ENSURE(changed == 1, err, SC_ERR_BUSY,
		  "the vault %s was changed by another request: read it again", row->name);
	return SC_OK;
}

sc_status sc_store_vault_find(struct sc_store_vault_db *store, const char *tenant, const char *name,
			      struct sc_store_vault_row *out, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(tenant), sc_db_folded(name) };

	return sc_db_find(store->db, vault_find, values, SC_DB_COUNT(values), fill_vault, out, err);
}

sc_status sc_store_vault_find_in(struct sc_store_vault_db *store, const char *tenant,
				 const char *subscription, const char *group, const char *name,
				 struct sc_store_vault_row *out, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(tenant), sc_db_folded(subscription),
					      sc_db_folded(group), sc_db_folded(name) };

	return sc_db_find(store->db, vault_find_in, values, SC_DB_COUNT(values), fill_vault, out, err);
}

struct vault_list {
	sc_store_vault_visit visit;
	void *context;
};

static sc_status visit_vault(void *context, struct sc_db_row *row, struct sc_error *err)
{
	const struct vault_list *list = context;
	SC_CLEANUP(sc_store_vault_row) vault = { 0 };

	fill_vault(&vault, row);
	return list->visit(list->context, &vault, err);
}

sc_status sc_store_vault_list(struct sc_store_vault_db *store, const char *tenant, const char *subscription,
			      const char *group, const char *after, uint32_t max, sc_store_vault_visit visit,
			      void *context, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_folded(tenant), sc_db_folded(subscription),
					      sc_store_page_after(after), sc_db_integer(max),
					      sc_db_folded(group) };
	struct vault_list list = { visit, context };

	if (group)
		return sc_db_list(store->db, vault_list_of_group, values, SC_DB_COUNT(values), visit_vault,
				  &list, err);
	return sc_db_list(store->db, vault_list_of_subscription, values, SC_DB_COUNT(values) - 1, visit_vault,
			  &list, err);
}
