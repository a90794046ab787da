/* Refusals of the keys API in the service's own statuses, codes and bodies. */
#ifndef SC_VAULTD_KEYS_KEY_ANSWER_H
#define SC_VAULTD_KEYS_KEY_ANSWER_H

#include "web/web.h"

/* What a status is over HTTP. */
struct sc_keys_refusal {
	unsigned http;
	const char *code;
};
struct sc_keys_refusal sc_keys_refusal_of(sc_status status);

/*
 * Answers a failure: its code, and its message where one says more; what went wrong inside (the database, a
 * library) is logged and told in general words only.
 */
void sc_keys_answer_failure(struct sc_web_request *request, sc_status status, const struct sc_error *err);

/*
 * A module's refusal in words without the socket's path, which is nobody's business outside: *err keeps its
 * own only where they are for the log (5xx). Passes the status on.
 */
sc_status sc_keys_refusal_plain(sc_status status, struct sc_error *err);

/* 403 with the inner code that tells why: "ForbiddenByPolicy", "KeyDisabled", "KeyNotYetValid", "KeyExpired".
 */
void sc_keys_answer_forbidden(struct sc_web_request *request, const char *inner, const char *message);

#endif
