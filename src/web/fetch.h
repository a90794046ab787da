/* One HTTPS GET of a small document from a host named in the configuration. */
#ifndef SC_WEB_FETCH_H
#define SC_WEB_FETCH_H

#include "base/bytes.h"

#define SC_WEB_FETCH_MAX     262144
#define SC_WEB_FETCH_SECONDS 10

/*
 * Blocks for at most SC_WEB_FETCH_SECONDS. Uses only https, trusts only the authority in the PEM file `ca`,
 * follows no redirect and uses no proxy. Anything but a 200 of at most SC_WEB_FETCH_MAX bytes is an error:
 * SC_ERR_HTTP naming the URL.
 */
sc_status sc_web_fetch(const char *url, const char *ca, struct sc_bytes *out,
		       struct sc_error *err) SC_WARN_UNUSED;

#endif
