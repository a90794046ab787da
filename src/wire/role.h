/* The roles of a socket by name, as hsmd's command line and config/modules write them. */
#ifndef SC_WIRE_ROLE_H
#define SC_WIRE_ROLE_H

#include "wire/commands.h"

/* "custody", "service" or "use"; "unknown" for anything but exactly one role. */
const char *sc_role_name(uint32_t role);

/* False, leaving *out as it was, if no role has that name. */
bool sc_role_by_name(const char *name, enum sc_role *out);

#endif
