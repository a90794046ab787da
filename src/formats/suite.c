/* The table of cipher suites: see suite.h. */
#include "formats/suite.h"

#include <string.h>

static const struct sc_suite_info suites[] = {
	{ SC_SUITE_DLF1024, "DLf1024s160mRijndael", false,
	  "DLf1024s160mRijndael signs with DSA-1024, below today's 112-bit minimum; ECp521mAES is stronger" },
	{ SC_SUITE_ECP521, "ECp521mAES", true, NULL },
};

const struct sc_suite_info *sc_suite_all(size_t *count)
{
	*count = sizeof suites / sizeof suites[0];
	return suites;
}

const struct sc_suite_info *sc_suite_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++)
		if (strcmp(suites[i].name, name) == 0)
			return &suites[i];
	return NULL;
}

const struct sc_suite_info *sc_suite_by_number(uint32_t number)
{
	for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++)
		if ((uint32_t)suites[i].suite == number)
			return &suites[i];
	return NULL;
}

const char *sc_suite_name(uint32_t number)
{
	const struct sc_suite_info *info = sc_suite_by_number(number);

	return info ? info->name : "unknown";
}
