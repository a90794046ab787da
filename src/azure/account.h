/*
 * A signed-in account and the calls made in its name. Access tokens are asked for as they are needed, one for
 * each audience, and live in this process only.
 */
#ifndef SC_AZURE_ACCOUNT_H
#define SC_AZURE_ACCOUNT_H

#include "azure/session.h"
#include "base/secret.h"
#include "web/json.h"

struct sc_azure_account;

/* Where to sign in. */
struct sc_azure_sign_in {
	const char *authority; /* https://login.localhost:8444/adfs, or with a tenant's id */
	const char *manager;   /* https://management.localhost:8443 */
	const char *ca;        /* path of the authorities to trust, PEM; NULL: the system's */
};

/*
 * Signs in with user and password (RFC 6749 section 4.3), and leaves the session for later commands. The
 * token endpoint that the authority's metadata names must be at the authority's own host: a password goes
 * nowhere else. SC_ERR_TOKEN (wrong user or password), SC_ERR_THROTTLED, and as sc_azure_https_send.
 */
sc_status sc_azure_account_sign_in(const struct sc_azure_sign_in *where, const char *user,
			     const struct sc_secret *password, struct sc_azure_account **out,
			     struct sc_error *err) SC_WARN_UNUSED;

/* The account of the session that Add-AzureAccount left. SC_ERR_NOT_FOUND. */
sc_status sc_azure_account_open(struct sc_azure_account **out, struct sc_error *err) SC_WARN_UNUSED;

void sc_azure_account_free(struct sc_azure_account *account);
SC_CLEANUP_POINTER(sc_azure_account, struct sc_azure_account, sc_azure_account_free)

/* Lives as long as the account. */
const struct sc_azure_session *sc_azure_account_session(const struct sc_azure_account *account);

struct sc_azure_call {
	const char *method;
	const char *url;
	const char *audience; /* of the access token */
	const json_t *body;   /* NULL: none */
	const char *what;     /* as a failure's message begins: "vault ContosoKeyVaultHSM" */
};

/* One call with an access token; errors as sc_azure_answer_read and sc_azure_https_send. The caller releases *out. */
sc_status sc_azure_account_call(struct sc_azure_account *account, const struct sc_azure_call *call, json_t **out,
			  struct sc_error *err) SC_WARN_UNUSED;

#endif
