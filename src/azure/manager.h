/*
 * The cmdlets' requests to the Resource Manager: list subscriptions, find a vault, make a resource group,
 * make a vault. Every name that goes into a path and every identifier that comes back is checked.
 */
#ifndef SC_AZURE_MANAGER_H
#define SC_AZURE_MANAGER_H

#include "azure/account.h"
#include "azure/url.h"
#include "formats/vault_name.h"

#define SC_AZURE_SUBSCRIPTIONS_MAX 256

struct sc_azure_subscription {
	char id[SC_GUID_SIZE];
	char name[256];
	char state[32]; /* "Enabled" */
	char tenant[SC_GUID_SIZE];
};

/* All subscriptions of the account, in the service's order. The caller releases *out with free(). */
sc_status sc_azure_manager_subscriptions(struct sc_azure_account *account, struct sc_azure_subscription **out,
					 size_t *count, struct sc_error *err) SC_WARN_UNUSED;

/*
 * The subscription with that id; if `id` is NULL, the account's only one. SC_ERR_NOT_FOUND, SC_ERR_USAGE if
 * there are several.
 */
sc_status sc_azure_manager_subscription(struct sc_azure_account *account, const char *id,
					struct sc_azure_subscription *out,
					struct sc_error *err) SC_WARN_UNUSED;

struct sc_azure_vault {
	char name[SC_VAULT_NAME_SIZE]; /* as the service spells it */
	char url[512];                 /* https://contoso.vault.localhost:8443, without a final slash */
	char id[512];                  /* /subscriptions/… */
	char location[64];
	char sku[16]; /* "premium" */
};

/* The vault of that name in any of the account's subscriptions. SC_ERR_NOT_FOUND. */
sc_status sc_azure_manager_vault(struct sc_azure_account *account, const char *name,
				 struct sc_azure_vault *out, struct sc_error *err) SC_WARN_UNUSED;

/* Makes a resource group. An existing one in the same location is kept, but loses its tags. */
sc_status sc_azure_manager_make_group(struct sc_azure_account *account, const char *subscription,
				      const char *group, const char *location,
				      struct sc_error *err) SC_WARN_UNUSED;

struct sc_azure_new_vault {
	const char *subscription;
	const char *group;
	const char *name;
	const char *location;
	const char *sku; /* "standard", "premium" */
};

/* Makes a vault whose only access policy gives this account all permissions on keys. SC_ERR_EXISTS. */
sc_status sc_azure_manager_make_vault(struct sc_azure_account *account,
				      const struct sc_azure_new_vault *new_vault, struct sc_azure_vault *out,
				      struct sc_error *err) SC_WARN_UNUSED;

#endif
