/*
 * A database's file, its settings and its schema version. SQLite would create files that others can read, so
 * the file is created here first; its companions (-wal, -shm) inherit its permissions. A file that is not
 * ours is left unchanged.
 */
#include "store/db_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/os.h"

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

/* O_PATH, because closing any other descriptor of the file would drop the locks that SQLite holds on it. */
static sc_status examine(const char *path, bool *is_there, struct sc_error *err)
{
	struct stat status;
	int fd = sc_os->openat(AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	int failed;

	*is_there = fd >= 0;
	if (fd < 0 && errno == ENOENT)
		return SC_OK;
	if (fd < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be opened", path);
	failed = sc_os->fstat(fd, &status);
	(void)sc_os->close(fd);
	if (failed)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot be examined", path);
	SC_ENSURE(S_ISREG(status.st_mode), err, SC_ERR_ARGUMENT, "%s: is not a regular file", path);
	SC_ENSURE((status.st_mode & 077) == 0, err, SC_ERR_ARGUMENT,
		  "%s: other users can open it: chmod 600 it, and find out whether anyone did", path);
	return SC_OK;
}

sc_status sc_db_file_prepare(const char *path, struct sc_error *err)
{
	bool is_there = false;
	sc_status status;

	SC_ENSURE(path[0] != '\0' && path[0] != ':', err, SC_ERR_ARGUMENT,
		  "\"%s\" is not a valid name for a database", path);
	SC_TRY(examine(path, &is_there, err));
	if (is_there)
		return SC_OK;
	/* An empty file is an empty database. */
	status = sc_file_write_path(path, (struct sc_view){ 0 }, SC_FILE_NEW, 0600, err);
	return status == SC_ERR_EXISTS ? examine(path, &is_there, err) : status;
}

static int note_frames(void *context, sqlite3 *handle, const char *name, int frames)
{
	struct sc_db_connection *connection = context;

	(void)handle, (void)name;
	connection->wal_frames = frames;
	return SQLITE_OK;
}

sc_status sc_db_connect(const char *path, bool is_writer, struct sc_db_connection *out, struct sc_error *err)
{
	int code;

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
	if (code == SQLITE_OK && !is_writer)
		code = sqlite3_exec(out->handle, "PRAGMA query_only = ON", NULL, NULL, NULL);
	if (code != SQLITE_OK) {
		sc_status status = sc_db_fail(out, code, "open", err);

		sc_db_disconnect(out);
		return status;
	}
	return SC_OK;
}

void sc_db_disconnect(struct sc_db_connection *connection)
{
	for (size_t i = 0; i < connection->statement_count; i++)
		(void)sqlite3_finalize(connection->statement[i].prepared);
	connection->statement_count = 0;
	(void)sqlite3_close(connection->handle);
	connection->handle = NULL;
}

/* -- the schema -------------------------------------------------------------------------------- */

static int keep_integer(void *out, int columns, char **texts, char **names)
{
	(void)names;
	if (columns == 1 && texts[0])
		*(int64_t *)out = strtoll(texts[0], NULL, 10);
	return 0;
}

static sc_status ask_integer(struct sc_db_connection *connection, const char *sql, int64_t *out,
			     struct sc_error *err)
{
	int code = sqlite3_exec(connection->handle, sql, keep_integer, out, NULL);

	return code == SQLITE_OK ? SC_OK : sc_db_fail(connection, code, "read", err);
}

static sc_status execute(struct sc_db_connection *connection, const char *sql, struct sc_error *err)
{
	int code = sqlite3_exec(connection->handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? SC_OK : sc_db_fail(connection, code, "create the tables of", err);
}

/* The version of our database; 0 if it is empty. Nothing is written to it before this returns SC_OK. */
static sc_status check_version(struct sc_db_connection *writer, const struct sc_db_schema *schema,
			       int64_t *version, struct sc_error *err)
{
	int64_t application = 0;
	int64_t tables = 0;

	SC_TRY(ask_integer(writer, "PRAGMA user_version", version, err));
	SC_TRY(ask_integer(writer, "PRAGMA application_id", &application, err));
	SC_TRY(ask_integer(writer, "SELECT count(*) FROM sqlite_schema", &tables, err));
	if (application == 0 && *version == 0 && tables == 0)
		return SC_OK;
	SC_ENSURE(application == schema->application_id, err, SC_ERR_FORMAT, "%s: is not a database of %s",
		  writer->path, schema->owner);
	SC_ENSURE(*version >= 1 && *version <= schema->step_count, err, SC_ERR_FORMAT,
		  "%s: its schema has version %lld, but this %s supports only versions up to %d: use the "
		  "program that wrote it",
		  writer->path, (long long)*version, schema->owner, schema->step_count);
	return SC_OK;
}

static sc_status use_log(struct sc_db_connection *writer, struct sc_error *err)
{
	const char *const sql = "SELECT journal_mode = 'wal' FROM pragma_journal_mode";
	int64_t is_wal = 0;

	SC_TRY(execute(writer, "PRAGMA journal_mode = WAL", err));
	SC_TRY(ask_integer(writer, sql, &is_wal, err));
	SC_ENSURE(is_wal, err, SC_ERR_SYSTEM, "%s: cannot keep a write-ahead log on this file system",
		  writer->path);
	(void)sqlite3_wal_hook(writer->handle, note_frames, writer);
	return SC_OK;
}

static sc_status take_steps(struct sc_db_connection *writer, const struct sc_db_schema *schema,
			    struct sc_error *err)
{
	int64_t version = 0;
	char mark[96];

	/* Another process may have taken the steps since the version was read. */
	SC_TRY(check_version(writer, schema, &version, err));
	for (int64_t i = version; i < schema->step_count; i++)
		SC_TRY(execute(writer, schema->steps[i], err));
	snprintf(mark, sizeof mark, "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 (int)schema->application_id, schema->step_count);
	SC_TRY(execute(writer, mark, err));
	return execute(writer, "COMMIT", err);
}

sc_status sc_db_migrate(struct sc_db_connection *writer, const struct sc_db_schema *schema,
			struct sc_error *err)
{
	int64_t version = 0;
	sc_status status;

	SC_TRY(check_version(writer, schema, &version, err));
	SC_TRY(use_log(writer, err));
	if (version == schema->step_count)
		return SC_OK;
	SC_TRY(execute(writer, "BEGIN IMMEDIATE", err));
	status = take_steps(writer, schema, err);
	if (status != SC_OK)
		(void)sqlite3_exec(writer->handle, "ROLLBACK", NULL, NULL, NULL);
	return status;
}
