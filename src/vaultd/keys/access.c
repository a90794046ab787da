/* Access decisions and their lines in the audit log: see access.h. */
#include "vaultd/keys/access.h"

#include <string.h>
#include <strings.h>

/* Room for a caller's id and a place, both at full length, and the words between. */
#define REASON_MAX 1024

/* An operation's name, and what allows it. */
struct operation {
	const char *name;
	const char *permission;
	enum sc_operation_kind kind;
};

static const struct operation operations[] = {
#define OPERATION(NAME, text, permission, kind) [SC_OPERATION_##NAME] = { text, permission, kind },
	SC_OPERATION_TABLE(OPERATION)
#undef OPERATION
};

static struct sc_audit_entry entry_of(const struct sc_access *access, enum sc_audit_result result,
				      const char *reason)
{
	return (struct sc_audit_entry){
		.request = access->request,
		.issuer = access->caller.issuer,
		.oid = access->caller.oid,
		.operation = operations[access->operation].name,
		.tenant = access->tenant,
		.vault = access->vault,
		.key = access->key,
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

sc_status sc_access_authenticate(struct sc_access *access, struct sc_web_issuers *issuers, const char *token,
				 const char *audience, struct sc_error *err)
{
	sc_status status = sc_web_token_verify(issuers, token, &audience, 1, &access->caller, err);

	if (status != SC_ERR_TOKEN)
		return status;
	status = sc_access_refuse(access, err->message, err);
	if (status != SC_ERR_FORBIDDEN)
		return status;
	return sc_fail_context(err, SC_ERR_TOKEN, "The access token is not valid here");
}

/* As in Azure, "all" grants every permission except purge. */
static bool grants(const json_t *policy, const char *permission)
{
	const json_t *keys = json_object_get(json_object_get(policy, "permissions"), "keys");
	const json_t *item;
	size_t i;

	json_array_foreach(keys, i, item) {
		const char *granted = json_string_value(item);

		if (granted && (strcasecmp(granted, permission) == 0 ||
				(strcasecmp(granted, "all") == 0 && strcmp(permission, "purge") != 0)))
			return true;
	}
	return false;
}

/* A principal is the pair (issuer, object id): an entry without an issuer matches nobody. */
static bool is_about(const json_t *policy, const struct sc_web_token_claims *caller)
{
	const char *oid = json_string_value(json_object_get(policy, "objectId"));
	const char *issuer = json_string_value(json_object_get(policy, "issuer"));
	const char *tenant = json_string_value(json_object_get(policy, "tenantId"));

	return oid && issuer && tenant && strcasecmp(oid, caller->oid) == 0 &&
	       strcmp(issuer, caller->issuer) == 0 && strcasecmp(tenant, caller->tid) == 0;
}

static sc_status check_tenant(struct sc_access *access, struct sc_error *err)
{
	if (access->caller.oid[0] && access->tenant[0] && strcasecmp(access->caller.tid, access->tenant) == 0)
		return SC_OK;
	return sc_access_refuse(access, "The caller belongs to another tenant.", err);
}

sc_status sc_access_by_policies(struct sc_access *access, const json_t *policies, struct sc_error *err)
{
	const char *permission = operations[access->operation].permission;
	char reason[REASON_MAX];
	const json_t *policy;
	size_t i;

	SC_TRY(check_tenant(access, err));
	if (permission)
		json_array_foreach(policies, i, policy) {
			if (is_about(policy, &access->caller) && grants(policy, permission))
				return SC_OK;
		}
	snprintf(reason, sizeof reason,
		 "The user, group or application '%s' does not have keys %s permission on key vault '%s'.",
		 access->caller.oid, permission ? permission : "any", access->vault);
	return sc_access_refuse(access, reason, err);
}

sc_status sc_access_to_resources(struct sc_access *access, bool is_administrator, struct sc_error *err)
{
	const struct operation *operation = &operations[access->operation];
	char reason[REASON_MAX];

	SC_TRY(check_tenant(access, err));
	if (!operation->permission && (operation->kind == SC_OPERATION_READS || is_administrator))
		return SC_OK;
	snprintf(reason, sizeof reason,
		 "The client with object id '%s' does not have authorization to perform action '%s' over "
		 "scope '%s'.",
		 access->caller.oid, operation->name, access->vault);
	return sc_access_refuse(access, reason, err);
}

sc_status sc_access_begin(struct sc_access *access, struct sc_error *err)
{
	const struct sc_audit_entry entry = entry_of(access, SC_AUDIT_ALLOWED, NULL);

	SC_TRY(sc_audit_sync(access->audit, &entry, err));
	access->has_begun = true;
	return SC_OK;
}

sc_status sc_access_finish(struct sc_access *access, sc_status outcome, const char *reason,
			   struct sc_error *err)
{
	const char *why = reason || outcome == SC_OK ? reason : sc_status_sentence(outcome);
	const struct sc_audit_entry entry =
	    entry_of(access, outcome == SC_OK || access->is_done ? SC_AUDIT_DONE : SC_AUDIT_FAILED, why);

	/*
	 * A call that ended before a change began has changed nothing, and its thread must not wait for the
	 * disk.
	 */
	return access->has_begun ? sc_audit_sync(access->audit, &entry, err)
				 : sc_audit_note(access->audit, &entry, err);
}
