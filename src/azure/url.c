/* Addresses and form bodies: see url.h. */
#include "azure/url.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "formats/vault_name.h"

#define SCHEME     "https://"
#define SCHEME_LEN (sizeof SCHEME - 1)

#define UNRESERVED SC_LETTERS_DIGITS "-._~"

/* The length of host and port, which follow the scheme. */
static size_t authority_len(const char *url)
{
	return strcspn(url + SCHEME_LEN, "/");
}

static bool is_authority(const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);
	size_t host = colon ? (size_t)(colon - text) : len;
	size_t port = colon ? len - host - 1 : 0;

	if (host == 0 || host > 253 || strspn(text, SC_LETTERS_DIGITS "-.") < host)
		return false;
	return !colon || (port >= 1 && port <= 5 && strspn(colon + 1, "0123456789") >= port);
}

static bool is_path(const char *path)
{
	if (strspn(path, UNRESERVED "/") != strlen(path) || strstr(path, "//"))
		return false;
	for (const char *at = path; *at; at++)
		if (at[0] == '/' && at[1] == '.')
			return false;
	return true;
}

bool sc_azure_url_is_base(const char *url)
{
	size_t len = strlen(url);

	if (len >= SC_AZURE_URL_SIZE / 2 || strncmp(url, SCHEME, SCHEME_LEN) != 0)
		return false;
	len = authority_len(url);
	return is_authority(url + SCHEME_LEN, len) && is_path(url + SCHEME_LEN + len);
}

bool sc_azure_url_same_origin(const char *a, const char *b)
{
	if (!sc_azure_url_is_base(a) || !sc_azure_url_is_base(b) || authority_len(a) != authority_len(b))
		return false;
	return strncasecmp(a, b, SCHEME_LEN + authority_len(a)) == 0;
}

sc_status sc_azure_url_make(char url[SC_AZURE_URL_SIZE], struct sc_error *err, const char *format, ...)
{
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(url, SC_AZURE_URL_SIZE, format, arguments);
	va_end(arguments);
	SC_ENSURE(len >= 0 && len < SC_AZURE_URL_SIZE, err, SC_ERR_TOO_LARGE,
		  "an address is longer than %d bytes", SC_AZURE_URL_SIZE - 1);
	return SC_OK;
}

sc_status sc_azure_url_audience(const char *vault_url, char audience[SC_AZURE_URL_SIZE], struct sc_error *err)
{
	const char *host = vault_url + SCHEME_LEN;
	size_t len, label;

	SC_ENSURE(sc_azure_url_is_base(vault_url), err, SC_ERR_HTTP,
		  "the service gave a malformed vault address");
	len = authority_len(vault_url);
	label = strcspn(host, ".:/");
	/* Two labels must remain, as in "vault.localhost": a top-level domain alone is not an audience. */
	SC_ENSURE(label > 0 && host[label] == '.' && memchr(host + label + 1, '.', len - label - 1), err,
		  SC_ERR_HTTP, "the service gave a vault address at %.*s, which is not a vault's host",
		  (int)len, host);
	return sc_azure_url_make(audience, err, SCHEME "%.*s", (int)(len - label - 1), host + label + 1);
}

/*
 * Percent-encodes all but unreserved characters (RFC 3986 section 2.1). Returns the number of characters
 * written, at most three per byte.
 */
static size_t encode(struct sc_view value, char *out)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t used = 0;

	for (size_t i = 0; i < value.len; i++) {
		uint8_t byte = value.data[i];

		if (byte != 0 && strchr(UNRESERVED, byte)) {
			out[used++] = (char)byte;
			continue;
		}
		out[used++] = '%';
		out[used++] = digits[byte >> 4];
		out[used++] = digits[byte & 15];
	}
	return used;
}

sc_status sc_azure_form_make(const struct sc_azure_form_field *fields, size_t count, struct sc_bytes *out,
			     struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) form = { 0 };
	size_t room = 0;
	size_t used = 0;

	for (size_t i = 0; i < count; i++)
		room += strlen(fields[i].name) + 3 * fields[i].value.len + 2;
	SC_TRY(sc_bytes_new(room, &form, err));
	for (size_t i = 0; i < count; i++) {
		used += (size_t)sprintf((char *)form.data + used, "%s%s=", i ? "&" : "", fields[i].name);
		used += encode(fields[i].value, (char *)form.data + used);
	}
	*out = sc_steal(form);
	out->len = used;
	return SC_OK;
}
