/* The Resource Manager of management.DOMAIN: how its calls begin and what they share (see vaultd/call.h). */
#ifndef SC_VAULTD_RESOURCES_RESOURCE_API_H
#define SC_VAULTD_RESOURCES_RESOURCE_API_H

#include "vaultd/call.h"

/*
 * Begins a call: checks token, api-version, subscription and access, in that order, and continues with `work`
 * on a worker. Refusals are 401, 400, 404, 403, or 5xx if the service itself failed. Another tenant's
 * subscription gets the same 404 as one that does not exist (rule P6).
 */
void sc_resources_begin(struct sc_web_request *request, struct sc_vaultd *vaultd, enum sc_operation operation,
			sc_vaultd_work work);

/* Reads the body into call->body. False if that failed and the call has been ended, usually with 400. */
bool sc_resources_read_body(struct sc_vaultd_call *call);

#endif
