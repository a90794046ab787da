/* Rows: see db_row.h. */
#include "store/db_row.h"

#include <string.h>

void sc_db_row_free(struct sc_db_row *row)
{
	sc_bytes_free(&row->memory);
	*row = (struct sc_db_row){ 0 };
}

sc_status sc_db_row_own(struct sc_db_row *row, size_t count, struct sc_error *err)
{
	size_t size = 0;
	uint8_t *next;

	for (size_t i = 0; i < count; i++)
		size += row->column[i].view.len + 1;
	SC_TRY(sc_bytes_new(size, &row->memory, err));
	next = row->memory.data;
	for (size_t i = 0; i < count; i++) {
		struct sc_view *view = &row->column[i].view;

		if (view->len)
			memcpy(next, view->data, view->len);
		view->data = next;
		next += view->len + 1;
	}
	return SC_OK;
}

const char *sc_db_row_text(const struct sc_db_row *row, unsigned column)
{
	return row->column[column].is_null ? "" : (const char *)row->column[column].view.data;
}

struct sc_hash sc_db_row_hash(const struct sc_db_row *row, unsigned column)
{
	struct sc_view view = row->column[column].view;
	struct sc_hash hash = { 0 };

	if (view.len == sizeof hash.b)
		memcpy(hash.b, view.data, view.len);
	return hash;
}
