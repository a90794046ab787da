/* Opens signind's parts and routes paths to handlers: see signind.h. */
#include "signind/signind.h"

#include <stdlib.h>
#include <string.h>

#include "signind/oauth.h"
#include "web/issuer_name.h"

#define FORM_MAX 32768 /* bytes: a client that signs in has no token yet, and a form is small */

/* {tenant} is a tenant's id, or "adfs", "common" or "organizations". */
static const struct sc_web_route login_routes[] = {
	{ "GET", "/{tenant}/.well-known/openid-configuration", sc_signind_openid_v1 },
	{ "GET", "/{tenant}/v2.0/.well-known/openid-configuration", sc_signind_openid_v2 },
	{ "GET", "/adfs/{tenant}/.well-known/openid-configuration", sc_signind_openid_adfs },
	{ "GET", "/adfs/{tenant}/v2.0/.well-known/openid-configuration", sc_signind_openid_adfs },
	{ "GET", "/{tenant}/discovery/keys", sc_signind_openid_keys },
	{ "GET", "/{tenant}/discovery/v2.0/keys", sc_signind_openid_keys },
	{ "POST", "/{tenant}/oauth2/token", sc_signind_token_v1 },
	{ "POST", "/{tenant}/oauth2/v2.0/token", sc_signind_token_v2 },
	{ 0 },
};

static const struct sc_web_route graph_routes[] = {
	{ "GET", "/v1.0/me", sc_signind_graph_me },
	{ 0 },
};

const struct sc_web_host sc_signind_hosts[] = {
	{ .name = "login",
	  .routes = login_routes,
	  .body_max = FORM_MAX,
	  .error_body = sc_signind_oauth_error_body },
	{ .name = "graph", .routes = graph_routes, .needs_token = true, .body_max = FORM_MAX },
	{ 0 },
};

/* One row for all tenants: each has an issuer of its own, and all share the key. */
static sc_status open_issuers(struct sc_signind *service, struct sc_error *err)
{
	char issuer[SC_SIGNIND_URL_MAX + 1];
	const struct sc_web_issuer_settings settings = { .issuer = issuer };

	sc_signind_urls_issuer(&service->urls, SC_WEB_ISSUER_TENANT, issuer);
	SC_TRY(sc_web_issuers_new(&service->issuers, err));
	SC_TRY(sc_web_issuers_add(service->issuers, &settings, err));
	return sc_web_issuers_set_keys(service->issuers, issuer, sc_bytes_view(&service->key->jwks), err);
}

static sc_status count_tenant(void *context, const struct sc_store_signin_tenant_row *row,
			      struct sc_error *err)
{
	size_t *count = context;

	(void)row, (void)err;
	(*count)++;
	return SC_OK;
}

/* A database without tenants is a new one: the configuration names the wrong file. */
static sc_status open_database(struct sc_signind *service, const char *path, struct sc_error *err)
{
	size_t tenants = 0;

	SC_TRY(sc_store_signin_db_open(path, &service->store, err));
	SC_TRY(sc_store_signin_tenant_list(service->store, count_tenant, &tenants, err));
	SC_ENSURE(tenants > 0, err, SC_ERR_STATE, "%s: no tenant in the database (see `safeconduct init`)",
		  path);
	return SC_OK;
}

/*
 * The hash of a random password. Checking against it makes an unknown account cost as much as a wrong
 * password, and it never matches.
 */
static sc_status make_nobody(char encoded[SC_WEB_PASSWORD_ENCODED_SIZE], struct sc_error *err)
{
	SC_CLEANUP(sc_secret) random = { 0 };

	SC_TRY(sc_secret_random(32, &random, err));
	return sc_web_password_encode(sc_secret_view(&random), encoded, err);
}

static sc_status open_parts(struct sc_signind *service, const struct sc_signind_settings *settings,
			    struct sc_error *err)
{
	SC_TRY(sc_signind_urls_set(settings->web.domain, settings->web.port, settings->vault_port,
				   &service->urls, err));
	SC_TRY(make_nobody(service->nobody, err));
	SC_TRY(sc_signind_throttle_new(&service->throttle, err));
	SC_TRY(sc_signind_token_key_open(settings->token_key, settings->token_module, &service->key, err));
	SC_TRY(open_issuers(service, err));
	SC_TRY(open_database(service, settings->database, err));
	return sc_pipeline_open(settings->token_module, &service->module, err);
}

sc_status sc_signind_new(const struct sc_signind_settings *settings, struct sc_signind **out,
			 struct sc_error *err)
{
	SC_CLEANUP(sc_signind) service = calloc(1, sizeof *service);

	SC_TRY(sc_check_allocated(service, err));
	SC_TRY(open_parts(service, settings, err));
	*out = sc_steal(service);
	return SC_OK;
}

void sc_signind_close_module(struct sc_signind *service)
{
	sc_pipeline_close(service->module);
	service->module = NULL;
}

void sc_signind_free(struct sc_signind *service)
{
	if (!service)
		return;
	sc_signind_close_module(service);
	sc_web_issuers_free(service->issuers);
	sc_store_signin_db_close(service->store);
	sc_signind_throttle_free(service->throttle);
	sc_signind_token_key_free(service->key);
	free(service);
}

bool sc_signind_tenant_read(const char *segment, char tenant[SC_GUID_SIZE])
{
	static const char *const any[] = { "adfs", "common", "organizations" };

	for (size_t i = 0; i < sizeof any / sizeof any[0]; i++) {
		if (strcmp(segment, any[i]) != 0)
			continue;
		tenant[0] = '\0';
		return true;
	}
	return sc_guid_read(segment, tenant);
}

sc_status sc_signind_tenant_exists(const struct sc_signind *service, const char *tenant, bool *exists,
				   struct sc_error *err)
{
	SC_CLEANUP(sc_store_signin_tenant_row) row = { 0 };
	sc_status status = sc_store_signin_tenant_find(service->store, tenant, &row, err);

	*exists = status == SC_OK;
	return status == SC_ERR_NOT_FOUND ? SC_OK : status;
}
