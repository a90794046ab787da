/* Refusals of the keys API, with Azure's HTTP statuses, codes and bodies. */
#ifndef SC_VAULTD_KEYS_KEY_ANSWER_H
#define SC_VAULTD_KEYS_KEY_ANSWER_H

#include "web/web.h"

/* The HTTP status and the error code for a status. */
struct sc_keys_refusal {
	unsigned http;
	const char *code;
};
struct sc_keys_refusal sc_keys_refusal_of(sc_status status);

/*
 * Answers a failure with its code and with *err's message, or the status table's sentence if there is none.
 * Internal failures (5xx: the database, a library, the module) are logged, and the client gets only a general
 * message.
 */
void sc_keys_answer_failure(struct sc_web_request *request, sc_status status, const struct sc_error *err);

/*
 * Replaces the message of a module's refusal, which names the socket's path, with one for the client. A
 * message for the log only (5xx) stays in *err. Returns the status.
 */
sc_status sc_keys_refusal_plain(sc_status status, struct sc_error *err);

/*
 * Answers 403 with the inner code that gives the reason: "ForbiddenByPolicy", "KeyDisabled",
 * "KeyNotYetValid", "KeyExpired" or "KeyOperationForbidden".
 */
void sc_keys_answer_forbidden(struct sc_web_request *request, const char *inner, const char *message);

#endif
