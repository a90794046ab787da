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

const char *sc_vaultd_issuer_of(const struct sc_vaultd *vaultd, const char *tenant)
{
	char of[SC_GUID_SIZE];

	for (size_t i = 0; i < vaultd->settings->issuer_count; i++)
		if (sc_vaultd_issuer_tenant(vaultd->settings->issuers[i], of) && strcasecmp(of, tenant) == 0)
			return vaultd->settings->issuers[i];
	return NULL;
}

bool sc_vaultd_is_administrator(const struct sc_vaultd *vaultd, const char *issuer, const char *oid)
{
	for (size_t i = 0; i < vaultd->settings->administrator_count; i++) {
		const struct sc_vaultd_principal *one = &vaultd->settings->administrators[i];

		if (strcmp(one->issuer, issuer) == 0 && strcasecmp(one->oid, oid) == 0)
			return true;
	}
	return false;
}

const struct sc_vaultd_region *sc_vaultd_find_region(const struct sc_vaultd *vaultd, const char *code)
{
	for (size_t i = 0; i < vaultd->region_count; i++)
		if (strcmp(vaultd->regions[i].place->code, code) == 0)
			return &vaultd->regions[i];
	return NULL;
}

const struct sc_vaultd_region *sc_vaultd_find_location(const struct sc_vaultd *vaultd, const char *location)
{
	const struct sc_region *place = sc_region_by_location(location);

	return place ? sc_vaultd_find_region(vaultd, place->code) : NULL;
}

/* -- opening ----------------------------------------------------------------------------------- */

static void name_hosts(struct sc_vaultd *vaultd)
{
	const struct sc_vaultd_settings *s = vaultd->settings;
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

	region->place = sc_region_by_code(settings->code);
	SC_ENSURE(region->place, err, SC_ERR_USAGE, "region %s: not in the table of regions", settings->code);
	SC_TRY(sc_dir_open(settings->directory, &dir, err));
	SC_TRY(sc_file_read(&dir, "kek.blob", SC_KEY_BLOB_MAX, &region->kek_blob, err));
	SC_TRY(sc_key_blob_digest(sc_bytes_view(&region->kek_blob), &region->kek_digest, err));
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

static sc_status open_issuers(struct sc_vaultd *vaultd, struct sc_error *err)
{
	const struct sc_vaultd_settings *s = vaultd->settings;
	char tenant[SC_GUID_SIZE];
	const char *tenants[] = { tenant };

	SC_TRY(sc_web_issuers_new(&vaultd->issuers, err));
	for (size_t i = 0; i < s->issuer_count; i++) {
		const struct sc_web_issuer_settings one = { .issuer = s->issuers[i],
							    .keys_url = s->issuer_keys,
							    .ca = s->issuer_ca,
							    .tenants = tenants,
							    .tenant_count = 1 };

		SC_ENSURE(sc_vaultd_issuer_tenant(s->issuers[i], tenant), err, SC_ERR_USAGE,
			  "issuer %s: must end in a tenant's id, a GUID in lower case", s->issuers[i]);
		SC_TRY(sc_web_issuers_add(vaultd->issuers, &one, err));
	}
	return SC_OK;
}

static sc_status start_server(struct sc_vaultd *vaultd, struct sc_error *err)
{
	static const struct sc_web_host hosts[] = {
		{ .name = "*.vault", .routes = sc_keys_routes },
		{ .name = "management", .is_relaxed = true, .routes = sc_resources_routes },
		{ 0 },
	};
	const struct sc_vaultd_settings *s = vaultd->settings;
	const struct sc_web_tls_key_settings tls = {
		.certificate = s->tls_certificate,
		.blob = s->tls_key,
		.module = s->tls_module,
		.daemon = "vaultd",
	};

	SC_TRY(sc_web_tls_key_open(&tls, &vaultd->tls_key, err));
	const struct sc_web_settings web = {
		.domain = s->domain,
		.port = s->port,
		.addresses = s->addresses,
		.address_count = s->address_count,
		.tls_key = vaultd->tls_key,
		.hosts = hosts,
		.context = vaultd,
		.threads = s->threads,
	};
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
	SC_TRY(sc_audit_open(settings->audit_log, &vaultd->audit, err));
	SC_TRY(open_regions(vaultd, err));
	SC_TRY(open_issuers(vaultd, err));
	return start_server(vaultd, err);
}

void sc_vaultd_close(struct sc_vaultd *vaultd)
{
	/*
	 * First accept nothing new. Then close the pipelines: their callbacks still hold requests. Then close
	 * the rest.
	 */
	if (vaultd->server)
		sc_web_server_stop(vaultd->server);
	for (size_t i = 0; i < vaultd->region_count; i++) {
		sc_pipeline_close(vaultd->regions[i].module);
		sc_bytes_free(&vaultd->regions[i].kek_blob);
	}
	sc_web_server_free(vaultd->server);
	sc_web_issuers_free(vaultd->issuers);
	sc_web_tls_key_free(vaultd->tls_key);
	sc_audit_free(vaultd->audit);
	sc_store_vault_db_close(vaultd->store);
	*vaultd = (struct sc_vaultd){ 0 };
}
