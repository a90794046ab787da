/*
 * One call of the keys API from its token to its answer: who calls, which vault, what was decided. It may
 * change threads on its way (a module's answer comes on another); it is ended exactly once, by one of the
 * last two functions.
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
	struct sc_store_key_row key;             /* once it was found */
};

/*
 * Token, api-version, name, vault and access, in that order. NULL where the request has been answered: 401
 * with the challenge, 400, 404, or 403.
 */
struct sc_keys_call *sc_keys_call_begin(struct sc_web_request *request, struct sc_vaultd *vaultd,
					enum sc_operation operation);

/* Finds the key version that the path names and makes it call->key. SC_ERR_NOT_FOUND in the service's words.
 */
sc_status sc_keys_call_find(struct sc_keys_call *call, struct sc_error *err) SC_WARN_UNUSED;

/* Whose key that version is, DER: compared by the module with what is sealed in the blob. */
sc_status sc_keys_call_owner(const struct sc_keys_call *call, const char *name, const char *version,
			     struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

/* Notes in the audit log that it is done, answers 200 with the body (released; NULL: there was no memory for
 * one), and frees the call. */
void sc_keys_call_answer(struct sc_keys_call *call, json_t *body);

/* Notes why not, answers it, and frees the call. */
void sc_keys_call_fail(struct sc_keys_call *call, sc_status status, const struct sc_error *err);

/* A refusal that was found on the way: 403 with that inner code. Notes, answers and frees. */
void sc_keys_call_forbid(struct sc_keys_call *call, const char *inner, const char *message);

#endif
