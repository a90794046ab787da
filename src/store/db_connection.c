/* SQLite's connections: see db_connection.h. */
#include "store/db_connection.h"

#include <assert.h>
#include <stdlib.h>

#include "store/db_statement.h"

#define BUSY_MILLISECONDS 5000 /* how long another process (an administrator's command) may lock it */

/*
 * DEFENSIVE and an untrusted schema: a file put in place of ours cannot run code of its maker. FULL: every
 * commit is synced before it is acknowledged (P2). secure_delete: removed data does not remain in free pages.
 * We checkpoint the log ourselves, after a commit, so that we notice a failed sync.
 */
static const char *const settings = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
				    "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;"
				    "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;"
				    "PRAGMA mmap_size = 0; PRAGMA wal_autocheckpoint = 0;";

/* -- results ----------------------------------------------------------------------------------- */

static bool is_sync_failure(int code)
{
	return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

static sc_status constraint(int code)
{
	switch (code) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
		return SC_ERR_EXISTS;
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return SC_ERR_NOT_FOUND;
	default:
		return SC_ERR_ARGUMENT;
	}
}

static sc_status input_output(int code)
{
	switch (code) {
	case SQLITE_IOERR_WRITE:
	case SQLITE_IOERR_FSYNC:
	case SQLITE_IOERR_DIR_FSYNC:
	case SQLITE_IOERR_TRUNCATE:
	case SQLITE_IOERR_SHMSIZE:
	case SQLITE_IOERR_SHMOPEN:
	case SQLITE_IOERR_SHMMAP:
		return SC_ERR_NOT_DURABLE;
	case SQLITE_IOERR_NOMEM:
		return SC_ERR_MEMORY;
	default:
		return SC_ERR_SYSTEM;
	}
}

static sc_status status_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_CONSTRAINT:
		return constraint(code);
	case SQLITE_IOERR:
		return input_output(code);
	case SQLITE_FULL:
		return SC_ERR_NOT_DURABLE;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return SC_ERR_BUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return SC_ERR_INTEGRITY;
	case SQLITE_NOMEM:
		return SC_ERR_MEMORY;
	case SQLITE_TOOBIG:
		return SC_ERR_TOO_LARGE;
	default:
		return SC_ERR_SYSTEM;
	}
}

/* SQLite's messages name tables and columns, never values. */
static sc_status fail(const struct sc_db_connection *connection, int code, const char *doing,
		      struct sc_error *err)
{
	sc_status status = status_of(code);

	if (status == SC_ERR_EXISTS || status == SC_ERR_NOT_FOUND)
		return sc_fail_plain(err, status);
	return sc_fail(err, status, "%s: cannot %s the database: %s", connection->path, doing,
		       connection->handle ? sqlite3_errmsg(connection->handle) : sqlite3_errstr(code));
}

/* -- statements -------------------------------------------------------------------------------- */

static sqlite3_stmt *find_kept(const struct sc_db_connection *connection, const char *sql)
{
	for (size_t i = 0; i < connection->kept_count; i++)
		if (connection->kept[i].sql == sql)
			return connection->kept[i].prepared;
	return NULL;
}

static int prepare(struct sc_db_connection *connection, const char *sql, sqlite3_stmt **out)
{
	bool is_room = connection->kept_count < SC_DB_KEPT_MAX;
	int code;

	*out = find_kept(connection, sql);
	if (*out)
		return SQLITE_OK;
	code = sqlite3_prepare_v3(connection->handle, sql, -1, is_room ? SQLITE_PREPARE_PERSISTENT : 0, out,
				  NULL);
	if (code == SQLITE_OK && is_room) {
		connection->kept[connection->kept_count].sql = sql;
		connection->kept[connection->kept_count++].prepared = *out;
	}
	return code;
}

/* Keeps the statement for its next run if it is one of those that are kept. */
static void release(const struct sc_db_connection *connection, const char *sql, sqlite3_stmt *statement)
{
	if (!find_kept(connection, sql)) {
		(void)sqlite3_finalize(statement);
		return;
	}
	(void)sqlite3_reset(statement);
	(void)sqlite3_clear_bindings(statement);
}

static sc_status visit_one(sqlite3_stmt *statement, sc_db_visit visit, void *context, struct sc_error *err)
{
	SC_CLEANUP(sc_db_row) row = { 0 };

	SC_TRY(sc_db_statement_row(statement, &row, err));
	return visit(context, &row, err);
}

/* Runs a prepared statement to its end. */
static sc_status step_all(struct sc_db_connection *connection, sqlite3_stmt *statement, sc_db_visit visit,
			  void *context, struct sc_error *err)
{
	int code;

	while ((code = sqlite3_step(statement)) == SQLITE_ROW)
		if (visit)
			SC_TRY(visit_one(statement, visit, context, err));
	if (is_sync_failure(code))
		connection->has_failed_sync = true;
	if (code != SQLITE_DONE)
		return fail(connection, code, sqlite3_stmt_readonly(statement) ? "read" : "write", err);
	return SC_OK;
}

sc_status sc_db_connection_run(struct sc_db_connection *connection, const char *sql,
			       const struct sc_db_value *values, size_t count, sc_db_visit visit,
			       void *context, struct sc_error *err)
{
	sqlite3_stmt *statement = NULL;
	sc_status status;
	int code;

	code = prepare(connection, sql, &statement);
	if (code != SQLITE_OK)
		return fail(connection, code, "query", err);
	code = sc_db_statement_bind(statement, values, count);
	if (code == SQLITE_OK)
		status = step_all(connection, statement, visit, context, err);
	else if (code == SQLITE_TOOBIG)
		/* Nothing that long can exist. */
		status = sc_fail_plain(err, sqlite3_stmt_readonly(statement) ? SC_ERR_NOT_FOUND
									     : SC_ERR_TOO_LARGE);
	else
		status = fail(connection, code, "query", err);
	release(connection, sql, statement);
	return status;
}

static int keep_integer(void *out, int columns, char **texts, char **names)
{
	(void)names;
	if (columns == 1 && texts[0])
		*(int64_t *)out = strtoll(texts[0], NULL, 10);
	return 0;
}

sc_status sc_db_connection_script(struct sc_db_connection *connection, const char *sql, const char *doing,
				  int64_t *out, struct sc_error *err)
{
	int code = sqlite3_exec(connection->handle, sql, out ? keep_integer : NULL, out, NULL);

	return code == SQLITE_OK ? SC_OK : fail(connection, code, doing, err);
}

int64_t sc_db_connection_changes(const struct sc_db_connection *connection)
{
	return sqlite3_changes64(connection->handle);
}

bool sc_db_connection_is_in_transaction(const struct sc_db_connection *connection)
{
	return !sqlite3_get_autocommit(connection->handle);
}

/* -- the write-ahead log ----------------------------------------------------------------------- */

static int note_frames(void *context, sqlite3 *handle, const char *name, int frames)
{
	struct sc_db_connection *connection = context;

	(void)handle, (void)name;
	connection->wal_frames = frames;
	return SQLITE_OK;
}

sc_status sc_db_connection_use_log(struct sc_db_connection *connection, struct sc_error *err)
{
	const char *const sql = "SELECT journal_mode = 'wal' FROM pragma_journal_mode";
	int64_t is_wal = 0;

	SC_TRY(sc_db_connection_script(connection, "PRAGMA journal_mode = WAL", "write", NULL, err));
	SC_TRY(sc_db_connection_script(connection, sql, "read", &is_wal, err));
	SC_ENSURE(is_wal, err, SC_ERR_SYSTEM, "%s: cannot keep a write-ahead log on this file system",
		  connection->path);
	(void)sqlite3_wal_hook(connection->handle, note_frames, connection);
	return SC_OK;
}

void sc_db_connection_checkpoint(struct sc_db_connection *connection)
{
	if (is_sync_failure(
		sqlite3_wal_checkpoint_v2(connection->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL)))
		connection->has_failed_sync = true;
}

/* -- opening and closing ----------------------------------------------------------------------- */

sc_status sc_db_connection_open(const char *path, enum sc_db_access access, struct sc_db_connection *out,
				struct sc_error *err)
{
	int code;

	assert(sqlite3_threadsafe());
	*out = (struct sc_db_connection){ .path = path };
	code = sqlite3_open_v2(path, &out->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_extended_result_codes(out->handle, 1);
	if (code == SQLITE_OK)
		code = sqlite3_busy_timeout(out->handle, BUSY_MILLISECONDS);
	if (code == SQLITE_OK)
		code = sqlite3_db_config(out->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(out->handle, settings, NULL, NULL, NULL);
	if (code == SQLITE_OK && access == SC_DB_READ_ONLY)
		code = sqlite3_exec(out->handle, "PRAGMA query_only = ON", NULL, NULL, NULL);
	if (code != SQLITE_OK) {
		sc_status status = fail(out, code, "open", err);

		sc_db_connection_close(out);
		return status;
	}
	return SC_OK;
}

void sc_db_connection_close(struct sc_db_connection *connection)
{
	for (size_t i = 0; i < connection->kept_count; i++)
		(void)sqlite3_finalize(connection->kept[i].prepared);
	connection->kept_count = 0;
	(void)sqlite3_close(connection->handle);
	connection->handle = NULL;
}
