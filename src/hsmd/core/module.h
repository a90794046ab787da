/*
 * The module: everything it knows and does, without any system calls of its own, so that it can be fuzzed and
 * tested in process. hsmd/os/ supplies messages, time and durable storage.
 *
 * Threads: sc_module_handle may be called from any number of threads at once, even for the same session.
 */
#ifndef SC_HSMD_CORE_MODULE_H
#define SC_HSMD_CORE_MODULE_H

#include "base/secret.h"
#include "hsmd/core/application.h"
#include "hsmd/core/module_host.h"
#include "wire/message.h"

struct sc_module;
struct sc_core_session;

struct sc_module_options {
	uint32_t cache_keys; /* how many keys stay loaded; 0 is the default */
	/*
	 * Argon2id's cost for new cards, and the minimum that a presented card must have (rule C1). 0 is the
	 * default (pin.h), which hsmd always uses. Tests use less.
	 */
	uint32_t argon2_passes;
	uint32_t argon2_memory; /* KiB */
	bool allow_erase;       /* WORLD_ERASE needs no quorum: the switch of a device that is being set up */
};

#define SC_UNLOCK_KEY_SIZE 32

/* Makes a new identity (ESN and statement key), sealed and saved through the host. The caller frees *out. */
sc_status sc_module_create(const struct sc_module_host *host, const struct sc_secret *unlock,
			   const struct sc_module_options *options, struct sc_module **out,
			   struct sc_error *err) SC_WARN_UNUSED;

/*
 * Opens a saved state. The caller frees *out. SC_ERR_INTEGRITY: the unlock key is another one, or the state
 * is altered. SC_ERR_ROLLED_BACK: the state is older than the one that the mark acknowledges (rule M11).
 */
sc_status sc_module_open(const struct sc_module_host *host, struct sc_view state, struct sc_view mark,
			 const struct sc_secret *unlock, const struct sc_module_options *options,
			 struct sc_module **out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Limits the bytes that loaded keys may take together; 0, as at first: no limit. Only once the module is open
 * is it known what it takes itself.
 */
void sc_module_limit_keys(struct sc_module *module, size_t memory);

void sc_module_free(struct sc_module *module);
SC_CLEANUP_POINTER(sc_module, struct sc_module, sc_module_free)

/* "XXXX-XXXX-XXXX"; valid as long as the module. */
const char *sc_module_esn(const struct sc_module *module);
enum sc_mode sc_module_mode(struct sc_module *module);

/* The warrant request: PKCS#10 in DER, subject CN = ESN, signed by the statement key. */
sc_status sc_module_warrant_request(struct sc_module *module, struct sc_bytes *out,
				    struct sc_error *err) SC_WARN_UNUSED;

/*
 * Pins the root and adopts the warrant. The root's key must have the hash that the custodian obtained
 * elsewhere, and the warrant must be for this module's ESN and key. SC_ERR_EVIDENCE_*; SC_ERR_EXISTS if
 * another root is already pinned.
 */
sc_status sc_module_install_warrant(struct sc_module *module, struct sc_view root, struct sc_view warrant,
				    const struct sc_hash *root_hash, struct sc_error *err) SC_WARN_UNUSED;

/* A new connection with its socket's policy, which is copied. NULL when out of memory. */
struct sc_core_session *sc_core_session_new(struct sc_module *module, const struct sc_policy *policy,
					    bool peer_is_other_user);

/*
 * Says that the peer has left, so that nobody wants what its requests in progress are making: the long ones
 * end at their next step. From any thread, at any time before sc_core_session_free.
 */
void sc_core_session_abandon(struct sc_core_session *session);

/*
 * True once after a request of this session has erased the module's world: every other connection is then
 * ended (WORLD_ERASE). Whoever handles requests asks after each.
 */
bool sc_core_session_takes_dismissal(struct sc_core_session *session);

/* Ends the connection with its pending world and all its quorums. None of its requests may be in progress. */
void sc_core_session_free(struct sc_core_session *session);

/*
 * Handles one request and writes the whole answer, header included, into `out`, a writer of
 * SC_WIRE_MESSAGE_MAX. A refusal is an answer too, and there is always room for one: if space for it cannot
 * be reserved, the request is not started and `out` has failed. The caller has already found the command in
 * the table.
 */
void sc_module_handle(struct sc_core_session *session, const struct sc_wire_request_header *header,
		      struct sc_view body, struct sc_writer *out);

#endif
