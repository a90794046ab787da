/* Accounts: see account.h. */
#include "azure/account.h"

#include <ctype.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "azure/service_answer.h"
#include "azure/url.h"
#include "base/visible.h"
#include "formats/transfer_package.h"

/* The public client id of the PowerShell cmdlets, by which services recognise them. */
#define CLIENT_ID "1950a258-227b-4e31-a9cf-717495945fc2"

#define TOKEN_MAX     16384
#define AUDIENCES_MAX 4
#define FORM          "application/x-www-form-urlencoded"

struct access {
	char audience[SC_AZURE_URL_SIZE];
	struct sc_bytes token; /* terminated */
};

struct sc_azure_account {
	struct sc_azure_session session;
	struct sc_azure_https *https;
	struct access access[AUDIENCES_MAX];
	size_t access_count;
};

static void wipe_and_free(void *memory)
{
	if (memory)
		OPENSSL_cleanse(memory, malloc_usable_size(memory));
	free(memory);
}

/* Makes jansson wipe what it frees, because tokens pass through its strings. Call before reading a token. */
static void wipe_json(void)
{
	json_set_alloc_funcs(malloc, wipe_and_free);
}

static sc_status account_new(const char *ca, struct sc_azure_account **out, struct sc_error *err)
{
	SC_CLEANUP(sc_azure_account) account = calloc(1, sizeof *account);

	SC_TRY(sc_check_allocated(account, err));
	SC_TRY(sc_azure_https_open(ca && *ca ? ca : NULL, &account->https, err));
	*out = sc_steal(account);
	return SC_OK;
}

void sc_azure_account_free(struct sc_azure_account *account)
{
	if (!account)
		return;
	for (size_t i = 0; i < account->access_count; i++)
		sc_bytes_free(&account->access[i].token);
	sc_azure_session_free(&account->session);
	sc_azure_https_free(account->https);
	free(account);
}

const struct sc_azure_session *sc_azure_account_session(const struct sc_azure_account *account)
{
	return &account->session;
}

/* Reads the token endpoint from the authority's metadata (OpenID Connect Discovery 1.0, section 4). */
static sc_status discover(struct sc_azure_account *account, struct sc_error *err)
{
	struct sc_azure_session *session = &account->session;
	SC_CLEANUP(sc_azure_https_answer) answer = { 0 };
	SC_CLEANUP(sc_json) metadata = NULL;
	char url[SC_AZURE_URL_SIZE];
	struct sc_azure_https_request request = { .method = "GET", .url = url };
	const char *endpoint = NULL;

	SC_TRY(sc_azure_url_make(url, err, "%s/.well-known/openid-configuration", session->authority));
	SC_TRY(sc_azure_https_send(account->https, &request, &answer, err));
	SC_TRY(sc_azure_answer_read(&answer, session->authority, &metadata, err));
	SC_TRY(sc_json_text(metadata, "token_endpoint", SC_AZURE_SESSION_TEXT_SIZE - 1, SC_JSON_NEEDED,
			    &endpoint, err));
	SC_ENSURE(sc_azure_url_same_origin(endpoint, session->authority), err, SC_ERR_HTTP,
		  "%s: the token endpoint is on another host, which gets no password", session->authority);
	return sc_azure_session_set(session->token_endpoint, sizeof session->token_endpoint, endpoint,
				    "token_endpoint", err);
}

static sc_status ask_token(struct sc_azure_account *account, const struct sc_azure_form_field *fields,
			   size_t count, json_t **out, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) form = { 0 };
	SC_CLEANUP(sc_azure_https_answer) answer = { 0 };
	struct sc_azure_https_request request = { .method = "POST",
						  .url = account->session.token_endpoint,
						  .content_type = FORM };
	sc_status status;

	SC_TRY(sc_azure_form_make(fields, count, &form, err));
	request.body = sc_bytes_view(&form);
	SC_TRY(sc_azure_https_send(account->https, &request, &answer, err));
	status = sc_azure_answer_read(&answer, "sign-in", out, err);
	/* RFC 6749 section 5.2: a refused password or refresh token is a 400; callers get SC_ERR_TOKEN. */
	if (status == SC_ERR_HTTP && answer.status == 400) {
		status = SC_ERR_TOKEN;
		if (err)
			err->status = status;
	}
	return status;
}

/* Takes a token from the answer. Its characters are checked, because it will be put in a header or a form. */
static sc_status take_token(const json_t *answer, const char *name, enum sc_json_need need,
			    struct sc_bytes *out, struct sc_error *err)
{
	const char *token = NULL;

	SC_TRY(sc_json_text(answer, name, TOKEN_MAX, need, &token, err));
	if (!token)
		return SC_OK;
	SC_ENSURE(sc_azure_token_is_safe(token), err, SC_ERR_JSON, "sign-in: \"%s\" is not a token", name);
	sc_bytes_free(out);
	return sc_bytes_copy(sc_view_text(token), out, err);
}

static sc_status keep_access(struct sc_azure_account *account, const char *audience, const json_t *answer,
			     struct sc_error *err)
{
	struct access *access = &account->access[account->access_count];
	const char *type = NULL;

	SC_TRY(sc_json_text(answer, "token_type", 16, SC_JSON_NEEDED, &type, err));
	SC_ENSURE(strcasecmp(type, "Bearer") == 0, err, SC_ERR_JSON, "sign-in: unknown token type");
	SC_TRY(sc_azure_session_set(access->audience, sizeof access->audience, audience, "audience", err));
	SC_TRY(take_token(answer, "access_token", SC_JSON_NEEDED, &access->token, err));
	account->access_count++;
	return SC_OK;
}

/* Takes a GUID from the id token, in lower case. */
static sc_status take_guid(const json_t *claims, const char *name, char out[SC_GUID_SIZE],
			   struct sc_error *err)
{
	const char *value = NULL;

	SC_TRY(sc_json_text(claims, name, SC_GUID_SIZE - 1, SC_JSON_NEEDED, &value, err));
	SC_TRY(sc_azure_session_set(out, SC_GUID_SIZE, value, name, err));
	for (char *c = out; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	SC_ENSURE(sc_guid_is_lower(out), err, SC_ERR_JSON, "sign-in: \"%s\" is not a GUID", name);
	return SC_OK;
}

static sc_status take_claims(const json_t *claims, const char *user, struct sc_azure_session *session,
			     struct sc_error *err)
{
	const char *account = NULL;

	SC_TRY(take_guid(claims, "tid", session->tenant, err));
	SC_TRY(take_guid(claims, "oid", session->object_id, err));
	SC_TRY(sc_azure_answer_text(claims, "upn", SC_AZURE_SESSION_TEXT_SIZE - 1, SC_JSON_OPTIONAL, &account,
				    err));
	return sc_azure_session_set(session->account, sizeof session->account, account ? account : user,
				    "account", err);
}

/*
 * Reads who was signed in, according to the service. The id token came over TLS from the token endpoint
 * itself, so its signature need not be verified (OpenID Connect Core 1.0, section 3.1.3.7, step 6). It
 * decides only what is shown and whom a new vault's first policy names.
 */
static sc_status read_identity(const json_t *answer, const char *user, struct sc_azure_session *session,
			       struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) payload = { 0 };
	SC_CLEANUP(sc_json) claims = NULL;
	const char *token = NULL;
	const char *first, *second;

	SC_TRY(sc_json_text(answer, "id_token", TOKEN_MAX, SC_JSON_NEEDED, &token, err));
	first = strchr(token, '.');
	second = first ? strchr(first + 1, '.') : NULL;
	SC_ENSURE(second, err, SC_ERR_JSON, "sign-in: \"id_token\" is not a token");
	SC_TRY(
	    sc_base64url_read(sc_view_of(first + 1, (size_t)(second - first - 1)), TOKEN_MAX, &payload, err));
	SC_TRY(sc_json_read(sc_bytes_view(&payload), &claims, err));
	return take_claims(claims, user, session, err);
}

static sc_status set_place(const struct sc_azure_sign_in *where, struct sc_azure_session *session,
			   struct sc_error *err)
{
	char *manager_end;

	SC_ENSURE(sc_azure_url_is_base(where->authority), err, SC_ERR_ARGUMENT,
		  "%s: not a sign-in address like https://login.localhost:8444/adfs",
		  sc_shown(where->authority).s);
	SC_ENSURE(sc_azure_url_is_base(where->manager), err, SC_ERR_ARGUMENT,
		  "%s: not a Resource Manager address like https://management.localhost:8443",
		  sc_shown(where->manager).s);
	SC_TRY(sc_azure_session_set(session->authority, sizeof session->authority, where->authority,
				    "authority", err));
	SC_TRY(
	    sc_azure_session_set(session->manager, sizeof session->manager, where->manager, "manager", err));
	manager_end = session->manager + strlen(session->manager) - 1;
	if (*manager_end == '/')
		*manager_end = '\0';
	manager_end = session->authority + strlen(session->authority) - 1;
	if (*manager_end == '/')
		*manager_end = '\0';
	return sc_azure_session_set(session->ca, sizeof session->ca, where->ca ? where->ca : "", "CA file",
				    err);
}

/* The audience of the Resource Manager's tokens: its address with a final slash, as its other clients ask. */
static sc_status manager_audience(const struct sc_azure_session *session, char out[SC_AZURE_URL_SIZE],
				  struct sc_error *err)
{
	return sc_azure_url_make(out, err, "%s/", session->manager);
}

sc_status sc_azure_account_sign_in(const struct sc_azure_sign_in *where, const char *user,
				   const struct sc_secret *password, struct sc_azure_account **out,
				   struct sc_error *err)
{
	SC_CLEANUP(sc_azure_account) account = NULL;
	SC_CLEANUP(sc_json) answer = NULL;
	char audience[SC_AZURE_URL_SIZE];

	wipe_json();
	SC_ENSURE(*user && sc_view_is_text(sc_view_text(user)), err, SC_ERR_ARGUMENT,
		  "the user name is empty or contains control characters");
	SC_TRY(account_new(where->ca, &account, err));
	SC_TRY(set_place(where, &account->session, err));
	SC_TRY(manager_audience(&account->session, audience, err));
	SC_TRY(discover(account, err));

	const struct sc_azure_form_field fields[] = {
		{ "grant_type", sc_view_text("password") },
		{ "client_id", sc_view_text(CLIENT_ID) },
		{ "username", sc_view_text(user) },
		{ "password", sc_secret_view(password) },
		{ "resource", sc_view_text(audience) },
		{ "scope", sc_view_text("openid offline_access") },
	};
	SC_TRY(ask_token(account, fields, sizeof fields / sizeof fields[0], &answer, err));
	SC_TRY(keep_access(account, audience, answer, err));
	SC_TRY(take_token(answer, "refresh_token", SC_JSON_NEEDED, &account->session.refresh_token, err));
	SC_TRY(read_identity(answer, user, &account->session, err));
	SC_TRY(sc_azure_session_write(&account->session, err));
	*out = sc_steal(account);
	return SC_OK;
}

sc_status sc_azure_account_open(struct sc_azure_account **out, struct sc_error *err)
{
	SC_CLEANUP(sc_azure_session) session = { 0 };
	SC_CLEANUP(sc_azure_account) account = NULL;

	wipe_json();
	SC_TRY(sc_azure_session_read(&session, err));
	SC_TRY(account_new(session.ca, &account, err));
	account->session = sc_steal(session);
	*out = sc_steal(account);
	return SC_OK;
}

/* A service may return a new refresh token on each use (RFC 6749 section 6); it then replaces the old one. */
static sc_status refresh(struct sc_azure_account *account, const char *audience, struct sc_error *err)
{
	struct sc_azure_session *session = &account->session;
	const struct sc_azure_form_field fields[] = {
		{ "grant_type", sc_view_text("refresh_token") },
		{ "client_id", sc_view_text(CLIENT_ID) },
		{ "refresh_token", sc_bytes_view(&session->refresh_token) },
		{ "resource", sc_view_text(audience) },
		{ "scope", sc_view_text("openid offline_access") },
	};
	SC_CLEANUP(sc_json) answer = NULL;
	SC_CLEANUP(sc_bytes) renewed = { 0 };
	sc_status status;

	SC_ENSURE(account->access_count < AUDIENCES_MAX, err, SC_ERR_TOO_LARGE,
		  "one command needs tokens for too many audiences");
	status = ask_token(account, fields, sizeof fields / sizeof fields[0], &answer, err);
	if (status == SC_ERR_TOKEN)
		return sc_fail_context(err, status, "%s must sign in again with Add-AzureAccount",
				       session->account);
	SC_TRY(status);
	SC_TRY(keep_access(account, audience, answer, err));
	SC_TRY(take_token(answer, "refresh_token", SC_JSON_OPTIONAL, &renewed, err));
	if (!renewed.len || sc_view_equals(sc_bytes_view(&renewed), sc_bytes_view(&session->refresh_token)))
		return SC_OK;
	sc_bytes_free(&session->refresh_token);
	session->refresh_token = sc_steal(renewed);
	return sc_azure_session_write(session, err);
}

static sc_status find_token(struct sc_azure_account *account, const char *audience, const char **out,
			    struct sc_error *err)
{
	for (size_t i = 0; i < account->access_count; i++)
		if (strcmp(account->access[i].audience, audience) == 0) {
			*out = (const char *)account->access[i].token.data;
			return SC_OK;
		}
	SC_TRY(refresh(account, audience, err));
	*out = (const char *)account->access[account->access_count - 1].token.data;
	return SC_OK;
}

sc_status sc_azure_account_call(struct sc_azure_account *account, const struct sc_azure_call *call,
				json_t **out, struct sc_error *err)
{
	SC_CLEANUP(sc_azure_https_answer) answer = { 0 };
	SC_CLEANUP(sc_bytes) body = { 0 };
	struct sc_azure_https_request request = { .method = call->method, .url = call->url };

	SC_TRY(find_token(account, call->audience, &request.token, err));
	if (call->body) {
		SC_TRY(sc_json_write(call->body, &body, err));
		request.body = sc_bytes_view(&body);
		request.content_type = "application/json";
	}
	SC_TRY(sc_azure_https_send(account->https, &request, &answer, err));
	return sc_azure_answer_read(&answer, call->what, out, err);
}
