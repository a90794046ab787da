/*
 * Who is signed in: what Add-AzureAccount leaves for the commands after it, in the file `session` (0600) of
 * $SAFECONDUCT_CONFIG_DIR, else of $HOME/.safeconduct. The refresh token in it is worth a password: whoever
 * reads the file can act as that account until it is signed out or the token has expired.
 */
#ifndef SC_AZURE_SESSION_H
#define SC_AZURE_SESSION_H

#include "base/bytes.h"
#include "formats/guid.h"

#define SC_AZURE_SESSION_TEXT_SIZE 512

struct sc_azure_session {
	char authority[SC_AZURE_SESSION_TEXT_SIZE];      /* https://login.localhost:8444/adfs */
	char token_endpoint[SC_AZURE_SESSION_TEXT_SIZE]; /* of the authority's own origin */
	char manager[SC_AZURE_SESSION_TEXT_SIZE];        /* the Resource Manager, without a final slash */
	char ca[SC_AZURE_SESSION_TEXT_SIZE];             /* path of the authority's certificate; empty: the system's */
	char account[SC_AZURE_SESSION_TEXT_SIZE];        /* as the service names it: admin@contoso */
	char tenant[SC_GUID_SIZE];
	char object_id[SC_GUID_SIZE];
	struct sc_bytes refresh_token; /* terminated */
};

void sc_azure_session_free(struct sc_azure_session *session);
SC_CLEANUP_VALUE(sc_azure_session, sc_azure_session_free)

/* SC_ERR_NOT_FOUND saying how to sign in; SC_ERR_JSON where the file is not one of ours. */
sc_status sc_azure_session_read(struct sc_azure_session *out, struct sc_error *err) SC_WARN_UNUSED;

/* Replaces the session, whole or not at all. */
sc_status sc_azure_session_write(const struct sc_azure_session *session, struct sc_error *err) SC_WARN_UNUSED;

/* The text of the session file and back: one canonical reading of the other. Each field is checked. */
sc_status sc_azure_session_encode(const struct sc_azure_session *session, struct sc_bytes *out,
			    struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_azure_session_decode(struct sc_view text, struct sc_azure_session *out, struct sc_error *err) SC_WARN_UNUSED;

/* Copies a text into a field; SC_ERR_TOO_LARGE naming `what`. */
sc_status sc_azure_session_set(char *field, size_t size, const char *value, const char *what,
			 struct sc_error *err) SC_WARN_UNUSED;

#endif
