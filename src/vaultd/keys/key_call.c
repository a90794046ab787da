/* A keys API call, from token to answer: see key_call.h. */
#include "vaultd/keys/key_call.h"

#include <ctype.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "formats/owner.h"
#include "vaultd/api_version.h"
#include "vaultd/keys/key_answer.h"
#include "vaultd/stored_json.h"

/*
 * Answers 401 with the only form of challenge that all clients understand: values in plain quotes, no final
 * slash. The last segment of the authority is the tenant's id. That reveals nothing: a vault's tenant is as
 * public as its name in the DNS.
 */
static void challenge(struct sc_keys_call *call, const char *tenant, const char *message)
{
	const char *issuer = sc_vaultd_issuer_of(call->vaultd, tenant);
	size_t len = issuer ? strlen(issuer) : 0;
	char value[1024];

	if (len > 0 && issuer[len - 1] == '/')
		len--;
	snprintf(value, sizeof value, "Bearer authorization=\"%.*s\", resource=\"%s\"", (int)len,
		 issuer ? issuer : "", call->vaultd->vault_audience);
	sc_web_set_header(call->request, "WWW-Authenticate", value);
	sc_web_answer_error(call->request, 401, "Unauthorized", "%s", message);
}

static void no_such_vault(struct sc_keys_call *call)
{
	sc_web_answer_error(call->request, 404, "VaultNotFound",
			    "There is no vault '%s' in the caller's tenant.", sc_web_label(call->request));
}

/* Answers a request without a valid token with the challenge of the vault's tenant. */
static void ask_to_sign_in(struct sc_keys_call *call, const char *message)
{
	SC_CLEANUP(sc_store_tenant_row) tenant = { 0 };
	struct sc_error err = { 0 };
	sc_status status;

	status = sc_store_vault_tenant(call->vaultd->store, sc_web_label(call->request), &tenant, &err);
	if (status == SC_OK)
		challenge(call, tenant.id, message);
	else if (status == SC_ERR_NOT_FOUND)
		no_such_vault(call);
	else
		sc_keys_answer_failure(call->request, status, &err);
}

/* False if the request has been answered. A first call without a token is not a decision: no audit line. */
static bool authenticate(struct sc_keys_call *call)
{
	const char *token = sc_web_bearer(call->request);
	struct sc_error err = { 0 };
	sc_status status;

	if (!token) {
		ask_to_sign_in(call, "Request is missing a Bearer or PoP token.");
		return false;
	}
	status = sc_access_authenticate(&call->access, call->vaultd->issuers, token,
					call->vaultd->vault_audience, &err);
	if (status == SC_OK)
		return true;
	if (status == SC_ERR_TOKEN)
		ask_to_sign_in(call, err.message);
	else
		sc_keys_answer_failure(call->request, status, &err);
	return false;
}

/* Reads name and version from the path. False if the request has been answered. */
static bool read_path(struct sc_keys_call *call)
{
	const char *name = sc_web_parameter(call->request, "name");
	const char *version = sc_web_parameter(call->request, "version");

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
	return true;
}

/*
 * Finds the vault in the caller's tenant. Another tenant's vault gets the same answer as one that does not
 * exist (rule P6).
 */
static sc_status find_vault(struct sc_keys_call *call, struct sc_error *err)
{
	SC_TRY(sc_store_vault_find(call->vaultd->store, call->access.caller.tid, sc_web_label(call->request),
				   &call->vault, err));
	SC_TRY(sc_vaultd_stored_json(call->vault.properties, &call->properties, err));
	call->region = sc_vaultd_find_region(call->vaultd, call->vault.region);
	SC_ENSURE(call->region, err, SC_ERR_UNAVAILABLE, "region %s of vault %s is not configured",
		  call->vault.region, call->vault.name);
	snprintf(call->access.tenant, sizeof call->access.tenant, "%s", call->vault.tenant);
	snprintf(call->access.vault, sizeof call->access.vault, "%s", call->vault.name);
	return SC_OK;
}

static void name_key(struct sc_keys_call *call)
{
	snprintf(call->access.key, sizeof call->access.key, "%s%s%s", call->name, call->version[0] ? "/" : "",
		 call->version);
}

static void call_free(struct sc_keys_call *call)
{
	sc_store_vault_row_free(&call->vault);
	sc_store_key_row_free(&call->key);
	json_decref(call->properties);
	free(call);
}

/* False if the request has been answered. */
static bool find_and_decide(struct sc_keys_call *call)
{
	struct sc_error err = { 0 };
	sc_status status = find_vault(call, &err);

	if (status == SC_ERR_NOT_FOUND) {
		if (sc_access_refuse(&call->access, "no such vault in the caller's tenant", &err) ==
		    SC_ERR_FORBIDDEN)
			no_such_vault(call);
		else
			sc_keys_answer_failure(call->request, err.status, &err);
		return false;
	}
	if (status == SC_OK)
		status = sc_access_by_policies(&call->access,
					       json_object_get(call->properties, "accessPolicies"), &err);
	if (status == SC_OK)
		return true;
	sc_keys_answer_failure(call->request, status, &err);
	return false;
}

struct sc_keys_call *sc_keys_call_begin(struct sc_web_request *request, struct sc_vaultd *vaultd,
					enum sc_operation operation)
{
	struct sc_keys_call *call = calloc(1, sizeof *call);

	if (!call) {
		sc_keys_answer_failure(request, SC_ERR_MEMORY, NULL);
		return NULL;
	}
	call->vaultd = vaultd;
	call->request = request;
	call->access.audit = vaultd->audit;
	call->access.operation = operation;
	snprintf(call->access.request, sizeof call->access.request, "%s", sc_web_request_id(request));
	snprintf(call->access.vault, sizeof call->access.vault, "%s", sc_web_label(request));
	if (!authenticate(call) || !sc_keys_version_is_known(request) || !read_path(call)) {
		call_free(call);
		return NULL;
	}
	name_key(call);
	if (find_and_decide(call))
		return call;
	call_free(call);
	return NULL;
}

void sc_keys_call_found(struct sc_keys_call *call)
{
	snprintf(call->version, sizeof call->version, "%s", call->key.version);
	name_key(call);
}

sc_status sc_keys_call_find(struct sc_keys_call *call, struct sc_error *err)
{
	sc_status status;

	status = sc_store_key_find(call->vaultd->store, call->vault.tenant, call->vault.name, call->name,
				   call->version, &call->key, err);
	if (status == SC_ERR_NOT_FOUND)
		return sc_fail(err, status, "A key with (name/id) %s was not found in this key vault.",
			       call->access.key);
	SC_TRY(status);
	sc_keys_call_found(call);
	return SC_OK;
}

sc_status sc_keys_call_owner(const struct sc_keys_call *call, const char *name, const char *version,
			     struct sc_bytes *out, struct sc_error *err)
{
	struct sc_owner owner = { 0 };

	SC_TRY(sc_text_set(&owner.daemon, "vaultd", "daemon", err));
	SC_TRY(sc_text_set(&owner.tenant, call->vault.tenant, "tenant", err));
	SC_TRY(sc_text_set(&owner.subscription, call->vault.subscription, "subscription", err));
	SC_TRY(sc_text_set(&owner.vault, call->vault.name, "vault", err));
	SC_TRY(sc_text_set(&owner.name, name, "key name", err));
	SC_TRY(sc_text_set(&owner.version, version, "key version", err));
	return sc_owner_encode(&owner, out, err);
}

void sc_keys_call_answer(struct sc_keys_call *call, json_t *body)
{
	struct sc_error err = { 0 };
	sc_status status;

	if (!body) {
		call->access.is_done = true;
		(void)sc_fail_plain(&err, SC_ERR_MEMORY);
		sc_keys_call_fail(call, SC_ERR_MEMORY, &err);
		return;
	}
	status = sc_access_finish(&call->access, SC_OK, NULL, &err);
	if (status == SC_OK) {
		sc_web_answer(call->request, 200, body);
	} else {
		json_decref(body);
		sc_keys_answer_failure(call->request, status, &err);
	}
	call_free(call);
}

void sc_keys_call_fail(struct sc_keys_call *call, sc_status status, const struct sc_error *err)
{
	struct sc_error unwritten = { 0 };
	sc_status noted =
	    sc_access_finish(&call->access, status, err->message[0] ? err->message : NULL, &unwritten);

	if (noted == SC_OK)
		sc_keys_answer_failure(call->request, status, err);
	else
		sc_keys_answer_failure(call->request, noted, &unwritten);
	call_free(call);
}

void sc_keys_call_forbid(struct sc_keys_call *call, const char *inner, const char *message)
{
	struct sc_error err = { 0 };
	sc_status status = sc_access_refuse(&call->access, message, &err);

	if (status == SC_ERR_FORBIDDEN)
		sc_keys_answer_forbidden(call->request, inner, message);
	else
		sc_keys_answer_failure(call->request, status, &err);
	call_free(call);
}
