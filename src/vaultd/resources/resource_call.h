/*
 * One call of the Resource Manager from its token to its answer. It may change threads on its way (changes
 * wait for the disk on a worker); it is ended exactly once, by one of the answering functions.
 */
#ifndef SC_VAULTD_RESOURCES_RESOURCE_CALL_H
#define SC_VAULTD_RESOURCES_RESOURCE_CALL_H

#include "vaultd/keys/access.h"
#include "vaultd/vaultd.h"

struct sc_resources_call {
	struct sc_vaultd *vaultd;
	struct sc_web_request *request;
	struct sc_access access;
	struct sc_store_subscription_row subscription; /* empty where the path names none */
	json_t *body;                            /* a change's */
};

/*
 * Token, api-version, subscription and access, in that order. NULL where the request has been answered: 401,
 * 400, 404 (another tenant's subscription and none at all alike, rule P6) or 403.
 */
struct sc_resources_call *sc_resources_call_begin(struct sc_web_request *request, struct sc_vaultd *vaultd,
						  enum sc_operation operation);

/* Reads the body into call->body. False: the call is ended, with 400. */
bool sc_resources_call_body(struct sc_resources_call *call);

/* Runs the rest on a worker, which calls sc_access_begin() first; ends the call where there is none. */
void sc_resources_call_run(struct sc_resources_call *call, sc_web_job job);

/* Notes, answers with the body (released; NULL: there was no memory for one), frees. */
void sc_resources_call_answer(struct sc_resources_call *call, unsigned http, json_t *body);

/* The same without a body. */
void sc_resources_call_answer_bare(struct sc_resources_call *call, unsigned http);

/* Notes and answers a refusal in the Resource Manager's words, frees. */
void sc_resources_call_refuse(struct sc_resources_call *call, unsigned http, const char *code,
			      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same for a status; what went wrong inside is logged and told in general words. */
void sc_resources_call_fail(struct sc_resources_call *call, sc_status status, const struct sc_error *err);

#endif
