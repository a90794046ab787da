/*
 * The subcommands of safeconduct, one per file. Each reads argv[1..] as its own command line and prints what
 * it made on standard output. *done is set if only --help or --version was asked for.
 */
#ifndef SC_TOOLS_SAFECONDUCT_SUBCOMMANDS_H
#define SC_TOOLS_SAFECONDUCT_SUBCOMMANDS_H

#include <stdbool.h>

#include "base/error.h"

typedef sc_status sc_subcommand(int argc, char **argv, bool *done, struct sc_error *err);

sc_subcommand sc_subcommand_init;
sc_subcommand sc_subcommand_region_request;
sc_subcommand sc_subcommand_region_init;
sc_subcommand sc_subcommand_region_publish;
sc_subcommand sc_subcommand_tenant_add;
sc_subcommand sc_subcommand_toolset_build;

#endif
