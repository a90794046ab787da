/* The routes of the keys API, <vault>.vault.DOMAIN. */
#ifndef SC_VAULTD_KEYS_KEY_ROUTES_H
#define SC_VAULTD_KEYS_KEY_ROUTES_H

#include "web/web.h"

extern const struct sc_web_route sc_keys_routes[];

#endif
