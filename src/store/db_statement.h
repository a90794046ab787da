/* A prepared statement of SQLite: its parameters and its rows. */
#ifndef SC_STORE_DB_STATEMENT_H
#define SC_STORE_DB_STATEMENT_H

#include <sqlite3.h>

#include "store/db_row.h"
#include "store/db_value.h"

/*
 * Binds values[0] to ?1, values[1] to ?2 and so on. The values must live until the bindings are cleared.
 * Returns SQLite's result code: SQLITE_TOOBIG for a value above its limit.
 */
int sc_db_statement_bind(sqlite3_stmt *statement, const struct sc_db_value *values, size_t count);

/* Copies the current row, because SQLite's own values are valid only until its next step. SC_ERR_MEMORY. */
sc_status sc_db_statement_row(sqlite3_stmt *statement, struct sc_db_row *out,
			      struct sc_error *err) SC_WARN_UNUSED;

#endif
