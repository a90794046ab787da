/* How calls of the Resource Manager begin: see resource_api.h. */
#include "vaultd/resources/resource_api.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "vaultd/api_version.h"
#include "web/issuer_name.h"

static const char *audience(const struct sc_vaultd *vaultd)
{
	return vaultd->management_audience;
}

/*
 * Makes the name of the resource for the audit log and for refusals. It is made from the decoded parts of the
 * path, so it is the same, letter case apart, however the path was written: escapes in a path hide what it
 * names, and the path can be longer than the buffer.
 */
static void name_scope(struct sc_vaultd_call *call)
{
	const char *subscription = sc_web_parameter(call->request, "subscription");
	const char *group = sc_web_parameter(call->request, "group");
	const char *vault = sc_web_parameter(call->request, "vault");
	char *name = call->scope.vault;

	if (!subscription) {
		snprintf(name, sizeof call->scope.vault, "%s", sc_web_path(call->request));
		return;
	}
	snprintf(name, sizeof call->scope.vault, "/subscriptions/%s%s%s%s%s", subscription,
		 group ? "/resourceGroups/" : "", group ? group : "",
		 vault ? "/providers/Microsoft.KeyVault/vaults/" : "", vault ? vault : "");
	/* Remove a character that was cut in two, or the log would show nothing of the name. */
	while (!sc_view_is_text(sc_view_text(name)))
		name[strlen(name) - 1] = '\0';
}

static bool check_request(struct sc_vaultd_call *call)
{
	return sc_vaultd_resources_version_is_known(call->request);
}

/* -- the subscription, and who may change what is in it ---------------------------------------- */

static void use_tenant(struct sc_vaultd_call *call, const char *tenant, const struct sc_access_grants *grants)
{
	snprintf(call->scope.tenant, sizeof call->scope.tenant, "%s", tenant);
	call->grants = grants;
}

/*
 * Without a subscription in the path, the call is about the caller's own tenant, and changes nothing. The
 * challenge names no tenant.
 */
static bool recall(struct sc_vaultd_call *call)
{
	if (!call->unauthorized[0] && sc_web_parameter(call->request, "subscription"))
		return false;
	use_tenant(call, call->access.caller.tid, call->vaultd->administrators);
	return true;
}

/*
 * Administrators are in the database, since tenants are added while vaultd serves, or in the configuration.
 */
static sc_status find(struct sc_vaultd_call *call, struct sc_error *err)
{
	const struct sc_web_token_claims *caller = &call->access.caller;
	const struct sc_store_administrator_row one = { caller->tid, caller->issuer, caller->oid };
	bool is_administrator = false;

	SC_TRY(sc_store_subscription_find(call->vaultd->store, caller->tid,
					  sc_web_parameter(call->request, "subscription"),
					  &call->subscription, err));
	SC_TRY(sc_store_administrator_exists(call->vaultd->store, &one, &is_administrator, err));
	use_tenant(call, call->subscription.tenant,
		   is_administrator ? call->vaultd->administrator : call->vaultd->administrators);
	return SC_OK;
}

/* -- answers ----------------------------------------------------------------------------------- */

/*
 * The Resource Manager serves all tenants under one host name, so it cannot know which tenant the caller is
 * in: it names the authority that leaves the tenant to the account. Of issuers that are listed tenant by
 * tenant it names the first.
 */
static void answer_challenge(struct sc_vaultd_call *call, const char *message)
{
	char issuer[SC_WEB_TOKEN_TEXT_MAX + 1];
	char value[1024];
	size_t len;

	sc_web_issuer_write(call->vaultd->settings->issuers[0], "common", issuer, sizeof issuer);
	len = strlen(issuer);
	if (len > 0 && issuer[len - 1] == '/')
		len--;
	snprintf(value, sizeof value, "Bearer authorization_uri=\"%.*s\"", (int)len, issuer);
	sc_web_set_header(call->request, "WWW-Authenticate", value);
	sc_web_answer_error(call->request, 401, "AuthenticationFailed", "%s", message);
}

static void answer_absent(struct sc_vaultd_call *call)
{
	sc_web_answer_error(call->request, 404, "SubscriptionNotFound",
			    "The subscription '%.64s' could not be found.",
			    sc_web_parameter(call->request, "subscription"));
}

static void log_failure(struct sc_web_request *request, sc_status status, const struct sc_error *err)
{
	sc_log(SC_LOG_WARNING, "%s: %s: %s", sc_web_request_id(request), sc_status_name(status),
	       err->message);
}

static void answer_failure(struct sc_web_request *request, sc_status status, const struct sc_error *err)
{
	switch (status) {
	case SC_ERR_FORBIDDEN:
		sc_web_answer_error(request, 403, "AuthorizationFailed", "%s", err->message);
		return;
	case SC_ERR_JSON:
	case SC_ERR_FORMAT:
	case SC_ERR_ARGUMENT:
	case SC_ERR_TOO_LARGE:
		sc_web_answer_error(request, 400, "InvalidRequestContent", "%s", err->message);
		return;
	case SC_ERR_BUSY:
	case SC_ERR_UNAVAILABLE:
	case SC_ERR_TIMEOUT: /* nobody awaits it any more, or the server is stopping */
	case SC_ERR_NOT_DURABLE:
	case SC_ERR_STORE:
	case SC_ERR_STATE:
		log_failure(request, status, err);
		sc_web_answer_error(request, 503, "ServerTimeout",
				    "The service cannot do that at the moment. Try again.");
		return;
	default:
		log_failure(request, status, err);
		sc_web_answer_error(request, 500, "InternalServerError",
				    "The service failed. Its log gives the reason under this request's id.");
	}
}

static const struct sc_vaultd_api resources_api = {
	.audience = audience,
	.token_missing = "Authentication failed. The 'Authorization' header is missing.",
	.name_scope = name_scope,
	.check_request = check_request,
	.recall = recall,
	.find = find,
	.answer_challenge = answer_challenge,
	.answer_absent = answer_absent,
	.answer_failure = answer_failure,
};

void sc_resources_begin(struct sc_web_request *request, struct sc_vaultd *vaultd, enum sc_operation operation,
			sc_vaultd_work work)
{
	sc_vaultd_call_begin(request, vaultd, &resources_api, operation, work);
}

bool sc_resources_read_body(struct sc_vaultd_call *call)
{
	struct sc_error err = { 0 };
	sc_status status = sc_web_json(call->request, &call->body, &err);

	if (status == SC_OK)
		return true;
	sc_vaultd_call_fail(call, status, &err);
	return false;
}
