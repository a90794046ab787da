/*
 * One HTTPS client: TLS 1.2 or later with the server's name verified against one set of authorities, no
 * redirects (a token or password goes where it was meant to go, and nowhere else), answers of bounded size
 * and time.
 */
#ifndef SC_AZURE_HTTPS_H
#define SC_AZURE_HTTPS_H

#include "base/bytes.h"

struct sc_azure_https;

#define SC_AZURE_HTTPS_ANSWER_MAX (1024 * 1024)
#define SC_AZURE_HTTPS_TIMEOUT    60 /* seconds for one request; an import's primes are tested meanwhile */

/*
 * `ca_file` holds the authorities to trust, PEM; NULL: those of the system. SC_ERR_NOT_FOUND naming the file.
 * Used by one thread at a time.
 */
sc_status sc_azure_https_open(const char *ca_file, struct sc_azure_https **out, struct sc_error *err) SC_WARN_UNUSED;
void sc_azure_https_free(struct sc_azure_https *https);
SC_CLEANUP_POINTER(sc_azure_https, struct sc_azure_https, sc_azure_https_free)

struct sc_azure_https_request {
	const char *method;       /* "GET", "PUT", "POST", "PATCH" */
	const char *url;          /* https:// only */
	const char *token;        /* access token, or NULL; must have passed sc_azure_token_is_safe() */
	const char *content_type; /* of the body; NULL where there is none */
	struct sc_view body;      /* not copied: a password in it is the caller's to wipe */
};

struct sc_azure_https_answer {
	long status; /* 200 … */
	struct sc_bytes body;
};

void sc_azure_https_answer_free(struct sc_azure_https_answer *answer);
SC_CLEANUP_VALUE(sc_azure_https_answer, sc_azure_https_answer_free)

/*
 * Sends one request and reads the whole answer, whatever its status. SC_ERR_UNAVAILABLE (no connection, TLS
 * refused: naming the host and why), SC_ERR_TIMEOUT, SC_ERR_TOO_LARGE, SC_ERR_ARGUMENT (no https URL).
 */
sc_status sc_azure_https_send(struct sc_azure_https *https, const struct sc_azure_https_request *request,
			struct sc_azure_https_answer *out, struct sc_error *err) SC_WARN_UNUSED;

/* True for what may stand in an Authorization header (RFC 6750 section 2.1: b64token), 1 to 16,384 bytes. */
bool sc_azure_token_is_safe(const char *token);

#endif
