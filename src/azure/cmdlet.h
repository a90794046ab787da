/* What the cmdlets share: how they end, and output in PowerShell's format. */
#ifndef SC_AZURE_CMDLET_H
#define SC_AZURE_CMDLET_H

#include <stdbool.h>

#include "azure/account.h"

/* A cmdlet's work. Sets *done if the command line asked for --help or --version only. */
typedef sc_status sc_azure_cmdlet(int argc, char **argv, bool *done, struct sc_error *err);

/* Runs a cmdlet. A failure is one line on standard error, "NAME: message". Returns main's exit status. */
int sc_azure_cmdlet_main(const char *name, sc_azure_cmdlet *run, int argc, char **argv);

/* Prints "Vault Name     : ContosoKeyVaultHSM". The value may be empty. */
void sc_azure_cmdlet_property(int width, const char *label, const char *value);

/* Prints "2026-11-24 10:45:20 UTC" as the value; for 0, an empty value. */
void sc_azure_cmdlet_time(int width, const char *label, int64_t seconds);

#endif
