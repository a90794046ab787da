/*
 * PUT /keys/{name}: makes a key from a transfer package (article step 5). An import has four steps, and none
 * holds a thread that others need:
 *
 *   1. The HTTP thread reads the request.
 *   2. A worker syncs the audit line and sends the package to the region's module.
 *   3. The module tests the key's primes. Its answer arrives on the pipeline's thread.
 *   4. A worker writes the row.
 *
 * Importing the same package into the same place again answers with the same version (rule F4). The database
 * guarantees that.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/os.h"
#include "formats/transfer_package.h"
#include "vaultd/keys/key_answer.h"
#include "vaultd/keys/bundle.h"
#include "vaultd/keys/key_call.h"
#include "vaultd/keys/key_handlers.h"
#include "vaultd/keys/import_refusal.h"
#include "web/json.h"

#define IMPORT_TIMEOUT_MS 25000
#define KTY_MAX           16

struct import {
	struct sc_keys_call *call;
	json_t *body; /* `wish` points into it */
	struct sc_keys_changes wish;
	struct sc_transfer_package *package;
	struct sc_bytes file; /* the package as received */
	struct sc_hash digest;
	struct sc_bytes reply; /* the module's answer */
	char version[SC_KEY_VERSION_SIZE];
};

static void import_free(struct import *import)
{
	if (!import)
		return;
	json_decref(import->body);
	sc_transfer_package_free(import->package);
	sc_bytes_free(&import->file);
	sc_bytes_free(&import->reply);
	free(import);
}

static struct sc_store_package_claim claim_of(const struct import *import)
{
	return (struct sc_store_package_claim){
		.region = import->call->region->place->code,
		.id = sc_bytes_view(&import->package->header->package_id),
		.digest = import->digest,
	};
}

static void fail(struct import *import, sc_status status, const struct sc_error *err)
{
	struct sc_keys_call *call = import->call;

	import_free(import);
	sc_keys_call_fail(call, status, err);
}

/* Explains the status to the package's sender. SC_ERR_PACKAGE_TAKEN becomes SC_ERR_CONFLICT. */
static sc_status explain(const struct import *import, sc_status status, struct sc_error *err)
{
	const struct sc_keys_import_place place = { import->call->region->place->name,
						    import->call->vault.subscription };

	return sc_keys_import_explain(import->package->header, &place, status, err);
}

/* -- step 4: row and package id in one transaction --------------------------------------------- */

static sc_status write_row(struct import *import, struct sc_error *err)
{
	const struct sc_store_package_claim claim = claim_of(import);
	struct sc_keys_call *call = import->call;
	struct sc_transfer_import_response arrived;
	struct sc_bytes texts[2] = { { 0 }, { 0 } };
	struct sc_store_key_row row = {
		.tenant = call->vault.tenant,
		.vault = call->vault.name,
		.name = call->name,
		.version = import->version,
		.kty = "RSA-HSM",
		.enabled = true,
		.not_before = SC_STORE_NO_TIME,
		.expires = SC_STORE_NO_TIME,
		.created = sc_clock_now(),
		.key_ops = SC_KEY_OPS_DEFAULT,
		.tags = "{}",
	};
	sc_status status;

	SC_TRY(sc_transfer_import_response_read(sc_bytes_view(&import->reply), &arrived));
	row.updated = row.created;
	row.blob = arrived.blob;
	row.spki = arrived.spki;
	row.receipt = arrived.receipt;
	status = sc_keys_changes_apply(&import->wish, &row, texts, err);
	if (status == SC_OK)
		status = sc_store_key_import(call->vaultd->store, &row, &claim, &call->key, err);
	sc_bytes_free(&texts[0]);
	sc_bytes_free(&texts[1]);
	return explain(import, status, err);
}

static void answer_with_row(struct import *import)
{
	struct sc_keys_call *call = import->call;
	struct sc_error err = { 0 };
	json_t *bundle = NULL;
	sc_status status;

	sc_keys_call_found(call);
	status =
	    sc_keys_bundle_of(&call->key, call->properties, call->vaultd->vault_authority, &bundle, &err);

	if (status != SC_OK) {
		fail(import, status, &err);
		return;
	}
	import_free(import);
	sc_keys_call_answer(call, bundle);
}

static void write_job(void *context)
{
	struct import *import = context;
	struct sc_error err = { 0 };
	sc_status status = write_row(import, &err);

	import->call->access.is_done = status == SC_OK;
	if (status == SC_OK)
		answer_with_row(import);
	else
		fail(import, status, &err);
}

/* -- step 3: the module's answer, on the pipeline's thread ------------------------------------- */

/* Fails without a worker: the line is noted here, and grouped. This thread must not wait for the disk. */
static void fail_without_waiting(struct import *import, sc_status status, const struct sc_error *err)
{
	import->call->access.has_begun = false;
	fail(import, status, err);
}

struct refusal {
	struct import *import;
	sc_status status;
	struct sc_error err;
};

static void refuse_job(void *context)
{
	struct refusal *refusal = context;

	fail(refusal->import, refusal->status, &refusal->err);
	free(refusal);
}

/* A refusal's line is synced, too, so a worker writes it. */
static void refuse_later(struct import *import, sc_status status, const struct sc_error *err)
{
	struct refusal *refusal = calloc(1, sizeof *refusal);
	struct sc_error busy = { 0 };

	if (!refusal) {
		fail_without_waiting(import, status, err);
		return;
	}
	*refusal = (struct refusal){ import, status, *err };
	if (sc_web_run(sc_web_request_server(import->call->request), SC_WEB_QUICK, refuse_job, refusal,
		       &busy) == SC_OK)
		return;
	free(refusal);
	fail_without_waiting(import, status, err);
}

static void answered(void *context, sc_status status, const struct sc_error *module_err, struct sc_view reply)
{
	struct import *import = context;
	struct sc_error err = *module_err;

	if (status == SC_OK)
		status = sc_bytes_copy(reply, &import->reply, &err);
	else
		status = explain(import, sc_keys_refusal_plain(status, &err), &err);
	if (status != SC_OK) {
		refuse_later(import, status, &err);
		return;
	}
	status =
	    sc_web_run(sc_web_request_server(import->call->request), SC_WEB_QUICK, write_job, import, &err);
	if (status != SC_OK)
		fail_without_waiting(import, status, &err);
}

/* -- step 2: the audit line, and the request to the module ------------------------------------- */

/* vaultd chooses the version first: it is part of the owner that the module seals into the blob. */
static sc_status choose_version(struct import *import, struct sc_error *err)
{
	uint8_t random[(SC_KEY_VERSION_SIZE - 1) / 2];

	SC_TRY(sc_random(random, sizeof random, err));
	sc_hex(sc_view_of(random, sizeof random), import->version);
	return SC_OK;
}

static sc_status ask_module(struct import *import, struct sc_error *err)
{
	const struct sc_vaultd_region *region = import->call->region;
	const struct sc_pipeline_key kek = { .digest = region->kek_digest,
					     .blob = sc_bytes_view(&region->kek_blob) };
	SC_CLEANUP(sc_bytes) owner = { 0 };

	SC_TRY(choose_version(import, err));
	SC_TRY(sc_keys_call_owner(import->call, import->call->name, import->version, &owner, err));
	return sc_pipeline_key_import(region->module, &kek, sc_bytes_view(&owner),
				      sc_bytes_view(&import->file), IMPORT_TIMEOUT_MS, answered, import, err);
}

static void begin_job(void *context)
{
	struct import *import = context;
	struct sc_keys_call *call = import->call;
	const struct sc_store_package_claim claim = claim_of(import);
	struct sc_error err = { 0 };
	sc_status status;

	status = sc_access_begin(&call->access, &err);
	if (status == SC_OK)
		status = sc_store_package_find(call->vaultd->store, call->vault.tenant, call->vault.name,
					       call->name, &claim, &call->key, &err);
	if (status == SC_OK) {
		answer_with_row(import);
		return;
	}
	if (status == SC_ERR_NOT_FOUND)
		status = ask_module(import, &err);
	if (status != SC_OK)
		fail(import, explain(import, status, &err), &err);
}

/* -- step 1: reading the request --------------------------------------------------------------- */

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
static sc_status check_sku(const struct import *import, struct sc_error *err)
{
	SC_ENSURE(strcmp(import->call->vault.sku, "premium") == 0, err, SC_ERR_ARGUMENT,
		  "HSM-protected keys need a vault in the premium tier; vault '%s' is in the %s tier.",
		  import->call->vault.name, import->call->vault.sku);
	return SC_OK;
}

static sc_status read_package(struct import *import, const json_t *key, struct sc_error *err)
{
	sc_status status;

	SC_ENSURE(json_object_get(key, "key_hsm"), err, SC_ERR_ARGUMENT,
		  "Property 'key.key_hsm' is missing: keys are imported only in transfer packages.");
	SC_TRY(sc_json_base64url(key, "key_hsm", SC_TRANSFER_MAX, &import->file, err));
	status = sc_transfer_package_decode(sc_bytes_view(&import->file), &import->package, err);
	if (status == SC_ERR_ENCODING || status == SC_ERR_FORMAT)
		return sc_fail(err, status, "Property 'key.key_hsm' is not a complete transfer package.");
	SC_TRY(status);
	return sc_sha256(sc_bytes_view(&import->file), &import->digest, err);
}

static sc_status read_request(struct import *import, struct sc_error *err)
{
	struct sc_store_key_row none = { .not_before = SC_STORE_NO_TIME, .expires = SC_STORE_NO_TIME };
	struct sc_bytes texts[2] = { { 0 }, { 0 } };
	json_t *key = NULL;
	sc_status status;

	SC_TRY(sc_web_json(import->call->request, &import->body, err));
	SC_TRY(sc_json_object(import->body, "key", SC_JSON_NEEDED, &key, err));
	SC_TRY(check_type(import->body, key, err));
	SC_TRY(check_sku(import, err));
	SC_TRY(sc_keys_changes_read(import->body, key, &import->wish, err));
	/* Old clients send "key_ops": [] for the default. */
	if (json_array_size(import->wish.key_ops) == 0)
		import->wish.key_ops = NULL;
	/* Refuse impossible attributes before the module works on the package. */
	status = sc_keys_changes_apply(&import->wish, &none, texts, err);
	sc_bytes_free(&texts[0]);
	sc_bytes_free(&texts[1]);
	SC_TRY(status);
	return read_package(import, key, err);
}

void sc_keys_import(struct sc_web_request *request, void *context)
{
	struct sc_keys_call *call = sc_keys_call_begin(request, context, SC_OPERATION_KEY_IMPORT);
	struct import *import = call ? calloc(1, sizeof *import) : NULL;
	struct sc_error err = { 0 };
	sc_status status = SC_ERR_MEMORY;

	if (!call)
		return;
	if (import) {
		import->call = call;
		status = read_request(import, &err);
	}
	if (status == SC_OK)
		status = sc_web_run(sc_web_request_server(request), SC_WEB_QUICK, begin_job, import, &err);
	if (status == SC_OK)
		return;
	import_free(import);
	sc_keys_call_fail(call, status, &err);
}
