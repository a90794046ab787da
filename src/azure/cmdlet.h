/* What the cmdlets share: how they end, and how PowerShell shows an object. */
#ifndef SC_AZURE_CMDLET_H
#define SC_AZURE_CMDLET_H

#include <stdbool.h>

#include "azure/account.h"

/* A cmdlet's work; sets *done where --help or --version was all that was asked for. */
typedef sc_status sc_azure_cmdlet(int argc, char **argv, bool *done, struct sc_error *err);

/* Runs it; a failure is "NAME: message" on standard error, in one line. Returns main's status. */
int sc_azure_cmdlet_main(const char *name, sc_azure_cmdlet *run, int argc, char **argv);

/* "Vault Name     : ContosoKeyVaultHSM"; an empty value is shown empty. */
void sc_azure_cmdlet_property(int width, const char *label, const char *value);

/* "2026-11-24 10:45:20" (UTC); 0 is no time. */
void sc_azure_cmdlet_time(int width, const char *label, int64_t seconds);

#endif
