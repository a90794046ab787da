/* The routes of the Resource Manager, management.DOMAIN. */
#ifndef SC_VAULTD_RESOURCES_RESOURCE_ROUTES_H
#define SC_VAULTD_RESOURCES_RESOURCE_ROUTES_H

#include "web/web.h"

extern const struct sc_web_route sc_resources_routes[];

#endif
