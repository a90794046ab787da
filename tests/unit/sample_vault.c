/* A vault's store with sample contents: see sample_vault.h. */
#include "sample_vault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(sc_status status)
{
	if (status != SC_OK)
		abort();
}

static void add_tenant(struct sc_store_vault_db *store, const char *tenant, const char *subscription)
{
	const struct sc_store_tenant_start_row row = { .id = tenant,
						       .name = tenant,
						       .subscription = subscription,
						       .subscription_name = "Pay",
						       .issuer = "https://login/",
						       .oid = tenant };
	SC_CLEANUP(sc_store_tenant_start_row) made = { 0 };
	const struct sc_store_group_row group = { .tenant = tenant,
						  .subscription = subscription,
						  .name = "Acceptance",
						  .location = "westeurope",
						  .tags = "{}",
						  .created = 1000 };
	bool is_new = false;

	must(sc_store_tenant_start(store, &row, &made, NULL));
	must(sc_store_group_put(store, &group, &is_new, NULL));
}

struct sc_store_vault_row sample_vault(const char *tenant, const char *name)
{
	return (struct sc_store_vault_row){
		.tenant = tenant,
		.subscription = strcmp(tenant, TENANT) == 0 ? SUBSCRIPTION : OTHER_SUBSCRIPTION,
		.group = "Acceptance",
		.name = name,
		.location = "westeurope",
		.region = "EU",
		.sku = "premium",
		.properties = "{\"accessPolicies\":[]}",
		.tags = "{}",
		.created = 1000,
		.updated = 1000,
	};
}

struct sc_store_vault_db *sample_vault_store(const char *path)
{
	struct sc_store_vault_db *store = NULL;
	const struct sc_store_vault_row vaults[] = { sample_vault(TENANT, "Contoso"),
						     sample_vault(TENANT, "Second"),
						     sample_vault(OTHER_TENANT, "Foreign") };

	must(sc_store_vault_db_open(path, &store, NULL));
	add_tenant(store, TENANT, SUBSCRIPTION);
	add_tenant(store, OTHER_TENANT, OTHER_SUBSCRIPTION);
	for (size_t i = 0; i < sizeof vaults / sizeof vaults[0]; i++)
		must(sc_store_vault_add(store, &vaults[i], NULL));
	return store;
}

const char *sample_version(unsigned number)
{
	static _Thread_local char texts[4][SC_KEY_VERSION_SIZE];
	static _Thread_local unsigned next;
	char *text = texts[next++ % 4];

	snprintf(text, SC_KEY_VERSION_SIZE, "%032x", number);
	return text;
}

struct sc_store_key_row sample_key(const char *vault, const char *name, unsigned number)
{
	static const uint8_t bytes[3000] = { 'b' };

	return (struct sc_store_key_row){
		.tenant = TENANT,
		.vault = vault,
		.name = name,
		.version = sample_version(number),
		.kty = "RSA-HSM",
		.blob = sc_view_of(bytes, sizeof bytes),
		.jwk = "{\"n\":\"AQ\",\"e\":\"AQAB\"}",
		.receipt = sc_view_of(bytes, 2000),
		.enabled = true,
		.not_before = SC_STORE_NO_TIME,
		.expires = SC_STORE_NO_TIME,
		.created = 2000,
		.updated = 2000,
		.key_ops = "[\"decrypt\"]",
		.tags = "{}",
	};
}

struct sc_store_package_claim sample_claim(unsigned number)
{
	static _Thread_local uint8_t ids[4][16];
	static _Thread_local unsigned next;
	uint8_t *id = ids[next++ % 4];
	struct sc_store_package_claim claim = { .region = "EU", .id = sc_view_of(id, 16) };

	memset(id, 0, 16);
	memcpy(id, &number, sizeof number);
	memcpy(claim.digest.b, &number, sizeof number);
	return claim;
}

sc_status sample_import(struct sc_store_vault_db *store, const char *vault, const char *name, unsigned number,
			unsigned package, char version[SC_KEY_VERSION_SIZE], struct sc_error *err)
{
	const struct sc_store_key_row row = sample_key(vault, name, number);
	const struct sc_store_package_claim claim = sample_claim(package);

	SC_CLEANUP(sc_store_key_row) written = { 0 };

	SC_TRY(sc_store_key_import(store, &row, &claim, &written, err));
	memcpy(version, written.version, SC_KEY_VERSION_SIZE);
	return SC_OK;
}
