/* What all of vaultd's requests share: opened once at start, read by every thread, changed by none. */
#ifndef SC_VAULTD_VAULTD_H
#define SC_VAULTD_VAULTD_H

#include "client/pipeline.h"
#include "formats/guid.h"
#include "formats/region.h"
#include "store/vault_store.h"
#include "vaultd/access/access.h"
#include "vaultd/audit/audit.h"
#include "vaultd/settings.h"
#include "vaultd/vault_cache.h"
#include "web/issuer.h"
#include "web/web.h"

/*
 * A region: its row in the region table, its module, and the Key Exchange Key that its transfer packages are
 * for.
 */
struct sc_vaultd_region {
	const struct sc_region *info; /* that row */
	struct sc_pipeline *module;
	struct sc_bytes kek_blob;
	struct sc_hash kek_digest;   /* of kek_blob */
	struct sc_web_gate *imports; /* how many imports may wait for the module at once */
};

#define SC_VAULTD_AUTHORITY_MAX 256 /* host and port */

struct sc_vaultd {
	const struct sc_vaultd_settings *settings;
	char vault_authority[SC_VAULTD_AUTHORITY_MAX];          /* "vault.localhost:8443" */
	char vault_audience[SC_VAULTD_AUTHORITY_MAX + 16];      /* "https://vault.localhost:8443" */
	char management_audience[SC_VAULTD_AUTHORITY_MAX + 16]; /* "https://management.localhost:8443/" */
	struct sc_store_vault_db *store;
	struct sc_vaultd_cache *vaults;
	struct sc_access_grants *administrators; /* of the configuration: who may change resources */
	struct sc_access_grants *administrator;  /* of a caller who is one according to the database */
	struct sc_audit *audit;
	struct sc_web_issuers *issuers;
	struct sc_vaultd_region regions[SC_VAULTD_REGIONS_MAX];
	size_t region_count;
	struct sc_web_tls_key *tls_key;
	struct sc_web_server *server;
};

/*
 * Opens everything and starts to serve. The settings must live as long as the service. The caller must close
 * it with sc_vaultd_close(), also after a failure.
 */
sc_status sc_vaultd_open(const struct sc_vaultd_settings *settings, struct sc_vaultd *vaultd,
			 struct sc_error *err) SC_WARN_UNUSED;

/* Stops listening, answers pending requests, and closes each part once nothing uses it any more. */
void sc_vaultd_close(struct sc_vaultd *vaultd);
SC_CLEANUP_VALUE(sc_vaultd, sc_vaultd_close)

/* The configured region with that location name, or with that code. NULL if there is none. */
const struct sc_vaultd_region *sc_vaultd_find_location(const struct sc_vaultd *vaultd, const char *location);

/* The regions' own locations, "europe,unitedstates", for messages. */
#define SC_VAULTD_LOCATIONS_SIZE 512
void sc_vaultd_list_locations(const struct sc_vaultd *vaultd, char out[SC_VAULTD_LOCATIONS_SIZE]);
const struct sc_vaultd_region *sc_vaultd_find_region(const struct sc_vaultd *vaultd, const char *code);

/* The configured issuer of a tenant's tokens. False if there is none. */
bool sc_vaultd_issuer_of(const struct sc_vaultd *vaultd, const char *tenant,
			 char issuer[SC_WEB_TOKEN_TEXT_MAX + 1]);

/*
 * The tenant's id: the last segment of an issuer's path, without a final slash. False if it is not a
 * lower-case GUID.
 */
bool sc_vaultd_issuer_tenant(const char *issuer, char tenant[SC_GUID_SIZE]);

#endif
