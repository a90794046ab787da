/*
 * The keys of issuers: see key_source.h. They are replaced as a whole under the lock. A fetch is a job on the
 * server's slow lane; there is at most one at a time.
 */
#include "web/key_source.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "web/fetch.h"
#include "web/saved_keys.h"
#include "web/server_state.h"

#define RETRY 1 /* seconds after a fetch that failed */

struct sc_web_key_source {
	char *url; /* NULL: the caller sets the keys. Like the next three, it does not change. */
	char *ca;
	char *saved;
	struct sc_web_server *server; /* NULL: not started */
	struct sc_web_gate *gate;
	struct sc_web_timer retry;
	bool has_said;               /* that the last fetch failed; only for the job, of which there is one */
	pthread_mutex_t lock;        /* guards what follows */
	struct sc_web_key_set *keys; /* NULL: none yet */
	int64_t fetched_at;          /* when they were confirmed last. Monotonic time, like the next. */
	int64_t tried_at;            /* when the last fetch began; 0: never */
	bool is_fetching;
	bool has_failed; /* the last fetch, or there was none */
};

/* -- its life ---------------------------------------------------------------------------------- */

static bool copy_text(const char *text, char **out)
{
	*out = text ? strdup(text) : NULL;
	return !text || *out;
}

static void load_saved(struct sc_web_key_source *source)
{
	struct sc_error err = { 0 };
	int64_t age = 0;
	sc_status status = sc_web_saved_keys_read(source->saved, source->url, SC_WEB_ISSUER_TRUST,
						  &source->keys, &age, &err);

	source->fetched_at = sc_clock_monotonic() - age * SC_SECOND;
	if (status != SC_OK && status != SC_ERR_NOT_FOUND)
		sc_log(SC_LOG_WARNING, "the issuers' keys will be fetched: %s", err.message);
}

sc_status sc_web_key_source_new(const char *url, const char *ca, const char *saved,
				struct sc_web_key_source **out, struct sc_error *err)
{
	SC_CLEANUP(sc_web_key_source) source = calloc(1, sizeof *source);

	SC_ENSURE(source, err, SC_ERR_MEMORY, "out of memory for the keys of an issuer");
	pthread_mutex_init(&source->lock, NULL);
	SC_ENSURE(copy_text(url, &source->url) && copy_text(ca, &source->ca) &&
		      copy_text(saved, &source->saved),
		  err, SC_ERR_MEMORY, "out of memory for the keys of an issuer");
	source->has_failed = true;
	if (source->url && source->saved)
		load_saved(source);
	*out = sc_steal(source);
	return SC_OK;
}

void sc_web_key_source_free(struct sc_web_key_source *source)
{
	if (!source)
		return;
	free(source->url);
	free(source->ca);
	free(source->saved);
	sc_web_key_set_release(source->keys);
	pthread_mutex_destroy(&source->lock);
	free(source);
}

bool sc_web_key_source_is(const struct sc_web_key_source *source, const char *url, const char *ca)
{
	return source->url && strcmp(source->url, url) == 0 && strcmp(source->ca, ca) == 0;
}

/* -- fetching ---------------------------------------------------------------------------------- */

/* Takes ownership of the set. */
static void replace_keys(struct sc_web_key_source *source, struct sc_web_key_set *set)
{
	struct sc_web_key_set *old;

	pthread_mutex_lock(&source->lock);
	old = source->keys;
	source->keys = set;
	source->fetched_at = sc_clock_monotonic();
	source->has_failed = false;
	pthread_mutex_unlock(&source->lock);
	sc_web_key_set_release(old);
}

sc_status sc_web_key_source_set(struct sc_web_key_source *source, struct sc_view jwks, struct sc_error *err)
{
	struct sc_web_key_set *set = NULL;

	SC_TRY(sc_web_key_set_read(jwks, &set, err));
	replace_keys(source, set);
	return SC_OK;
}

static sc_status fetch_keys(struct sc_web_key_source *source, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) jwks = { 0 };
	struct sc_error why = { 0 };

	SC_TRY(sc_web_fetch(source->url, source->ca, &jwks, err));
	SC_TRY(sc_web_key_source_set(source, sc_bytes_view(&jwks), err));
	/* The keys are good. At worst, they are fetched again after a restart. */
	if (source->saved &&
	    sc_web_saved_keys_write(source->saved, source->url, sc_bytes_view(&jwks), &why) != SC_OK)
		sc_log(SC_LOG_WARNING, "the issuers' keys are not kept for the next start: %s", why.message);
	return SC_OK;
}

static void want_fetch(struct sc_web_key_source *source);

static void try_again(void *context)
{
	struct sc_web_key_source *source = context;

	pthread_mutex_lock(&source->lock);
	want_fetch(source);
	pthread_mutex_unlock(&source->lock);
}

/* The lock is not held. Without keys nobody can sign in, so the next fetch does not wait for a token. */
static void end_fetch(struct sc_web_key_source *source, bool is_good)
{
	bool has_keys;

	pthread_mutex_lock(&source->lock);
	source->is_fetching = false;
	source->has_failed = !is_good;
	has_keys = source->keys != NULL;
	pthread_mutex_unlock(&source->lock);
	if (!has_keys)
		(void)sc_web_timer_set(source->server->deadlines, &source->retry,
				       sc_clock_monotonic() + RETRY * SC_SECOND, try_again, source);
}

static void fetch(void *context)
{
	struct sc_web_key_source *source = context;
	struct sc_error err = { 0 };
	bool is_good = fetch_keys(source, &err) == SC_OK;

	/* It may be said again only once it was not true. */
	if (!is_good && !source->has_said)
		sc_log(SC_LOG_WARNING, "cannot renew the issuers' keys: %s", err.message);
	source->has_said = !is_good;
	end_fetch(source, is_good);
}

static void give_up_fetch(void *context, const struct sc_error *why)
{
	(void)why;
	end_fetch(context, false);
}

static const struct sc_web_job fetching = { .run = fetch, .give_up = give_up_fetch };

/* The lock is held. Queues a fetch, unless one is queued or running, or began only a moment ago. */
static void want_fetch(struct sc_web_key_source *source)
{
	int64_t pause = source->has_failed ? RETRY : SC_WEB_ISSUER_PAUSE;
	int64_t now = sc_clock_monotonic();
	struct sc_error err = { 0 };
	sc_status status;

	if (!source->url || !source->server || source->is_fetching ||
	    (source->tried_at && now - source->tried_at < pause * SC_SECOND))
		return;
	source->is_fetching = true;
	source->tried_at = now;
	status = sc_web_run_own(source->server, SC_WEB_SLOW, source->gate, &fetching, source, &err);
	if (status == SC_OK)
		return;
	source->is_fetching = false;
	if (status != SC_ERR_STATE) /* the service is stopping */
		sc_log(SC_LOG_WARNING, "cannot renew the issuers' keys: %s", err.message);
}

void sc_web_key_source_start(struct sc_web_key_source *source, struct sc_web_server *server,
			     struct sc_web_gate *gate)
{
	pthread_mutex_lock(&source->lock);
	source->server = server;
	source->gate = gate;
	want_fetch(source);
	pthread_mutex_unlock(&source->lock);
}

/* -- for tokens -------------------------------------------------------------------------------- */

sc_status sc_web_key_source_find(struct sc_web_key_source *source, const char *kid,
				 struct sc_web_key_set **out, struct sc_error *err)
{
	int64_t age;
	bool is_known;
	bool is_behind; /* an unknown key may still turn out to be one of the issuer's */

	pthread_mutex_lock(&source->lock);
	age = source->url ? sc_clock_monotonic() - source->fetched_at : 0;
	is_known =
	    source->keys && age <= SC_WEB_ISSUER_TRUST * SC_SECOND && sc_web_key_set_find(source->keys, kid);
	if (!is_known || age > SC_WEB_ISSUER_LIFE * SC_SECOND)
		want_fetch(source);
	is_behind = source->url && (source->is_fetching || source->has_failed);
	if (is_known)
		*out = sc_web_key_set_hold(source->keys);
	pthread_mutex_unlock(&source->lock);
	SC_ENSURE(is_known || !is_behind, err, SC_ERR_UNAVAILABLE,
		  "the keys of its issuer are being fetched: try again");
	SC_ENSURE(is_known, err, SC_ERR_TOKEN, "its issuer has no such key");
	return SC_OK;
}
