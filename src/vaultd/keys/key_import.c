/*
 * PUT /keys/{name}: makes a key from a transfer package (article step 5). An import waits: for the audit log,
 * for the region's module, which tests the key's primes, and for the database. So it runs on a slow worker,
 * from top to bottom, and passes the gate of its region (struct sc_vaultd_region). A module that hangs holds
 * up its own region's imports only.
 *
 * Importing the same package into the same place again answers with the same version (rule F4). The database
 * guarantees that.
 */
#include <string.h>

#include "base/clock.h"
#include "base/libcrypto.h"
#include "base/os.h"
#include "formats/damage.h"
#include "formats/key_type.h"
#include "formats/transfer_package.h"
#include "vaultd/keys/bundle.h"
#include "vaultd/keys/import_refusal.h"
#include "vaultd/keys/key_answer.h"
#include "vaultd/keys/key_api.h"
#include "vaultd/keys/key_handlers.h"
#include "web/json.h"
#include "web/jwk.h"

#define IMPORT_TIMEOUT_MS 25000
#define KTY_MAX           16
#define TRIES             2 /* if the key already has the random version that was chosen */

/* What the request asks for. */
struct import {
	json_t *body; /* `changes` points into it */
	struct sc_keys_changes changes;
	struct sc_transfer_package *package;
	struct sc_bytes file; /* the package as received */
	struct sc_hash digest;
};

static void import_free(struct import *import)
{
	json_decref(import->body);
	sc_transfer_package_free(import->package);
	sc_bytes_free(&import->file);
}
SC_CLEANUP_VALUE(import, import_free)

/* -- reading the request ----------------------------------------------------------------------- */

static sc_status check_type(const json_t *body, const json_t *key, struct sc_error *err)
{
	const char *kty = NULL;
	bool hsm = false;

	SC_TRY(sc_json_text(key, "kty", KTY_MAX, SC_JSON_NEEDED, &kty, err));
	SC_TRY(sc_json_boolean(body, "Hsm", SC_JSON_OPTIONAL, &hsm, NULL, err));
	/* Older clients send "RSA" here and "Hsm": true in the body. */
	SC_ENSURE(strcmp(kty, "RSA-HSM") == 0 || (hsm && strcmp(kty, "RSA") == 0), err, SC_ERR_KEY_TYPE,
		  "Property 'key.kty': must be RSA-HSM for a transfer package.");
	SC_ENSURE(
	    !json_object_get(body, "release_policy") || json_is_null(json_object_get(body, "release_policy")),
	    err, SC_ERR_ARGUMENT, "Property 'release_policy': keys of this service cannot be exported.");
	return SC_OK;
}

/* The article's prerequisite: HSM-protected keys need a premium vault. */
static sc_status check_sku(const struct sc_vaultd_call *call, struct sc_error *err)
{
	const struct sc_store_vault_row *vault = &call->vault->row;

	SC_ENSURE(strcmp(vault->sku, "premium") == 0, err, SC_ERR_ARGUMENT,
		  "HSM-protected keys need a vault in the premium tier; vault '%s' is in the %s tier.",
		  vault->name, vault->sku);
	return SC_OK;
}

static sc_status read_package(struct import *import, const json_t *key, struct sc_error *err)
{
	char damage[SC_DAMAGE_SIZE];
	sc_status status;

	SC_ENSURE(json_object_get(key, "key_hsm"), err, SC_ERR_ARGUMENT,
		  "Property 'key.key_hsm' is missing: keys are imported only in transfer packages.");
	SC_TRY(sc_json_base64url(key, "key_hsm", SC_TRANSFER_MAX, &import->file, err));
	status = sc_transfer_package_decode(sc_bytes_view(&import->file), &import->package, err);
	if (status == SC_ERR_ENCODING || status == SC_ERR_FORMAT) {
		sc_damage_describe(sc_bytes_view(&import->file), damage);
		return sc_fail(err, status, "Property 'key.key_hsm' is not a complete transfer package: %s.",
			       damage);
	}
	SC_TRY(status);
	SC_ENSURE(import->package->header->type.algorithm == SC_ALGORITHM_RSA, err, SC_ERR_KEY_TYPE,
		  "Property 'key.kty': the key in the transfer package is %s, not RSA-HSM.",
		  sc_key_type_name(&import->package->header->type));
	return sc_sha256(sc_bytes_view(&import->file), &import->digest, err);
}

static sc_status read_request(const struct sc_vaultd_call *call, struct import *import, struct sc_error *err)
{
	json_t *key = NULL;

	SC_TRY(sc_web_json(call->request, &import->body, err));
	SC_TRY(sc_json_object(import->body, "key", SC_JSON_NEEDED, &key, err));
	SC_TRY(check_type(import->body, key, err));
	SC_TRY(check_sku(call, err));
	SC_TRY(sc_keys_changes_read(import->body, key, &import->changes, err));
	/* Old clients send "key_ops": [] for the default. */
	if (json_array_size(import->changes.key_ops) == 0)
		import->changes.key_ops = NULL;
	/* Refuse impossible attributes before the module works on the package. */
	SC_TRY(sc_keys_changes_check(&import->changes, NULL, err));
	return read_package(import, key, err);
}

/* -- importing --------------------------------------------------------------------------------- */

/* vaultd chooses the version first: it is part of the owner that the module seals into the blob. */
static sc_status choose_version(char version[SC_KEY_VERSION_SIZE], struct sc_error *err)
{
	uint8_t random[(SC_KEY_VERSION_SIZE - 1) / 2];

	SC_TRY(sc_random(random, sizeof random, err));
	sc_hex(sc_view_of(random, sizeof random), version);
	return SC_OK;
}

/* Waits for the module. *reply is its answer's body. */
static sc_status ask_module(const struct sc_vaultd_call *call, const struct import *import,
			    const char *version, struct sc_bytes *reply, struct sc_error *err)
{
	const struct sc_vaultd_region *region = call->region;
	const struct sc_pipeline_key kek = { .digest = region->kek_digest,
					     .blob = sc_bytes_view(&region->kek_blob) };
	SC_CLEANUP(sc_bytes) owner = { 0 };
	SC_CLEANUP(sc_pipeline_waiter) waiter;
	sc_status status;

	sc_pipeline_waiter_start(&waiter);
	SC_TRY(sc_keys_owner(call, call->name, version, &owner, err));
	SC_TRY(sc_pipeline_key_import(region->module, &kek, sc_bytes_view(&owner),
				      sc_bytes_view(&import->file), IMPORT_TIMEOUT_MS, sc_pipeline_wake,
				      &waiter, err));
	status = sc_pipeline_wait(&waiter, reply, err);
	return status == SC_OK ? SC_OK : sc_keys_refusal_plain(status, err);
}

/* A key's public members, as they are shown from now on. */
static sc_status describe_public_key(struct sc_view spki, struct sc_bytes *jwk, struct sc_error *err)
{
	SC_CLEANUP(sc_pkey) key = NULL;
	SC_CLEANUP(sc_json) members = NULL;

	SC_TRY(sc_spki_read(spki, &key, err));
	SC_TRY(sc_web_jwk_public_members(key, &members, err));
	return sc_json_write(members, jwk, err);
}

/* Row and package id are written in one transaction. call->key becomes the row as it is stored. */
static sc_status store_key(struct sc_vaultd_call *call, const struct import *import,
			   const struct sc_store_package_claim *claim, const char *version,
			   struct sc_view reply, struct sc_error *err)
{
	struct sc_transfer_import_response arrived;
	SC_CLEANUP(sc_bytes) jwk = { 0 };
	struct sc_bytes texts[2] = { { 0 }, { 0 } };
	struct sc_store_key_row row = {
		.tenant = call->vault->row.tenant,
		.vault = call->vault->row.name,
		.name = call->name,
		.version = version,
		.kty = "RSA-HSM",
		.enabled = true,
		.not_before = SC_STORE_NO_TIME,
		.expires = SC_STORE_NO_TIME,
		.created = sc_clock_now(),
		.key_ops = SC_KEY_OPS_DEFAULT,
		.tags = "{}",
	};
	sc_status status;

	SC_ENSURE(sc_transfer_import_response_read(reply, &arrived) == SC_OK, err, SC_ERR_PROTOCOL,
		  "%s: the module's answer is malformed", sc_pipeline_path(call->region->module));
	SC_TRY(describe_public_key(arrived.spki, &jwk, err));
	row.updated = row.created;
	row.blob = arrived.blob;
	row.jwk = (const char *)jwk.data;
	row.receipt = arrived.receipt;
	status = sc_keys_changes_apply(&import->changes, &row, texts, err);
	if (status == SC_OK)
		status = sc_store_key_import(call->vaultd->store, &row, claim, &call->key, err);
	/* The module has opened the package, so the store alone refuses with this status. */
	if (status == SC_ERR_TRANSFER_REFUSED)
		call->access.hidden_reason = "another tenant has imported the package";
	sc_bytes_free(&texts[0]);
	sc_bytes_free(&texts[1]);
	return status;
}

static sc_status import_version(struct sc_vaultd_call *call, const struct import *import,
				const struct sc_store_package_claim *claim, struct sc_error *err)
{
	char version[SC_KEY_VERSION_SIZE];
	SC_CLEANUP(sc_bytes) reply = { 0 };

	SC_TRY(choose_version(version, err));
	SC_TRY(ask_module(call, import, version, &reply, err));
	return store_key(call, import, claim, version, sc_bytes_view(&reply), err);
}

/* The package's key: the one that it made before (rule F4), or a new one. */
static sc_status find_or_import(struct sc_vaultd_call *call, const struct import *import,
				struct sc_error *err)
{
	const struct sc_store_vault_row *vault = &call->vault->row;
	const struct sc_store_package_claim claim = {
		.region = call->region->info->code,
		.id = sc_bytes_view(&import->package->header->package_id),
		.digest = import->digest,
	};
	sc_status status = sc_store_package_find(call->vaultd->store, vault->tenant, vault->name, call->name,
						 &claim, &call->key, err);

	if (status != SC_ERR_NOT_FOUND)
		return status;
	status = SC_ERR_EXISTS;
	for (int i = 0; i < TRIES && status == SC_ERR_EXISTS; i++)
		status = import_version(call, import, &claim, err);
	return status;
}

static sc_status import_and_show(struct sc_vaultd_call *call, struct import *import, json_t **bundle,
				 struct sc_error *err)
{
	sc_status status;

	SC_TRY(sc_keys_need_region(call, err));
	SC_TRY(read_request(call, import, err));
	SC_TRY(sc_vaultd_call_start_change(call, err));
	status = find_or_import(call, import, err);
	if (status != SC_OK)
		return sc_keys_import_explain(import->package->header, call->region->info->name,
					      call->vault->row.subscription, status, err);
	call->access.is_done = true;
	sc_keys_name(call, call->key.display_name, call->key.version);
	return sc_keys_show(call, bundle, err);
}

static void import_package(struct sc_vaultd_call *call)
{
	SC_CLEANUP(import) import = { 0 };
	struct sc_error err = { 0 };
	json_t *bundle = NULL;
	sc_status status = import_and_show(call, &import, &bundle, &err);

	if (status == SC_OK)
		sc_vaultd_call_answer(call, 200, bundle);
	else
		sc_vaultd_call_fail(call, status, &err);
}

void sc_keys_import(struct sc_web_request *request, void *context)
{
	sc_keys_begin(request, context, SC_OPERATION_KEY_IMPORT, import_package);
}
