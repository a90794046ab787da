/* Shared by the files of the vault's store: see vault_store.h. */
#ifndef SC_STORE_VAULT_DB_H
#define SC_STORE_VAULT_DB_H

#include "store/db.h"
#include "store/vault_store.h"

struct sc_store_vault_db {
	struct sc_db *db;
};

/* The start of a page. Names are never empty, so all of them come after "". */
static inline struct sc_db_value sc_store_page_after(const char *after)
{
	return sc_db_folded(after ? after : "");
}

#endif
