/* The table of regions: see region.h. */
#include "formats/region.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LOCATIONS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const struct sc_region regions[] = {
	{ "NA", "UnitedStates", "North America", "unitedstates",
	  LOCATIONS("northamerica", "eastus", "eastus2", "centralus", "northcentralus", "southcentralus",
		    "westus", "westus2", "westus3", "westcentralus") },
	{ "EU", "Europe", "Europe", "europe",
	  LOCATIONS("westeurope", "northeurope", "francecentral", "francesouth", "norwayeast",
		    "swedencentral", "switzerlandnorth", "italynorth", "polandcentral", "spaincentral") },
	{ "AP", "AsiaPacific", "Asia", "asiapacific",
	  LOCATIONS("asia", "eastasia", "southeastasia", "koreacentral", "koreasouth") },
	{ "LATAM", "LatinAmerica", "Latin America", "latinamerica",
	  LOCATIONS("brazilsouth", "brazilsoutheast", "mexicocentral") },
	{ "JPN", "Japan", "Japan", "japan", LOCATIONS("japaneast", "japanwest") },
	{ "AUS", "Australia", "Australia", "australia",
	  LOCATIONS("australiaeast", "australiasoutheast", "australiacentral", "australiacentral2") },
	{ "USGOV", "USGovCloud", "Azure Government", "usgovcloud",
	  LOCATIONS("usgovvirginia", "usgovtexas", "usgovarizona", "usgoviowa") },
	{ "CANADA", "Canada", "Canada", "canada", LOCATIONS("canadacentral", "canadaeast") },
	{ "GERMANY", "Germany", "Germany", "germany",
	  LOCATIONS("germanycentral", "germanynortheast", "germanywestcentral", "germanynorth") },
	{ "INDIA", "India", "India", "india", LOCATIONS("centralindia", "southindia", "westindia") },
	{ "UK", "UnitedKingdom", "United Kingdom", "unitedkingdom", LOCATIONS("uksouth", "ukwest") },
};

const struct sc_region *sc_region_all(size_t *count)
{
	*count = sizeof regions / sizeof regions[0];
	return regions;
}

const struct sc_region *sc_region_by_code(const char *code)
{
	for (size_t i = 0; i < sizeof regions / sizeof regions[0]; i++)
		if (strcmp(regions[i].code, code) == 0)
			return &regions[i];
	return NULL;
}

static int same_location(const char *known, const char *given)
{
	for (;; given++) {
		if (*given == ' ')
			continue;
		if (tolower((unsigned char)*given) != *known)
			return 0;
		if (*known++ == '\0')
			return 1;
	}
}

const struct sc_region *sc_region_by_location(const char *location)
{
	for (size_t i = 0; i < sizeof regions / sizeof regions[0]; i++) {
		if (same_location(regions[i].location, location))
			return &regions[i];
		for (const char *const *name = regions[i].locations; *name; name++)
			if (same_location(*name, location))
				return &regions[i];
	}
	return NULL;
}

void sc_region_list(char out[SC_REGION_LIST_SIZE])
{
	size_t used = 0;

	for (size_t i = 0; i < sizeof regions / sizeof regions[0]; i++) {
		snprintf(out + used, SC_REGION_LIST_SIZE - used, "%s%s", i ? ", " : "", regions[i].code);
		used = strlen(out);
	}
}

const char *sc_region_name(const char *code)
{
	const struct sc_region *region = sc_region_by_code(code);

	return region ? region->name : code;
}
