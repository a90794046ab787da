/*
 * One connection to a database of SQLite: its settings, its statements and its results. One thread uses it at
 * a time. SQLite calls the operating system through its own injectable table, the VFS (rule P4): a test
 * installs its own as the default and makes the n-th write or sync fail.
 */
#ifndef SC_STORE_DB_CONNECTION_H
#define SC_STORE_DB_CONNECTION_H

#include <sqlite3.h>

#include "store/db_row.h"
#include "store/db_value.h"

/* How many statements a connection keeps prepared. Those beyond are prepared for every run. */
#define SC_DB_KEPT_MAX 32

struct sc_db_connection {
	sqlite3 *handle; /* NULL: closed */
	const char *path;
	struct {
		const char *sql; /* compared by address */
		sqlite3_stmt *prepared;
	} kept[SC_DB_KEPT_MAX];
	size_t kept_count;
	int wal_frames;       /* in the write-ahead log after the last commit */
	bool has_failed_sync; /* set permanently by a sync that failed */
};

enum sc_db_access { SC_DB_READ_ONLY, SC_DB_READ_WRITE };

/* Opens a file that exists; `path` must outlive the connection. The caller closes *out. */
sc_status sc_db_connection_open(const char *path, enum sc_db_access access, struct sc_db_connection *out,
				struct sc_error *err) SC_WARN_UNUSED;

/* Accepts a connection that is closed. */
void sc_db_connection_close(struct sc_db_connection *connection);

/*
 * Runs one statement to its end and calls `visit` (which may be NULL) for each row; a visit that does not
 * return SC_OK ends it, and its status is returned. `sql` must live as long as the connection. Errors: as in
 * db.h.
 */
sc_status sc_db_connection_run(struct sc_db_connection *connection, const char *sql,
			       const struct sc_db_value *values, size_t count, sc_db_visit visit,
			       void *context, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Runs a script of several statements without parameters, once. *out (may be NULL) is the integer that it
 * yields, if it yields one. `doing` is the verb of the message: "read".
 */
sc_status sc_db_connection_script(struct sc_db_connection *connection, const char *sql, const char *doing,
				  int64_t *out, struct sc_error *err) SC_WARN_UNUSED;

/* How many rows the last statement wrote. */
int64_t sc_db_connection_changes(const struct sc_db_connection *connection);

bool sc_db_connection_is_in_transaction(const struct sc_db_connection *connection);

/*
 * Keeps a write-ahead log from now on, and counts its frames in `wal_frames`. SC_ERR_SYSTEM if the file
 * system does not permit one.
 */
sc_status sc_db_connection_use_log(struct sc_db_connection *connection, struct sc_error *err) SC_WARN_UNUSED;

/* Copies the log back into the database, as far as readers permit. If that fails, the log still has it. */
void sc_db_connection_checkpoint(struct sc_db_connection *connection);

#endif
