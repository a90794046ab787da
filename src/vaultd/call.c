/* A call of vaultd, from token to answer: see call.h. */
#include "vaultd/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "vaultd/vault_cache.h"

/* -- the end ----------------------------------------------------------------------------------- */

void sc_vaultd_call_free(struct sc_vaultd_call *call)
{
	sc_vaultd_vault_release(call->vaultd->vaults, call->vault);
	sc_store_key_row_free(&call->key);
	sc_store_subscription_row_free(&call->subscription);
	json_decref(call->body);
	free(call);
}

/* Ends a successful call. The body, which may be NULL, is released. */
static void finish(struct sc_vaultd_call *call, unsigned http, json_t *body)
{
	struct sc_error err = { 0 };
	sc_status status = sc_access_finish(&call->access, SC_OK, NULL, &err);

	if (status == SC_OK) {
		sc_web_answer(call->request, http, body);
	} else {
		json_decref(body);
		call->api->answer_failure(call->request, status, &err);
	}
	sc_vaultd_call_free(call);
}

sc_status sc_vaultd_call_start_change(struct sc_vaultd_call *call, struct sc_error *err)
{
	SC_TRY(sc_access_begin(&call->access, err));
	SC_ENSURE(sc_web_is_awaited(call->request), err, SC_ERR_TIMEOUT,
		  "nobody awaited the change any more when its line in the audit log was synced: not made");
	return SC_OK;
}

void sc_vaultd_call_answer(struct sc_vaultd_call *call, unsigned http, json_t *body)
{
	struct sc_error err = { 0 };

	if (body) {
		finish(call, http, body);
		return;
	}
	call->access.is_done = true;
	sc_vaultd_call_fail(call, sc_fail_plain(&err, SC_ERR_MEMORY), &err);
}

void sc_vaultd_call_answer_bare(struct sc_vaultd_call *call, unsigned http)
{
	finish(call, http, NULL);
}

void sc_vaultd_call_fail(struct sc_vaultd_call *call, sc_status status, const struct sc_error *err)
{
	struct sc_error unwritten = { 0 };
	sc_status noted =
	    sc_access_finish(&call->access, status, err->message[0] ? err->message : NULL, &unwritten);

	if (noted == SC_OK)
		call->api->answer_failure(call->request, status, err);
	else
		call->api->answer_failure(call->request, noted, &unwritten);
	sc_vaultd_call_free(call);
}

void sc_vaultd_call_refuse(struct sc_vaultd_call *call, unsigned http, const char *code, const char *format,
			   ...)
{
	char message[SC_ERROR_MESSAGE_MAX];
	struct sc_error err = { 0 };
	sc_status status;
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	status = sc_access_finish(&call->access, SC_ERR_ARGUMENT, message, &err);
	if (status == SC_OK)
		sc_web_answer_error(call->request, http, code, "%s", message);
	else
		call->api->answer_failure(call->request, status, &err);
	sc_vaultd_call_free(call);
}

/* -- the beginning ----------------------------------------------------------------------------- */

/* A call that has not been allowed: its refusal is noted where it was decided. */
static void end_refused(struct sc_vaultd_call *call, sc_status status, const struct sc_error *err)
{
	call->api->answer_failure(call->request, status, err);
	sc_vaultd_call_free(call);
}

/*
 * False if the call has ended. A request without a token, or with one that is refused, goes on as far as its
 * challenge. The audit log counts both, and how many of them had no token: that is how every client begins.
 */
static bool authenticate(struct sc_vaultd_call *call)
{
	const char *token = sc_web_bearer(call->request);
	struct sc_error err = { 0 };
	sc_status status;

	if (!token) {
		sc_access_count_challenge(&call->access);
		snprintf(call->unauthorized, sizeof call->unauthorized, "%s", call->api->token_missing);
		return true;
	}
	status = sc_access_authenticate(&call->access, call->vaultd->issuers, token,
					call->api->audience(call->vaultd), &err);
	if (status == SC_ERR_TOKEN)
		snprintf(call->unauthorized, sizeof call->unauthorized, "%s", err.message);
	if (status == SC_OK || status == SC_ERR_TOKEN)
		return true;
	end_refused(call, status, &err);
	return false;
}

/* Decides, once it is known what the call is about. False if the call has ended. */
static bool decide(struct sc_vaultd_call *call)
{
	struct sc_error err = { 0 };
	sc_status status;

	if (call->unauthorized[0]) {
		call->api->answer_challenge(call, call->unauthorized);
		sc_vaultd_call_free(call);
		return false;
	}
	status = sc_access_decide(&call->access, call->grants, &call->scope, &err);
	if (status == SC_OK)
		return true;
	end_refused(call, status, &err);
	return false;
}

static void refuse_absent(struct sc_vaultd_call *call)
{
	struct sc_error err = { 0 };
	sc_status status = SC_ERR_FORBIDDEN;

	if (!call->unauthorized[0])
		status = sc_access_refuse(&call->access, "it does not exist in the caller's tenant", &err);
	if (status == SC_ERR_FORBIDDEN)
		call->api->answer_absent(call);
	else
		call->api->answer_failure(call->request, status, &err);
	sc_vaultd_call_free(call);
}

/* On a worker: finds what was not in memory. False if the call has ended. */
static bool find_and_decide(struct sc_vaultd_call *call)
{
	struct sc_error err = { 0 };
	sc_status status = call->api->find(call, &err);

	if (status == SC_OK)
		return decide(call);
	if (status == SC_ERR_NOT_FOUND)
		refuse_absent(call);
	else
		end_refused(call, status, &err);
	return false;
}

static void work_job(void *context)
{
	struct sc_vaultd_call *call = context;

	/* A change may have waited long for its worker, and what allowed it may be gone: decide again. */
	if (call->vault && sc_access_operation_changes(call->access.operation) && !find_and_decide(call))
		return;
	call->work(call);
}

static bool is_awaited(void *context)
{
	return sc_web_is_awaited(((struct sc_vaultd_call *)context)->request);
}

/* An allowed call whose work does not begin. */
static void give_up_work(void *context, const struct sc_error *why)
{
	sc_vaultd_call_fail(context, why->status, why);
}

static const struct sc_web_job working = { .run = work_job,
					   .give_up = give_up_work,
					   .is_awaited = is_awaited };

/* Continues an allowed call on a worker: a change where it may wait for the disk and for its resource. */
static void run_work(struct sc_vaultd_call *call)
{
	bool changes = sc_access_operation_changes(call->access.operation);
	struct sc_error err = { 0 };
	sc_status status = sc_web_run(call->request, changes ? SC_WEB_SLOW : SC_WEB_QUICK,
				      changes ? call->gate : NULL, &working, call, &err);

	if (status != SC_OK)
		sc_vaultd_call_fail(call, status, &err);
}

static void find_job(void *context)
{
	struct sc_vaultd_call *call = context;

	if (!find_and_decide(call))
		return;
	if (sc_access_operation_changes(call->access.operation))
		run_work(call);
	else
		call->work(call);
}

static void give_up_find(void *context, const struct sc_error *why)
{
	end_refused(context, why->status, why);
}

static const struct sc_web_job finding = { .run = find_job,
					   .give_up = give_up_find,
					   .is_awaited = is_awaited };

static void run_find(struct sc_vaultd_call *call)
{
	struct sc_error err = { 0 };
	sc_status status = sc_web_run(call->request, SC_WEB_QUICK, NULL, &finding, call, &err);

	if (status != SC_OK)
		end_refused(call, status, &err);
}

/* On the HTTP thread: everything that needs no database. */
static void begin(struct sc_vaultd_call *call)
{
	if (!authenticate(call))
		return;
	if (!call->unauthorized[0])
		sc_web_set_party(call->request, call->access.caller.tid);
	if (!call->unauthorized[0] && !call->api->check_request(call)) {
		sc_vaultd_call_free(call);
		return;
	}
	if (!call->api->recall(call))
		run_find(call);
	else if (decide(call))
		run_work(call);
}

/* What the audit log says of the client. Its own id for the request has two names. */
static void note_client(struct sc_vaultd_call *call)
{
	const char *id = sc_web_header(call->request, "x-ms-client-request-id");
	struct sc_access *access = &call->access;

	if (!id)
		id = sc_web_header(call->request, "client-request-id");
	snprintf(access->request, sizeof access->request, "%s", sc_web_request_id(call->request));
	snprintf(access->client_request, sizeof access->client_request, "%s", id ? id : "");
	snprintf(access->address, sizeof access->address, "%s", sc_web_peer(call->request));
}

void sc_vaultd_call_begin(struct sc_web_request *request, struct sc_vaultd *vaultd,
			  const struct sc_vaultd_api *api, enum sc_operation operation, sc_vaultd_work work)
{
	struct sc_vaultd_call *call = calloc(1, sizeof *call);
	struct sc_error err = { 0 };

	if (!call) {
		api->answer_failure(request, sc_fail_plain(&err, SC_ERR_MEMORY), &err);
		return;
	}
	call->vaultd = vaultd;
	call->request = request;
	call->api = api;
	call->work = work;
	call->access.audit = vaultd->audit;
	call->access.operation = operation;
	note_client(call);
	api->name_scope(call);
	call->access.scope = call->scope;
	begin(call);
}
