/*
 * The table of issuers: see issuer.h. Once it has been started its rows do not change, except for their keys,
 * which are replaced as a whole under the lock. A fetch is a job on the server's slow lane, behind a
 * gate; each issuer has at most one at a time.
 */
#include "web/issuer_keys.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "web/fetch.h"
#include "web/issuer_name.h"

#define ISSUERS_MAX 64
#define HTTPS       "https://"
#define FETCHES     2 /* at a time, so that hosts which do not answer leave workers to other jobs */

struct row {
	struct sc_web_issuers *issuers;
	char *issuer;
	char *keys_url; /* NULL: keys are set by the caller */
	char *ca;
	char **tenant;
	size_t tenant_count;
	/* Guarded by the lock. */
	struct sc_web_key_set *keys; /* NULL: none yet */
	int64_t fetched_at; /* when the last fetch succeeded; 0: never. Monotonic time, like the next. */
	int64_t tried_at;   /* when the last fetch began; 0: never */
	bool is_fetching;
};

struct sc_web_issuers {
	pthread_mutex_t lock;
	struct sc_web_server *server; /* NULL: not started */
	struct sc_web_gate *gate;     /* of the fetches */
	struct row row[ISSUERS_MAX];
	size_t count;
};

/* -- the table --------------------------------------------------------------------------------- */

sc_status sc_web_issuers_new(struct sc_web_issuers **out, struct sc_error *err)
{
	struct sc_web_issuers *issuers = calloc(1, sizeof *issuers);
	sc_status status;

	SC_ENSURE(issuers, err, SC_ERR_MEMORY, "out of memory for the table of issuers");
	status = sc_web_gate_new(FETCHES, &issuers->gate, err);
	if (status != SC_OK) {
		free(issuers);
		return status;
	}
	pthread_mutex_init(&issuers->lock, NULL);
	*out = issuers;
	return SC_OK;
}

static void free_row(struct row *row)
{
	free(row->issuer);
	free(row->keys_url);
	free(row->ca);
	for (size_t i = 0; i < row->tenant_count; i++)
		free(row->tenant[i]);
	free(row->tenant);
	sc_web_key_set_release(row->keys);
}

void sc_web_issuers_free(struct sc_web_issuers *issuers)
{
	if (!issuers)
		return;
	for (size_t i = 0; i < issuers->count; i++)
		free_row(&issuers->row[i]);
	pthread_mutex_destroy(&issuers->lock);
	sc_web_gate_free(issuers->gate);
	free(issuers);
}

/* The row that was added under that name, which may be a pattern. */
static struct row *find_row(struct sc_web_issuers *issuers, const char *issuer)
{
	for (size_t i = 0; i < issuers->count; i++)
		if (strcmp(issuers->row[i].issuer, issuer) == 0)
			return &issuers->row[i];
	return NULL;
}

/*
 * The row of a token's issuer, and the tenant in its name; "" for a row that is not a pattern. Such a row is
 * preferred. A pattern itself is nobody's issuer.
 */
static struct row *find_row_of(struct sc_web_issuers *issuers, const char *issuer, char tenant[SC_GUID_SIZE])
{
	struct row *row = sc_web_issuer_is_pattern(issuer) ? NULL : find_row(issuers, issuer);

	tenant[0] = '\0';
	for (size_t i = 0; !row && i < issuers->count; i++)
		if (sc_web_issuer_read(issuers->row[i].issuer, issuer, tenant))
			row = &issuers->row[i];
	return row;
}

static bool copy_text(const char *text, char **out)
{
	*out = text ? strdup(text) : NULL;
	return !text || *out;
}

static bool copy_row(struct row *row, const struct sc_web_issuer_settings *settings)
{
	if (!copy_text(settings->issuer, &row->issuer) || !copy_text(settings->keys_url, &row->keys_url) ||
	    !copy_text(settings->ca, &row->ca))
		return false;
	row->tenant = calloc(settings->tenant_count, sizeof *row->tenant);
	if (!row->tenant && settings->tenant_count > 0)
		return false;
	for (; row->tenant_count < settings->tenant_count; row->tenant_count++)
		if (!copy_text(settings->tenants[row->tenant_count], &row->tenant[row->tenant_count]))
			return false;
	return true;
}

sc_status sc_web_issuers_add(struct sc_web_issuers *issuers, const struct sc_web_issuer_settings *settings,
			     struct sc_error *err)
{
	struct row *row = &issuers->row[issuers->count];

	SC_ENSURE(issuers->count < ISSUERS_MAX, err, SC_ERR_ARGUMENT, "more than %d issuers", ISSUERS_MAX);
	SC_ENSURE(settings->issuer && settings->issuer[0], err, SC_ERR_ARGUMENT, "an issuer without a name");
	SC_ENSURE(!find_row(issuers, settings->issuer), err, SC_ERR_EXISTS, "%s: listed twice",
		  settings->issuer);
	SC_ENSURE((settings->tenant_count == 0) == sc_web_issuer_is_pattern(settings->issuer), err,
		  SC_ERR_ARGUMENT, "%s: needs either at least one tenant or the place " SC_WEB_ISSUER_TENANT,
		  settings->issuer);
	SC_ENSURE(!settings->keys_url || !strncmp(settings->keys_url, HTTPS, strlen(HTTPS)), err,
		  SC_ERR_ARGUMENT, "%s: the URL of its keys must begin with https://", settings->issuer);
	SC_ENSURE(!settings->keys_url || settings->ca, err, SC_ERR_ARGUMENT,
		  "%s: needs the certificate of the authority that is trusted for the URL of its keys",
		  settings->issuer);
	if (!copy_row(row, settings)) {
		free_row(row);
		*row = (struct row){ 0 };
		return sc_fail(err, SC_ERR_MEMORY, "out of memory for the table of issuers");
	}
	row->issuers = issuers;
	issuers->count++;
	return SC_OK;
}

/* -- keys -------------------------------------------------------------------------------------- */

/* Takes ownership of the set. */
static void replace_keys(struct row *row, struct sc_web_key_set *set)
{
	struct sc_web_key_set *old;

	pthread_mutex_lock(&row->issuers->lock);
	old = row->keys;
	row->keys = set;
	row->fetched_at = sc_clock_monotonic();
	pthread_mutex_unlock(&row->issuers->lock);
	sc_web_key_set_release(old);
}

sc_status sc_web_issuers_set_keys(struct sc_web_issuers *issuers, const char *issuer, struct sc_view jwks,
				  struct sc_error *err)
{
	struct sc_web_key_set *set = NULL;
	struct row *row = find_row(issuers, issuer);

	SC_ENSURE(row, err, SC_ERR_NOT_FOUND, "%s: no such issuer", issuer);
	SC_TRY(sc_web_key_set_read(jwks, &set, err));
	replace_keys(row, set);
	return SC_OK;
}

/* The lock is not held. */
static void end_fetch(struct row *row)
{
	pthread_mutex_lock(&row->issuers->lock);
	row->is_fetching = false;
	pthread_mutex_unlock(&row->issuers->lock);
}

static void fetch(void *context)
{
	struct row *row = context;
	struct sc_web_key_set *set = NULL;
	SC_CLEANUP(sc_bytes) jwks = { 0 };
	struct sc_error err = { 0 };
	sc_status status = sc_web_fetch(row->keys_url, row->ca, &jwks, &err);

	if (status == SC_OK)
		status = sc_web_key_set_read(sc_bytes_view(&jwks), &set, &err);
	if (status == SC_OK)
		replace_keys(row, set);
	else
		sc_log(SC_LOG_WARNING, "cannot renew the keys of %s: %s", row->issuer, err.message);
	end_fetch(row);
}

static void give_up_fetch(void *context, const struct sc_error *why)
{
	(void)why;
	end_fetch(context);
}

static const struct sc_web_job fetching = { .run = fetch, .give_up = give_up_fetch };

/* The lock is held. Queues a fetch, unless one is queued or running, or began only a moment ago. */
static void want_fetch(struct row *row)
{
	int64_t now = sc_clock_monotonic();
	struct sc_error err = { 0 };

	if (!row->keys_url || !row->issuers->server || row->is_fetching ||
	    (row->tried_at && now - row->tried_at < SC_WEB_ISSUER_PAUSE * SC_SECOND))
		return;
	row->is_fetching = true;
	row->tried_at = now;
	if (sc_web_run_own(row->issuers->server, SC_WEB_SLOW, row->issuers->gate, &fetching, row, &err) ==
	    SC_OK)
		return;
	row->is_fetching = false;
	sc_log(SC_LOG_WARNING, "cannot renew the keys of %s: %s", row->issuer, err.message);
}

void sc_web_issuers_start(struct sc_web_issuers *issuers, struct sc_web_server *server)
{
	pthread_mutex_lock(&issuers->lock);
	issuers->server = server;
	for (size_t i = 0; i < issuers->count; i++)
		want_fetch(&issuers->row[i]);
	pthread_mutex_unlock(&issuers->lock);
}

/* -- for tokens -------------------------------------------------------------------------------- */

/*
 * The lock is held. True while an unknown key may still turn out to be one of the issuer's, because a fetch
 * is in progress or the last one failed.
 */
static bool may_be_behind(const struct row *row)
{
	return row->keys_url && (row->is_fetching || row->fetched_at < row->tried_at || !row->fetched_at);
}

sc_status sc_web_issuers_find_keys(struct sc_web_issuers *issuers, const char *issuer, const char *kid,
				   struct sc_web_key_set **out, struct sc_error *err)
{
	char tenant[SC_GUID_SIZE];
	struct row *row = find_row_of(issuers, issuer, tenant);
	bool is_known;
	bool is_behind;

	SC_ENSURE(row, err, SC_ERR_TOKEN, "its issuer is not trusted here");
	pthread_mutex_lock(&issuers->lock);
	is_known = row->keys && sc_web_key_set_find(row->keys, kid);
	if (!is_known || sc_clock_monotonic() - row->fetched_at > SC_WEB_ISSUER_LIFE * SC_SECOND)
		want_fetch(row);
	is_behind = may_be_behind(row);
	if (is_known)
		*out = sc_web_key_set_hold(row->keys);
	pthread_mutex_unlock(&issuers->lock);
	SC_ENSURE(is_known || !is_behind, err, SC_ERR_UNAVAILABLE,
		  "the keys of its issuer are being fetched: try again");
	SC_ENSURE(is_known, err, SC_ERR_TOKEN, "its issuer has no such key");
	return SC_OK;
}

bool sc_web_issuers_has_tenant(struct sc_web_issuers *issuers, const char *issuer, const char *tenant)
{
	char named[SC_GUID_SIZE];
	const struct row *row = find_row_of(issuers, issuer, named);

	if (named[0])
		return strcasecmp(named, tenant) == 0;
	for (size_t i = 0; row && i < row->tenant_count; i++)
		if (strcasecmp(row->tenant[i], tenant) == 0)
			return true;
	return false;
}
