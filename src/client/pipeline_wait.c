/* Waiting for a pipeline's answer, for threads that may block: see pipeline.h. */
#include "client/pipeline.h"

void sc_pipeline_waiter_start(struct sc_pipeline_waiter *waiter)
{
	*waiter = (struct sc_pipeline_waiter){ 0 };
	pthread_mutex_init(&waiter->mutex, NULL);
	pthread_cond_init(&waiter->woken, NULL);
}

void sc_pipeline_waiter_free(struct sc_pipeline_waiter *waiter)
{
	pthread_cond_destroy(&waiter->woken);
	pthread_mutex_destroy(&waiter->mutex);
	sc_bytes_free(&waiter->reply);
}

void sc_pipeline_wake(void *context, sc_status status, const struct sc_error *err, struct sc_view reply)
{
	struct sc_pipeline_waiter *waiter = context;

	pthread_mutex_lock(&waiter->mutex);
	waiter->error = *err;
	waiter->status = status;
	if (status == SC_OK)
		waiter->status = sc_bytes_copy(reply, &waiter->reply, &waiter->error);
	waiter->is_done = true;
	/* Signalled under the lock: the waiter may be freed as soon as the lock is released. */
	pthread_cond_signal(&waiter->woken);
	pthread_mutex_unlock(&waiter->mutex);
}

sc_status sc_pipeline_wait(struct sc_pipeline_waiter *waiter, struct sc_bytes *reply, struct sc_error *err)
{
	pthread_mutex_lock(&waiter->mutex);
	while (!waiter->is_done)
		pthread_cond_wait(&waiter->woken, &waiter->mutex);
	pthread_mutex_unlock(&waiter->mutex);
	if (waiter->status != SC_OK) {
		if (err)
			*err = waiter->error;
		return waiter->status;
	}
	*reply = sc_steal(waiter->reply);
	return SC_OK;
}

sc_status sc_pipeline_call(struct sc_pipeline *pipeline, enum sc_command command, uint64_t authority,
			   struct sc_view body, uint32_t timeout_ms, struct sc_bytes *reply,
			   struct sc_error *err)
{
	SC_CLEANUP(sc_pipeline_waiter) waiter;

	sc_pipeline_waiter_start(&waiter);
	SC_TRY(sc_pipeline_submit(pipeline, command, authority, body, timeout_ms, sc_pipeline_wake, &waiter,
				  err));
	return sc_pipeline_wait(&waiter, reply, err);
}

sc_status sc_pipeline_key_sign_call(struct sc_pipeline *pipeline, const struct sc_pipeline_key *key,
				    enum sc_mechanism mechanism, struct sc_view data, uint32_t timeout_ms,
				    struct sc_bytes *signature, struct sc_error *err)
{
	SC_CLEANUP(sc_pipeline_waiter) waiter;

	sc_pipeline_waiter_start(&waiter);
	SC_TRY(
	    sc_pipeline_key_sign(pipeline, key, mechanism, data, timeout_ms, sc_pipeline_wake, &waiter, err));
	return sc_pipeline_wait(&waiter, signature, err);
}
