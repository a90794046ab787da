/*
 * The subcommands of safeconduct, one a file. Each reads argv[1..] as its own command line, prints what it
 * made on standard output, and sets *done where --help or --version was all that was asked for.
 */
#ifndef SC_TOOLS_SAFECONDUCT_COMMANDS_H
#define SC_TOOLS_SAFECONDUCT_COMMANDS_H

#include <stdbool.h>

#include "base/error.h"

typedef sc_status sc_subcommand(int argc, char **argv, bool *done, struct sc_error *err);

sc_subcommand sc_init_command;
sc_subcommand sc_region_request_command;
sc_subcommand sc_region_init_command;
sc_subcommand sc_region_publish_command;
sc_subcommand sc_toolset_build_command;

#endif
