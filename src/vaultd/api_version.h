/*
 * The api-versions that clients of the last ten years send. All listed versions are served in the same way,
 * because they do not differ in the calls that exist here. Any other version is refused, as in Azure.
 */
#ifndef SC_VAULTD_API_VERSION_H
#define SC_VAULTD_API_VERSION_H

#include <stdbool.h>

#include "web/web.h"

/* True if the keys API knows the request's api-version. Otherwise the request has been answered with 400. */
bool sc_vaultd_keys_version_is_known(struct sc_web_request *request);

/* The same for the Resource Manager, with its own error codes. */
bool sc_vaultd_resources_version_is_known(struct sc_web_request *request);

#endif
