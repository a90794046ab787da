/* A row that was read: its columns, and the memory that they point into. */
#ifndef SC_STORE_DB_ROW_H
#define SC_STORE_DB_ROW_H

#include "base/bytes.h"
#include "base/digest.h"

#define SC_DB_COLUMNS_MAX 24

/* Owned. To keep the columns, take `memory` (sc_steal); otherwise release it with sc_db_row_free. */
struct sc_db_row {
	struct {
		bool is_null;
		int64_t integer;
		struct sc_view view; /* terminated */
	} column[SC_DB_COLUMNS_MAX];
	struct sc_bytes memory;
};
void sc_db_row_free(struct sc_db_row *row);
SC_CLEANUP_VALUE(sc_db_row, sc_db_row_free)

/*
 * Copies what the views of the first `count` columns point to, which is the engine's, into memory of the row.
 * SC_ERR_MEMORY.
 */
sc_status sc_db_row_own(struct sc_db_row *row, size_t count, struct sc_error *err) SC_WARN_UNUSED;

/* A text column; "" for NULL. */
const char *sc_db_row_text(const struct sc_db_row *row, unsigned column);

/* A column of 32 bytes; all zero for NULL or another length. */
struct sc_hash sc_db_row_hash(const struct sc_db_row *row, unsigned column);

/* Moves a row's columns and its memory into the caller's struct. */
typedef void (*sc_db_fill)(void *out, struct sc_db_row *row);

/* Called for each row of a list. */
typedef sc_status (*sc_db_visit)(void *context, struct sc_db_row *row, struct sc_error *err);

#endif
