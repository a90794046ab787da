/* PATCH: attributes, key_ops and tags. */
#include <string.h>

#include "base/clock.h"
#include "vaultd/keys/bundle.h"
#include "vaultd/keys/key_api.h"
#include "vaultd/keys/key_handlers.h"
#include "web/json.h"

#define TRIES 4 /* if others change the same row meanwhile */

/* *is_outdated is true if another thread changed the row after it was read: try again. */
static sc_status write_once(struct sc_vaultd_call *call, const struct sc_keys_changes *changes,
			    bool *is_outdated, struct sc_error *err)
{
	struct sc_bytes texts[2] = { { 0 }, { 0 } };
	sc_status status;

	*is_outdated = false;
	SC_TRY(sc_keys_find(call, err));
	status = sc_keys_changes_apply(changes, &call->key, texts, err);
	if (status == SC_OK) {
		call->key.updated = sc_clock_now();
		status = sc_store_key_update(call->vaultd->store, &call->key, err);
		*is_outdated = status == SC_ERR_BUSY;
	}
	sc_bytes_free(&texts[0]);
	sc_bytes_free(&texts[1]);
	return status;
}

static sc_status write_changes(struct sc_vaultd_call *call, const struct sc_keys_changes *changes,
			       struct sc_error *err)
{
	bool is_outdated = true;
	sc_status status = SC_OK;

	SC_TRY(sc_vaultd_call_start_change(call, err));
	for (int i = 0; i < TRIES && is_outdated; i++)
		status = write_once(call, changes, &is_outdated, err);
	SC_TRY(status);
	call->access.is_done = true;
	return SC_OK;
}

static sc_status update_and_show(struct sc_vaultd_call *call, json_t **bundle, struct sc_error *err)
{
	SC_CLEANUP(sc_json) body = NULL;
	struct sc_keys_changes changes;

	SC_TRY(sc_web_json(call->request, &body, err));
	SC_TRY(sc_keys_changes_read(body, body, &changes, err));
	SC_TRY(write_changes(call, &changes, err));
	SC_TRY(sc_keys_find(call, err));
	return sc_keys_show(call, bundle, err);
}

static void update(struct sc_vaultd_call *call)
{
	struct sc_error err = { 0 };
	json_t *bundle = NULL;
	sc_status status = update_and_show(call, &bundle, &err);

	if (status == SC_OK)
		sc_vaultd_call_answer(call, 200, bundle);
	else
		sc_vaultd_call_fail(call, status, &err);
}

void sc_keys_update(struct sc_web_request *request, void *context)
{
	sc_keys_begin(request, context, SC_OPERATION_KEY_UPDATE, update);
}
