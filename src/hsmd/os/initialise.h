/* A module's first steps, before its daemon runs: it gets its identity, then its warrant from the factory. */
#ifndef SC_HSMD_OS_INITIALISE_H
#define SC_HSMD_OS_INITIALISE_H

#include "hsmd/os/host.h"

/*
 * hsmd --initialise: makes an identity, an unlock key (unless one is given) and a warrant request, and prints
 * the ESN. A module that has an identity but no warrant keeps its identity and writes the request again, so
 * an interrupted run can be repeated. SC_ERR_EXISTS: it already has a warrant.
 */
sc_status sc_hsmd_initialise(const struct sc_hsmd_settings *settings, struct sc_error *err) SC_WARN_UNUSED;

/*
 * hsmd --install-warrant: reads the factory's answer (evidence/warrant_answer.h: root certificate and
 * warrant) and installs both. The module itself decides whether the root is the expected one and the warrant
 * is its own. Errors of sc_warrant_answer_read and sc_module_install_warrant.
 */
sc_status sc_hsmd_install_warrant(const struct sc_hsmd_settings *settings,
				  struct sc_error *err) SC_WARN_UNUSED;

#endif
