/*
 * Refusals of the token endpoint: OAuth 2 errors (RFC 6749 section 5.2) with the AADSTS numbers that clients
 * look for.
 */
#ifndef SC_SIGNIND_OAUTH_H
#define SC_SIGNIND_OAUTH_H

#include "web/web.h"

enum sc_signind_refusal {
	SC_SIGNIND_REFUSAL_NONE,              /* not refused: never an answer */
	SC_SIGNIND_REFUSAL_REQUEST_MALFORMED, /* `detail` says why */
	SC_SIGNIND_REFUSAL_PARAMETER_MISSING, /* `detail` names the parameter */
	SC_SIGNIND_REFUSAL_GRANT_UNSUPPORTED,
	SC_SIGNIND_REFUSAL_TENANT_UNKNOWN,
	SC_SIGNIND_REFUSAL_RESOURCE_UNKNOWN,
	SC_SIGNIND_REFUSAL_CLIENT_ID_MALFORMED,
	SC_SIGNIND_REFUSAL_CLIENT_CONFIDENTIAL,  /* an application's own id without its secret */
	SC_SIGNIND_REFUSAL_PASSWORD,             /* wrong password or unknown account: the same answer */
	SC_SIGNIND_REFUSAL_SECRET,               /* wrong secret or unknown application: the same answer */
	SC_SIGNIND_REFUSAL_REFRESH_TOKEN,        /* unknown, expired, or not this tenant's or client's */
	SC_SIGNIND_REFUSAL_REFRESH_TOKEN_REUSED, /* the same answer; the log says which */
	SC_SIGNIND_REFUSAL_REFRESH_TOKEN_EMPTY,
	SC_SIGNIND_REFUSAL_THROTTLED,   /* answered by sc_signind_oauth_throttle(), which adds the wait */
	SC_SIGNIND_REFUSAL_UNAVAILABLE, /* module or database fails: 503, try again */
};

/*
 * Answers with {"error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id"};
 * `detail` is appended to the description and may be "". The request must not be used afterwards.
 */
void sc_signind_oauth_refuse(struct sc_web_request *request, enum sc_signind_refusal refusal,
			     const char *detail);

/* Answers 429 with a Retry-After of `wait` seconds. */
void sc_signind_oauth_throttle(struct sc_web_request *request, unsigned wait);

/*
 * The body for what the server refuses before a handler sees it, in the same form: invalid_request or, for
 * 503, temporarily_unavailable. NULL if out of memory.
 */
json_t *sc_signind_oauth_error_body(const struct sc_web_request *request, unsigned status,
				    const char *message);

/* The refusal's name for the log: "wrong-password". */
const char *sc_signind_refusal_name(enum sc_signind_refusal refusal);

#endif
