/*
 * Who is signed in. Add-AzureAccount saves it for later commands in the file `session` (mode 0600) in
 * $SAFECONDUCT_CONFIG_DIR or, if that is not set, in $HOME/.safeconduct. The refresh token in it is as good
 * as a password: anyone who can read the file can act as that account until the account is signed out or the
 * token expires.
 */
#ifndef SC_AZURE_SESSION_H
#define SC_AZURE_SESSION_H

#include "base/bytes.h"
#include "formats/guid.h"

#define SC_AZURE_SESSION_TEXT_SIZE 512

struct sc_azure_session {
	char authority[SC_AZURE_SESSION_TEXT_SIZE];      /* https://login.localhost:8444/adfs */
	char token_endpoint[SC_AZURE_SESSION_TEXT_SIZE]; /* on the authority's own origin */
	char manager[SC_AZURE_SESSION_TEXT_SIZE];        /* the Resource Manager, without a final slash */
	char ca[SC_AZURE_SESSION_TEXT_SIZE]; /* PEM file of the authorities to trust; empty: the system's */
	char account[SC_AZURE_SESSION_TEXT_SIZE]; /* as the service names it: admin@contoso */
	char tenant[SC_GUID_SIZE];
	char object_id[SC_GUID_SIZE];
	struct sc_bytes refresh_token; /* terminated */
};

void sc_azure_session_free(struct sc_azure_session *session);
SC_CLEANUP_VALUE(sc_azure_session, sc_azure_session_free)

/* SC_ERR_NOT_FOUND, saying how to sign in; SC_ERR_JSON or SC_ERR_FORMAT if the file is not one of ours. */
sc_status sc_azure_session_read(struct sc_azure_session *out, struct sc_error *err) SC_WARN_UNUSED;

/* Replaces the session completely or not at all. */
sc_status sc_azure_session_write(const struct sc_azure_session *session, struct sc_error *err) SC_WARN_UNUSED;

/* Converts between a session and the text of its file. Every field is checked in both directions. */
sc_status sc_azure_session_encode(const struct sc_azure_session *session, struct sc_bytes *out,
				  struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_azure_session_decode(struct sc_view text, struct sc_azure_session *out,
				  struct sc_error *err) SC_WARN_UNUSED;

/* Copies a text into a field. SC_ERR_TOO_LARGE names `what`. */
sc_status sc_azure_session_set(char *field, size_t size, const char *value, const char *what,
			       struct sc_error *err) SC_WARN_UNUSED;

#endif
