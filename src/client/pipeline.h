/*
 * One connection to a module that all threads of a daemon share. Requests are sent as they come and answered
 * in any order, so that no request waits for another's (DESIGN section 3); one thread of the pipeline's own
 * reads the answers and tells whoever asked. A module that is lost or restarted is reconnected to in the
 * background.
 *
 * Every function may be called from any thread, those of a callback included, unless it says otherwise.
 */
#ifndef SC_CLIENT_PIPELINE_H
#define SC_CLIENT_PIPELINE_H

#include <pthread.h>

#include "wire/message.h"

struct sc_pipeline;

/* Requests that are sent or queued and not answered yet, late ones included; one more is SC_ERR_BUSY. */
#define SC_PIPELINE_IN_FLIGHT 4096
/* Bytes of requests that the socket did not take yet; more is SC_ERR_BUSY. */
#define SC_PIPELINE_QUEUE_MAX (8 * 1024 * 1024)

/*
 * Starts a pipeline to the module behind the socket `path`. It need not be there: the pipeline tries again by
 * itself for as long as it lives. SC_ERR_ARGUMENT for a path that is none, SC_ERR_SYSTEM, SC_ERR_MEMORY. The
 * caller closes *out.
 */
sc_status sc_pipeline_open(const char *path, struct sc_pipeline **out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Ends it: whatever is still unanswered gets SC_ERR_UNAVAILABLE, and when this returns every callback has run
 * and none will. Not from a callback, and not while another thread may still call anything here. NULL is
 * allowed.
 */
void sc_pipeline_close(struct sc_pipeline *pipeline);
SC_CLEANUP_POINTER(sc_pipeline, struct sc_pipeline, sc_pipeline_close)

/* The socket's path, for messages; valid as long as the pipeline. */
const char *sc_pipeline_path(const struct sc_pipeline *pipeline);

/* True while there is a connection: for health pages. The next request may find it otherwise. */
bool sc_pipeline_is_connected(struct sc_pipeline *pipeline);

/*
 * Told the outcome of one request, on the pipeline's own thread: be quick, and never block, close the
 * pipeline or wait for another answer here. `err` is never NULL; it has words for a person where status is
 * not SC_OK, and the module's numbers where it refused. `reply` is what the function that took the callback
 * says; it is valid during the call and wiped after it.
 *
 * - SC_ERR_UNAVAILABLE: the connection was lost, or the pipeline closed. Whether the module did it is not known.
 *
 * - SC_ERR_TIMEOUT: no answer in time; likewise. One that comes later is ignored.
 *
 * - SC_ERR_PROTOCOL: the answer's body is malformed.
 *
 * - Anything else: the module's own refusal.
 */
typedef void (*sc_pipeline_done)(void *context, sc_status status, const struct sc_error *err,
				 struct sc_view reply);

/*
 * Sends one request; never blocks. `body` is copied. SC_OK: `done` will run, exactly once, at the latest when
 * timeout_ms have passed (possibly before this returns); its reply is the answer's body. Anything else: it
 * will not run. SC_ERR_UNAVAILABLE (no connection now), SC_ERR_BUSY, SC_ERR_TOO_LARGE, SC_ERR_MEMORY.
 */
sc_status sc_pipeline_submit(struct sc_pipeline *pipeline, enum sc_command command, uint64_t authority,
			     struct sc_view body, uint32_t timeout_ms, sc_pipeline_done done, void *context,
			     struct sc_error *err) SC_WARN_UNUSED;

/* -- keys: loaded again by themselves, once in a request, where the module answers NOT_LOADED --- */

/* A key in use, all of it borrowed; what a request needs after its function has returned is copied. */
struct sc_pipeline_key {
	struct sc_hash digest; /* SHA-256 of the blob: the module's name for it */
	struct sc_view blob;
	struct sc_view owner; /* DER; no bytes for keys without an owner */
};

/* As sc_pipeline_submit, timeout_ms being for all of it. The reply is the signature. */
sc_status sc_pipeline_key_sign(struct sc_pipeline *pipeline, const struct sc_pipeline_key *key,
			       enum sc_mechanism mechanism, struct sc_view data, uint32_t timeout_ms,
			       sc_pipeline_done done, void *context, struct sc_error *err) SC_WARN_UNUSED;

/* The reply is the plaintext. */
sc_status sc_pipeline_key_decrypt(struct sc_pipeline *pipeline, const struct sc_pipeline_key *key,
				  enum sc_mechanism mechanism, struct sc_view data, uint32_t timeout_ms,
				  sc_pipeline_done done, void *context, struct sc_error *err) SC_WARN_UNUSED;

/* The reply is the key statement (CMS). */
sc_status sc_pipeline_key_attest(struct sc_pipeline *pipeline, const struct sc_pipeline_key *key,
				 struct sc_view nonce, uint32_t timeout_ms, sc_pipeline_done done,
				 void *context, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Imports a transfer package with the Key Exchange Key `kek` for `owner` (DER; the key's, not the KEK's). The
 * reply is the answer's body: sc_transfer_import_response_read.
 */
sc_status sc_pipeline_key_import(struct sc_pipeline *pipeline, const struct sc_pipeline_key *kek,
				 struct sc_view owner, struct sc_view package, uint32_t timeout_ms,
				 sc_pipeline_done done, void *context, struct sc_error *err) SC_WARN_UNUSED;

/* -- for threads that may wait ------------------------------------------------------------------ */

/*
 * Makes a waiting call of any function above: give it sc_pipeline_wake as `done` and a started waiter as its
 * context; where that was SC_OK, sc_pipeline_wait gives what the callback was told. Not on the pipeline's
 * thread.
 */
struct sc_pipeline_waiter {
	pthread_mutex_t mutex;
	pthread_cond_t woken;
	bool is_done;
	sc_status status;
	struct sc_error error;
	struct sc_bytes reply;
};

void sc_pipeline_waiter_start(struct sc_pipeline_waiter *waiter);
void sc_pipeline_waiter_free(struct sc_pipeline_waiter *waiter);
SC_CLEANUP_VALUE(sc_pipeline_waiter, sc_pipeline_waiter_free)
void sc_pipeline_wake(void *waiter, sc_status status, const struct sc_error *err, struct sc_view reply);
sc_status sc_pipeline_wait(struct sc_pipeline_waiter *waiter, struct sc_bytes *reply,
			   struct sc_error *err) SC_WARN_UNUSED;

/* sc_pipeline_submit that waits; *reply is the answer's body, which the caller releases. */
sc_status sc_pipeline_call(struct sc_pipeline *pipeline, enum sc_command command, uint64_t authority,
			   struct sc_view body, uint32_t timeout_ms, struct sc_bytes *reply,
			   struct sc_error *err) SC_WARN_UNUSED;

/* sc_pipeline_key_sign that waits. */
sc_status sc_pipeline_key_sign_call(struct sc_pipeline *pipeline, const struct sc_pipeline_key *key,
				    enum sc_mechanism mechanism, struct sc_view data, uint32_t timeout_ms,
				    struct sc_bytes *signature, struct sc_error *err) SC_WARN_UNUSED;

#endif
