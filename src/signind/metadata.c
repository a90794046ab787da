/*
 * OpenID Connect Discovery 1.0 and the signing key. A client asks for them under the name by which it knows
 * its authority: a tenant's id, or a word that leaves the tenant to the account. A word's answer never
 * depends on which tenants there are. The issuer of "common" is the pattern that clients know from Azure,
 * https://login…/{tenantid}/, and that of "adfs" its own address, as in AD FS.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "signind/oauth.h"
#include "signind/signind.h"
#include "web/issuer_name.h"

/* Paths of the sign-in page, the token endpoint and the keys, under the authority. */
struct face {
	const char *authorize;
	const char *token;
	const char *keys;
};

static const struct face v1 = { "oauth2/authorize", "oauth2/token", "discovery/keys" };
static const struct face v2 = { "oauth2/v2.0/authorize", "oauth2/v2.0/token", "discovery/v2.0/keys" };

#define ENDPOINT_MAX (SC_SIGNIND_URL_MAX + 64)

static void endpoint(const struct sc_signind *service, const char *authority, const char *name,
		     char url[ENDPOINT_MAX])
{
	snprintf(url, ENDPOINT_MAX, "%s/%s/%s", service->urls.login, authority, name);
}

static json_t *document(const struct sc_signind *service, const char *authority, const char *issuer,
			const struct face *face)
{
	char authorize[ENDPOINT_MAX];
	char token[ENDPOINT_MAX];
	char keys[ENDPOINT_MAX];

	endpoint(service, authority, face->authorize, authorize);
	endpoint(service, authority, face->token, token);
	endpoint(service, authority, face->keys, keys);
	return json_pack("{s:s, s:s, s:s, s:s, s:[s], s:[s], s:[s], s:[s], s:[s,s,s], s:[s,s,s,s]}", "issuer",
			 issuer, "authorization_endpoint", authorize, "token_endpoint", token, "jwks_uri",
			 keys, "response_types_supported", "code", "subject_types_supported", "public",
			 "id_token_signing_alg_values_supported", "RS256",
			 "token_endpoint_auth_methods_supported", "client_secret_post",
			 "grant_types_supported", "password", "refresh_token", "client_credentials",
			 "scopes_supported", "openid", "profile", "email", "offline_access");
}

/* What a client asks. */
struct inquiry {
	struct sc_signind *service;
	struct sc_web_request *request;
	char tenant[SC_GUID_SIZE]; /* that the path names; "": it leaves the tenant to the account */
	const char *authority;     /* as clients name it: the endpoints' first segment */
	const struct face *face;   /* NULL: they ask for the keys */
};

static void issuer_of(const struct inquiry *inquiry, char issuer[SC_SIGNIND_URL_MAX + 1])
{
	const struct sc_signind_urls *urls = &inquiry->service->urls;

	if (!inquiry->tenant[0] && strcmp(inquiry->authority, "adfs") == 0)
		snprintf(issuer, SC_SIGNIND_URL_MAX + 1, "%s/adfs", urls->login);
	else
		sc_signind_urls_issuer(urls, inquiry->tenant[0] ? inquiry->tenant : SC_WEB_ISSUER_TENANT,
				       issuer);
}

/* All tenants share one key; `iss` and `tid` distinguish them. */
static void answer(const struct inquiry *inquiry)
{
	const struct sc_signind *service = inquiry->service;
	char issuer[SC_SIGNIND_URL_MAX + 1];
	json_t *body;

	if (!inquiry->face) {
		sc_web_answer_bytes(inquiry->request, 200, "application/json",
				    sc_bytes_view(&service->key->jwks));
		return;
	}
	issuer_of(inquiry, issuer);
	body = document(service, inquiry->authority, issuer, inquiry->face);
	if (body)
		sc_web_answer(inquiry->request, 200, body);
	else
		sc_signind_oauth_refuse(inquiry->request, SC_SIGNIND_REFUSAL_UNAVAILABLE, "");
}

/* On a worker, for a path that names a tenant. */
static void look_up(void *context)
{
	struct inquiry *inquiry = context;
	struct sc_error err = { 0 };
	bool exists = false;

	if (sc_signind_tenant_exists(inquiry->service, inquiry->tenant, &exists, &err) != SC_OK) {
		sc_log(SC_LOG_ERROR, "request %s: %s", sc_web_request_id(inquiry->request), err.message);
		sc_signind_oauth_refuse(inquiry->request, SC_SIGNIND_REFUSAL_UNAVAILABLE, "");
	} else if (exists) {
		answer(inquiry);
	} else {
		sc_signind_oauth_refuse(inquiry->request, SC_SIGNIND_REFUSAL_TENANT_UNKNOWN, "");
	}
	free(inquiry);
}

static void give_up(void *context, const struct sc_error *why)
{
	struct inquiry *inquiry = context;

	(void)why;
	sc_signind_oauth_refuse(inquiry->request, SC_SIGNIND_REFUSAL_UNAVAILABLE, "");
	free(inquiry);
}

static bool is_awaited(void *context)
{
	return sc_web_is_awaited(((struct inquiry *)context)->request);
}

static const struct sc_web_job looking_up = { .run = look_up, .give_up = give_up, .is_awaited = is_awaited };

static void run(const struct inquiry *asked)
{
	struct inquiry *inquiry = malloc(sizeof *inquiry);
	struct sc_error err = { 0 };

	if (!inquiry) {
		sc_signind_oauth_refuse(asked->request, SC_SIGNIND_REFUSAL_UNAVAILABLE, "");
		return;
	}
	*inquiry = *asked;
	if (sc_web_run(inquiry->request, SC_WEB_QUICK, NULL, &looking_up, inquiry, &err) != SC_OK)
		give_up(inquiry, &err);
}

/* `authority` is NULL if it is the path's own first segment. */
static void ask(struct sc_web_request *request, void *context, const char *authority, const struct face *face)
{
	const char *named = sc_web_parameter(request, "tenant");
	struct inquiry inquiry = { .service = context,
				   .request = request,
				   .authority = authority ? authority : named,
				   .face = face };

	if (!sc_signind_tenant_read(named, inquiry.tenant))
		sc_signind_oauth_refuse(request, SC_SIGNIND_REFUSAL_TENANT_UNKNOWN, "");
	else if (inquiry.tenant[0])
		run(&inquiry);
	else
		answer(&inquiry);
}

void sc_signind_openid_v1(struct sc_web_request *request, void *context)
{
	ask(request, context, NULL, &v1);
}

void sc_signind_openid_v2(struct sc_web_request *request, void *context)
{
	ask(request, context, NULL, &v2);
}

/*
 * `az login --tenant adfs` asks <authority>/adfs/… which tenant that is, and takes the fourth part of the
 * issuer between slashes for its id: "adfs", which the Resource Manager understands as the caller's tenant.
 */
void sc_signind_openid_adfs(struct sc_web_request *request, void *context)
{
	ask(request, context, "adfs", &v1);
}

void sc_signind_openid_keys(struct sc_web_request *request, void *context)
{
	ask(request, context, NULL, NULL);
}
