/*
 * One connection to a module, shared by all threads of a daemon. Requests are sent as they come and answered
 * in any order, so that no request waits for another's. A thread of the pipeline's own reads the answers and
 * calls back. If the module is lost or restarted, the pipeline reconnects in the background.
 *
 * Every function may be called from any thread, including from a callback, unless its comment says otherwise.
 */
#ifndef SC_CLIENT_PIPELINE_H
#define SC_CLIENT_PIPELINE_H

#include <pthread.h>

#include "wire/message.h"

struct sc_pipeline;

/* Limit on requests sent or queued and not yet answered, late ones included. One more is SC_ERR_BUSY. */
#define SC_PIPELINE_IN_FLIGHT 4096
/* Limit on the bytes of requests that the socket has not yet accepted. More is SC_ERR_BUSY. */
#define SC_PIPELINE_QUEUE_MAX (8 * 1024 * 1024)

/*
 * Starts a pipeline to the module behind the socket `path`. The module need not be running: the pipeline
 * keeps trying to connect for as long as it exists. SC_ERR_ARGUMENT: no socket can have that path;
 * SC_ERR_SYSTEM, SC_ERR_MEMORY. The caller closes *out.
 */
sc_status sc_pipeline_open(const char *path, struct sc_pipeline **out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Ends the connection for good: whatever is unanswered gets SC_ERR_UNAVAILABLE, and so does every later
 * request. Threads that wait for an answer thus end, before the pipeline is closed. When this returns, every
 * callback has run. Do not call it from a callback, or from two threads. NULL is allowed.
 */
void sc_pipeline_stop(struct sc_pipeline *pipeline);

/*
 * Ends the pipeline. Whatever is still unanswered gets SC_ERR_UNAVAILABLE. When this returns, every callback
 * has run, and none will run later. Do not call it from a callback, or while another thread may still call
 * anything here. NULL is allowed.
 */
void sc_pipeline_close(struct sc_pipeline *pipeline);
SC_CLEANUP_POINTER(sc_pipeline, struct sc_pipeline, sc_pipeline_close)

/* The socket's path, for messages. Valid as long as the pipeline. */
const char *sc_pipeline_path(const struct sc_pipeline *pipeline);

/* True while there is a connection: for health pages. By the next request it may be gone. */
bool sc_pipeline_is_connected(struct sc_pipeline *pipeline);

/*
 * Called with the outcome of one request, on the pipeline's own thread. Be quick, and never block, close the
 * pipeline or wait for another answer in it. `err` is never NULL. If status is not SC_OK, it holds a message
 * for a person, and if the module refused, the module's numbers. What `reply` holds depends on the function
 * that the callback was passed to; it is valid during the call and wiped afterwards.
 *
 * - SC_ERR_UNAVAILABLE: the connection was lost or the pipeline closed. Whether the module did it is unknown.
 * - SC_ERR_TIMEOUT: no answer in time; likewise unknown. A later answer is ignored.
 * - SC_ERR_PROTOCOL: the answer's body is malformed.
 * - Anything else: the module's own refusal.
 */
typedef void (*sc_pipeline_done)(void *context, sc_status status, const struct sc_error *err,
				 struct sc_view reply);

/*
 * Sends one request; never blocks. `body` is copied. If this returns SC_OK, `done` will run exactly once, at
 * the latest when timeout_ms have passed, and possibly before this returns; its reply is the answer's body.
 * If it returns anything else, `done` will not run: SC_ERR_UNAVAILABLE (no connection now), SC_ERR_BUSY,
 * SC_ERR_TOO_LARGE, SC_ERR_MEMORY.
 */
sc_status sc_pipeline_submit(struct sc_pipeline *pipeline, enum sc_command command, uint64_t authority,
			     struct sc_view body, uint32_t timeout_ms, sc_pipeline_done done, void *context,
			     struct sc_error *err) SC_WARN_UNUSED;

/* -- keys: loaded again by themselves, once per request, if the module answers NOT_LOADED ------- */

/*
 * A key in use. All of it is borrowed; whatever a request still needs after its function has returned is
 * copied.
 */
struct sc_pipeline_key {
	struct sc_hash digest; /* SHA-256 of the blob: the module's name for the key */
	struct sc_view blob;
	struct sc_view owner; /* DER; empty for keys without an owner */
};

/* As sc_pipeline_submit; timeout_ms covers all steps together. The reply is the signature. */
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
 * Imports a transfer package with the Key Exchange Key `kek` for `owner` (DER; the owner of the new key, not
 * of the KEK). The reply is the answer's body, for sc_transfer_import_response_read.
 */
sc_status sc_pipeline_key_import(struct sc_pipeline *pipeline, const struct sc_pipeline_key *kek,
				 struct sc_view owner, struct sc_view package, uint32_t timeout_ms,
				 sc_pipeline_done done, void *context, struct sc_error *err) SC_WARN_UNUSED;

/* -- for threads that may wait ------------------------------------------------------------------ */

/*
 * Turns any function above into one that waits. Pass it sc_pipeline_wake as `done` and a started waiter as
 * its context. If it returns SC_OK, sc_pipeline_wait returns what the callback was given. Not on the
 * pipeline's thread.
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

/* As sc_pipeline_submit, but waits. *reply is the answer's body, which the caller releases. */
sc_status sc_pipeline_call(struct sc_pipeline *pipeline, enum sc_command command, uint64_t authority,
			   struct sc_view body, uint32_t timeout_ms, struct sc_bytes *reply,
			   struct sc_error *err) SC_WARN_UNUSED;

/* As sc_pipeline_key_sign, but waits. */
sc_status sc_pipeline_key_sign_call(struct sc_pipeline *pipeline, const struct sc_pipeline_key *key,
				    enum sc_mechanism mechanism, struct sc_view data, uint32_t timeout_ms,
				    struct sc_bytes *signature, struct sc_error *err) SC_WARN_UNUSED;

#endif
