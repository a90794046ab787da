/* Schemas: see db_schema.h. */
#include "store/db_schema.h"

#include <stdio.h>

#include "store/db_connection.h"

static sc_status ask_integer(struct sc_db_connection *connection, const char *sql, int64_t *out,
			     struct sc_error *err)
{
	return sc_db_connection_script(connection, sql, "read", out, err);
}

static sc_status execute(struct sc_db_connection *connection, const char *sql, struct sc_error *err)
{
	return sc_db_connection_script(connection, sql, "create the tables of", NULL, err);
}

static int last_version(const struct sc_db_schema *schema)
{
	return schema->first_version + schema->step_count - 1;
}

/* How many steps have been taken in a database of that version. */
static int64_t steps_taken(const struct sc_db_schema *schema, int64_t version)
{
	return version ? version - schema->first_version + 1 : 0;
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
	SC_ENSURE(
	    *version >= schema->first_version, err, SC_ERR_FORMAT,
	    "%s: was made by a %s that was never released, and cannot be upgraded: move its directory away "
	    "and make a new one (`%s`)",
	    writer->path, schema->owner, schema->maker);
	SC_ENSURE(*version <= last_version(schema), err, SC_ERR_FORMAT,
		  "%s: its schema has version %lld, but this %s supports only versions up to %d: use the "
		  "program that wrote it",
		  writer->path, (long long)*version, schema->owner, last_version(schema));
	return SC_OK;
}

static sc_status take_steps(struct sc_db_connection *writer, const struct sc_db_schema *schema,
			    struct sc_error *err)
{
	int64_t version = 0;
	char mark[96];

	/* Another process may have taken the steps since the version was read. */
	SC_TRY(check_version(writer, schema, &version, err));
	for (int64_t i = steps_taken(schema, version); i < schema->step_count; i++)
		SC_TRY(execute(writer, schema->steps[i], err));
	snprintf(mark, sizeof mark, "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 (int)schema->application_id, last_version(schema));
	SC_TRY(execute(writer, mark, err));
	return execute(writer, "COMMIT", err);
}

sc_status sc_db_schema_apply(const struct sc_db_schema *schema, struct sc_db_connection *writer,
			     struct sc_error *err)
{
	int64_t version = 0;
	sc_status status;

	SC_TRY(check_version(writer, schema, &version, err));
	SC_TRY(sc_db_connection_use_log(writer, err));
	if (version == last_version(schema))
		return SC_OK;
	SC_TRY(execute(writer, "BEGIN IMMEDIATE", err));
	status = take_steps(writer, schema, err);
	if (status != SC_OK)
		(void)execute(writer, "ROLLBACK", NULL);
	return status;
}
