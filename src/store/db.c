/*
 * The database: see db.h.
 *
 * After a failed write the transaction is rolled back and the store carries on, since there may be space
 * again. A failed sync means that earlier writes may be lost, whatever a second sync returns. Nothing more is
 * written then until the process restarts and starts from what is really on disk (rule P2).
 */
#include "store/db.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/log.h"
#include "store/db_connection.h"
#include "store/db_file.h"

#define CHECKPOINT_FRAMES 1000             /* a log of 4 MB is copied back into the database */
#define READER_STEP       (SC_SECOND / 10) /* after which a waiting read looks at the clock */

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

	pthread_mutex_t watching;
	struct sc_db_connection watcher; /* sees every commit as another connection's */
};

/* -- reading ----------------------------------------------------------------------------------- */

static sc_status take_reader(struct sc_db *db, struct sc_db_connection **out, struct sc_error *err)
{
	int64_t deadline = sc_clock_monotonic() + SC_DB_READER_SECONDS * SC_SECOND;
	struct sc_db_connection *reader = NULL;

	pthread_mutex_lock(&db->lock);
	while (db->idle_count == 0 && sc_clock_monotonic() < deadline)
		(void)sc_condition_wait(&db->returned, &db->lock, READER_STEP);
	if (db->idle_count > 0)
		reader = db->idle[--db->idle_count];
	pthread_mutex_unlock(&db->lock);
	SC_ENSURE(reader, err, SC_ERR_BUSY,
		  "%s: none of its %d connections for reading has become free within %d s: try again, and if "
		  "that does not help, check the disk",
		  db->path, SC_DB_READERS, SC_DB_READER_SECONDS);
	*out = reader;
	return SC_OK;
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
	struct sc_db_connection *reader = NULL;
	sc_status status;

	SC_TRY(take_reader(db, &reader, err));
	status = sc_db_connection_run(reader, sql, values, count, visit, context, err);
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

static void fill_version(void *out, struct sc_db_row *row)
{
	*(int64_t *)out = row->column[0].integer;
}

sc_status sc_db_version(struct sc_db *db, int64_t *out, struct sc_error *err)
{
	struct finding finding = { fill_version, out, false };
	sc_status status;

	pthread_mutex_lock(&db->watching);
	status =
	    sc_db_connection_run(&db->watcher, "PRAGMA data_version", NULL, 0, keep_found, &finding, err);
	pthread_mutex_unlock(&db->watching);
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
		status = sc_db_connection_run(&db->writer, "BEGIN IMMEDIATE", NULL, 0, NULL, NULL, err);
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

	SC_TRY(sc_db_connection_run(writer, sql, values, count, NULL, NULL, err));
	if (changed)
		*changed = sc_db_connection_changes(writer);
	return SC_OK;
}

sc_status sc_db_find_in(struct sc_db_transaction *transaction, const char *sql,
			const struct sc_db_value *values, size_t count, sc_db_fill fill, void *out,
			struct sc_error *err)
{
	struct finding finding = { fill, out, false };
	sc_status status =
	    sc_db_connection_run(&transaction->db->writer, sql, values, count, keep_found, &finding, err);

	return conclude(status, &finding, err);
}

void sc_db_rollback(struct sc_db_transaction *transaction)
{
	struct sc_db *db = transaction->db;

	if (!db)
		return;
	transaction->db = NULL;
	/* Some failures have already rolled it back. One that cannot be would be committed by the next. */
	if (sc_db_connection_is_in_transaction(&db->writer) &&
	    sc_db_connection_run(&db->writer, "ROLLBACK", NULL, 0, NULL, NULL, NULL) != SC_OK)
		stop_writing(db, "a transaction cannot be rolled back");
	if (db->writer.has_failed_sync && !db->has_stopped)
		stop_writing(db, "a sync has failed");
	pthread_mutex_unlock(&db->writing);
}

/* Copies a long log back into the database. What was acknowledged is safe in the log even if that fails. */
static void checkpoint(struct sc_db *db)
{
	if (db->writer.wal_frames < CHECKPOINT_FRAMES)
		return;
	sc_db_connection_checkpoint(&db->writer);
	if (db->writer.has_failed_sync)
		stop_writing(db, "a sync has failed");
}

sc_status sc_db_commit(struct sc_db_transaction *transaction, struct sc_error *err)
{
	struct sc_db *db = transaction->db;
	sc_status status = sc_db_connection_run(&db->writer, "COMMIT", NULL, 0, NULL, NULL, err);

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
	SC_TRY(sc_db_connection_open(db->path, SC_DB_READ_WRITE, &db->writer, err));
	SC_TRY(sc_db_schema_apply(schema, &db->writer, err));
	for (size_t i = 0; i < SC_DB_READERS; i++) {
		SC_TRY(sc_db_connection_open(db->path, SC_DB_READ_ONLY, &db->reader[i], err));
		db->idle[db->idle_count++] = &db->reader[i];
	}
	return sc_db_connection_open(db->path, SC_DB_READ_ONLY, &db->watcher, err);
}

static void set_up_locks(struct sc_db *db)
{
	pthread_mutex_init(&db->writing, NULL);
	pthread_mutex_init(&db->lock, NULL);
	pthread_mutex_init(&db->watching, NULL);
	sc_condition_init(&db->returned);
}

sc_status sc_db_open(const char *path, const struct sc_db_schema *schema, struct sc_db **out,
		     struct sc_error *err)
{
	struct sc_db *db = calloc(1, sizeof *db);
	sc_status status;

	SC_ENSURE(db, err, SC_ERR_MEMORY, "out of memory for a database");
	set_up_locks(db);
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
		sc_db_connection_close(&db->reader[i]);
	sc_db_connection_close(&db->watcher);
	/* The last connection to close copies the log back and removes it. */
	sc_db_connection_close(&db->writer);
	pthread_cond_destroy(&db->returned);
	pthread_mutex_destroy(&db->watching);
	pthread_mutex_destroy(&db->lock);
	pthread_mutex_destroy(&db->writing);
	free(db->path);
	free(db);
}
