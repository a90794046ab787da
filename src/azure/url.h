/* Makes addresses and form bodies from percent-encoded parts, and checks addresses before a token is sent. */
#ifndef SC_AZURE_URL_H
#define SC_AZURE_URL_H

#include "base/bytes.h"

#define SC_AZURE_URL_SIZE 2048

/*
 * True for https://host[:port] with an optional path of unreserved characters, without user, query, fragment,
 * percent sign or dot segment. Every address that comes from a user or a service must pass this check.
 */
bool sc_azure_url_is_base(const char *url);

/* True if scheme, host and port are equal, ignoring case. False unless both pass sc_azure_url_is_base. */
bool sc_azure_url_same_origin(const char *a, const char *b);

/* printf into a URL. SC_ERR_TOO_LARGE if it does not fit. The caller encodes or checks the values. */
sc_status sc_azure_url_make(char url[SC_AZURE_URL_SIZE], struct sc_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4))) SC_WARN_UNUSED;

/*
 * The audience of a vault's tokens: the vault's address without the path and without the host's first label,
 * https://vault.localhost:8443 for https://contoso.vault.localhost:8443/. It is derived from the address
 * itself, so that no token is ever sent to a host outside its audience. SC_ERR_HTTP.
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
