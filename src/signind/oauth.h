/* Refusals of the token endpoint: OAuth 2 (RFC 6749 section 5.2) with the AADSTS numbers that clients look
 * for. */
#ifndef SC_SIGNIND_OAUTH_H
#define SC_SIGNIND_OAUTH_H

#include "web/web.h"

enum sc_signind_refusal {
	SC_SIGNIND_REFUSAL_NONE,              /* it goes on: never answered with */
	SC_SIGNIND_REFUSAL_PARAMETER_MISSING, /* what is missing goes with it */
	SC_SIGNIND_REFUSAL_GRANT_UNSUPPORTED,
	SC_SIGNIND_REFUSAL_TENANT_UNKNOWN,
	SC_SIGNIND_REFUSAL_RESOURCE_UNKNOWN,
	SC_SIGNIND_REFUSAL_CLIENT_ID_MALFORMED,
	SC_SIGNIND_REFUSAL_CLIENT_CONFIDENTIAL, /* an application's own id, without its secret */
	SC_SIGNIND_REFUSAL_PASSWORD,            /* a wrong password and an unknown account alike */
	SC_SIGNIND_REFUSAL_SECRET,              /* a wrong secret and an unknown application alike */
	SC_SIGNIND_REFUSAL_REFRESH_TOKEN,       /* unknown, expired, replaced, of another tenant or client: alike */
	SC_SIGNIND_REFUSAL_REFRESH_TOKEN_REUSED, /* answered like the one before; the log tells them apart */
	SC_SIGNIND_REFUSAL_REFRESH_TOKEN_EMPTY,
	SC_SIGNIND_REFUSAL_THROTTLED,   /* how long goes with it: sc_signind_oauth_throttle() */
	SC_SIGNIND_REFUSAL_UNAVAILABLE, /* module or database: 503, to be tried again */
};

/*
 * Answers with {"error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id"};
 * `detail` ends the description and may be "". The request is gone afterwards.
 */
void sc_signind_oauth_refuse(struct sc_web_request *request, enum sc_signind_refusal refusal, const char *detail);

/* Answers 429 with Retry-After: `wait` seconds. */
void sc_signind_oauth_throttle(struct sc_web_request *request, unsigned wait);

/* The reason's name, for the log: "wrong-password". */
const char *sc_signind_refusal_name(enum sc_signind_refusal refusal);

#endif
