/*
 * One call of the keys API, from its token to its answer: who calls, which vault, what was decided. It may
 * move to another thread, such as the one on which a module's answer arrives. One of the last three functions
 * ends it, exactly once.
 */
#ifndef SC_VAULTD_KEYS_KEY_CALL_H
#define SC_VAULTD_KEYS_KEY_CALL_H

#include "vaultd/keys/access.h"
#include "vaultd/vaultd.h"

struct sc_keys_call {
	struct sc_vaultd *vaultd;
	struct sc_web_request *request;
	struct sc_access access;
	struct sc_store_vault_row vault;
	json_t *properties; /* the vault's */
	const struct sc_vaultd_region *region;
	char name[SC_KEY_NAME_SIZE];
	char version[SC_KEY_VERSION_SIZE]; /* "": the newest */
	struct sc_store_key_row key;       /* once found */
};

/*
 * Checks token, api-version, name, vault and access, in that order. NULL if the request has been answered:
 * 401 with the challenge, 400, 404, 403, or 5xx if the service itself failed.
 */
struct sc_keys_call *sc_keys_call_begin(struct sc_web_request *request, struct sc_vaultd *vaultd,
					enum sc_operation operation);

/*
 * Finds the key version that the path names and loads it into call->key. SC_ERR_NOT_FOUND with Azure's
 * message.
 */
sc_status sc_keys_call_find(struct sc_keys_call *call, struct sc_error *err) SC_WARN_UNUSED;

/* Names the version in call->key as the one that the call is about. */
void sc_keys_call_found(struct sc_keys_call *call);

/* The owner of that key version, as DER. The module compares it with the owner sealed in the blob. */
sc_status sc_keys_call_owner(const struct sc_keys_call *call, const char *name, const char *version,
			     struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Notes the success in the audit log, answers 200 with the body, and frees the call. The body is released
 * here; NULL means that there was no memory for one.
 */
void sc_keys_call_answer(struct sc_keys_call *call, json_t *body);

/* Notes the failure in the audit log, answers it, and frees the call. */
void sc_keys_call_fail(struct sc_keys_call *call, sc_status status, const struct sc_error *err);

/* Notes a refusal in the audit log, answers 403 with that inner code, and frees the call. */
void sc_keys_call_forbid(struct sc_keys_call *call, const char *inner, const char *message);

#endif
