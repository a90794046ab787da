/* A database's owner, and the version of its tables. */
#ifndef SC_STORE_DB_SCHEMA_H
#define SC_STORE_DB_SCHEMA_H

#include "base/error.h"

struct sc_db_connection;

/* Whose tables they are, and how to make them. */
struct sc_db_schema {
	const char *owner;      /* program, for messages: "vaultd" */
	const char *maker;      /* command that makes a new one, for messages: "safeconduct init" */
	int32_t application_id; /* identifies the file */
	int first_version; /* after the first step; each further one adds 1. Older ones have no way up. */
	const char *const *steps;
	int step_count;
};

/*
 * Upgrades the database to the schema's last step. SC_ERR_FORMAT for a schema that is newer or too old and
 * for another program's database, which are left unchanged.
 */
sc_status sc_db_schema_apply(const struct sc_db_schema *schema, struct sc_db_connection *writer,
			     struct sc_error *err) SC_WARN_UNUSED;

#endif
