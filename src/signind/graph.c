/* graph.<domain>: describes a token's user. The tokens are our own, but are checked as any service would. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "signind/signind.h"
#include "web/token.h"

struct question {
	struct sc_signind *service;
	struct sc_web_request *request;
	struct sc_web_token_claims claims;
};

static void refuse(struct sc_web_request *request, const struct sc_signind *service, const char *why)
{
	char challenge[SC_SIGNIND_URL_MAX + 128];

	snprintf(challenge, sizeof challenge, "Bearer authorization_uri=\"%s/common/oauth2/authorize\"",
		 service->urls.login);
	sc_web_set_header(request, "WWW-Authenticate", challenge);
	sc_web_answer_error(request, 401, "InvalidAuthenticationToken", "%s", why);
}

static json_t *describe(const struct sc_signind *service, const struct sc_store_user_row *row)
{
	char type[SC_SIGNIND_URL_MAX + 64];

	snprintf(type, sizeof type, "%s/v1.0/$metadata#users/$entity",
		 service->urls.audience[SC_SIGNIND_AUDIENCE_GRAPH]);
	return json_pack("{s:s, s:s, s:s, s:s}", "@odata.context", type, "id", row->oid, "displayName",
			 row->name, "userPrincipalName", row->upn);
}

/* Runs on a worker. The user is read from the database, as it may have changed since the token was issued. */
static void look_up(void *context)
{
	struct question *question = context;
	SC_CLEANUP(sc_store_user_row) row = { 0 };
	struct sc_error err = { 0 };
	sc_status status = sc_store_user_find(question->service->store, question->claims.tid,
					      question->claims.oid, &row, &err);

	json_t *body = status == SC_OK ? describe(question->service, &row) : NULL;

	if (status == SC_OK && !body)
		status = sc_fail(&err, SC_ERR_MEMORY, "out of memory for an answer");
	if (status == SC_OK) {
		sc_web_answer(question->request, 200, body);
	} else if (status == SC_ERR_NOT_FOUND) {
		sc_web_answer_error(question->request, 404, "Request_ResourceNotFound",
				    "The user of this token no longer exists.");
	} else {
		sc_log(SC_LOG_ERROR, "request %s: %s", sc_web_request_id(question->request), err.message);
		sc_web_answer_error(question->request, 503, "serviceNotAvailable",
				    "The directory is unavailable.");
	}
	free(question);
}

static void give_up(void *context, const struct sc_error *why)
{
	struct question *question = context;

	(void)why;
	sc_web_answer_error(question->request, 503, "serviceNotAvailable", "The directory is busy.");
	free(question);
}

static bool is_awaited(void *context)
{
	return sc_web_is_awaited(((struct question *)context)->request);
}

static const struct sc_web_job looking_up = { .run = look_up, .give_up = give_up, .is_awaited = is_awaited };

static void ask(struct question *question)
{
	struct sc_error err = { 0 };

	if (sc_web_run(question->request, SC_WEB_QUICK, NULL, &looking_up, question, &err) != SC_OK)
		give_up(question, &err);
}

void sc_signind_graph_me(struct sc_web_request *request, void *context)
{
	struct sc_signind *service = context;
	const char *audience = service->urls.audience[SC_SIGNIND_AUDIENCE_GRAPH];
	const char *token = sc_web_bearer(request);
	struct question *question;
	struct sc_error err = { 0 };

	if (!token) {
		refuse(request, service, "An access token is required.");
		return;
	}
	question = calloc(1, sizeof *question);
	if (!question) {
		sc_web_answer_error(request, 503, "serviceNotAvailable", "Out of memory.");
		return;
	}
	question->service = service;
	question->request = request;
	if (sc_web_token_verify(service->issuers, token, &audience, 1, &question->claims, &err) != SC_OK) {
		sc_log(SC_LOG_NOTICE, "graph path=/v1.0/me address=%s request=%s result=%s",
		       sc_web_peer(request), sc_web_request_id(request), err.message);
		refuse(request, service, err.message);
		free(question);
	} else if (strcmp(question->claims.idtyp, "app") == 0) {
		sc_web_answer_error(request, 400, "BadRequest",
				    "/me requires a user's token, not an application's.");
		free(question);
	} else {
		ask(question);
	}
}
