/*
 * The key management data directory, $NFAST_KMDATA: local/world, local/key_<application>_<ident>, config/modules.
 * Nothing in it is secret and nothing is believed: the module authenticates what it is given.
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

/* Opens $NFAST_KMDATA, making local/ and config/ (0700) where missing. SC_ERR_USAGE if the variable is not set. */
sc_status sc_kmdata_open(struct sc_kmdata *out, struct sc_error *err) SC_WARN_UNUSED;
void sc_kmdata_close(struct sc_kmdata *kmdata);
SC_CLEANUP_VALUE(sc_kmdata, sc_kmdata_close)
#define SC_KMDATA_NONE { SC_DIR_NONE, SC_DIR_NONE }

#define SC_WORLD_FILE_NAME "world"

/* local/world as it stands, checked by sc_world_file_verify. SC_ERR_NO_WORLD if there is none. */
sc_status sc_kmdata_world_read(const struct sc_kmdata *kmdata, struct sc_bytes *der, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Writes local/world, checked as above: SC_FILE_NEW, or SC_FILE_REPLACE for a world signed anew: the same id and a
 * sequence that is not older.
 */
sc_status sc_kmdata_world_write(const struct sc_kmdata *kmdata, struct sc_view der, enum sc_file_mode mode,
				struct sc_error *err) SC_WARN_UNUSED;

/* "key_simple_contosokey". SC_ERR_ARGUMENT where application or ident is none. */
#define SC_KEY_FILE_NAME_SIZE 160
sc_status sc_kmdata_key_file_name(const char *application, const char *ident, char name[SC_KEY_FILE_NAME_SIZE],
			   struct sc_error *err) SC_WARN_UNUSED;

/* Reads and decodes a key file; its names must be those it is stored under. The caller frees *out. */
sc_status sc_kmdata_key_read(const struct sc_kmdata *kmdata, const char *application, const char *ident,
			     struct sc_key_file **out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Writes a new key file of a blob that the module made, never over another; `path` (PATH_MAX) is set for the
 * message. SC_ERR_EXISTS.
 */
sc_status sc_kmdata_key_write(const struct sc_kmdata *kmdata, const char *application, const char *ident,
			      const char *name, struct sc_view spki, struct sc_view blob, char *path,
			      struct sc_error *err) SC_WARN_UNUSED;

/*
 * The same with the public key beside it as PEM, <key file>.pem (0644). The PEM is written first and the key file
 * last, so that no key file ever stands without its PEM; a PEM alone is what a kill between the two leaves, and
 * the next one of that name replaces it. Both under a lock on local/, so that the two are always a pair. Both
 * paths (PATH_MAX) are set.
 */
sc_status sc_kmdata_key_pair_write(const struct sc_kmdata *kmdata, const char *application, const char *ident,
				   const char *name, struct sc_view spki, struct sc_view blob, char *path,
				   char *pem_path, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Connects to module `number` through its socket of that role, as config/modules maps it. A line of that file:
 *   <number> <role> <socket path>       with role custody, service or use; '#' begins a comment
 * A module has one socket of each role but any number of service sockets, of which the first is taken. Socket
 * paths are absolute. SC_ERR_NOT_FOUND naming file and line that is missing, SC_ERR_FORMAT a line that is none.
 */
sc_status sc_kmdata_connect(const struct sc_kmdata *kmdata, uint64_t number, enum sc_role role,
			    struct sc_client **out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * The lowest module number of the map that is above `number`; 0 where there is none, or no map that can be read
 * (sc_kmdata_module_map_read in module_map.h says why).
 */
uint64_t sc_kmdata_next_module(const struct sc_kmdata *kmdata, uint64_t number);

#endif
