/* GET: a key, its receipt, its rotation policy. None of this needs the module. */
#include <stdio.h>
#include <string.h>

#include "vaultd/keys/bundle.h"
#include "vaultd/keys/key_api.h"
#include "vaultd/keys/key_handlers.h"
#include "web/json.h"

static sc_status find_bundle(struct sc_vaultd_call *call, json_t **out, struct sc_error *err)
{
	SC_TRY(sc_keys_find(call, err));
	return sc_keys_show(call, out, err);
}

static void get(struct sc_vaultd_call *call)
{
	struct sc_error err = { 0 };
	json_t *bundle = NULL;
	sc_status status = find_bundle(call, &bundle, &err);

	if (status == SC_OK)
		sc_vaultd_call_answer(call, 200, bundle);
	else
		sc_vaultd_call_fail(call, status, &err);
}

void sc_keys_get(struct sc_web_request *request, void *context)
{
	sc_keys_begin(request, context, SC_OPERATION_KEY_GET, get);
}

/*
 * Adds the receipt (rule F7): the statement that the vault's module signed when the key was imported. It goes
 * where Azure puts its modules' attestations. It is CMS in DER, base64url: `verifyreceipt` and plain `openssl
 * cms -verify` read it.
 */
static sc_status add_receipt(const struct sc_vaultd_call *call, json_t *bundle, struct sc_error *err)
{
	json_t *attestation = json_pack("{s:s, s:o}", "version", "safeconduct.receipt.1",
					"privateKeyAttestation", sc_json_from_bytes(call->key.receipt));

	if (!attestation ||
	    json_object_set_new(json_object_get(bundle, "attributes"), "attestation", attestation))
		return sc_fail_plain(err, SC_ERR_MEMORY);
	return SC_OK;
}

static void attest(struct sc_vaultd_call *call)
{
	struct sc_error err = { 0 };
	SC_CLEANUP(sc_json) bundle = NULL;
	sc_status status = find_bundle(call, &bundle, &err);

	if (status == SC_OK)
		status = add_receipt(call, bundle, &err);
	if (status == SC_OK)
		sc_vaultd_call_answer(call, 200, sc_steal(bundle));
	else
		sc_vaultd_call_fail(call, status, &err);
}

void sc_keys_attestation(struct sc_web_request *request, void *context)
{
	sc_keys_begin(request, context, SC_OPERATION_KEY_ATTEST, attest);
}

/* The policy of a key for which nobody has set one: notify the owner 30 days before it expires. */
static json_t *default_policy(const struct sc_vaultd_call *call)
{
	char id[SC_KEY_ID_SIZE];

	sc_keys_bundle_kid(&call->key, call->vaultd->vault_authority, id);
	*strrchr(id, '/') = '\0'; /* the key's id, without a version */
	return json_pack("{s:s+, s:[{s:{s:s}, s:{s:s}}], s:{s:n}}", "id", id, "/rotationpolicy",
			 "lifetimeActions", "trigger", "timeBeforeExpiry", "P30D", "action", "type", "Notify",
			 "attributes", "expiryTime");
}

static void get_rotation_policy(struct sc_vaultd_call *call)
{
	struct sc_error err = { 0 };
	sc_status status = sc_keys_find(call, &err);

	if (status == SC_OK)
		sc_vaultd_call_answer(call, 200, default_policy(call));
	else
		sc_vaultd_call_fail(call, status, &err);
}

void sc_keys_rotation_policy(struct sc_web_request *request, void *context)
{
	sc_keys_begin(request, context, SC_OPERATION_KEY_ROTATION_POLICY, get_rotation_policy);
}
