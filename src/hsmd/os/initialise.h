/* A module's first steps, before its daemon runs (DESIGN section 4): an identity, and the factory's word for
 * it. */
#ifndef SC_HSMD_OS_INITIALISE_H
#define SC_HSMD_OS_INITIALISE_H

#include "hsmd/os/host.h"

/*
 * hsmd --initialise: makes identity, unlock key (where none is given) and the request for a warrant, and
 * prints the ESN. A module that has an identity and no warrant keeps it, and its request is written again: so
 * a run that was interrupted can be repeated. SC_ERR_EXISTS: it has a warrant.
 */
sc_status sc_hsmd_initialise(const struct sc_hsmd_settings *settings, struct sc_error *err) SC_WARN_UNUSED;

/*
 * hsmd --install-warrant: takes the factory's answer, two certificates in PEM, of which the one that names
 * itself as its issuer is the root. What they are worth is the module's to judge. SC_ERR_FORMAT, and what it
 * says.
 */
sc_status sc_hsmd_install_warrant(const struct sc_hsmd_settings *settings, struct sc_error *err) SC_WARN_UNUSED;

#endif
