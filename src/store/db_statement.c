/* SQLite's statements: see db_statement.h. */
#include "store/db_statement.h"

#include <assert.h>

/* -- parameters -------------------------------------------------------------------------------- */

static int bind_folded(sqlite3_stmt *statement, int index, struct sc_view name)
{
	char folded[SC_DB_NAME_MAX];

	if (name.len > sizeof folded)
		return SQLITE_TOOBIG;
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.data[i];

		folded[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	return sqlite3_bind_text(statement, index, folded, (int)name.len, SQLITE_TRANSIENT);
}

/* Static, because the values outlive the statement's run and their bindings are cleared after it. */
static int bind_one(sqlite3_stmt *statement, int index, const struct sc_db_value *value)
{
	if (value->view.len > SC_DB_VALUE_MAX)
		return SQLITE_TOOBIG;
	switch (value->kind) {
	case SC_DB_NULL:
		return sqlite3_bind_null(statement, index);
	case SC_DB_INTEGER:
		return sqlite3_bind_int64(statement, index, value->integer);
	case SC_DB_TEXT:
		return sqlite3_bind_text(statement, index, (const char *)value->view.data,
					 (int)value->view.len, SQLITE_STATIC);
	case SC_DB_FOLDED:
		return bind_folded(statement, index, value->view);
	case SC_DB_BYTES:
		/* Zero bytes are an empty value, not a missing one. */
		return sqlite3_bind_blob(statement, index,
					 value->view.len ? value->view.data : (const void *)"",
					 (int)value->view.len, SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

int sc_db_statement_bind(sqlite3_stmt *statement, const struct sc_db_value *values, size_t count)
{
	assert((size_t)sqlite3_bind_parameter_count(statement) == count);
	for (size_t i = 0; i < count; i++) {
		int code = bind_one(statement, (int)i + 1, &values[i]);

		if (code != SQLITE_OK)
			return code;
	}
	return SQLITE_OK;
}

/* -- rows -------------------------------------------------------------------------------------- */

sc_status sc_db_statement_row(sqlite3_stmt *statement, struct sc_db_row *out, struct sc_error *err)
{
	int columns = sqlite3_column_count(statement);
	struct sc_db_row row = { 0 };

	assert(columns <= SC_DB_COLUMNS_MAX);
	for (int i = 0; i < columns; i++) {
		int type = sqlite3_column_type(statement, i);

		/* The type first: asking an integer for its bytes would turn it into text. */
		row.column[i].is_null = type == SQLITE_NULL;
		if (type == SQLITE_INTEGER) {
			row.column[i].integer = sqlite3_column_int64(statement, i);
			continue;
		}
		row.column[i].view.data = sqlite3_column_blob(statement, i);
		row.column[i].view.len = (size_t)sqlite3_column_bytes(statement, i);
	}
	SC_TRY(sc_db_row_own(&row, (size_t)columns, err));
	*out = row;
	return SC_OK;
}
