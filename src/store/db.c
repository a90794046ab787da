/*
 * The SQLite engine: see db.h. SQLite calls the operating system through its own injectable table, the VFS
 * (rule P4): a test installs its own as the default and makes the n-th write or sync fail.
 *
 * After a failed write the transaction is rolled back and the store carries on, since there may be space
 * again. A failed sync means that earlier writes may be lost, whatever a second sync returns. Nothing more is
 * written then until the process restarts and starts from what is really on disk (rule P2).
 */
#include "store/db_sqlite.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define CHECKPOINT_FRAMES 1000 /* a log of 4 MB is copied back into the database */

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
sc_status sc_db_fail(const struct sc_db_connection *connection, int code, const char *doing,
		     struct sc_error *err)
{
	sc_status status = status_of(code);

	if (status == SC_ERR_EXISTS || status == SC_ERR_NOT_FOUND)
		return sc_fail_plain(err, status);
	return sc_fail(err, status, "%s: cannot %s the database: %s", connection->path, doing,
		       connection->handle ? sqlite3_errmsg(connection->handle) : sqlite3_errstr(code));
}

/* -- values ------------------------------------------------------------------------------------ */

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

static int bind_all(sqlite3_stmt *statement, const struct sc_db_value *values, size_t count)
{
	assert((size_t)sqlite3_bind_parameter_count(statement) == count);
	for (size_t i = 0; i < count; i++) {
		char name[8];
		int code;

		/* To SQLite, $1 is a name, not a position. */
		snprintf(name, sizeof name, "$%u", (unsigned)i + 1);
		code = bind_one(statement, sqlite3_bind_parameter_index(statement, name), &values[i]);
		if (code != SQLITE_OK)
			return code;
	}
	return SQLITE_OK;
}

/* -- statements -------------------------------------------------------------------------------- */

static int prepare(struct sc_db_connection *connection, const char *sql, sqlite3_stmt **out)
{
	struct sc_db_statement *next = &connection->statement[connection->statement_count];
	int code;

	for (size_t i = 0; i < connection->statement_count; i++)
		if (connection->statement[i].sql == sql) {
			*out = connection->statement[i].prepared;
			return SQLITE_OK;
		}
	assert(connection->statement_count < SC_DB_STATEMENTS_MAX);
	code =
	    sqlite3_prepare_v3(connection->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &next->prepared, NULL);
	if (code != SQLITE_OK)
		return code;
	next->sql = sql;
	connection->statement_count++;
	*out = next->prepared;
	return SQLITE_OK;
}

const char *sc_db_row_text(const struct sc_db_row *row, unsigned column)
{
	return row->column[column].is_null ? "" : (const char *)row->column[column].view.data;
}

/* Asks for the type first: asking an integer for its bytes would turn it into text. */
static size_t measure(sqlite3_stmt *statement, int columns, struct sc_db_row *row)
{
	size_t size = 0;

	for (int i = 0; i < columns; i++) {
		int type = sqlite3_column_type(statement, i);

		row->column[i].is_null = type == SQLITE_NULL;
		if (type == SQLITE_INTEGER)
			row->column[i].integer = sqlite3_column_int64(statement, i);
		else
			row->column[i].view.len = (size_t)sqlite3_column_bytes(statement, i);
		size += row->column[i].view.len + 1;
	}
	return size;
}

/* Copies a row, because SQLite's own values are valid only until its next step. */
static sc_status copy_row(sqlite3_stmt *statement, struct sc_db_row *out, struct sc_error *err)
{
	int columns = sqlite3_column_count(statement);
	uint8_t *next;

	assert(columns <= SC_DB_COLUMNS_MAX);
	*out = (struct sc_db_row){ 0 };
	SC_TRY(sc_bytes_new(measure(statement, columns, out), &out->memory, err));
	next = out->memory.data;
	for (int i = 0; i < columns; i++) {
		size_t len = out->column[i].view.len;

		if (len)
			memcpy(next, sqlite3_column_blob(statement, i), len);
		out->column[i].view.data = next;
		next += len + 1;
	}
	return SC_OK;
}

static sc_status visit_one(sqlite3_stmt *statement, sc_db_visit visit, void *context, struct sc_error *err)
{
	struct sc_db_row row;
	sc_status status;

	SC_TRY(copy_row(statement, &row, err));
	status = visit(context, &row, err);
	sc_bytes_free(&row.memory);
	return status;
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
		return sc_db_fail(connection, code, sqlite3_stmt_readonly(statement) ? "read" : "write", err);
	return SC_OK;
}

static sc_status run(struct sc_db_connection *connection, const char *sql, const struct sc_db_value *values,
		     size_t count, sc_db_visit visit, void *context, struct sc_error *err)
{
	sqlite3_stmt *statement = NULL;
	sc_status status;
	int code;

	code = prepare(connection, sql, &statement);
	if (code != SQLITE_OK)
		return sc_db_fail(connection, code, "query", err);
	code = bind_all(statement, values, count);
	if (code == SQLITE_OK)
		status = step_all(connection, statement, visit, context, err);
	else if (code == SQLITE_TOOBIG)
		/* Nothing that long can exist. */
		status = sc_fail_plain(err, sqlite3_stmt_readonly(statement) ? SC_ERR_NOT_FOUND
									     : SC_ERR_TOO_LARGE);
	else
		status = sc_db_fail(connection, code, "query", err);
	(void)sqlite3_reset(statement);
	(void)sqlite3_clear_bindings(statement);
	return status;
}

/* -- reading ----------------------------------------------------------------------------------- */

static struct sc_db_connection *take_reader(struct sc_db *db)
{
	struct sc_db_connection *reader;

	pthread_mutex_lock(&db->lock);
	while (db->idle_count == 0)
		pthread_cond_wait(&db->returned, &db->lock);
	reader = db->idle[--db->idle_count];
	pthread_mutex_unlock(&db->lock);
	return reader;
}

static void give_back(struct sc_db *db, struct sc_db_connection *reader)
{
	pthread_mutex_lock(&db->lock);
	db->idle[db->idle_count++] = reader;
	pthread_cond_signal(&db->returned);
	pthread_mutex_unlock(&db->lock);
}

sc_status sc_db_list(struct sc_db *db, const char *sql, const struct sc_db_value *values, size_t count,
		     sc_db_visit visit, void *context, struct sc_error *err)
{
	struct sc_db_connection *reader = take_reader(db);
	sc_status status = run(reader, sql, values, count, visit, context, err);

	give_back(db, reader);
	return status;
}

struct finding {
	sc_db_fill fill;
	void *out;
	bool is_found;
};

static sc_status keep_found(void *context, struct sc_db_row *row, struct sc_error *err)
{
	struct finding *finding = context;

	(void)err;
	assert(!finding->is_found);
	finding->is_found = true;
	finding->fill(finding->out, row);
	return SC_OK;
}

static sc_status conclude(sc_status status, const struct finding *finding, struct sc_error *err)
{
	if (status == SC_OK && !finding->is_found)
		return sc_fail_plain(err, SC_ERR_NOT_FOUND);
	return status;
}

sc_status sc_db_find(struct sc_db *db, const char *sql, const struct sc_db_value *values, size_t count,
		     sc_db_fill fill, void *out, struct sc_error *err)
{
	struct finding finding = { fill, out, false };
	sc_status status = sc_db_list(db, sql, values, count, keep_found, &finding, err);

	return conclude(status, &finding, err);
}

/* -- writing ----------------------------------------------------------------------------------- */

static void stop_writing(struct sc_db *db, const char *what)
{
	db->has_stopped = true;
	sc_log(SC_LOG_ERROR, "%s: %s: nothing more is written until a restart: check the disk", db->path,
	       what);
}

sc_status sc_db_begin(struct sc_db *db, struct sc_db_transaction *out, struct sc_error *err)
{
	sc_status status;

	pthread_mutex_lock(&db->writing);
	if (db->has_stopped)
		status =
		    sc_fail(err, SC_ERR_NOT_DURABLE,
			    "%s: a sync to disk has failed: nothing is written until a restart", db->path);
	else
		status = run(&db->writer, "BEGIN IMMEDIATE", NULL, 0, NULL, NULL, err);
	if (status != SC_OK) {
		pthread_mutex_unlock(&db->writing);
		return status;
	}
	out->db = db;
	return SC_OK;
}

sc_status sc_db_run(struct sc_db_transaction *transaction, const char *sql, const struct sc_db_value *values,
		    size_t count, int64_t *changed, struct sc_error *err)
{
	struct sc_db_connection *writer = &transaction->db->writer;

	SC_TRY(run(writer, sql, values, count, NULL, NULL, err));
	if (changed)
		*changed = sqlite3_changes64(writer->handle);
	return SC_OK;
}

sc_status sc_db_find_in(struct sc_db_transaction *transaction, const char *sql,
			const struct sc_db_value *values, size_t count, sc_db_fill fill, void *out,
			struct sc_error *err)
{
	struct finding finding = { fill, out, false };
	sc_status status = run(&transaction->db->writer, sql, values, count, keep_found, &finding, err);

	return conclude(status, &finding, err);
}

void sc_db_rollback(struct sc_db_transaction *transaction)
{
	struct sc_db *db = transaction->db;

	if (!db)
		return;
	transaction->db = NULL;
	/* Some failures have already rolled it back. One that cannot be would be committed by the next. */
	if (!sqlite3_get_autocommit(db->writer.handle) &&
	    run(&db->writer, "ROLLBACK", NULL, 0, NULL, NULL, NULL) != SC_OK)
		stop_writing(db, "a transaction cannot be rolled back");
	if (db->writer.has_failed_sync && !db->has_stopped)
		stop_writing(db, "a sync has failed");
	pthread_mutex_unlock(&db->writing);
}

/* Copies a long log back into the database. What was acknowledged is safe in the log even if that fails. */
static void checkpoint(struct sc_db *db)
{
	int code;

	if (db->writer.wal_frames < CHECKPOINT_FRAMES)
		return;
	code = sqlite3_wal_checkpoint_v2(db->writer.handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (is_sync_failure(code))
		stop_writing(db, "a sync has failed");
}

sc_status sc_db_commit(struct sc_db_transaction *transaction, struct sc_error *err)
{
	struct sc_db *db = transaction->db;
	sc_status status = run(&db->writer, "COMMIT", NULL, 0, NULL, NULL, err);

	if (status != SC_OK) {
		sc_db_rollback(transaction);
		return status;
	}
	checkpoint(db);
	transaction->db = NULL;
	pthread_mutex_unlock(&db->writing);
	return SC_OK;
}

sc_status sc_db_write(struct sc_db *db, const char *sql, const struct sc_db_value *values, size_t count,
		      int64_t *changed, struct sc_error *err)
{
	SC_CLEANUP(sc_db_transaction) transaction = SC_DB_NO_TRANSACTION;
	int64_t rows = 0;

	SC_TRY(sc_db_begin(db, &transaction, err));
	SC_TRY(sc_db_run(&transaction, sql, values, count, &rows, err));
	SC_TRY(sc_db_commit(&transaction, err));
	if (changed)
		*changed = rows;
	return SC_OK;
}

/* -- opening ----------------------------------------------------------------------------------- */

static sc_status open_all(struct sc_db *db, const struct sc_db_schema *schema, struct sc_error *err)
{
	SC_TRY(sc_db_file_prepare(db->path, err));
	SC_TRY(sc_db_connect(db->path, true, &db->writer, err));
	SC_TRY(sc_db_migrate(&db->writer, schema, err));
	for (size_t i = 0; i < SC_DB_READERS; i++) {
		SC_TRY(sc_db_connect(db->path, false, &db->reader[i], err));
		db->idle[db->idle_count++] = &db->reader[i];
	}
	return SC_OK;
}

sc_status sc_db_open(const char *path, const struct sc_db_schema *schema, struct sc_db **out,
		     struct sc_error *err)
{
	struct sc_db *db = calloc(1, sizeof *db);
	sc_status status;

	assert(sqlite3_threadsafe());
	SC_ENSURE(db, err, SC_ERR_MEMORY, "out of memory for a database");
	pthread_mutex_init(&db->writing, NULL);
	pthread_mutex_init(&db->lock, NULL);
	pthread_cond_init(&db->returned, NULL);
	db->path = strdup(path);
	status = db->path ? open_all(db, schema, err) : sc_fail_plain(err, SC_ERR_MEMORY);
	if (status != SC_OK) {
		sc_db_close(db);
		return status;
	}
	*out = db;
	return SC_OK;
}

void sc_db_close(struct sc_db *db)
{
	if (!db)
		return;
	for (size_t i = 0; i < SC_DB_READERS; i++)
		sc_db_disconnect(&db->reader[i]);
	/* The last connection to close copies the log back and removes it. */
	sc_db_disconnect(&db->writer);
	pthread_cond_destroy(&db->returned);
	pthread_mutex_destroy(&db->lock);
	pthread_mutex_destroy(&db->writing);
	free(db->path);
	free(db);
}
