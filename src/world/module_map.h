/* config/modules: the sockets of each module number. kmdata.h describes the format of a line. */
#ifndef SC_WORLD_MODULE_MAP_H
#define SC_WORLD_MODULE_MAP_H

#include <stdlib.h>

#include "world/kmdata.h"

#define SC_KMDATA_MODULE_SOCKETS_MAX 256
#define SC_KMDATA_MODULE_PATH_SIZE   108 /* sun_path of unix(7) */
#define SC_KMDATA_MODULES_FILE_NAME  "modules"

struct sc_kmdata_module_socket {
	uint64_t number; /* from 1 */
	enum sc_role role;
	char path[SC_KMDATA_MODULE_PATH_SIZE];
};

struct sc_kmdata_module_map {
	size_t count;
	struct sc_kmdata_module_socket sockets[SC_KMDATA_MODULE_SOCKETS_MAX]; /* in the file's order */
};

SC_CLEANUP_POINTER(sc_kmdata_module_map, struct sc_kmdata_module_map, free)

/* SC_ERR_NOT_FOUND for a missing map in the directory `config`: says what to create. */
sc_status sc_kmdata_fail_no_module_map(const char *config, struct sc_error *err);

/* Reads the map. SC_ERR_NOT_FOUND (no file), SC_ERR_FORMAT naming the line, SC_ERR_TOO_LARGE. */
sc_status sc_kmdata_module_map_read(const struct sc_kmdata *kmdata, struct sc_kmdata_module_map *out,
				    struct sc_error *err) SC_WARN_UNUSED;

/* The first socket of this module and role; NULL if there is none. */
const struct sc_kmdata_module_socket *sc_kmdata_module_map_find(const struct sc_kmdata_module_map *map,
								uint64_t number, enum sc_role role);

#endif
