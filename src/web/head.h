/*
 * Whether libmicrohttpd has read a request's head exactly as it was sent (rule P7). libmicrohttpd 0.9 cuts
 * texts off at a NUL byte, and accepts bare LF as a line end, folded lines, lines that begin with a colon,
 * more than one space in the request line, and empty lines before it. It says nothing of that. But it leaves
 * the head where it has received it, and only overwrites what ends a text. So what it has skipped shows as a
 * gap between two texts. Other versions lay the head out differently: web/strictness.h says whether this
 * check can be used.
 */
#ifndef SC_WEB_HEAD_H
#define SC_WEB_HEAD_H

#include <microhttpd.h>

#include "base/error.h"

/* Where libmicrohttpd has put the parts of the request line: each a terminated text in its buffer. */
struct sc_web_request_line {
	const char *method;
	const char *target;
	size_t target_len; /* as the URI callback saw it: afterwards libmicrohttpd decodes it in place */
	const char *version;
};

/*
 * On the HTTP thread, when the head is complete. SC_ERR_HTTP with the reason, unless the head is: method, one
 * space, target, one space, version, CRLF; for each header its name, a colon, any spaces or tabs, its value,
 * CRLF; CRLF. The one shape that it cannot see is NUL LF in place of CRLF, because libmicrohttpd overwrites
 * both by the same two bytes.
 */
sc_status sc_web_head_check(struct MHD_Connection *connection, const struct sc_web_request_line *line,
			    struct sc_error *err) SC_WARN_UNUSED;

#endif
