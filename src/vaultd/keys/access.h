/*
 * The only place where access is decided: whether a principal may do something to a vault's keys, or to the
 * resources above them. What is not granted is not allowed. Every decision and its outcome are written to the
 * audit log here. A change begins only after the line that allows it is synced (rule P8).
 */
#ifndef SC_VAULTD_KEYS_ACCESS_H
#define SC_VAULTD_KEYS_ACCESS_H

#include <jansson.h>

#include "vaultd/audit/audit.h"
#include "web/token.h"

/* Operations: name in the audit log; what an access policy must grant (NULL: no policy can grant it). */
#define SC_OPERATION_TABLE(O)                                                                                \
	O(KEY_GET, "keys/get", "get", SC_OPERATION_READS)                                                    \
	O(KEY_ATTEST, "keys/attest", "get", SC_OPERATION_READS)                                              \
	O(KEY_ROTATION_POLICY, "keys/getrotationpolicy", "getrotationpolicy", SC_OPERATION_READS)            \
	O(KEY_IMPORT, "keys/import", "import", SC_OPERATION_CHANGES)                                         \
	O(KEY_UPDATE, "keys/update", "update", SC_OPERATION_CHANGES)                                         \
	O(KEY_DECRYPT, "keys/decrypt", "decrypt", SC_OPERATION_READS)                                        \
	O(KEY_SIGN, "keys/sign", "sign", SC_OPERATION_READS)                                                 \
	O(RESOURCE_READ, "resources/read", NULL, SC_OPERATION_READS)                                         \
	O(GROUP_WRITE, "groups/write", NULL, SC_OPERATION_CHANGES)                                           \
	O(VAULT_WRITE, "vaults/write", NULL, SC_OPERATION_CHANGES)

/* Whether the operation changes something. If so, the audit log is synced first (rule P8). */
enum sc_operation_kind {
	SC_OPERATION_READS,
	SC_OPERATION_CHANGES,
};

#define SC_OPERATION_ENUM(NAME, text, permission, kind) SC_OPERATION_##NAME,
enum sc_operation { SC_OPERATION_TABLE(SC_OPERATION_ENUM) };
#undef SC_OPERATION_ENUM

#define SC_PLACE_MAX 384

/* One request's decision, from the question to the outcome. The owner fills it in; the texts are copies. */
struct sc_access {
	struct sc_audit *audit;
	char request[40];
	struct sc_web_token_claims caller;
	enum sc_operation operation;
	char tenant[SC_WEB_TOKEN_TEXT_MAX + 1];
	char vault[SC_PLACE_MAX]; /* or the path of another resource */
	char key[SC_PLACE_MAX];   /* "name" or "name/version" */
	bool has_begun;           /* a change for which sc_access_begin() was called */
	bool is_done;             /* set by the owner: the change is made, even if showing it fails */
};

/*
 * Decides by a vault's access policies: an array of {"tenantId", "objectId", "issuer", "permissions":
 * {"keys": […]}}, as the Resource Manager stores it. An entry without an issuer matches nobody. The caller's
 * tenant must be the vault's. A refusal has been noted in the audit log when this returns. SC_ERR_FORBIDDEN
 * with what is missing; SC_ERR_NOT_DURABLE if the log cannot take the line.
 */
sc_status sc_access_by_policies(struct sc_access *access, const json_t *policies,
				struct sc_error *err) SC_WARN_UNUSED;

/*
 * Authenticates the caller: verifies a token for that audience and fills in access->caller. Rejecting a token
 * is a decision, too: SC_ERR_TOKEN with the reason, once its line has been noted. SC_ERR_UNAVAILABLE if the
 * issuer's keys cannot be fetched; other errors if the line cannot be noted.
 */
sc_status sc_access_authenticate(struct sc_access *access, struct sc_web_issuers *issuers, const char *token,
				 const char *audience, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Decides about the resources above the keys, until roles can be assigned one by one: any principal of the
 * tenant may read, and a configured administrator may make changes as well. Fails like
 * sc_access_by_policies().
 */
sc_status sc_access_to_resources(struct sc_access *access, bool is_administrator,
				 struct sc_error *err) SC_WARN_UNUSED;

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
 * Notes the outcome: SC_OK, or what failed and why (`reason`; NULL means the status table's sentence). If
 * is_done is set, the change was made and only the answer can have failed. The line of a change that has
 * begun is synced (worker threads only); any other is grouped. SC_ERR_NOT_DURABLE: answer with that and
 * nothing else.
 */
sc_status sc_access_finish(struct sc_access *access, sc_status outcome, const char *reason,
			   struct sc_error *err) SC_WARN_UNUSED;

#endif
