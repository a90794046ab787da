/* How calls of the keys API begin: see key_api.h. */
#include "vaultd/keys/key_api.h"

#include <stdio.h>
#include <string.h>

#include "formats/owner.h"
#include "vaultd/api_version.h"
#include "vaultd/keys/bundle.h"
#include "vaultd/keys/key_answer.h"
#include "vaultd/vault_cache.h"

/* -- the beginning of a call ------------------------------------------------------------------- */

static const char *audience(const struct sc_vaultd *vaultd)
{
	return vaultd->vault_audience;
}

static void name_scope(struct sc_vaultd_call *call)
{
	snprintf(call->scope.vault, sizeof call->scope.vault, "%s", sc_web_label(call->request));
}

void sc_keys_name(struct sc_vaultd_call *call, const char *name, const char *version)
{
	snprintf(call->access.scope.key, sizeof call->access.scope.key, "%s%s%s", name, version[0] ? "/" : "",
		 version);
}

/* False if the request has been answered. */
static bool check_request(struct sc_vaultd_call *call)
{
	const char *name = sc_web_parameter(call->request, "name");
	const char *version = sc_web_parameter(call->request, "version");

	if (!sc_vaultd_keys_version_is_known(call->request))
		return false;
	if (!name || !sc_key_name_is_valid(name)) {
		sc_web_answer_error(call->request, 400, "BadParameter",
				    "The key name must have 1 to 127 letters, digits and hyphens.");
		return false;
	}
	if (version && version[0] && !sc_key_version_is_valid(version)) {
		sc_web_answer_error(call->request, 404, "KeyNotFound",
				    "A key with (name/id) %s/%.64s was not found in this key vault.", name,
				    version);
		return false;
	}
	snprintf(call->name, sizeof call->name, "%s", name);
	snprintf(call->version, sizeof call->version, "%s", version ? version : "");
	sc_keys_name(call, call->name, call->version);
	memcpy(call->scope.key, call->access.scope.key, sizeof call->scope.key);
	return true;
}

/* Another tenant's vault is like an absent one (rule P6). Only the challenge knows no tenant yet. */
static const char *tenant_of(const struct sc_vaultd_call *call)
{
	return call->unauthorized[0] ? NULL : call->access.caller.tid;
}

static void use_vault(struct sc_vaultd_call *call)
{
	const struct sc_store_vault_row *row = &call->vault->row;

	snprintf(call->scope.tenant, sizeof call->scope.tenant, "%s", row->tenant);
	snprintf(call->scope.vault, sizeof call->scope.vault, "%s", row->name);
	call->grants = call->vault->grants;
	call->region = sc_vaultd_find_region(call->vaultd, row->region);
	/* Imports wait for the region's module. A slow one must not hold up the imports of other regions. */
	if (call->region && call->access.operation == SC_OPERATION_KEY_IMPORT)
		call->gate = call->region->imports;
}

static bool recall(struct sc_vaultd_call *call)
{
	call->vault =
	    sc_vaultd_cache_recall(call->vaultd->vaults, tenant_of(call), sc_web_label(call->request));
	if (!call->vault)
		return false;
	use_vault(call);
	return true;
}

static sc_status find(struct sc_vaultd_call *call, struct sc_error *err)
{
	const char *name = sc_web_label(call->request);
	SC_CLEANUP(sc_store_tenant_row) owner = { 0 };
	struct sc_vaultd_vault *vault = NULL;
	const char *tenant = tenant_of(call);

	if (!tenant) {
		SC_TRY(sc_store_vault_tenant(call->vaultd->store, name, &owner, err));
		tenant = owner.id;
	}
	SC_TRY(sc_vaultd_cache_read(call->vaultd->vaults, tenant, name, &vault, err));
	/* A call that waited for its worker had one already. */
	if (call->vault)
		sc_vaultd_vault_release(call->vaultd->vaults, call->vault);
	call->vault = vault;
	use_vault(call);
	return SC_OK;
}

/*
 * The only form of challenge that all clients understand: values in plain quotes, no final slash. The last
 * segment of the authority is the tenant's id. That reveals nothing: a vault's tenant is as public as its
 * name in the DNS.
 */
static void answer_challenge(struct sc_vaultd_call *call, const char *message)
{
	char issuer[SC_WEB_TOKEN_TEXT_MAX + 1] = "";
	size_t len;
	char value[1024];

	(void)sc_vaultd_issuer_of(call->vaultd, call->vault->row.tenant, issuer);
	len = strlen(issuer);
	if (len > 0 && issuer[len - 1] == '/')
		len--;
	snprintf(value, sizeof value, "Bearer authorization=\"%.*s\", resource=\"%s\"", (int)len, issuer,
		 call->vaultd->vault_audience);
	sc_web_set_header(call->request, "WWW-Authenticate", value);
	sc_web_answer_error(call->request, 401, "Unauthorized", "%s", message);
}

static void answer_absent(struct sc_vaultd_call *call)
{
	sc_web_answer_error(call->request, 404, "VaultNotFound",
			    "There is no vault '%s' in the caller's tenant.", sc_web_label(call->request));
}

static const struct sc_vaultd_api keys_api = {
	.audience = audience,
	.token_missing = "Request is missing a Bearer or PoP token.",
	.name_scope = name_scope,
	.check_request = check_request,
	.recall = recall,
	.find = find,
	.answer_challenge = answer_challenge,
	.answer_absent = answer_absent,
	.answer_failure = sc_keys_answer_failure,
};

void sc_keys_begin(struct sc_web_request *request, struct sc_vaultd *vaultd, enum sc_operation operation,
		   sc_vaultd_work work)
{
	sc_vaultd_call_begin(request, vaultd, &keys_api, operation, work);
}

/* -- keys -------------------------------------------------------------------------------------- */

sc_status sc_keys_find(struct sc_vaultd_call *call, struct sc_error *err)
{
	const struct sc_store_vault_row *vault = &call->vault->row;
	sc_status status;

	sc_store_key_row_free(&call->key);
	status = sc_store_key_find(call->vaultd->store, vault->tenant, vault->name, call->name, call->version,
				   &call->key, err);
	if (status == SC_ERR_NOT_FOUND)
		return sc_fail(err, status, "A key with (name/id) %s was not found in this key vault.",
			       call->access.scope.key);
	SC_TRY(status);
	snprintf(call->version, sizeof call->version, "%s", call->key.version);
	sc_keys_name(call, call->key.display_name, call->version);
	return SC_OK;
}

sc_status sc_keys_need_region(const struct sc_vaultd_call *call, struct sc_error *err)
{
	SC_ENSURE(call->region, err, SC_ERR_UNAVAILABLE, "region %s of vault %s is not configured",
		  call->vault->row.region, call->vault->row.name);
	return SC_OK;
}

sc_status sc_keys_show(const struct sc_vaultd_call *call, json_t **out, struct sc_error *err)
{
	return sc_keys_bundle_of(&call->key, call->vault, call->vaultd->vault_authority, out, err);
}

sc_status sc_keys_owner(const struct sc_vaultd_call *call, const char *name, const char *version,
			struct sc_bytes *out, struct sc_error *err)
{
	const struct sc_store_vault_row *vault = &call->vault->row;
	struct sc_owner owner = { 0 };

	SC_TRY(sc_text_set(&owner.daemon, "vaultd", "daemon", err));
	SC_TRY(sc_text_set(&owner.tenant, vault->tenant, "tenant", err));
	SC_TRY(sc_text_set(&owner.subscription, vault->subscription, "subscription", err));
	SC_TRY(sc_text_set(&owner.vault, vault->name, "vault", err));
	SC_TRY(sc_text_set(&owner.name, name, "key name", err));
	SC_TRY(sc_text_set(&owner.version, version, "key version", err));
	return sc_owner_encode(&owner, out, err);
}

void sc_keys_forbid(struct sc_vaultd_call *call, const char *inner, const char *message)
{
	struct sc_error err = { 0 };
	sc_status status = sc_access_refuse(&call->access, message, &err);

	if (status == SC_ERR_FORBIDDEN)
		sc_keys_answer_forbidden(call->request, inner, message);
	else
		sc_keys_answer_failure(call->request, status, &err);
	sc_vaultd_call_free(call);
}
