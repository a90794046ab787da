/*
 * The api-versions that clients of the last ten years send. The ones listed here are served alike, because
 * what they differ in is not part of the calls that exist; any other is refused, as the service does.
 */
#ifndef SC_VAULTD_API_VERSION_H
#define SC_VAULTD_API_VERSION_H

#include <stdbool.h>

#include "web/web.h"

/* True if the request's api-version is one of the keys API; otherwise it has been answered 400. */
bool sc_keys_version_is_known(struct sc_web_request *request);

/* The same for the Resource Manager, in its own words. */
bool sc_resources_version_is_known(struct sc_web_request *request);

#endif
