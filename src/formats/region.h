/*
 * The article's regions: the code in package names, the name of the toolset, and the Resource Manager's names
 * for the locations in each region. One table for the toolset, module and vault.
 */
#ifndef SC_FORMATS_REGION_H
#define SC_FORMATS_REGION_H

#include <stddef.h>

struct sc_region {
	const char *code;             /* "EU", as in BYOK-KEK-pkg-EU-1 */
	const char *toolset;          /* "Europe", as in KeyVault-BYOK-Tools-Europe.zip */
	const char *name;             /* "Europe", as in messages: "made for Europe" */
	const char *location;         /* "europe": its own location name */
	const char *const *locations; /* more of them, ended by NULL: "westeurope", … */
};

/* All regions, *count of them. */
const struct sc_region *sc_region_all(size_t *count);

/* By its code, exactly as written; NULL if there is none. */
const struct sc_region *sc_region_by_code(const char *code);

/* By any of its location names, ignoring case and spaces ("West Europe"); NULL if there is none. */
const struct sc_region *sc_region_by_location(const char *location);

/* The codes of all regions: "NA, EU, AP, …". */
#define SC_REGION_LIST_SIZE 128
void sc_region_list(char out[SC_REGION_LIST_SIZE]);

/* "Europe" for "EU". Returns the code itself if it is not in the table. */
const char *sc_region_name(const char *code);

#endif
