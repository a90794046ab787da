/*
 * The only place where access is decided: whether a principal may do something to a vault's keys, or to the
 * resources above them. What is not granted is not allowed. Every decision and its outcome are written to the
 * audit log here. A change begins only after the line that allows it is synced (rule P8).
 */
#ifndef SC_VAULTD_ACCESS_ACCESS_H
#define SC_VAULTD_ACCESS_ACCESS_H

#include <netinet/in.h>

#include "vaultd/access/access_grants.h"
#include "vaultd/audit/audit.h"
#include "web/token.h"

/* clang-format off */
/*
 * Operations: name in the audit log; Azure's action (for keys, the data action); the permission that it needs
 * (see permission.h); whether it changes something.
 */
#define SC_OPERATION_TABLE(O)                                                                                \
	O(KEY_GET,             "keys/get",               "Microsoft.KeyVault/vaults/keys/read",              \
	  GET,                 READS)                                                                        \
	O(KEY_ATTEST,          "keys/attest",            "Microsoft.KeyVault/vaults/keys/read",              \
	  GET,                 READS)                                                                        \
	O(KEY_ROTATION_POLICY, "keys/getrotationpolicy", "Microsoft.KeyVault/vaults/keyrotationpolicies/read", \
	  GET_ROTATION_POLICY, READS)                                                                        \
	O(KEY_IMPORT,          "keys/import",            "Microsoft.KeyVault/vaults/keys/import/action",     \
	  IMPORT,              CHANGES)                                                                      \
	O(KEY_UPDATE,          "keys/update",            "Microsoft.KeyVault/vaults/keys/update/action",     \
	  UPDATE,              CHANGES)                                                                      \
	O(KEY_DECRYPT,         "keys/decrypt",           "Microsoft.KeyVault/vaults/keys/decrypt/action",    \
	  DECRYPT,             READS)                                                                        \
	O(KEY_SIGN,            "keys/sign",              "Microsoft.KeyVault/vaults/keys/sign/action",       \
	  SIGN,                READS)                                                                        \
	O(TENANT_LIST,         "tenants/read",           "Microsoft.Resources/tenants/read",                 \
	  RESOURCES_READ,      READS)                                                                        \
	O(SUBSCRIPTION_READ,   "subscriptions/read",     "Microsoft.Resources/subscriptions/read",           \
	  RESOURCES_READ,      READS)                                                                        \
	O(RESOURCE_LIST,       "resources/read",         "Microsoft.Resources/subscriptions/resources/read", \
	  RESOURCES_READ,      READS)                                                                        \
	O(GROUP_READ,          "groups/read",            "Microsoft.Resources/subscriptions/resourceGroups/read", \
	  RESOURCES_READ,      READS)                                                                        \
	O(GROUP_WRITE,         "groups/write",           "Microsoft.Resources/subscriptions/resourceGroups/write", \
	  RESOURCES_WRITE,     CHANGES)                                                                      \
	O(VAULT_READ,          "vaults/read",            "Microsoft.KeyVault/vaults/read",                   \
	  RESOURCES_READ,      READS)                                                                        \
	O(VAULT_WRITE,         "vaults/write",           "Microsoft.KeyVault/vaults/write",                  \
	  RESOURCES_WRITE,     CHANGES)                                                                      \
	O(VAULT_NAME_CHECK,    "vaults/checkname",       "Microsoft.KeyVault/checkNameAvailability/read",    \
	  RESOURCES_READ,      READS)
/* clang-format on */

#define SC_OPERATION_ENUM(NAME, text, action, permission, kind) SC_OPERATION_##NAME,
enum sc_operation { SC_OPERATION_TABLE(SC_OPERATION_ENUM) };
#undef SC_OPERATION_ENUM

/* True if the operation changes something: its audit line is synced before it begins (rule P8). */
bool sc_access_operation_changes(enum sc_operation operation);

#define SC_ACCESS_SCOPE_MAX 384

/*
 * What is asked about. Texts that do not apply are "". Longer texts are cut, for nothing is decided by them
 * but the tenant.
 */
struct sc_access_scope {
	char tenant[SC_WEB_TOKEN_TEXT_MAX + 1];
	char vault[SC_ACCESS_SCOPE_MAX]; /* or the path of another resource */
	char key[SC_ACCESS_SCOPE_MAX];   /* "name" or "name/version" */
};

/* One request's decision, from the question to the outcome. The owner fills it in; the texts are copies. */
struct sc_access {
	struct sc_audit *audit;
	char request[40];
	char client_request[SC_AUDIT_PLAIN_MAX + 1]; /* what the client calls the request; "": nothing */
	char address[INET6_ADDRSTRLEN];              /* the client's */
	struct sc_web_token_claims caller;
	enum sc_operation operation;
	struct sc_access_scope scope; /* as far as it is known; for the audit log */
	bool has_begun;               /* a change for which sc_access_begin() was called */
	bool is_done;                 /* set by the owner: the change is made, even if showing it fails */
	const char
	    *hidden_reason; /* set by the owner: why it failed, where the answer must not say so; or NULL */
};

/*
 * Authenticates the caller: verifies a token for that audience and fills in access->caller. SC_ERR_TOKEN with
 * the reason, if the token is rejected: that is counted in the audit log by access->address.
 * SC_ERR_UNAVAILABLE if the issuer's keys cannot be fetched.
 */
sc_status sc_access_authenticate(struct sc_access *access, struct sc_web_issuers *issuers, const char *token,
				 const char *audience, struct sc_error *err) SC_WARN_UNUSED;

/*
 * The same for a request without a token, which is answered with a challenge: it is counted, too. Never
 * waits.
 */
void sc_access_count_challenge(const struct sc_access *access);

/*
 * Decides whether `grants` let the caller do access->operation to what `scope` names; access->scope becomes a
 * copy of it. The caller's tenant must be the scope's. NULL grants nothing. Never waits. A refusal has been
 * noted in the audit log when this returns. SC_ERR_FORBIDDEN with what is missing; SC_ERR_NOT_DURABLE if the
 * log cannot take the line, or the use may not begin because the log is late (rule P8).
 */
sc_status sc_access_decide(struct sc_access *access, const struct sc_access_grants *grants,
			   const struct sc_access_scope *scope, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Refuses for a reason that the calling code found, such as a disabled or expired key. Notes the refusal and
 * returns SC_ERR_FORBIDDEN with the reason, or SC_ERR_NOT_DURABLE if the log cannot take the line.
 */
sc_status sc_access_refuse(struct sc_access *access, const char *reason, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Call this before an allowed change begins: its line is synced when this returns. Blocks, so for worker
 * threads only. SC_ERR_NOT_DURABLE: the change must not be made.
 */
sc_status sc_access_begin(struct sc_access *access, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Notes the outcome: SC_OK, or what failed and why (access->hidden_reason, else `reason`, which the client is
 * told; NULL means the status table's sentence). If is_done is set, the change was made and only the answer
 * can have failed. The line of a change that has begun is synced (worker threads only); any other is grouped.
 * SC_ERR_NOT_DURABLE: answer with that and nothing else.
 */
sc_status sc_access_finish(struct sc_access *access, sc_status outcome, const char *reason,
			   struct sc_error *err) SC_WARN_UNUSED;

#endif
