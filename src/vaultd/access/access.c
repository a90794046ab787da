/* Access decisions and their lines in the audit log: see access.h. */
#include "vaultd/access/access.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Room for a caller's id and a scope, both at full length, and the words between. */
#define REASON_MAX 1024

/* Whether an operation changes something. If so, the audit log is synced first (rule P8). */
enum kind {
	READS,
	CHANGES,
};

struct operation {
	const char *name;
	const char *action; /* Azure's */
	uint32_t permission;
	enum kind kind;
};

static const struct operation operations[] = {
#define OPERATION(NAME, text, action, permission, kind)                                                      \
	[SC_OPERATION_##NAME] = { text, action, SC_ACCESS_##permission, kind },
	SC_OPERATION_TABLE(OPERATION)
#undef OPERATION
};

bool sc_access_operation_changes(enum sc_operation operation)
{
	return operations[operation].kind == CHANGES;
}

/* -- audit lines ------------------------------------------------------------------------------- */

static struct sc_audit_entry entry_of(const struct sc_access *access, enum sc_audit_result result,
				      const char *reason)
{
	return (struct sc_audit_entry){
		.request = access->request,
		.client_request = access->client_request,
		.address = access->address,
		.application = access->caller.appid,
		.issuer = access->caller.issuer,
		.oid = access->caller.oid,
		.operation = operations[access->operation].name,
		.tenant = access->scope.tenant,
		.vault = access->scope.vault,
		.key = access->scope.key,
		.result = result,
		.reason = reason,
	};
}

sc_status sc_access_refuse(struct sc_access *access, const char *reason, struct sc_error *err)
{
	const struct sc_audit_entry entry = entry_of(access, SC_AUDIT_REFUSED, reason);
	struct sc_error refused = { 0 };

	/* Copy the reason first: it may be the text in *err. */
	(void)sc_fail(&refused, SC_ERR_FORBIDDEN, "%s", reason);
	SC_TRY(sc_audit_note(access->audit, &entry, err));
	if (err)
		*err = refused;
	return SC_ERR_FORBIDDEN;
}

sc_status sc_access_begin(struct sc_access *access, struct sc_error *err)
{
	const struct sc_audit_entry entry = entry_of(access, SC_AUDIT_ALLOWED, NULL);

	SC_TRY(sc_audit_sync(access->audit, &entry, err));
	access->has_begun = true;
	return SC_OK;
}

static const char *reason_of(const struct sc_access *access, sc_status outcome, const char *reason)
{
	if (outcome == SC_OK)
		return reason;
	if (access->hidden_reason)
		return access->hidden_reason;
	return reason ? reason : sc_status_sentence(outcome);
}

sc_status sc_access_finish(struct sc_access *access, sc_status outcome, const char *reason,
			   struct sc_error *err)
{
	const struct sc_audit_entry entry =
	    entry_of(access, outcome == SC_OK || access->is_done ? SC_AUDIT_DONE : SC_AUDIT_FAILED,
		     reason_of(access, outcome, reason));

	/*
	 * A call that ended before a change began has changed nothing, and its thread must not wait for the
	 * disk.
	 */
	return access->has_begun ? sc_audit_sync(access->audit, &entry, err)
				 : sc_audit_note(access->audit, &entry, err);
}

/* -- decisions --------------------------------------------------------------------------------- */

sc_status sc_access_authenticate(struct sc_access *access, struct sc_web_issuers *issuers, const char *token,
				 const char *audience, struct sc_error *err)
{
	sc_status status = sc_web_token_verify(issuers, token, &audience, 1, &access->caller, err);

	if (status != SC_ERR_TOKEN)
		return status;
	sc_audit_count_refusal(access->audit, access->address, access->request, err->message);
	return sc_fail_context(err, SC_ERR_TOKEN, "The access token is not valid here");
}

void sc_access_count_challenge(const struct sc_access *access)
{
	sc_audit_count_refusal(access->audit, access->address, access->request, NULL);
}

/* Azure's words: one form for keys, another for the resources above them. */
static sc_status refuse_for_want_of_permission(struct sc_access *access, struct sc_error *err)
{
	const struct operation *operation = &operations[access->operation];
	const char *permission = sc_access_permission_name(operation->permission);
	char reason[REASON_MAX];

	if (permission)
		snprintf(
		    reason, sizeof reason,
		    "The user, group or application '%s' does not have keys %s permission on key vault '%s'.",
		    access->caller.oid, permission, access->scope.vault);
	else
		snprintf(
		    reason, sizeof reason,
		    "The client with object id '%s' does not have authorization to perform action '%s' over "
		    "scope '%s'.",
		    access->caller.oid, operation->action, access->scope.vault);
	return sc_access_refuse(access, reason, err);
}

sc_status sc_access_decide(struct sc_access *access, const struct sc_access_grants *grants,
			   const struct sc_access_scope *scope, struct sc_error *err)
{
	const struct sc_web_token_claims *caller = &access->caller;
	const struct sc_access_principal principal = { caller->issuer, caller->oid, caller->tid };

	access->scope = *scope;
	if (!caller->oid[0] || !scope->tenant[0] || strcasecmp(caller->tid, scope->tenant) != 0)
		return sc_access_refuse(access, "The caller belongs to another tenant.", err);
	if (!(sc_access_grants_of(grants, &principal) & operations[access->operation].permission))
		return refuse_for_want_of_permission(access, err);
	/* A change asks for its own line, before it begins. */
	return sc_access_operation_changes(access->operation) ? SC_OK : sc_audit_check(access->audit, err);
}
