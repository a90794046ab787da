/*
 * One request at the token endpoint, on its way from thread to thread: an HTTP thread reads it
 * (token_endpoint.c), a worker finds out who it is (grants.c), the module signs, a worker stores the refresh
 * token and answers (issue_tokens.c). Whoever has it passes it on or ends it; nothing else refers to it.
 */
#ifndef SC_SIGNIND_SIGN_IN_H
#define SC_SIGNIND_SIGN_IN_H

#include "signind/oauth.h"
#include "signind/signind.h"
#include "web/token.h"

enum sc_signind_grant {
	SC_SIGNIND_GRANT_PASSWORD,
	SC_SIGNIND_GRANT_REFRESH_TOKEN,
	SC_SIGNIND_GRANT_CLIENT_CREDENTIALS,
};

/* Who it turned out to be. */
struct sc_signind_principal {
	char tenant[SC_GUID_SIZE];
	char oid[SC_GUID_SIZE];
	char upn[SC_WEB_TOKEN_TEXT_MAX + 1]; /* of users */
	char name[SC_WEB_TOKEN_TEXT_MAX + 1];
};

struct sc_signind_sign_in {
	struct sc_signind *service;
	struct sc_web_request *request;
	enum sc_signind_grant grant;
	bool is_v1; /* it asked for a `resource`: numbers are answered as strings */

	/* What was asked; the pointers live as long as the request. */
	char tenant[SC_GUID_SIZE]; /* of the path; "": the account's */
	char client[SC_GUID_SIZE]; /* client_id */
	char audience[SC_SIGNIND_URL_MAX + 1];
	const char *scope;   /* as it was given, or NULL */
	const char *account; /* username or client_id; NULL with a refresh token */
	const char *secret;  /* password, client secret, refresh token */

	bool is_counted; /* as a failed attempt, until the password has been judged */

	struct sc_signind_principal principal;
	int64_t now;            /* `iat` of what is issued */
	struct sc_bytes access; /* signing input, then token */
	struct sc_bytes id;     /* likewise; users only */
	struct sc_hash spent;   /* of the refresh token that was shown */
	struct sc_hash family;  /* of the sign-in that it goes back to */
};

/* The tenant to look in, for the store: NULL where the path leaves it open. */
const char *sc_signind_sign_in_tenant(const struct sc_signind_sign_in *sign_in);

/* A worker's job: finds out who it is, refuses or goes on with sc_signind_sign_in_issue(). */
void sc_signind_sign_in_check(void *sign_in);

/* Has the tokens signed, stores the refresh token, answers. Never blocks. */
void sc_signind_sign_in_issue(struct sc_signind_sign_in *sign_in);

/*
 * Each writes the decision's one log line, answers, and ends it. A refusal for another reason than the
 * password, which was not looked at then, gives the attempt back to account and address.
 */
void sc_signind_sign_in_refuse(struct sc_signind_sign_in *sign_in, enum sc_signind_refusal refusal, const char *detail);
void sc_signind_sign_in_throttle(struct sc_signind_sign_in *sign_in, unsigned wait);
void sc_signind_sign_in_grant(struct sc_signind_sign_in *sign_in, json_t *body);

/* For what is nobody's decision, a module or a database that does not answer: logs why and refuses with 503. */
void sc_signind_sign_in_fail(struct sc_signind_sign_in *sign_in, const struct sc_error *err);

#endif
