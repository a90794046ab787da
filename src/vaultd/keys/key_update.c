/*
 * PATCH: attributes, key_ops and tags. The HTTP thread reads the request; a worker writes, because writing
 * waits for the disk.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "vaultd/keys/bundle.h"
#include "vaultd/keys/key_call.h"
#include "vaultd/keys/key_handlers.h"
#include "web/json.h"

#define TRIES 4 /* if others change the same row meanwhile */

struct update {
	struct sc_keys_call *call;
	json_t *body; /* `wish` points into it */
	struct sc_keys_changes wish;
};

static void update_free(struct update *update)
{
	json_decref(update->body);
	free(update);
}

static sc_status write_once(struct update *update, struct sc_error *err)
{
	struct sc_keys_call *call = update->call;
	struct sc_bytes texts[2] = { { 0 }, { 0 } };
	sc_status status;

	sc_store_key_row_free(&call->key);
	SC_TRY(sc_keys_call_find(call, err));
	status = sc_keys_changes_apply(&update->wish, &call->key, texts, err);
	if (status == SC_OK) {
		call->key.updated = sc_clock_now();
		status = sc_store_key_update(call->vaultd->store, &call->key, err);
	}
	sc_bytes_free(&texts[0]);
	sc_bytes_free(&texts[1]);
	return status;
}

static sc_status write_and_show(struct update *update, json_t **bundle, struct sc_error *err)
{
	struct sc_keys_call *call = update->call;
	sc_status status = SC_ERR_BUSY;

	SC_TRY(sc_access_begin(&call->access, err));
	for (int i = 0; i < TRIES && status == SC_ERR_BUSY; i++)
		status = write_once(update, err);
	SC_TRY(status);
	call->access.is_done = true;
	sc_store_key_row_free(&call->key);
	SC_TRY(sc_keys_call_find(call, err));
	return sc_keys_bundle_of(&call->key, call->properties, call->vaultd->vault_authority, bundle, err);
}

static void write_job(void *context)
{
	struct update *update = context;
	struct sc_error err = { 0 };
	json_t *bundle = NULL;
	sc_status status = write_and_show(update, &bundle, &err);

	if (status == SC_OK)
		sc_keys_call_answer(update->call, bundle);
	else
		sc_keys_call_fail(update->call, status, &err);
	update_free(update);
}

static sc_status read_wish(struct update *update, struct sc_error *err)
{
	SC_TRY(sc_web_json(update->call->request, &update->body, err));
	return sc_keys_changes_read(update->body, update->body, &update->wish, err);
}

void sc_keys_update(struct sc_web_request *request, void *context)
{
	struct sc_keys_call *call = sc_keys_call_begin(request, context, SC_OPERATION_KEY_UPDATE);
	struct update *update = call ? calloc(1, sizeof *update) : NULL;
	struct sc_error err = { 0 };
	sc_status status = SC_ERR_MEMORY;

	if (!call)
		return;
	if (update) {
		update->call = call;
		status = read_wish(update, &err);
	}
	if (status == SC_OK)
		status = sc_web_run(sc_web_request_server(request), SC_WEB_QUICK, write_job, update, &err);
	if (status == SC_OK)
		return;
	if (update)
		update_free(update);
	sc_keys_call_fail(call, status, &err);
}
