/* What all handlers of signind share: opened by signind.c at start, unchanged while signind serves. */
#ifndef SC_SIGNIND_SIGNIND_H
#define SC_SIGNIND_SIGNIND_H

#include "formats/guid.h"
#include "signind/signind_settings.h"
#include "signind/throttle.h"
#include "signind/token_key.h"
#include "signind/urls.h"
#include "store/signin_store.h"
#include "web/issuer.h"
#include "web/password.h"

struct sc_signind {
	struct sc_signind_urls urls;
	struct sc_store_signin_db *store;
	struct sc_pipeline *module; /* signs the tokens */
	struct sc_signind_token_key *key;
	struct sc_signind_throttle *throttle;
	struct sc_web_issuers *issuers; /* ourselves: /me accepts our own tokens */
	char nobody
	    [SC_WEB_PASSWORD_ENCODED_SIZE]; /* hash of a random password, checked for unknown accounts */
};

/* Opens all of it. SC_ERR_STATE if the database has no tenant. The caller frees *out. */
sc_status sc_signind_new(const struct sc_signind_settings *settings, struct sc_signind **out,
			 struct sc_error *err) SC_WARN_UNUSED;

/*
 * Closes the module's pipeline: requests that wait for the module are answered with 503. Afterwards nothing
 * that uses *service runs.
 */
void sc_signind_close_module(struct sc_signind *service);

/* Call it after the server has been stopped and the pipeline closed. NULL is allowed. */
void sc_signind_free(struct sc_signind *service);
SC_CLEANUP_POINTER(sc_signind, struct sc_signind, sc_signind_free)

/*
 * The tenant that a path's segment names: its id, or "" for "adfs", "common" and "organizations", which leave
 * the tenant to the account. False if it cannot name a tenant.
 */
bool sc_signind_tenant_read(const char *segment, char tenant[SC_GUID_SIZE]);

/*
 * Whether there is a tenant with that id. Looks in the database, because tenants are added while signind
 * serves: call it on a worker.
 */
sc_status sc_signind_tenant_exists(const struct sc_signind *service, const char *tenant, bool *exists,
				   struct sc_error *err) SC_WARN_UNUSED;

/* The routes of login.<domain> and graph.<domain>. The handlers' context is a struct sc_signind. */
extern const struct sc_web_host sc_signind_hosts[];

void sc_signind_openid_v1(struct sc_web_request *request, void *context);
void sc_signind_openid_v2(struct sc_web_request *request, void *context);
void sc_signind_openid_adfs(struct sc_web_request *request, void *context);
void sc_signind_openid_keys(struct sc_web_request *request, void *context);
void sc_signind_token_v1(struct sc_web_request *request, void *context);
void sc_signind_token_v2(struct sc_web_request *request, void *context);
void sc_signind_graph_me(struct sc_web_request *request, void *context);

#endif
