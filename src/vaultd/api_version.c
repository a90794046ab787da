/* The lists of api-versions: see api_version.h. */
#include "vaultd/api_version.h"

#include <string.h>

static const char *const keys_versions[] = {
	"2015-06-01",    "2016-10-01",  "7.0-preview",        "7.0",        "7.1-preview", "7.1",
	"7.2-preview",   "7.2",         "7.3-preview",        "7.3",        "7.4-preview", "7.4-preview.1",
	"7.4",           "7.5-preview", "7.5-preview.1",      "7.5",        "7.6-preview", "7.6-preview.1",
	"7.6-preview.2", "7.6",         "2025-06-01-preview", "2025-07-01", NULL,
};

/* Versions of Microsoft.KeyVault, and of the subscriptions and resource groups above it. */
static const char *const resources_versions[] = {
	"2014-04-01",         "2014-04-01-preview", "2015-01-01",         "2015-06-01",
	"2015-11-01",         "2016-02-01",         "2016-06-01",         "2016-07-01",
	"2016-09-01",         "2016-10-01",         "2017-05-10",         "2018-02-01",
	"2018-02-14",         "2018-02-14-preview", "2018-05-01",         "2018-06-01",
	"2019-03-01",         "2019-05-01",         "2019-05-10",         "2019-06-01",
	"2019-07-01",         "2019-08-01",         "2019-09-01",         "2019-10-01",
	"2019-11-01",         "2020-01-01",         "2020-04-01-preview", "2020-06-01",
	"2020-08-01",         "2020-10-01",         "2021-01-01",         "2021-04-01",
	"2021-04-01-preview", "2021-06-01-preview", "2021-10-01",         "2021-11-01-preview",
	"2022-02-01-preview", "2022-07-01",         "2022-09-01",         "2022-11-01",
	"2022-12-01",         "2023-02-01",         "2023-07-01",         "2024-03-01",
	"2024-04-01-preview", "2024-07-01",         "2024-11-01",         "2024-12-01-preview",
	"2025-03-01",         "2025-04-01",         "2025-05-01",         NULL,
};

static bool is_listed(const char *const *list, const char *version)
{
	for (; *list; list++)
		if (strcmp(*list, version) == 0)
			return true;
	return false;
}

bool sc_vaultd_keys_version_is_known(struct sc_web_request *request)
{
	const char *version = sc_web_query(request, "api-version");

	if (version && is_listed(keys_versions, version))
		return true;
	if (!version)
		sc_web_answer_error(request, 400, "BadParameter",
				    "The api-version query parameter is missing.");
	else
		sc_web_answer_error(request, 400, "BadParameter", "The api-version '%.32s' is not supported.",
				    version);
	return false;
}

bool sc_vaultd_resources_version_is_known(struct sc_web_request *request)
{
	const char *version = sc_web_query(request, "api-version");

	if (version && is_listed(resources_versions, version))
		return true;
	if (!version)
		sc_web_answer_error(
		    request, 400, "MissingApiVersionParameter",
		    "The api-version query parameter (?api-version=) is required for all requests.");
	else
		sc_web_answer_error(
		    request, 400, "InvalidApiVersionParameter",
		    "The api-version '%.32s' is invalid. The newest supported version is '2025-05-01'.",
		    version);
	return false;
}
