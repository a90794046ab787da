/*
 * An HTTPS client. TLS 1.2 or later; the server's certificate and name are verified against one set of
 * authorities. Redirects are not followed, so that a token or password goes only where it was meant to go.
 * Answers are bounded in size and time.
 */
#ifndef SC_AZURE_HTTPS_H
#define SC_AZURE_HTTPS_H

#include "base/bytes.h"

struct sc_azure_https;

#define SC_AZURE_HTTPS_ANSWER_MAX (1024 * 1024)
#define SC_AZURE_HTTPS_TIMEOUT    60 /* seconds per request; an import takes longest */

/*
 * `ca_file` is a PEM file of the certification authorities to trust; NULL: the system's. SC_ERR_NOT_FOUND
 * names the file. A client may be used by one thread at a time.
 */
sc_status sc_azure_https_open(const char *ca_file, struct sc_azure_https **out,
			      struct sc_error *err) SC_WARN_UNUSED;
void sc_azure_https_free(struct sc_azure_https *https);
SC_CLEANUP_POINTER(sc_azure_https, struct sc_azure_https, sc_azure_https_free)

struct sc_azure_https_request {
	const char *method;       /* "GET", "PUT", "POST", "PATCH" */
	const char *url;          /* https:// only */
	const char *token;        /* access token, or NULL; must have passed sc_azure_token_is_safe() */
	const char *content_type; /* of the body; NULL if there is no body */
	struct sc_view body;      /* not copied; if it contains a password, the caller wipes it */
};

struct sc_azure_https_answer {
	long status; /* 200 … */
	struct sc_bytes body;
};

void sc_azure_https_answer_free(struct sc_azure_https_answer *answer);
SC_CLEANUP_VALUE(sc_azure_https_answer, sc_azure_https_answer_free)

/*
 * Sends one request and reads the whole answer, whatever its status. SC_ERR_UNAVAILABLE (no connection or TLS
 * refused; names the host and the reason), SC_ERR_TIMEOUT, SC_ERR_TOO_LARGE, SC_ERR_ARGUMENT (not an https
 * URL).
 */
sc_status sc_azure_https_send(struct sc_azure_https *https, const struct sc_azure_https_request *request,
			      struct sc_azure_https_answer *out, struct sc_error *err) SC_WARN_UNUSED;

/* True for a b64token, allowed in an Authorization header (RFC 6750 section 2.1), of 1 to 16,384 bytes. */
bool sc_azure_token_is_safe(const char *token);

#endif
