/* A Resource Manager call, from token to answer: see resource_call.h. */
#include "vaultd/resources/resource_call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "vaultd/api_version.h"

/*
 * Names the first configured issuer: the Resource Manager serves all tenants under one host name, so it
 * cannot know which tenant the caller is in.
 */
static void answer_unauthorized(struct sc_resources_call *call, const char *message)
{
	const char *issuer = call->vaultd->settings->issuers[0];
	size_t len = strlen(issuer);
	char value[1024];

	if (len > 0 && issuer[len - 1] == '/')
		len--;
	snprintf(value, sizeof value, "Bearer authorization_uri=\"%.*s\"", (int)len, issuer);
	sc_web_set_header(call->request, "WWW-Authenticate", value);
	sc_web_answer_error(call->request, 401, "AuthenticationFailed", "%s", message);
}

static void answer_failure(struct sc_resources_call *call, sc_status status, const struct sc_error *err)
{
	switch (status) {
	case SC_ERR_FORBIDDEN:
		sc_web_answer_error(call->request, 403, "AuthorizationFailed", "%s", err->message);
		return;
	case SC_ERR_JSON:
	case SC_ERR_FORMAT:
	case SC_ERR_ARGUMENT:
	case SC_ERR_TOO_LARGE:
		sc_web_answer_error(call->request, 400, "InvalidRequestContent", "%s", err->message);
		return;
	case SC_ERR_BUSY:
	case SC_ERR_UNAVAILABLE:
	case SC_ERR_NOT_DURABLE:
	case SC_ERR_STORE:
	case SC_ERR_STATE:
		sc_log(SC_LOG_WARNING, "%s: %s: %s", call->access.request, sc_status_name(status),
		       err->message);
		sc_web_answer_error(call->request, 503, "ServerTimeout",
				    "The service cannot do that at the moment. Try again.");
		return;
	default:
		sc_log(SC_LOG_WARNING, "%s: %s: %s", call->access.request, sc_status_name(status),
		       err->message);
		sc_web_answer_error(call->request, 500, "InternalServerError",
				    "The service failed. Its log gives the reason under this request's id.");
	}
}

/* False if the request has been answered. */
static bool authenticate(struct sc_resources_call *call)
{
	const char *token = sc_web_bearer(call->request);
	struct sc_error err = { 0 };
	sc_status status;

	if (!token) {
		answer_unauthorized(call, "Authentication failed. The 'Authorization' header is missing.");
		return false;
	}
	status = sc_access_authenticate(&call->access, call->vaultd->issuers, token,
					call->vaultd->management_audience, &err);
	if (status == SC_OK)
		return true;
	if (status == SC_ERR_TOKEN)
		answer_unauthorized(call, err.message);
	else
		answer_failure(call, status, &err);
	return false;
}

/*
 * False if the request has been answered. Without a subscription in the path, the call is about the caller's
 * own tenant.
 */
static bool find_subscription(struct sc_resources_call *call)
{
	const char *id = sc_web_parameter(call->request, "subscription");
	struct sc_error err = { 0 };
	sc_status status = SC_OK;

	if (id)
		status = sc_store_subscription_find(call->vaultd->store, call->access.caller.tid, id,
						    &call->subscription, &err);
	if (status == SC_OK) {
		snprintf(call->access.tenant, sizeof call->access.tenant, "%s",
			 id ? call->subscription.tenant : call->access.caller.tid);
		return true;
	}
	if (status == SC_ERR_NOT_FOUND)
		status = sc_access_refuse(&call->access, "no such subscription in the caller's tenant", &err);
	if (status == SC_ERR_FORBIDDEN)
		sc_web_answer_error(call->request, 404, "SubscriptionNotFound",
				    "The subscription '%.64s' could not be found.", id ? id : "");
	else
		answer_failure(call, status, &err);
	return false;
}

/* False if the request has been answered. */
static bool decide(struct sc_resources_call *call)
{
	const struct sc_web_token_claims *caller = &call->access.caller;
	struct sc_error err = { 0 };
	sc_status status;

	status = sc_access_to_resources(
	    &call->access, sc_vaultd_is_administrator(call->vaultd, caller->issuer, caller->oid), &err);
	if (status == SC_OK)
		return true;
	answer_failure(call, status, &err);
	return false;
}

/*
 * Makes the name of the resource for the audit log and for refusals. It is made from the decoded parts of the
 * path, so it is the same, letter case apart, however the path was written: escapes in a path hide what it
 * names, and the path can be longer than the buffer.
 */
static void name_place(struct sc_resources_call *call)
{
	const char *subscription = sc_web_parameter(call->request, "subscription");
	const char *group = sc_web_parameter(call->request, "group");
	const char *vault = sc_web_parameter(call->request, "vault");

	char *place = call->access.vault;

	if (!subscription) {
		snprintf(place, sizeof call->access.vault, "%s", sc_web_path(call->request));
		return;
	}
	snprintf(place, sizeof call->access.vault, "/subscriptions/%s%s%s%s%s", subscription,
		 group ? "/resourceGroups/" : "", group ? group : "",
		 vault ? "/providers/Microsoft.KeyVault/vaults/" : "", vault ? vault : "");
	/* Remove a character that was cut in two, or the log would show nothing of the name. */
	while (!sc_view_is_text(sc_view_text(place)))
		place[strlen(place) - 1] = '\0';
}

static void call_free(struct sc_resources_call *call)
{
	sc_store_subscription_row_free(&call->subscription);
	json_decref(call->body);
	free(call);
}

struct sc_resources_call *sc_resources_call_begin(struct sc_web_request *request, struct sc_vaultd *vaultd,
						  enum sc_operation operation)
{
	struct sc_resources_call *call = calloc(1, sizeof *call);

	if (!call) {
		sc_web_answer_error(request, 503, "ServerTimeout", "The service is out of memory.");
		return NULL;
	}
	call->vaultd = vaultd;
	call->request = request;
	call->access.audit = vaultd->audit;
	call->access.operation = operation;
	snprintf(call->access.request, sizeof call->access.request, "%s", sc_web_request_id(request));
	name_place(call);
	if (authenticate(call) && sc_resources_version_is_known(request) && find_subscription(call) &&
	    decide(call))
		return call;
	call_free(call);
	return NULL;
}

bool sc_resources_call_body(struct sc_resources_call *call)
{
	struct sc_error err = { 0 };
	sc_status status = sc_web_json(call->request, &call->body, &err);

	if (status == SC_OK)
		return true;
	sc_resources_call_fail(call, status, &err);
	return false;
}

void sc_resources_call_run(struct sc_resources_call *call, sc_web_job job)
{
	struct sc_error err = { 0 };
	sc_status status = sc_web_run(sc_web_request_server(call->request), SC_WEB_QUICK, job, call, &err);

	if (status != SC_OK)
		sc_resources_call_fail(call, status, &err);
}

/* Ends a successful call. The body, which may be NULL, is released. */
static void finish(struct sc_resources_call *call, unsigned http, json_t *body)
{
	struct sc_error err = { 0 };
	sc_status status = sc_access_finish(&call->access, SC_OK, NULL, &err);

	if (status == SC_OK) {
		sc_web_answer(call->request, http, body);
	} else {
		json_decref(body);
		answer_failure(call, status, &err);
	}
	call_free(call);
}

void sc_resources_call_answer(struct sc_resources_call *call, unsigned http, json_t *body)
{
	struct sc_error err = { 0 };

	if (body) {
		finish(call, http, body);
		return;
	}
	call->access.is_done = true;
	(void)sc_fail_plain(&err, SC_ERR_MEMORY);
	sc_resources_call_fail(call, SC_ERR_MEMORY, &err);
}

void sc_resources_call_answer_bare(struct sc_resources_call *call, unsigned http)
{
	finish(call, http, NULL);
}

void sc_resources_call_refuse(struct sc_resources_call *call, unsigned http, const char *code,
			      const char *format, ...)
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
		answer_failure(call, status, &err);
	call_free(call);
}

void sc_resources_call_fail(struct sc_resources_call *call, sc_status status, const struct sc_error *err)
{
	struct sc_error unwritten = { 0 };
	sc_status noted =
	    sc_access_finish(&call->access, status, err->message[0] ? err->message : NULL, &unwritten);

	if (noted == SC_OK)
		answer_failure(call, status, err);
	else
		answer_failure(call, noted, &unwritten);
	call_free(call);
}
