/*
 * The database engine behind one small interface. Like db_value.h, db_row.h and db_schema.h it names no
 * engine: another one can later implement the same functions. Statements are strings that live as long as the
 * program. Their parameters are ?1, ?2 …, bound by number: ?1 is values[0]. Values are always bound, never
 * pasted in.
 *
 * One connection writes, one transaction at a time. A few others read committed data and never wait for it. A
 * call that reads waits at most SC_DB_READER_SECONDS for one of them, then fails with SC_ERR_BUSY.
 */
#ifndef SC_STORE_DB_H
#define SC_STORE_DB_H

#include "store/db_row.h"
#include "store/db_schema.h"
#include "store/db_value.h"

#define SC_DB_READERS        4
#define SC_DB_READER_SECONDS 5 /* by the monotonic clock */

struct sc_db;

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

/*
 * A number that differs from an earlier one if anything was committed since, by this process or another. It
 * uses a connection of its own, and waits only for other calls of itself.
 */
sc_status sc_db_version(struct sc_db *db, int64_t *out, struct sc_error *err) SC_WARN_UNUSED;

/* -- reading ----------------------------------------------------------------------------------- */

/*
 * The single row that the statement yields, read by one of the reading connections. SC_ERR_NOT_FOUND if it
 * yields none, or if a name among the values is too long to exist. SC_ERR_BUSY as above.
 */
sc_status sc_db_find(struct sc_db *db, const char *sql, const struct sc_db_value *values, size_t count,
		     sc_db_fill fill, void *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * All rows, in order. A visit that does not return SC_OK ends the list, and its status is returned.
 * SC_ERR_NOT_FOUND for a name as above, SC_ERR_BUSY as above.
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
