/*
 * A signed-in account and the calls made in its name. Access tokens are requested when needed, one per
 * audience, and are kept in this process only.
 */
#ifndef SC_AZURE_ACCOUNT_H
#define SC_AZURE_ACCOUNT_H

#include "azure/session.h"
#include "base/secret.h"
#include "web/json.h"

struct sc_azure_account;

/* Where to sign in. */
struct sc_azure_sign_in {
	const char *authority; /* https://login.localhost:8444/adfs, or a tenant's id in place of adfs */
	const char *manager;   /* https://management.localhost:8443 */
	const char *ca;        /* PEM file of the certification authorities to trust; NULL: the system's */
};

/*
 * Signs in with user and password (RFC 6749 section 4.3) and saves the session for later commands. The token
 * endpoint in the authority's metadata must be on the authority's own host: the password is sent nowhere
 * else. SC_ERR_TOKEN (wrong user or password), SC_ERR_THROTTLED, and the errors of sc_azure_https_send.
 */
sc_status sc_azure_account_sign_in(const struct sc_azure_sign_in *where, const char *user,
				   const struct sc_secret *password, struct sc_azure_account **out,
				   struct sc_error *err) SC_WARN_UNUSED;

/* Opens the account of the session that Add-AzureAccount saved. SC_ERR_NOT_FOUND. */
sc_status sc_azure_account_open(struct sc_azure_account **out, struct sc_error *err) SC_WARN_UNUSED;

void sc_azure_account_free(struct sc_azure_account *account);
SC_CLEANUP_POINTER(sc_azure_account, struct sc_azure_account, sc_azure_account_free)

/* Valid as long as the account. */
const struct sc_azure_session *sc_azure_account_session(const struct sc_azure_account *account);

struct sc_azure_call {
	const char *method;
	const char *url;
	const char *audience; /* of the access token */
	const json_t *body;   /* NULL: no body */
	const char *what;     /* begins the message of a failure: "vault ContosoKeyVaultHSM" */
};

/*
 * One call with an access token. Errors as of sc_azure_answer_read and sc_azure_https_send. The caller
 * releases *out.
 */
sc_status sc_azure_account_call(struct sc_azure_account *account, const struct sc_azure_call *call,
				json_t **out, struct sc_error *err) SC_WARN_UNUSED;

#endif
