/*
 * Files that belong together by being in one directory: a toolset's, and those installed with this program.
 */
#ifndef SC_BYOK_FILE_BESIDE_H
#define SC_BYOK_FILE_BESIDE_H

#include "base/bytes.h"

/* Reads the file `name` in the directory of the file `path`. Limits and errors as for sc_file_read_path. */
sc_status sc_byok_file_beside_read(const char *path, const char *name, size_t max, struct sc_bytes *out,
				   struct sc_error *err) SC_WARN_UNUSED;

/* Reads the file `name` in the directory of the program that is running. */
sc_status sc_byok_file_installed_read(const char *name, size_t max, struct sc_bytes *out,
				      struct sc_error *err) SC_WARN_UNUSED;

#endif
