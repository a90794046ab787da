/* Addresses and form bodies: made of percent-encoded parts, and compared before a token follows them. */
#ifndef SC_AZURE_URL_H
#define SC_AZURE_URL_H

#include "base/bytes.h"

#define SC_AZURE_URL_SIZE 2048

/*
 * True for https://host[:port] with an optional path of unreserved characters: no user, query, fragment,
 * percent sign or dot segment. What a person or a service gives as an address must pass it.
 */
bool sc_azure_url_is_base(const char *url);

/* Scheme, host and port are the same, without case. False for what is no base. */
bool sc_azure_url_same_origin(const char *a, const char *b);

/* printf into a URL; SC_ERR_TOO_LARGE where it does not fit. Values in it are encoded or checked by the
 * caller. */
sc_status sc_azure_url_make(char url[SC_AZURE_URL_SIZE], struct sc_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4))) SC_WARN_UNUSED;

/*
 * The audience of a vault's tokens: its address without path and without the host's first label,
 * https://vault.localhost:8443 for https://contoso.vault.localhost:8443/. Taken from the address itself, so
 * that no token is ever sent to a host outside its audience. SC_ERR_HTTP.
 */
sc_status sc_azure_url_audience(const char *vault_url, char audience[SC_AZURE_URL_SIZE],
			  struct sc_error *err) SC_WARN_UNUSED;

struct sc_azure_form_field {
	const char *name;
	struct sc_view value;
};

/* application/x-www-form-urlencoded. */
sc_status sc_azure_form_make(const struct sc_azure_form_field *fields, size_t count, struct sc_bytes *out,
		       struct sc_error *err) SC_WARN_UNUSED;

#endif
