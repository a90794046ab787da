/*
 * The key management data directory, $NFAST_KMDATA: local/world, local/key_<application>_<ident>,
 * config/modules. Nothing in it is secret and nothing in it is trusted: the module authenticates whatever it
 * is given.
 */
#ifndef SC_WORLD_KMDATA_H
#define SC_WORLD_KMDATA_H

#include "base/file.h"
#include "client/client.h"
#include "formats/key_file.h"
#include "formats/world_file.h"

struct sc_kmdata {
	struct sc_dir local;
	struct sc_dir config;
};

/*
 * Three ways to open $NFAST_KMDATA. SC_ERR_USAGE if the variable is not set.
 *
 * To write a new world or key: creates local/ and config/ (0700) if missing.
 */
sc_status sc_kmdata_make(struct sc_kmdata *out, struct sc_error *err) SC_WARN_UNUSED;

/* To use what is in it. Creates nothing: SC_ERR_NOT_FOUND without config/, SC_ERR_NO_WORLD without local/. */
sc_status sc_kmdata_open(struct sc_kmdata *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * To ask modules only. Creates nothing and opens config/ alone, so that an auditor needs no right to local/.
 * SC_ERR_NOT_FOUND without config/. In *out, `local` is not open.
 */
sc_status sc_kmdata_open_config(struct sc_kmdata *out, struct sc_error *err) SC_WARN_UNUSED;

/* SC_KMDATA_NONE is allowed. */
void sc_kmdata_close(struct sc_kmdata *kmdata);
SC_CLEANUP_VALUE(sc_kmdata, sc_kmdata_close)
#define SC_KMDATA_NONE { SC_DIR_NONE, SC_DIR_NONE }

#define SC_WORLD_FILE_NAME "world"

/* Reads local/world and checks it with sc_world_file_verify. SC_ERR_NO_WORLD if there is none. */
sc_status sc_kmdata_world_read(const struct sc_kmdata *kmdata, struct sc_bytes *der,
			       struct sc_error *err) SC_WARN_UNUSED;

/*
 * Writes local/world, checked in the same way. SC_FILE_NEW, or SC_FILE_REPLACE for a world that was signed
 * again: the id must be the same, and the sequence must not be older.
 */
sc_status sc_kmdata_world_write(const struct sc_kmdata *kmdata, struct sc_view der, enum sc_file_mode mode,
				struct sc_error *err) SC_WARN_UNUSED;

#define SC_KEY_FILE_NAME_SIZE 160

/* "key_simple_contosokey". SC_ERR_ARGUMENT if application or ident is invalid. */
sc_status sc_kmdata_key_file_name(const char *application, const char *ident,
				  char name[SC_KEY_FILE_NAME_SIZE], struct sc_error *err) SC_WARN_UNUSED;

/* Reads and decodes a key file. Its application and ident must match its file name. The caller frees *out. */
sc_status sc_kmdata_key_read(const struct sc_kmdata *kmdata, const char *application, const char *ident,
			     struct sc_key_file **out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Writes a new key file for a blob that the module made; never overwrites one: SC_ERR_EXISTS. Sets `path`
 * (PATH_MAX) for messages.
 */
sc_status sc_kmdata_key_write(const struct sc_kmdata *kmdata, const char *application, const char *ident,
			      const char *name, struct sc_view spki, struct sc_view blob, char *path,
			      struct sc_error *err) SC_WARN_UNUSED;

/*
 * The same, and writes the public key as PEM to <key file>.pem (0644). The PEM is written first and the key
 * file last, so no key file is ever without its PEM. A kill between the two leaves a PEM alone, which the
 * next key of that name replaces. Both are written under a lock on local/, so the two always belong together.
 * Sets both paths (PATH_MAX).
 */
sc_status sc_kmdata_key_pair_write(const struct sc_kmdata *kmdata, const char *application, const char *ident,
				   const char *name, struct sc_view spki, struct sc_view blob, char *path,
				   char *pem_path, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Connects to module `number` through its socket of that role, according to config/modules. A line of that
 * file is
 *   <number> <role> <socket path>
 * with the role custody, service or use; '#' begins a comment. Socket paths are absolute. A module has at
 * most one socket of each role, except service: of several service sockets, the first is used.
 * SC_ERR_NOT_FOUND names the file and the line that is missing, SC_ERR_FORMAT a line that is malformed.
 */
sc_status sc_kmdata_connect(const struct sc_kmdata *kmdata, uint64_t number, enum sc_role role,
			    struct sc_client **out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * The lowest module number in the map above `number`. 0 if there is none, or if the map cannot be read
 * (sc_kmdata_module_map_read in module_map.h reports why).
 */
uint64_t sc_kmdata_next_module(const struct sc_kmdata *kmdata, uint64_t number);

#endif
