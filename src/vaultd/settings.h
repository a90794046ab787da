/* vaultd's configuration. docs/vaultd.conf explains each name. */
#ifndef SC_VAULTD_SETTINGS_H
#define SC_VAULTD_SETTINGS_H

#include "vaultd/audit/audit.h"
#include "web/daemon_settings.h"

#define SC_VAULTD_ISSUERS_MAX        64
#define SC_VAULTD_REGIONS_MAX        32
#define SC_VAULTD_ADMINISTRATORS_MAX 64

struct sc_vaultd_region_settings {
	const char *code;
	const char *module; /* socket */
	const char *directory;
};

/* A principal is the pair (issuer, object id). */
struct sc_vaultd_principal {
	const char *issuer;
	const char *oid;
};

/* The texts live as long as `web` and argv. */
struct sc_vaultd_settings {
	struct sc_web_daemon_settings web;
	const char *database;
	struct sc_audit_settings audit;
	const char *issuers[SC_VAULTD_ISSUERS_MAX];
	size_t issuer_count;
	const char *issuer_keys;
	const char *issuer_ca;
	struct sc_vaultd_principal administrators[SC_VAULTD_ADMINISTRATORS_MAX];
	size_t administrator_count;
	struct sc_vaultd_region_settings regions[SC_VAULTD_REGIONS_MAX];
	size_t region_count;
};

/*
 * Reads the command line and the configuration file that it names. *done is set for --help and the like; then
 * *out is not set.
 */
sc_status sc_vaultd_settings_read(int argc, char **argv, struct sc_vaultd_settings *out, bool *done,
				  struct sc_error *err) SC_WARN_UNUSED;
void sc_vaultd_settings_free(struct sc_vaultd_settings *settings);
SC_CLEANUP_VALUE(sc_vaultd_settings, sc_vaultd_settings_free)

#endif
