/* The keys API of <vault>.vault.DOMAIN: how its calls begin and what they share (see vaultd/call.h). */
#ifndef SC_VAULTD_KEYS_KEY_API_H
#define SC_VAULTD_KEYS_KEY_API_H

#include "vaultd/call.h"

/*
 * Begins a call: checks token, api-version, name, vault and access, in that order, and continues with `work`
 * on a worker. Refusals are 401 with the challenge, 400, 404, 403, or 5xx if the service itself failed.
 */
void sc_keys_begin(struct sc_web_request *request, struct sc_vaultd *vaultd, enum sc_operation operation,
		   sc_vaultd_work work);

/*
 * Finds the key version that the path names, and loads it into call->key. From then on call->version names
 * it, so that another look-up finds the same one. Worker threads only. SC_ERR_NOT_FOUND with Azure's message.
 */
sc_status sc_keys_find(struct sc_vaultd_call *call, struct sc_error *err) SC_WARN_UNUSED;

/* SC_ERR_UNAVAILABLE if the configuration has no region for the call's vault, and call->region is NULL. */
sc_status sc_keys_need_region(const struct sc_vaultd_call *call, struct sc_error *err) SC_WARN_UNUSED;

/* Names the key version in the call's audit lines. */
void sc_keys_name(struct sc_vaultd_call *call, const char *name, const char *version);

/* The bundle of call->key; see sc_keys_bundle_of(). */
sc_status sc_keys_show(const struct sc_vaultd_call *call, json_t **out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * The owner of a key version of the call's vault, as DER. The module compares it with the owner sealed in the
 * blob.
 */
sc_status sc_keys_owner(const struct sc_vaultd_call *call, const char *name, const char *version,
			struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

/* Notes a refusal in the audit log, answers 403 with that inner code, and frees the call. */
void sc_keys_forbid(struct sc_vaultd_call *call, const char *inner, const char *message);

#endif
