/*
 * What of HTTP is refused (rule P7): anything about which another program on the way, a proxy above all,
 * could think otherwise than libmicrohttpd does. Never repaired, always refused, and the connection is
 * closed, because where the next request on it begins is then a matter of opinion.
 */
#ifndef SC_WEB_CHECK_H
#define SC_WEB_CHECK_H

#include "web/text.h"

/* What the head of a request says of its body. */
struct sc_web_framing {
	bool is_chunked;
	bool has_length;
	uint64_t length;
	bool expects_continue;
};

/*
 * SC_ERR_HTTP with the reason: another version than HTTP/1.1; a method or a header's name that is no token, a
 * value with control characters; Transfer-Encoding beside Content-Length, or any coding but exactly "chunked"; a Content-Length
 * that is not all digits; Host, or one of the headers that decide who asks for what, missing or more than
 * once.
 */
sc_status sc_web_check_head(const char *method, const char *version, const struct sc_web_pairs *headers,
			    struct sc_web_framing *out, struct sc_error *err) SC_WARN_UNUSED;

#endif
