/* Opens, shares and closes what vaultd works with: see vaultd.h. */
#include "vaultd/vaultd.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "formats/key_blob.h"
#include "formats/transfer_package.h"
#include "vaultd/keys/key_routes.h"
#include "vaultd/resources/resource_routes.h"
#include "web/issuer_name.h"

#define IMPORTS_AT_ONCE 2 /* by one region's module, which tests primes on few threads */
#define CHANGES_AT_ONCE 4 /* of anything else, which wait for the disk only */

bool sc_vaultd_issuer_tenant(const char *issuer, char tenant[SC_GUID_SIZE])
{
	size_t len = strlen(issuer);
	const char *slash;

	if (len > 0 && issuer[len - 1] == '/')
		len--;
	slash = memrchr(issuer, '/', len);
	if (!slash || len - (size_t)(slash + 1 - issuer) != SC_GUID_SIZE - 1)
		return false;
	memcpy(tenant, slash + 1, SC_GUID_SIZE - 1);
	tenant[SC_GUID_SIZE - 1] = '\0';
	return sc_guid_is_lower(tenant); /* a lower-case GUID, like a subscription's id */
}

bool sc_vaultd_issuer_of(const struct sc_vaultd *vaultd, const char *tenant,
			 char issuer[SC_WEB_TOKEN_TEXT_MAX + 1])
{
	const char *found = NULL;
	char of[SC_GUID_SIZE];

	/* A tenant's own line comes before one for all tenants. */
	for (size_t i = 0; i < vaultd->settings->issuer_count; i++) {
		const char *one = vaultd->settings->issuers[i];

		if (sc_vaultd_issuer_tenant(one, of) && strcasecmp(of, tenant) == 0) {
			found = one;
			break;
		}
		if (!found && sc_web_issuer_is_pattern(one))
			found = one;
	}
	if (found)
		sc_web_issuer_write(found, tenant, issuer, SC_WEB_TOKEN_TEXT_MAX + 1);
	return found != NULL;
}

const struct sc_vaultd_region *sc_vaultd_find_region(const struct sc_vaultd *vaultd, const char *code)
{
	for (size_t i = 0; i < vaultd->region_count; i++)
		if (strcmp(vaultd->regions[i].info->code, code) == 0)
			return &vaultd->regions[i];
	return NULL;
}

const struct sc_vaultd_region *sc_vaultd_find_location(const struct sc_vaultd *vaultd, const char *location)
{
	const struct sc_region *info = sc_region_by_location(location);

	return info ? sc_vaultd_find_region(vaultd, info->code) : NULL;
}

void sc_vaultd_list_locations(const struct sc_vaultd *vaultd, char out[SC_VAULTD_LOCATIONS_SIZE])
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < vaultd->region_count; i++) {
		snprintf(out + used, SC_VAULTD_LOCATIONS_SIZE - used, "%s%s", i ? "," : "",
			 vaultd->regions[i].info->location);
		used = strlen(out);
	}
}

/* -- opening ----------------------------------------------------------------------------------- */

static void name_hosts(struct sc_vaultd *vaultd)
{
	const struct sc_web_daemon_settings *s = &vaultd->settings->web;
	char port[8] = "";

	/* Clients leave the default port out of a URL, so vaultd leaves it out of its own names, too. */
	if (s->port != 443)
		snprintf(port, sizeof port, ":%u", s->port);
	snprintf(vaultd->vault_authority, sizeof vaultd->vault_authority, "vault.%.200s%s", s->domain, port);
	snprintf(vaultd->vault_audience, sizeof vaultd->vault_audience, "https://%s",
		 vaultd->vault_authority);
	snprintf(vaultd->management_audience, sizeof vaultd->management_audience,
		 "https://management.%.200s%s/", s->domain, port);
}

static sc_status open_region(const struct sc_vaultd_region_settings *settings,
			     struct sc_vaultd_region *region, struct sc_error *err)
{
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;

	region->info = sc_region_by_code(settings->code);
	SC_ENSURE(region->info, err, SC_ERR_USAGE, "region %s: no such region", settings->code);
	SC_TRY(sc_dir_open(settings->directory, &dir, err));
	SC_TRY(sc_file_read(&dir, "kek.blob", SC_KEY_BLOB_MAX, &region->kek_blob, err));
	SC_TRY(sc_key_blob_digest(sc_bytes_view(&region->kek_blob), &region->kek_digest, err));
	SC_TRY(sc_web_gate_new(IMPORTS_AT_ONCE, &region->imports, err));
	return sc_pipeline_open(settings->module, &region->module, err);
}

static sc_status open_regions(struct sc_vaultd *vaultd, struct sc_error *err)
{
	const struct sc_vaultd_settings *s = vaultd->settings;

	for (size_t i = 0; i < s->region_count; i++) {
		SC_ENSURE(!sc_vaultd_find_region(vaultd, s->regions[i].code), err, SC_ERR_USAGE,
			  "region %s: given twice", s->regions[i].code);
		vaultd->region_count = i + 1;
		SC_TRY(open_region(&s->regions[i], &vaultd->regions[i], err));
	}
	return SC_OK;
}

#define ISSUER_KEYS ".issuer-keys" /* follows the path of the database */

static sc_status open_issuers(struct sc_vaultd *vaultd, struct sc_error *err)
{
	const struct sc_vaultd_settings *s = vaultd->settings;
	char tenant[SC_GUID_SIZE];
	const char *tenants[] = { tenant };
	char saved[PATH_MAX + sizeof ISSUER_KEYS];

	SC_TRY(sc_web_issuers_new(&vaultd->issuers, err));
	snprintf(saved, sizeof saved, "%s" ISSUER_KEYS, s->database);
	for (size_t i = 0; i < s->issuer_count; i++) {
		const bool is_pattern = sc_web_issuer_is_pattern(s->issuers[i]);
		const struct sc_web_issuer_settings one = { .issuer = s->issuers[i],
							    .keys_url = s->issuer_keys,
							    .ca = s->issuer_ca,
							    .tenants = tenants,
							    .tenant_count = is_pattern ? 0 : 1,
							    .saved = saved };

		SC_ENSURE(is_pattern || sc_vaultd_issuer_tenant(s->issuers[i], tenant), err, SC_ERR_USAGE,
			  "issuer %s: must end in a tenant's id, a GUID in lower case, or "
			  "contain " SC_WEB_ISSUER_TENANT,
			  s->issuers[i]);
		SC_TRY(sc_web_issuers_add(vaultd->issuers, &one, err));
	}
	return SC_OK;
}

/* An administrator changes resources of its own tenant, which its issuer names. Everybody may read theirs. */
static sc_status compile_administrators(struct sc_vaultd *vaultd, struct sc_error *err)
{
	const struct sc_vaultd_settings *s = vaultd->settings;
	struct sc_access_grant grants[SC_VAULTD_ADMINISTRATORS_MAX];
	char tenants[SC_VAULTD_ADMINISTRATORS_MAX][SC_GUID_SIZE];

	for (size_t i = 0; i < s->administrator_count; i++) {
		const struct sc_vaultd_principal *one = &s->administrators[i];

		SC_ENSURE(sc_vaultd_issuer_tenant(one->issuer, tenants[i]), err, SC_ERR_USAGE,
			  "administrator %s %s: the issuer must end in a tenant's id, a GUID in lower case",
			  one->issuer, one->oid);
		grants[i] = (struct sc_access_grant){ { one->issuer, one->oid, tenants[i] },
						      SC_ACCESS_RESOURCES_WRITE };
	}
	SC_TRY(sc_access_grants_new(grants, s->administrator_count, SC_ACCESS_RESOURCES_READ,
				    &vaultd->administrators, err));
	return sc_access_grants_new(NULL, 0, SC_ACCESS_RESOURCES_READ | SC_ACCESS_RESOURCES_WRITE,
				    &vaultd->administrator, err);
}

static sc_status start_server(struct sc_vaultd *vaultd, struct sc_error *err)
{
	static const struct sc_web_host hosts[] = {
		{ .name = "*.vault", .routes = sc_keys_routes, .needs_token = true },
		{ .name = "management",
		  .is_relaxed = true,
		  .routes = sc_resources_routes,
		  .needs_token = true },
		{ 0 },
	};
	struct sc_web_settings web = sc_web_daemon_settings_server(&vaultd->settings->web);

	SC_TRY(sc_web_tls_key_open(&vaultd->settings->web.tls, &vaultd->tls_key, err));
	web.tls_key = vaultd->tls_key;
	web.hosts = hosts;
	web.context = vaultd;
	/* Even if every region's module hangs, changes go on. */
	web.slow_workers = (unsigned)vaultd->region_count * IMPORTS_AT_ONCE + CHANGES_AT_ONCE;
	SC_TRY(sc_web_server_start(&web, &vaultd->server, err));
	sc_web_issuers_start(vaultd->issuers, vaultd->server);
	return SC_OK;
}

sc_status sc_vaultd_open(const struct sc_vaultd_settings *settings, struct sc_vaultd *vaultd,
			 struct sc_error *err)
{
	*vaultd = (struct sc_vaultd){ .settings = settings };
	name_hosts(vaultd);
	SC_TRY(sc_store_vault_db_open(settings->database, &vaultd->store, err));
	SC_TRY(sc_vaultd_cache_new(vaultd->store, SC_VAULTD_CACHE_BYTES, &vaultd->vaults, err));
	SC_TRY(compile_administrators(vaultd, err));
	SC_TRY(sc_audit_open(&settings->audit, &vaultd->audit, err));
	SC_TRY(open_regions(vaultd, err));
	SC_TRY(open_issuers(vaultd, err));
	return start_server(vaultd, err);
}

void sc_vaultd_close(struct sc_vaultd *vaultd)
{
	/*
	 * First end what waits for a module, since the server waits for its workers. Then accept nothing new.
	 * Then close the pipelines, and the rest.
	 */
	for (size_t i = 0; i < vaultd->region_count; i++)
		sc_pipeline_stop(vaultd->regions[i].module);
	if (vaultd->server)
		sc_web_server_stop(vaultd->server);
	for (size_t i = 0; i < vaultd->region_count; i++) {
		sc_pipeline_close(vaultd->regions[i].module);
		sc_web_gate_free(vaultd->regions[i].imports);
		sc_bytes_free(&vaultd->regions[i].kek_blob);
	}
	sc_web_server_free(vaultd->server);
	sc_web_issuers_free(vaultd->issuers);
	sc_web_tls_key_free(vaultd->tls_key);
	sc_audit_free(vaultd->audit);
	sc_access_grants_free(vaultd->administrator);
	sc_access_grants_free(vaultd->administrators);
	sc_vaultd_cache_free(vaultd->vaults);
	sc_store_vault_db_close(vaultd->store);
	*vaultd = (struct sc_vaultd){ 0 };
}
