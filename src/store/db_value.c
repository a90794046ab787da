/* Values to bind: see db_value.h. */
#include "store/db_value.h"

struct sc_db_value sc_db_integer(int64_t integer)
{
	return (struct sc_db_value){ .kind = SC_DB_INTEGER, .integer = integer };
}

struct sc_db_value sc_db_integer_or_null(int64_t integer, int64_t absent)
{
	return integer == absent ? (struct sc_db_value){ .kind = SC_DB_NULL } : sc_db_integer(integer);
}

struct sc_db_value sc_db_text(const char *text)
{
	if (!text)
		return (struct sc_db_value){ .kind = SC_DB_NULL };
	return (struct sc_db_value){ .kind = SC_DB_TEXT, .view = sc_view_text(text) };
}

struct sc_db_value sc_db_folded(const char *name)
{
	struct sc_db_value value = sc_db_text(name);

	if (name)
		value.kind = SC_DB_FOLDED;
	return value;
}

struct sc_db_value sc_db_bytes(struct sc_view bytes)
{
	return (struct sc_db_value){ .kind = SC_DB_BYTES, .view = bytes };
}
