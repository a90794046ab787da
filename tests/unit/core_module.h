/*
 * The module's core in the test's own process, with a host that saves into memory, a factory of the test's
 * own, and PIN stretching that costs nothing. Requests go through sc_module_handle, like a socket's messages.
 */
#ifndef SC_TESTS_CORE_MODULE_H
#define SC_TESTS_CORE_MODULE_H

#include "formats/suite.h"
#include "hsmd/core/core_session.h"
#include "hsmd/core/module_parts.h"

#define CORE_K 2
#define CORE_N 3

struct core {
	struct sc_module *module;
	struct sc_core_session *custody;
	struct sc_secret unlock;

	/* The host, and what was saved last. */
	struct sc_bytes state;
	struct sc_bytes mark;
	unsigned saves;
	sc_status
	    save_status; /* if not SC_OK: save returns this, and stores the state alone if NOT_DURABLE */
	void (*while_saving)(void *core); /* called by save, if set */
	/* If set, saves in place of the memory above. */
	sc_status (*save_elsewhere)(struct sc_view state, struct sc_view mark, struct sc_error *err);
	bool (*ran_out)(void); /* NULL: memory never runs out */
	uint64_t failures;     /* of allocations in all threads, as the host counts them */
	_Atomic int64_t held;  /* what the host says that the thread has allocated */
	int64_t held_per_look; /* added each time: what a key takes while it is loaded */

	/* The factory. */
	EVP_PKEY *root_key;
	X509 *root;

	/* The world, after core_make_world. */
	struct sc_hash world;
	struct sc_bytes world_file;
	struct sc_bytes cards[CORE_N];
};

/* The test's own clock. core_start sets it; it does not advance until the test moves it. */
extern int64_t core_now;
extern int64_t core_monotonic; /* nanoseconds */
/* If set, called once, by the next clock_gettime. */
extern void (*core_in_between)(void);

/* Starts a new module with an identity. */
void core_start(struct core *core);
void core_end(struct core *core);

/* Closes the module and opens what was saved. */
sc_status core_reopen(struct core *core, struct sc_error *err);

/* Replaces the root with a new one, key and certificate. */
void core_new_root(struct core *core);

/* Makes a warrant by the core's root for this key and name, valid from `from` for `lifetime`. */
void core_make_warrant(const struct core *core, EVP_PKEY *key, const char *esn, int64_t from,
		       int64_t lifetime, struct sc_bytes *out);
sc_status core_install(struct core *core, struct sc_view warrant, struct sc_error *err);

/*
 * core_make_warranted installs a warrant. core_make_world does so too, then makes a world of ECp521mAES with
 * CORE_N cards, CORE_K of which are a quorum. The PIN of card i is core_pin(i).
 */
void core_make_warranted(struct core *core);
void core_make_world(struct core *core);
struct sc_view core_pin(unsigned card);

/* Makes the world a region, without REGION_INIT and the seconds that generating its key takes. */
void core_make_region(struct core *core, const char *region);

/* Makes a region certificate by the root for the core's world. */
void core_region_certificate(const struct core *core, const char *region, struct sc_bytes *out);

/* Seals a blob of this module's world with any application, owner and ACL, even if no command would do so. */
void core_seal(struct core *core, EVP_PKEY *key, uint32_t application, const struct sc_owner *owner,
	       const struct sc_acl *acl, struct sc_bytes *out);
EVP_PKEY *core_rsa_key(void); /* one RSA-2048 key for the whole process, borrowed */

struct sc_core_session *core_session(struct core *core, enum sc_role role);
/* A service socket of this daemon that makes and loads these applications. */
struct sc_core_session *core_service(struct core *core, const char *daemon, uint32_t make, uint32_t load);

/*
 * What goes to standard error between the two. The second copies it to `text` and returns the number of
 * lines.
 */
struct core_log {
	int saved;
	int pipe[2];
};
void core_log_begin(struct core_log *log);
size_t core_log_end(struct core_log *log, char *text, size_t max);

/* -- requests ---------------------------------------------------------------------------------- */

struct core_answer {
	struct sc_wire_response_header header;
	struct sc_view body;
	struct sc_writer message;
};
void core_answer_free(struct core_answer *answer);
SC_CLEANUP_VALUE(core_answer, core_answer_free)

/* Sends one request, its body as bytes. The caller frees *out, which may be NULL. */
sc_status core_send(struct sc_core_session *session, uint32_t command, uint64_t authority,
		    struct sc_view body, struct core_answer *out);

/*
 * For every command: sends the request and reads the answer, whose views live as long as *answer. With a NULL
 * answer only the status is returned, and *out is not filled in.
 */
#define CORE_ASK(NAME, name, number, roles, modes, quorum, lane)                                             \
	sc_status core_##name(struct sc_core_session *session, uint64_t authority,                           \
			      const struct sc_##name##_request *in, struct sc_##name##_response *out,        \
			      struct core_answer *answer);
SC_COMMAND_TABLE(CORE_ASK)
#undef CORE_ASK

/* Loads a blob; its digest goes to *key. */
sc_status core_load(struct sc_core_session *session, struct sc_view blob, struct sc_hash *key);

/* Opens a quorum for that command and body. Then presents a card. */
uint64_t core_open_quorum(struct sc_core_session *session, uint32_t command, struct sc_view body);
sc_status core_present(struct core *core, struct sc_core_session *session, uint64_t authority, unsigned card,
		       const char *pin, struct sc_wire_response_header *header);
/* Opens a quorum and presents enough cards. */
uint64_t core_quorum(struct core *core, struct sc_core_session *session, uint32_t command,
		     struct sc_view body);

#endif
