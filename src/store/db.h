/*
 * The database engine behind one small interface. This is the only header of store/ that contains SQL, and it
 * names no engine: another one can later implement the same functions. Statements are strings that live as
 * long as the program, with the parameters $1, $2 …; values are always bound, never pasted in.
 *
 * One connection writes, one transaction at a time. A few others read committed data and never wait for it.
 */
#ifndef SC_STORE_DB_H
#define SC_STORE_DB_H

#include "base/bytes.h"
#include "base/digest.h"

struct sc_db;

/* Whose tables they are, and how to make them: step i upgrades a database of version i to version i + 1. */
struct sc_db_schema {
	const char *owner;      /* program, for messages: "vaultd" */
	int32_t application_id; /* identifies the file */
	const char *const *steps;
	int step_count;
};

/*
 * Opens the database at `path`, creates it (mode 0600) if it is missing, and upgrades its schema to the last
 * step. SC_ERR_FORMAT for a newer schema or another program's database, SC_ERR_INTEGRITY for a file that is
 * not a database, SC_ERR_ARGUMENT for one that other users can read. `schema` need only be valid during the
 * call. The caller closes *out.
 */
sc_status sc_db_open(const char *path, const struct sc_db_schema *schema, struct sc_db **out,
		     struct sc_error *err) SC_WARN_UNUSED;
void sc_db_close(struct sc_db *db);
SC_CLEANUP_POINTER(sc_db, struct sc_db, sc_db_close)

/* -- values to bind ---------------------------------------------------------------------------- */

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

/* -- rows -------------------------------------------------------------------------------------- */

#define SC_DB_COLUMNS_MAX 24

/* A row that was read. Its columns point into `memory`; to keep them, take it (sc_steal). */
struct sc_db_row {
	struct {
		bool is_null;
		int64_t integer;
		struct sc_view view; /* terminated */
	} column[SC_DB_COLUMNS_MAX];
	struct sc_bytes memory;
};

/* "" for NULL. */
const char *sc_db_row_text(const struct sc_db_row *row, unsigned column);

/* Moves a row's columns and its memory into the caller's struct. */
typedef void (*sc_db_fill)(void *out, struct sc_db_row *row);

/* Called for each row of a list. */
typedef sc_status (*sc_db_visit)(void *context, struct sc_db_row *row, struct sc_error *err);

/*
 * The single row that the statement yields, read by one of the reading connections. SC_ERR_NOT_FOUND if it
 * yields none, or if a name among the values is too long to exist.
 */
sc_status sc_db_find(struct sc_db *db, const char *sql, const struct sc_db_value *values, size_t count,
		     sc_db_fill fill, void *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * All rows, in order. A visit that does not return SC_OK ends the list, and its status is returned.
 * SC_ERR_NOT_FOUND for a name as above.
 */
sc_status sc_db_list(struct sc_db *db, const char *sql, const struct sc_db_value *values, size_t count,
		     sc_db_visit visit, void *context, struct sc_error *err) SC_WARN_UNUSED;

/* -- writing ----------------------------------------------------------------------------------- */

/* All or nothing. Its cleanup rolls it back unless it was committed. One thread writes at a time. */
struct sc_db_transaction {
	struct sc_db *db; /* NULL once it has ended */
};
#define SC_DB_NO_TRANSACTION { NULL }

void sc_db_rollback(struct sc_db_transaction *transaction);
SC_CLEANUP_VALUE(sc_db_transaction, sc_db_rollback)

/* Waits for its turn. SC_ERR_BUSY if another process has locked the database. */
sc_status sc_db_begin(struct sc_db *db, struct sc_db_transaction *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * A statement that writes; *changed (may be NULL) is the number of rows written. SC_ERR_EXISTS if a key is
 * taken, SC_ERR_NOT_FOUND if one refers to nothing.
 */
sc_status sc_db_run(struct sc_db_transaction *transaction, const char *sql, const struct sc_db_value *values,
		    size_t count, int64_t *changed, struct sc_error *err) SC_WARN_UNUSED;

/* Like sc_db_find, but sees what the transaction has written. */
sc_status sc_db_find_in(struct sc_db_transaction *transaction, const char *sql,
			const struct sc_db_value *values, size_t count, sc_db_fill fill, void *out,
			struct sc_error *err) SC_WARN_UNUSED;

/* Ends the transaction. SC_OK means that it is on disk (rule P2). SC_ERR_NOT_DURABLE. */
sc_status sc_db_commit(struct sc_db_transaction *transaction, struct sc_error *err) SC_WARN_UNUSED;

/* A transaction of one statement. */
sc_status sc_db_write(struct sc_db *db, const char *sql, const struct sc_db_value *values, size_t count,
		      int64_t *changed, struct sc_error *err) SC_WARN_UNUSED;

#endif
