/*
 * The one place where access is decided: whether a principal may do something to a vault's keys, or to the
 * resources above them. Nothing assigned means nothing allowed. Every decision becomes a line of the audit
 * log here, and so does what came of it; a change is not begun before the line that allows it is synced (rule
 * P8).
 */
#ifndef SC_VAULTD_KEYS_ACCESS_H
#define SC_VAULTD_KEYS_ACCESS_H

#include <jansson.h>

#include "vaultd/audit/audit.h"
#include "web/token.h"

/* Operations: name in the audit log; what an access policy must grant for it (NULL: no policy grants it). */
#define SC_OPERATION_TABLE(O)                                                                                \
	O(KEY_GET, "keys/get", "get", SC_OPERATION_READS)                                                              \
	O(KEY_ATTEST, "keys/attest", "get", SC_OPERATION_READS)                                                        \
	O(KEY_ROTATION_POLICY, "keys/getrotationpolicy", "getrotationpolicy", SC_OPERATION_READS)                      \
	O(KEY_IMPORT, "keys/import", "import", SC_OPERATION_CHANGES)                                                   \
	O(KEY_UPDATE, "keys/update", "update", SC_OPERATION_CHANGES)                                                   \
	O(KEY_DECRYPT, "keys/decrypt", "decrypt", SC_OPERATION_READS)                                                  \
	O(KEY_SIGN, "keys/sign", "sign", SC_OPERATION_READS)                                                           \
	O(RESOURCE_READ, "resources/read", NULL, SC_OPERATION_READS)                                                   \
	O(GROUP_WRITE, "groups/write", NULL, SC_OPERATION_CHANGES)                                                     \
	O(VAULT_WRITE, "vaults/write", NULL, SC_OPERATION_CHANGES)

/* Whether something is different afterwards: then the audit log comes first (rule P8). */
enum sc_operation_kind {
	SC_OPERATION_READS,
	SC_OPERATION_CHANGES,
};

#define SC_OPERATION_ENUM(NAME, text, permission, kind) SC_OPERATION_##NAME,
enum sc_operation { SC_OPERATION_TABLE(SC_OPERATION_ENUM) };
#undef SC_OPERATION_ENUM

#define SC_PLACE_MAX 384

/* One request's decision, from the question to what came of it. Filled by its owner; the texts are copies. */
struct sc_access {
	struct sc_audit *audit;
	char request[40];
	struct sc_web_token_claims caller;
	enum sc_operation operation;
	char tenant[SC_WEB_TOKEN_TEXT_MAX + 1];
	char vault[SC_PLACE_MAX]; /* or the path of another resource */
	char key[SC_PLACE_MAX];   /* "name" or "name/version" */
	bool has_begun;           /* a change: sc_access_begin() was called */
	bool is_done;             /* set by its owner, who may yet fail to show what came of it */
};

/*
 * Decides by a vault's access policies: an array of {"tenantId", "objectId", "permissions": {"keys": […]}} as
 * the Resource Manager keeps it, with "issuer" where the principal is another issuer's than the tenant's
 * first. The caller's tenant must be the vault's. A refusal is in the audit log when this returns.
 * SC_ERR_FORBIDDEN with what is missing; SC_ERR_NOT_DURABLE where the log cannot take the line.
 */
sc_status sc_access_by_policies(struct sc_access *access, const json_t *policies,
				struct sc_error *err) SC_WARN_UNUSED;

/*
 * Who asks: believes a token for that audience and keeps the caller, or not. A token that is not believed is a
 * decision, too, and noted: SC_ERR_TOKEN with the reason, once its line is written. SC_ERR_UNAVAILABLE where
 * the issuer's keys cannot be had, and what writing the line may fail with.
 */
sc_status sc_access_authenticate(struct sc_access *access, struct sc_web_issuers *issuers, const char *token,
				 const char *audience, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Decides about the resources above the keys, until roles are assigned one by one: a principal of the tenant
 * may read, an administrator of the configuration may change as well. As above.
 */
sc_status sc_access_to_resources(struct sc_access *access, bool is_administrator,
				 struct sc_error *err) SC_WARN_UNUSED;

/* Refuses for a reason that the caller found himself: a disabled key, a spent time. As a refusal above. */
sc_status sc_access_refuse(struct sc_access *access, const char *reason, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Before a change that was allowed is begun: the line that says so is synced when this returns. Blocks: for
 * worker threads. SC_ERR_NOT_DURABLE: the change must not be made.
 */
sc_status sc_access_begin(struct sc_access *access, struct sc_error *err) SC_WARN_UNUSED;

/*
 * What came of it: SC_OK, or what failed and why (`reason`; NULL: the status table's sentence); where is_done
 * is set, only its answer can have failed. The line of a change that has begun is synced (worker threads
 * only), any other is grouped. SC_ERR_NOT_DURABLE: nothing may be answered but that.
 */
sc_status sc_access_finish(struct sc_access *access, sc_status outcome, const char *reason,
			   struct sc_error *err) SC_WARN_UNUSED;

#endif
