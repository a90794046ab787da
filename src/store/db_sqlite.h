/* Shared by the files of the SQLite engine: see db.h. */
#ifndef SC_STORE_DB_SQLITE_H
#define SC_STORE_DB_SQLITE_H

#include <pthread.h>
#include <sqlite3.h>

#include "store/db.h"

#define SC_DB_STATEMENTS_MAX 32 /* of one store */
#define SC_DB_READERS        4

struct sc_db_statement {
	const char *sql; /* compared by address; db.h says that it lives on */
	sqlite3_stmt *prepared;
};

struct sc_db_connection {
	sqlite3 *handle;
	const char *path;
	struct sc_db_statement statement[SC_DB_STATEMENTS_MAX];
	size_t statement_count;
	int wal_frames; /* in the write-ahead log after the last commit */
	bool has_failed_sync;
};

struct sc_db {
	char *path;

	pthread_mutex_t writing; /* held for a whole transaction */
	struct sc_db_connection writer;
	bool has_stopped; /* a sync or a rollback failed: nothing more is written (rule P2) */

	pthread_mutex_t lock; /* guards the idle readers */
	pthread_cond_t returned;
	struct sc_db_connection reader[SC_DB_READERS];
	struct sc_db_connection *idle[SC_DB_READERS];
	size_t idle_count;
};

/* Translates an SQLite result code into our status and message. `doing` is "write", "open" … */
sc_status sc_db_fail(const struct sc_db_connection *connection, int code, const char *doing,
		     struct sc_error *err);

/* Opens one connection with the settings of its kind, writer or reader. */
sc_status sc_db_connect(const char *path, bool is_writer, struct sc_db_connection *out,
			struct sc_error *err) SC_WARN_UNUSED;
void sc_db_disconnect(struct sc_db_connection *connection);

/* Creates the file if it is missing. */
sc_status sc_db_file_prepare(const char *path, struct sc_error *err) SC_WARN_UNUSED;

/* Refuses a database that does not belong to this schema; upgrades it to the last version. */
sc_status sc_db_migrate(struct sc_db_connection *writer, const struct sc_db_schema *schema,
			struct sc_error *err) SC_WARN_UNUSED;

#endif
