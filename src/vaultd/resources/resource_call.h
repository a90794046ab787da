/*
 * One call of the Resource Manager, from its token to its answer. It may move to another thread: changes wait
 * for the disk on a worker. One of the answering functions ends it, exactly once.
 */
#ifndef SC_VAULTD_RESOURCES_RESOURCE_CALL_H
#define SC_VAULTD_RESOURCES_RESOURCE_CALL_H

#include "vaultd/keys/access.h"
#include "vaultd/vaultd.h"

struct sc_resources_call {
	struct sc_vaultd *vaultd;
	struct sc_web_request *request;
	struct sc_access access;
	struct sc_store_subscription_row subscription; /* empty if the path names none */
	json_t *body;                                  /* of a change */
};

/*
 * Checks token, api-version, subscription and access, in that order. NULL if the request has been answered:
 * 401, 400, 404, 403, or 5xx if the service itself failed. Another tenant's subscription gets the same 404 as
 * one that does not exist (rule P6).
 */
struct sc_resources_call *sc_resources_call_begin(struct sc_web_request *request, struct sc_vaultd *vaultd,
						  enum sc_operation operation);

/* Reads the body into call->body. False if that failed and the call has been ended, usually with 400. */
bool sc_resources_call_body(struct sc_resources_call *call);

/*
 * Runs the rest of a change on a worker, where `job` must call sc_access_begin() before it changes anything.
 * Ends the call if no worker can take it.
 */
void sc_resources_call_run(struct sc_resources_call *call, sc_web_job job);

/*
 * Notes the success in the audit log, answers with the body and frees the call. The body is released here;
 * NULL means that there was no memory for one.
 */
void sc_resources_call_answer(struct sc_resources_call *call, unsigned http, json_t *body);

/* The same without a body. */
void sc_resources_call_answer_bare(struct sc_resources_call *call, unsigned http);

/* Notes a refusal in the audit log, answers it in the Resource Manager's form, and frees the call. */
void sc_resources_call_refuse(struct sc_resources_call *call, unsigned http, const char *code,
			      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same for a status. Internal failures are logged, and the client gets only a general message. */
void sc_resources_call_fail(struct sc_resources_call *call, sc_status status, const struct sc_error *err);

#endif
