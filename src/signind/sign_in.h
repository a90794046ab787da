/*
 * One request at the token endpoint, as it passes from thread to thread: an HTTP thread reads it
 * (token_endpoint.c), a worker finds out who is asking (grants.c), the module signs, and a worker stores the
 * refresh token and answers (issue_tokens.c). Its current owner passes it on or ends it; nothing else refers
 * to it.
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

/* Who is signing in. */
struct sc_signind_principal {
	char tenant[SC_GUID_SIZE];
	char oid[SC_GUID_SIZE];
	char upn[SC_WEB_TOKEN_TEXT_MAX + 1]; /* users only */
	char name[SC_WEB_TOKEN_TEXT_MAX + 1];
};

struct sc_signind_sign_in {
	struct sc_signind *service;
	struct sc_web_request *request;
	enum sc_signind_grant grant;
	bool is_v1; /* asked for a `resource`: numbers in the answer are strings */

	/* What was asked. The pointers are valid as long as the request. */
	char tenant[SC_GUID_SIZE]; /* from the path; "": the account's */
	char client[SC_GUID_SIZE]; /* client_id */
	char audience[SC_SIGNIND_URL_MAX + 1];
	const char *scope;   /* as given, or NULL */
	const char *account; /* username or client_id; NULL with a refresh token */
	const char *secret;  /* password, client secret or refresh token */

	/* Of a password. */
	struct sc_signind_attempt attempt;
	bool is_being_judged; /* the attempt has begun and not ended */

	struct sc_signind_principal principal;
	int64_t now;            /* `iat` of the tokens */
	struct sc_bytes access; /* signing input, then token */
	struct sc_bytes id;     /* the same for the id_token; users only */
	struct sc_hash spent;   /* of the refresh token that was presented */
	struct sc_hash family;  /* of the sign-in from which that token descends */
};

/* The tenant in which the store looks; NULL if the path leaves it open. */
const char *sc_signind_sign_in_tenant(const struct sc_signind_sign_in *sign_in);

/* The job that finds out who is asking, then refuses or calls sc_signind_sign_in_issue(). */
extern const struct sc_web_job sc_signind_sign_in_checking;

/* Of a job whose context is a sign-in: whether it is awaited, and its end when it is given up. */
bool sc_signind_sign_in_is_awaited(void *sign_in);
void sc_signind_sign_in_give_up(void *sign_in, const struct sc_error *why);

/* Has the tokens signed, stores the refresh token and answers. Never blocks. */
void sc_signind_sign_in_issue(struct sc_signind_sign_in *sign_in);

/*
 * Each writes the decision's one log line, answers, and frees the sign-in. If it is refused before the
 * password was checked, the attempt does not count against the account and the address.
 */
void sc_signind_sign_in_refuse(struct sc_signind_sign_in *sign_in, enum sc_signind_refusal refusal,
			       const char *detail);
void sc_signind_sign_in_throttle(struct sc_signind_sign_in *sign_in, unsigned wait);
void sc_signind_sign_in_grant(struct sc_signind_sign_in *sign_in, json_t *body);

/* For failures that decide nothing, such as a module or database that is down: logs why and answers 503. */
void sc_signind_sign_in_fail(struct sc_signind_sign_in *sign_in, const struct sc_error *err);

#endif
