/* The values that are bound to a statement's parameters: never pasted into its text. */
#ifndef SC_STORE_DB_VALUE_H
#define SC_STORE_DB_VALUE_H

#include "base/bytes.h"

#define SC_DB_NAME_MAX  256    /* bytes of a folded name */
#define SC_DB_VALUE_MAX 262144 /* of anything else */

enum sc_db_kind {
	SC_DB_NULL,
	SC_DB_INTEGER,
	SC_DB_TEXT,
	SC_DB_FOLDED, /* ASCII letters in lower case: the form in which names are compared */
	SC_DB_BYTES,
};

struct sc_db_value {
	enum sc_db_kind kind;
	int64_t integer;
	struct sc_view view;
};

struct sc_db_value sc_db_integer(int64_t integer);
/* NULL if `integer` equals `absent`: a time that is not set. */
struct sc_db_value sc_db_integer_or_null(int64_t integer, int64_t absent);
/* NULL for a NULL pointer. */
struct sc_db_value sc_db_text(const char *text);
struct sc_db_value sc_db_folded(const char *name);
struct sc_db_value sc_db_bytes(struct sc_view bytes);

#define SC_DB_COUNT(values) (sizeof(values) / sizeof(values)[0])

#endif
