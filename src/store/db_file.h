/* A database's file, before the engine opens it. */
#ifndef SC_STORE_DB_FILE_H
#define SC_STORE_DB_FILE_H

#include "base/error.h"

/*
 * Creates the file (mode 0600) if it is missing; a file that exists is only examined. SC_ERR_ARGUMENT if it
 * is not a regular file, or if other users can open it.
 */
sc_status sc_db_file_prepare(const char *path, struct sc_error *err) SC_WARN_UNUSED;

#endif
