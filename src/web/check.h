/*
 * Which HTTP is refused (rule P7): everything that another program on the path, such as a proxy, might
 * interpret differently from libmicrohttpd. Such a request is never repaired but always refused, and the
 * connection is closed, because it is no longer certain where the next request begins.
 */
#ifndef SC_WEB_CHECK_H
#define SC_WEB_CHECK_H

#include "web/text.h"

/* What the head of a request says about its body. */
struct sc_web_framing {
	bool is_chunked;
	bool has_length;
	uint64_t length;
	bool expects_continue;
};

/*
 * Of a head that is as it was sent (web/strictness.h). SC_ERR_HTTP with the reason:
 *   - a version other than HTTP/1.1
 *   - a method or header name that is not a token, or a value with control characters
 *   - both Transfer-Encoding and Content-Length, or any transfer coding but exactly "chunked"
 *   - a Content-Length that is not all digits
 *   - Host missing, or sent more than once
 *   - any other header on which framing, authority or content depends sent more than once
 */
sc_status sc_web_check_head(const char *method, const char *version, const struct sc_web_pairs *headers,
			    struct sc_web_framing *out, struct sc_error *err) SC_WARN_UNUSED;

#endif
