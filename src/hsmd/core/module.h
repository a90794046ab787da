/*
 * The module: all that it knows and all that it does, without a system call of its own, so that it can be fuzzed
 * and tested in process. hsmd/os/ gives it messages, time and durable storage.
 *
 * Threads: sc_module_handle may be called from any number of threads at once; requests of one session too.
 */
#ifndef SC_HSMD_CORE_MODULE_H
#define SC_HSMD_CORE_MODULE_H

#include "base/secret.h"
#include "formats/der.h"
#include "wire/message.h"

struct sc_module;
struct sc_core_session;

/* Applications: the first word of a key file's name, sealed in its blob; one bit each in a socket's policy. */
enum sc_application {
	SC_APPLICATION_SIMPLE = 1 << 0,
	SC_APPLICATION_XFERACLD = 1 << 1,
	SC_APPLICATION_VAULT = 1 << 2,
	SC_APPLICATION_KEK = 1 << 3,
	SC_APPLICATION_TOKEN = 1 << 4,
	SC_APPLICATION_TLS = 1 << 5,
};

/* The bit of a name ("simple"); 0 if it is none. */
uint32_t sc_application_by_name(const char *name);
const char *sc_application_name(uint32_t application);

/* What a socket may do (DESIGN section 3). Custody and use sockets have fixed lists: see sc_policy_check. */
struct sc_policy {
	enum sc_role role;
	uint32_t make;         /* enum sc_application bits that may be generated or imported through it */
	uint32_t load;         /* … loaded and used */
	struct sc_text daemon; /* the owner that it may name; "" on custody and use sockets */
};

/*
 * Fills in the lists of a custody socket (makes simple; kek and xferacld by their own commands; loads simple,
 * xferacld) and of a use socket (loads simple, xferacld), and refuses a service socket that names no daemon,
 * or any of simple and xferacld. SC_ERR_ARGUMENT.
 */
sc_status sc_policy_check(struct sc_policy *policy, struct sc_error *err) SC_WARN_UNUSED;

/* What the operating system's side does for the module. */
struct sc_module_host {
	/* Replaces `state`, then `mark`, durably: SC_OK only when both are synced (P2). One call at a time. */
	sc_status (*save)(void *context, struct sc_view state, struct sc_view mark, struct sc_error *err);
	/*
	 * True if an allocation of this thread has failed since it was last asked. libcrypto seldom says so itself: what
	 * it cannot read or decrypt for want of memory looks malformed or wrong.
	 */
	bool (*ran_out)(void *context);
	/* Fills in what protects the process: the arena and the protection bits of ENQUIRE. */
	void (*report)(void *context, struct sc_enquire_response *out);
	void *context;
};

struct sc_module_options {
	uint32_t cache_keys; /* how many keys stay loaded */
	/*
	 * Argon2id's cost of new cards, and the least that a card which is presented may have (rule C1). 0 is
	 * the default (pin.h), and what hsmd has; less is for tests.
	 */
	uint32_t argon2_passes;
	uint32_t argon2_memory; /* KiB */
};

#define SC_UNLOCK_KEY_SIZE 32

/* A new identity: ESN and statement key, sealed and saved through the host. The caller frees *out. */
sc_status sc_module_create(const struct sc_module_host *host, const struct sc_secret *unlock,
			   const struct sc_module_options *options, struct sc_module **out,
			   struct sc_error *err) SC_WARN_UNUSED;

/*
 * Opens a saved state. SC_ERR_INTEGRITY (another unlock key, or altered), SC_ERR_ROLLED_BACK (an older state than the mark acknowledges: M11).
 */
sc_status sc_module_open(const struct sc_module_host *host, struct sc_view state, struct sc_view mark,
			 const struct sc_secret *unlock, const struct sc_module_options *options,
			 struct sc_module **out, struct sc_error *err) SC_WARN_UNUSED;

void sc_module_free(struct sc_module *module);
SC_CLEANUP_POINTER(sc_module, struct sc_module, sc_module_free)

/* "XXXX-XXXX-XXXX"; valid as long as the module. */
const char *sc_module_esn(const struct sc_module *module);
enum sc_mode sc_module_mode(struct sc_module *module);

/* The request for a warrant: PKCS#10 in DER, subject CN = ESN, signed by the statement key. */
sc_status sc_module_warrant_request(struct sc_module *module, struct sc_bytes *out,
				    struct sc_error *err) SC_WARN_UNUSED;

/*
 * Pins the root and adopts the warrant, if the root's key has the hash that the custodian has from elsewhere
 * and the warrant is for this module's ESN and key. SC_ERR_EVIDENCE_*, SC_ERR_EXISTS (another root is pinned).
 */
sc_status sc_module_install_warrant(struct sc_module *module, struct sc_view root, struct sc_view warrant,
				    const struct sc_hash *root_hash, struct sc_error *err) SC_WARN_UNUSED;

/* A connection, with the policy of its socket (copied). NULL when out of memory. */
struct sc_core_session *sc_core_session_new(struct sc_module *module, const struct sc_policy *policy,
				  bool peer_is_other_user);

/* Ends it: a pending world and every quorum die with it. No request of it may be in work. */
void sc_core_session_free(struct sc_core_session *session);

/*
 * Does one request and writes the whole answer, header included, into `out` (a writer of SC_WIRE_MESSAGE_MAX).
 * A refusal is an answer, for which there is always room: where there is none, the request is not begun, and
 * `out` has failed. The caller has found the command in the table already.
 */
void sc_module_handle(struct sc_core_session *session, const struct sc_wire_request_header *header, struct sc_view body,
		      struct sc_writer *out);

#endif
