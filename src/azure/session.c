/* The session file: see session.h. */
#include "azure/session.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "azure/service_answer.h"
#include "azure/https.h"
#include "azure/url.h"
#include "base/file.h"
#include "formats/transfer_package.h"
#include "web/json.h"

#define FORMAT      "safeconduct.session.1"
#define FILE_NAME   "session"
#define SESSION_MAX 32768
#define REFRESH_MAX 16384

void sc_azure_session_free(struct sc_azure_session *session)
{
	sc_bytes_free(&session->refresh_token);
	*session = (struct sc_azure_session){ 0 };
}

sc_status sc_azure_session_set(char *field, size_t size, const char *value, const char *what,
			       struct sc_error *err)
{
	size_t len = strlen(value);

	SC_ENSURE(len < size, err, SC_ERR_TOO_LARGE, "%s: longer than %zu bytes", what, size - 1);
	memcpy(field, value, len + 1);
	return SC_OK;
}

static sc_status directory_path(char path[PATH_MAX], struct sc_error *err)
{
	const char *directory = getenv("SAFECONDUCT_CONFIG_DIR");
	const char *home = getenv("HOME");
	bool is_given = directory && *directory;
	int len;

	SC_ENSURE(is_given || (home && *home), err, SC_ERR_USAGE,
		  "no directory for the session: set $SAFECONDUCT_CONFIG_DIR or $HOME");
	len = snprintf(path, PATH_MAX, "%s%s", is_given ? directory : home, is_given ? "" : "/.safeconduct");
	SC_ENSURE(len > 0 && len < PATH_MAX, err, SC_ERR_TOO_LARGE, "%s is too long",
		  is_given ? "$SAFECONDUCT_CONFIG_DIR" : "$HOME");
	return SC_OK;
}

/* Checks every field, on writing as on reading. */
static sc_status check(const struct sc_azure_session *session, struct sc_error *err)
{
	const char *refresh = (const char *)session->refresh_token.data;

	SC_ENSURE(sc_azure_url_is_base(session->authority) && sc_azure_url_is_base(session->manager), err,
		  SC_ERR_FORMAT, "the session contains a malformed address");
	SC_ENSURE(sc_azure_url_same_origin(session->authority, session->token_endpoint), err, SC_ERR_FORMAT,
		  "the session's token endpoint is not on the sign-in host");
	SC_ENSURE(sc_guid_is_lower(session->tenant) && sc_guid_is_lower(session->object_id), err,
		  SC_ERR_FORMAT, "the session's tenant or object id is not a lower-case GUID");
	SC_ENSURE(sc_view_is_text(sc_view_text(session->account)), err, SC_ERR_FORMAT,
		  "the session's account name contains control characters");
	SC_ENSURE(refresh && session->refresh_token.len <= REFRESH_MAX && sc_azure_token_is_safe(refresh),
		  err, SC_ERR_FORMAT, "the session's refresh token is malformed");
	return SC_OK;
}

sc_status sc_azure_session_encode(const struct sc_azure_session *session, struct sc_bytes *out,
				  struct sc_error *err)
{
	SC_CLEANUP(sc_json) object = NULL;

	SC_TRY(check(session, err));
	object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s%}", "format", FORMAT, "authority",
			   session->authority, "token_endpoint", session->token_endpoint, "manager",
			   session->manager, "ca", session->ca, "account", session->account, "tenant",
			   session->tenant, "object_id", session->object_id, "refresh_token",
			   (const char *)session->refresh_token.data, session->refresh_token.len);
	SC_ENSURE(object, err, SC_ERR_JSON, "the session contains text that is not UTF-8");
	return sc_json_write(object, out, err);
}

static sc_status read_field(const json_t *object, const char *name, char *field, size_t size,
			    struct sc_error *err)
{
	const char *value = NULL;

	SC_TRY(sc_json_text(object, name, size - 1, SC_JSON_NEEDED, &value, err));
	return sc_azure_session_set(field, size, value, name, err);
}

sc_status sc_azure_session_decode(struct sc_view text, struct sc_azure_session *out, struct sc_error *err)
{
	SC_CLEANUP(sc_json) object = NULL;
	SC_CLEANUP(sc_azure_session) session = { 0 };
	const char *format = NULL;
	const char *refresh = NULL;

	SC_TRY(sc_json_read(text, &object, err));
	SC_TRY(sc_json_text(object, "format", 64, SC_JSON_NEEDED, &format, err));
	SC_ENSURE(strcmp(format, FORMAT) == 0, err, SC_ERR_FORMAT, "not a session file of this version");
#define FIELD(name) SC_TRY(read_field(object, #name, session.name, sizeof session.name, err))
	FIELD(authority);
	FIELD(token_endpoint);
	FIELD(manager);
	FIELD(ca);
	FIELD(account);
	FIELD(tenant);
	FIELD(object_id);
#undef FIELD
	SC_TRY(sc_json_text(object, "refresh_token", REFRESH_MAX, SC_JSON_NEEDED, &refresh, err));
	SC_TRY(sc_bytes_copy(sc_view_text(refresh), &session.refresh_token, err));
	SC_TRY(check(&session, err));
	*out = sc_steal(session);
	return SC_OK;
}

sc_status sc_azure_session_read(struct sc_azure_session *out, struct sc_error *err)
{
	SC_CLEANUP(sc_dir) directory = SC_DIR_NONE;
	SC_CLEANUP(sc_bytes) text = { 0 };
	char path[PATH_MAX];
	sc_status status;

	SC_TRY(directory_path(path, err));
	status = sc_dir_open(path, &directory, err);
	if (status == SC_OK)
		status = sc_file_read(&directory, FILE_NAME, SESSION_MAX, &text, err);
	SC_ENSURE(status != SC_ERR_NOT_FOUND, err, SC_ERR_NOT_FOUND,
		  "nobody is signed in: sign in with Add-AzureAccount");
	SC_TRY(status);
	status = sc_azure_session_decode(sc_bytes_view(&text), out, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "%s/" FILE_NAME " (sign in again with Add-AzureAccount)",
				       directory.path);
	return SC_OK;
}

sc_status sc_azure_session_write(const struct sc_azure_session *session, struct sc_error *err)
{
	SC_CLEANUP(sc_dir) directory = SC_DIR_NONE;
	SC_CLEANUP(sc_bytes) text = { 0 };
	char path[PATH_MAX];

	SC_TRY(sc_azure_session_encode(session, &text, err));
	SC_TRY(directory_path(path, err));
	SC_TRY(sc_dir_make(path, &directory, err));
	return sc_file_write(&directory, FILE_NAME, sc_bytes_view(&text), SC_FILE_REPLACE, 0600, err);
}
