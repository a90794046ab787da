/*
 * Keys in use, on a pipeline. A request that finds its key evicted loads it and is sent once more, within the
 * request's own time limit. Each request is an operation that goes from callback to callback and is owned by
 * the pending one.
 */
#include "client/pipeline.h"

#include <stdlib.h>

#include "base/clock.h"
#include "client/key_request.h"

enum stage {
	FIRST,
	LOADING,
	AGAIN,
};

struct operation {
	struct sc_pipeline *pipeline;
	enum stage stage;
	enum sc_command command;
	struct sc_hash digest;
	struct sc_bytes blob;
	struct sc_bytes body; /* of the request */
	int64_t deadline;
	sc_pipeline_done done;
	void *context;
};

static void free_operation(struct operation *operation)
{
	if (!operation)
		return;
	sc_bytes_free(&operation->blob);
	sc_bytes_free(&operation->body);
	free(operation);
}
SC_CLEANUP_POINTER(operation, struct operation, free_operation)

/* -- the end --------------------------------------------------------------------------------------- */

static void fail(struct operation *operation, const struct sc_error *err)
{
	operation->done(operation->context, err->status, err, (struct sc_view){ 0 });
	free_operation(operation);
}

static void succeed(struct operation *operation, struct sc_view body)
{
	struct sc_error error = { 0 };
	struct sc_view result = { 0 };

	if (sc_client_key_result(sc_pipeline_path(operation->pipeline), operation->command, body, &result,
				 &error) != SC_OK) {
		fail(operation, &error);
		return;
	}
	operation->done(operation->context, SC_OK, &error, result);
	free_operation(operation);
}

/* -- from one request to the next ------------------------------------------------------------------ */

static void go_on(void *context, sc_status status, const struct sc_error *err, struct sc_view reply);

/* Sends the request of an operation's stage. On SC_OK, the operation continues in go_on. */
static sc_status ask(struct operation *operation, enum sc_command command, struct sc_view body,
		     struct sc_error *err)
{
	int64_t left = operation->deadline - sc_clock_monotonic();

	SC_ENSURE(left > 0, err, SC_ERR_TIMEOUT, "%s: the module did not answer in time",
		  sc_pipeline_path(operation->pipeline));
	return sc_pipeline_submit(operation->pipeline, command, 0, body,
				  (uint32_t)(left / (SC_SECOND / 1000)) + 1, go_on, operation, err);
}

static sc_status load(struct operation *operation, struct sc_error *err)
{
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	SC_TRY(sc_client_key_load_write(sc_bytes_view(&operation->blob), &body, err));
	operation->stage = LOADING;
	return ask(operation, SC_COMMAND_KEY_LOAD, sc_writer_view(&body), err);
}

static sc_status repeat(struct operation *operation, struct sc_view loaded, struct sc_error *err)
{
	SC_TRY(
	    sc_client_key_load_check(sc_pipeline_path(operation->pipeline), &operation->digest, loaded, err));
	operation->stage = AGAIN;
	return ask(operation, operation->command, sc_bytes_view(&operation->body), err);
}

static void go_on(void *context, sc_status status, const struct sc_error *err, struct sc_view reply)
{
	struct operation *operation = context;
	struct sc_error error = { 0 };

	if (operation->stage == FIRST && status == SC_ERR_NOT_LOADED)
		status = load(operation, &error);
	else if (operation->stage == LOADING && status == SC_OK)
		status = repeat(operation, reply, &error);
	else if (status == SC_OK) {
		succeed(operation, reply);
		return;
	} else {
		fail(operation, err);
		return;
	}
	/* Nothing was sent, so we still own it. */
	if (status != SC_OK)
		fail(operation, &error);
}

/* -- the beginning --------------------------------------------------------------------------------- */

/* Copies the body. */
static sc_status start(struct sc_pipeline *pipeline, const struct sc_pipeline_key *key,
		       enum sc_command command, struct sc_writer *body, uint32_t timeout_ms,
		       sc_pipeline_done done, void *context, struct sc_error *err)
{
	SC_CLEANUP(operation) operation = calloc(1, sizeof *operation);

	SC_ENSURE(operation, err, SC_ERR_MEMORY, "out of memory for a request");
	SC_ENSURE(!body->failed, err, SC_ERR_TOO_LARGE, "a field is longer than the module accepts");
	operation->pipeline = pipeline;
	operation->command = command;
	operation->digest = key->digest;
	operation->deadline = sc_clock_monotonic() + timeout_ms * (SC_SECOND / 1000);
	operation->done = done;
	operation->context = context;
	SC_TRY(sc_bytes_copy(key->blob, &operation->blob, err));
	SC_TRY(sc_bytes_copy(sc_writer_view(body), &operation->body, err));
	SC_TRY(sc_pipeline_submit(pipeline, command, 0, sc_writer_view(body), timeout_ms, go_on, operation,
				  err));
	/* Its callbacks own it now, and may already have freed it. */
	(void)sc_steal(operation);
	return SC_OK;
}

sc_status sc_pipeline_key_sign(struct sc_pipeline *pipeline, const struct sc_pipeline_key *key,
			       enum sc_mechanism mechanism, struct sc_view data, uint32_t timeout_ms,
			       sc_pipeline_done done, void *context, struct sc_error *err)
{
	const struct sc_sign_request request = { key->digest, key->owner, mechanism, data };
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	sc_sign_request_write(&body, &request);
	return start(pipeline, key, SC_COMMAND_SIGN, &body, timeout_ms, done, context, err);
}

sc_status sc_pipeline_key_decrypt(struct sc_pipeline *pipeline, const struct sc_pipeline_key *key,
				  enum sc_mechanism mechanism, struct sc_view data, uint32_t timeout_ms,
				  sc_pipeline_done done, void *context, struct sc_error *err)
{
	const struct sc_decrypt_request request = { key->digest, key->owner, mechanism, data };
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	sc_decrypt_request_write(&body, &request);
	return start(pipeline, key, SC_COMMAND_DECRYPT, &body, timeout_ms, done, context, err);
}

sc_status sc_pipeline_key_attest(struct sc_pipeline *pipeline, const struct sc_pipeline_key *key,
				 struct sc_view nonce, uint32_t timeout_ms, sc_pipeline_done done,
				 void *context, struct sc_error *err)
{
	const struct sc_key_attest_request request = { key->digest, key->owner, nonce };
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	sc_key_attest_request_write(&body, &request);
	return start(pipeline, key, SC_COMMAND_KEY_ATTEST, &body, timeout_ms, done, context, err);
}

sc_status sc_pipeline_key_import(struct sc_pipeline *pipeline, const struct sc_pipeline_key *kek,
				 struct sc_view owner, struct sc_view package, uint32_t timeout_ms,
				 sc_pipeline_done done, void *context, struct sc_error *err)
{
	const struct sc_transfer_import_request request = { kek->digest, owner, package };
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);

	sc_transfer_import_request_write(&body, &request);
	return start(pipeline, kek, SC_COMMAND_TRANSFER_IMPORT, &body, timeout_ms, done, context, err);
}
