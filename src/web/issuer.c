/*
 * The table of issuers: see issuer.h. Once it has been started its rows do not change; their keys are in
 * sources (key_source.h), one for each URL.
 */
#include "web/issuer_keys.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "web/issuer_name.h"
#include "web/key_source.h"

#define ISSUERS_MAX 64
#define HTTPS       "https://"
#define FETCHES     2 /* at a time, so that hosts which do not answer leave workers to other jobs */

struct row {
	char *issuer;
	char **tenant;
	size_t tenant_count;
	struct sc_web_key_source *keys; /* one of the table's */
};

struct sc_web_issuers {
	struct sc_web_gate *gate; /* of the fetches */
	struct sc_web_key_source *source[ISSUERS_MAX];
	size_t source_count;
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
	*out = issuers;
	return SC_OK;
}

static void free_row(struct row *row)
{
	free(row->issuer);
	for (size_t i = 0; i < row->tenant_count; i++)
		free(row->tenant[i]);
	free(row->tenant);
	*row = (struct row){ 0 };
}

void sc_web_issuers_free(struct sc_web_issuers *issuers)
{
	if (!issuers)
		return;
	for (size_t i = 0; i < issuers->count; i++)
		free_row(&issuers->row[i]);
	for (size_t i = 0; i < issuers->source_count; i++)
		sc_web_key_source_free(issuers->source[i]);
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

/* The source of those keys, a new one if there is none yet. */
static sc_status find_source(struct sc_web_issuers *issuers, const struct sc_web_issuer_settings *settings,
			     struct sc_web_key_source **out, struct sc_error *err)
{
	for (size_t i = 0; settings->keys_url && i < issuers->source_count; i++)
		if (sc_web_key_source_is(issuers->source[i], settings->keys_url, settings->ca)) {
			*out = issuers->source[i];
			return SC_OK;
		}
	SC_TRY(sc_web_key_source_new(settings->keys_url, settings->ca, settings->saved, out, err));
	issuers->source[issuers->source_count++] = *out;
	return SC_OK;
}

static bool copy_row(struct row *row, const struct sc_web_issuer_settings *settings)
{
	row->issuer = strdup(settings->issuer);
	if (!row->issuer)
		return false;
	row->tenant = calloc(settings->tenant_count, sizeof *row->tenant);
	if (!row->tenant && settings->tenant_count > 0)
		return false;
	for (size_t i = 0; i < settings->tenant_count; i++) {
		row->tenant[i] = strdup(settings->tenants[i]);
		if (!row->tenant[i])
			return false;
		row->tenant_count = i + 1;
	}
	return true;
}

sc_status sc_web_issuers_add(struct sc_web_issuers *issuers, const struct sc_web_issuer_settings *settings,
			     struct sc_error *err)
{
	struct row *row = &issuers->row[issuers->count];
	sc_status status;

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
	status = copy_row(row, settings)
		     ? find_source(issuers, settings, &row->keys, err)
		     : sc_fail(err, SC_ERR_MEMORY, "out of memory for the table of issuers");
	if (status == SC_OK)
		issuers->count++;
	else
		free_row(row);
	return status;
}

/* -- keys -------------------------------------------------------------------------------------- */

sc_status sc_web_issuers_set_keys(struct sc_web_issuers *issuers, const char *issuer, struct sc_view jwks,
				  struct sc_error *err)
{
	struct row *row = find_row(issuers, issuer);

	SC_ENSURE(row, err, SC_ERR_NOT_FOUND, "%s: no such issuer", issuer);
	return sc_web_key_source_set(row->keys, jwks, err);
}

void sc_web_issuers_start(struct sc_web_issuers *issuers, struct sc_web_server *server)
{
	for (size_t i = 0; i < issuers->source_count; i++)
		sc_web_key_source_start(issuers->source[i], server, issuers->gate);
}

/* -- for tokens -------------------------------------------------------------------------------- */

sc_status sc_web_issuers_find_keys(struct sc_web_issuers *issuers, const char *issuer, const char *kid,
				   struct sc_web_key_set **out, struct sc_error *err)
{
	char tenant[SC_GUID_SIZE];
	struct row *row = find_row_of(issuers, issuer, tenant);

	SC_ENSURE(row, err, SC_ERR_TOKEN, "its issuer is not trusted here");
	return sc_web_key_source_find(row->keys, kid, out, err);
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
