/*
 * POST …/decrypt and …/sign: uses a key. A worker reads the request and the key, checks attributes and
 * key_ops, and asks the region's module, which checks the key's own permissions and its owner. Its answer
 * arrives on the pipeline's thread, so no thread waits for it.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "vaultd/keys/key_answer.h"
#include "vaultd/keys/bundle.h"
#include "vaultd/keys/key_api.h"
#include "vaultd/keys/key_handlers.h"
#include "web/json.h"

#define USE_TIMEOUT_MS 10000
#define ALGORITHM_MAX  32
#define VALUE_MAX      1024 /* bytes of a decoded ciphertext or digest */

struct algorithm {
	const char *name; /* RFC 7518 */
	enum sc_mechanism mechanism;
};

static const struct algorithm decrypting[] = {
	{ "RSA-OAEP", SC_MECHANISM_RSA_OAEP },
	{ "RSA-OAEP-256", SC_MECHANISM_RSA_OAEP_256 },
	{ 0 },
};

static const struct algorithm signing[] = {
	{ "RS256", SC_MECHANISM_RS256 },
	{ "RS384", SC_MECHANISM_RS384 },
	{ "RS512", SC_MECHANISM_RS512 },
	{ "PS256", SC_MECHANISM_PS256 },
	{ "PS384", SC_MECHANISM_PS384 },
	{ "PS512", SC_MECHANISM_PS512 },
	{ 0 },
};

/* What differs between decrypting and signing. */
struct use {
	const char *name; /* as in key_ops */
	const struct algorithm *algorithms;
	/* Works before nbf and after exp. As in Azure, decrypting does: old data must stay readable. */
	bool works_outside_validity;
	sc_status (*ask)(struct sc_pipeline *pipeline, const struct sc_pipeline_key *key,
			 enum sc_mechanism mechanism, struct sc_view data, uint32_t timeout_ms,
			 sc_pipeline_done done, void *context, struct sc_error *err);
};

static const struct use decrypt_use = { "decrypt", decrypting, true, sc_pipeline_key_decrypt };
static const struct use sign_use = { "sign", signing, false, sc_pipeline_key_sign };

static sc_status read_algorithm(const json_t *body, const struct use *use, enum sc_mechanism *out,
				struct sc_error *err)
{
	const char *name = NULL;

	SC_TRY(sc_json_text(body, "alg", ALGORITHM_MAX, SC_JSON_NEEDED, &name, err));
	for (const struct algorithm *a = use->algorithms; a->name; a++) {
		if (strcmp(a->name, name) != 0)
			continue;
		*out = a->mechanism;
		return SC_OK;
	}
	return sc_fail(err, SC_ERR_MECHANISM,
		       "Property 'alg': '%s' is not an algorithm that this key can %s with.", name,
		       use->name);
}

/*
 * Checks whether the key's attributes forbid the use now. Returns Azure's code for the reason and writes the
 * reason into `message`; NULL if the use is allowed.
 */
static const char *forbidden_by(const struct sc_store_key_row *key, const struct use *use, int64_t now,
				char *message, size_t size)
{
	if (!key->enabled) {
		snprintf(message, size, "Operation %s is not allowed on a disabled key.", use->name);
		return "KeyDisabled";
	}
	if (!use->works_outside_validity && key->not_before != SC_STORE_NO_TIME && now < key->not_before) {
		snprintf(message, size, "Operation %s is not allowed on a key that is not yet valid.",
			 use->name);
		return "KeyNotYetValid";
	}
	if (!use->works_outside_validity && key->expires != SC_STORE_NO_TIME && now >= key->expires) {
		snprintf(message, size, "Operation %s is not allowed on an expired key.", use->name);
		return "KeyExpired";
	}
	if (!sc_keys_allows(key, use->name)) {
		snprintf(message, size,
			 "Operation %s is not permitted on this key: its key_ops do not list it.", use->name);
		return "KeyOperationForbidden";
	}
	return NULL;
}

/* Called on the pipeline's thread. */
static void answered(void *context, sc_status status, const struct sc_error *err, struct sc_view reply)
{
	struct sc_vaultd_call *call = context;
	struct sc_error plain = *err;
	char kid[SC_KEY_ID_SIZE];

	if (status != SC_OK) {
		sc_vaultd_call_fail(call, sc_keys_refusal_plain(status, &plain), &plain);
		return;
	}
	sc_keys_bundle_kid(&call->key, call->vaultd->vault_authority, kid);
	sc_vaultd_call_answer(call, 200,
			      json_pack("{s:s, s:o}", "kid", kid, "value", sc_json_from_bytes(reply)));
}

static sc_status ask_module(struct sc_vaultd_call *call, const struct use *use, enum sc_mechanism mechanism,
			    struct sc_view value, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) owner = { 0 };
	struct sc_pipeline_key key = { .digest = call->key.blob_digest, .blob = call->key.blob };

	SC_TRY(sc_keys_need_region(call, err));
	SC_TRY(sc_keys_owner(call, call->key.name, call->key.version, &owner, err));
	key.owner = sc_bytes_view(&owner);
	return use->ask(call->region->module, &key, mechanism, value, USE_TIMEOUT_MS, answered, call, err);
}

static sc_status read_body(const struct sc_vaultd_call *call, const struct use *use,
			   enum sc_mechanism *mechanism, struct sc_bytes *value, struct sc_error *err)
{
	SC_CLEANUP(sc_json) body = NULL;

	SC_TRY(sc_web_json(call->request, &body, err));
	SC_TRY(read_algorithm(body, use, mechanism, err));
	return sc_json_base64url(body, "value", VALUE_MAX, value, err);
}

static void use_key(struct sc_vaultd_call *call, const struct use *use)
{
	SC_CLEANUP(sc_bytes) value = { 0 };
	enum sc_mechanism mechanism = 0;
	char message[SC_ERROR_MESSAGE_MAX];
	struct sc_error err = { 0 };
	const char *inner = NULL;
	sc_status status;

	status = read_body(call, use, &mechanism, &value, &err);
	if (status == SC_OK)
		status = sc_keys_find(call, &err);
	if (status == SC_OK)
		inner = forbidden_by(&call->key, use, sc_clock_now(), message, sizeof message);
	if (inner) {
		sc_keys_forbid(call, inner, message);
		return;
	}
	if (status == SC_OK)
		status = ask_module(call, use, mechanism, sc_bytes_view(&value), &err);
	if (status != SC_OK)
		sc_vaultd_call_fail(call, status, &err);
}

static void decrypt(struct sc_vaultd_call *call)
{
	use_key(call, &decrypt_use);
}

void sc_keys_decrypt(struct sc_web_request *request, void *context)
{
	sc_keys_begin(request, context, SC_OPERATION_KEY_DECRYPT, decrypt);
}

static void sign(struct sc_vaultd_call *call)
{
	use_key(call, &sign_use);
}

void sc_keys_sign(struct sc_web_request *request, void *context)
{
	sc_keys_begin(request, context, SC_OPERATION_KEY_SIGN, sign);
}
