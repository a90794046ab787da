/*
 * OpenID Connect Discovery 1.0 and the signing key. A client asks for them under the name by which it knows
 * its authority: a tenant's id, or a word ("common") that leaves the tenant to the account. For such a word
 * the issuer is that of the only tenant or, if there are several, the pattern that clients know from Azure:
 * https://login…/{tenantid}/.
 */
#include <stdio.h>
#include <string.h>

#include "signind/oauth.h"
#include "signind/signind.h"

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

/* Answers for the tenant (or word) `named`, with endpoints under `authority`. */
static void answer(struct sc_web_request *request, const struct sc_signind *service, const char *named,
		   const char *authority, const struct face *face)
{
	char tenant[SC_GUID_SIZE];
	char issuer[SC_SIGNIND_URL_MAX + 1];
	json_t *body;

	if (!sc_signind_tenant(service, named, tenant)) {
		sc_signind_oauth_refuse(request, SC_SIGNIND_REFUSAL_TENANT_UNKNOWN, "");
		return;
	}
	if (tenant[0])
		sc_signind_urls_issuer(&service->urls, tenant, issuer);
	else
		sc_signind_urls_issuer(
		    &service->urls, service->tenant_count == 1 ? service->tenants[0] : "{tenantid}", issuer);
	body = document(service, authority, issuer, face);
	if (body)
		sc_web_answer(request, 200, body);
	else
		sc_signind_oauth_refuse(request, SC_SIGNIND_REFUSAL_UNAVAILABLE, "");
}

void sc_signind_openid_v1(struct sc_web_request *request, void *context)
{
	const char *tenant = sc_web_parameter(request, "tenant");

	answer(request, context, tenant, tenant, &v1);
}

void sc_signind_openid_v2(struct sc_web_request *request, void *context)
{
	const char *tenant = sc_web_parameter(request, "tenant");

	answer(request, context, tenant, tenant, &v2);
}

/*
 * `az login --tenant adfs` asks <authority>/adfs/… which tenant that is. It takes the tenant from the issuer:
 * the fourth part between slashes.
 */
void sc_signind_openid_adfs(struct sc_web_request *request, void *context)
{
	answer(request, context, sc_web_parameter(request, "tenant"), "adfs", &v1);
}

/* All tenants share one key; `iss` and `tid` distinguish them. */
void sc_signind_openid_keys(struct sc_web_request *request, void *context)
{
	const struct sc_signind *service = context;
	char tenant[SC_GUID_SIZE];

	if (sc_signind_tenant(service, sc_web_parameter(request, "tenant"), tenant))
		sc_web_answer_bytes(request, 200, "application/json", sc_bytes_view(&service->key->jwks));
	else
		sc_signind_oauth_refuse(request, SC_SIGNIND_REFUSAL_TENANT_UNKNOWN, "");
}
