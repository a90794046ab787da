/*
 * The regions of the article: the code that stands in package names, the toolset's name, and the location
 * names by which the Resource Manager knows places within it. One table for toolset, module and vault.
 */
#ifndef SC_FORMATS_REGION_H
#define SC_FORMATS_REGION_H

#include <stddef.h>

struct sc_region {
	const char *code;             /* "EU", as in BYOK-KEK-pkg-EU-1 */
	const char *toolset;          /* "Europe", as in KeyVault-BYOK-Tools-Europe.zip */
	const char *name;             /* "Europe", as messages name it: "made for Europe" */
	const char *location;         /* "europe": its own location name */
	const char *const *locations; /* further ones, ended by NULL: "westeurope", … */
};

/* All regions, *count of them. */
const struct sc_region *sc_region_all(size_t *count);

/* By its code, exactly as written; NULL if there is none. */
const struct sc_region *sc_region_by_code(const char *code);

/* By any of its location names, without case and spaces ("West Europe"); NULL if there is none. */
const struct sc_region *sc_region_by_location(const char *location);

/* "Europe" for "EU"; a code that is not in the table stands for itself. */
const char *sc_region_name(const char *code);

#endif
