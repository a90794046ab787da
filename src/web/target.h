/*
 * The request's target and host, read once and strictly (rule P7). Routing uses the raw target, because
 * libmicrohttpd's own decoding truncates it at an escaped NUL and turns an escaped slash into a plain one.
 */
#ifndef SC_WEB_TARGET_H
#define SC_WEB_TARGET_H

#include "web/text.h"

#define SC_WEB_TARGET_MAX   8192 /* bytes of path and query as sent */
#define SC_WEB_SEGMENTS_MAX 24

struct sc_web_target {
	struct sc_bytes path;  /* as sent; terminated */
	struct sc_bytes query; /* as sent, without "?"; terminated */
	struct sc_web_pairs parameters;
	struct sc_bytes segment[SC_WEB_SEGMENTS_MAX]; /* decoded; an empty segment has no bytes */
	size_t segment_count;
};

void sc_web_target_free(struct sc_web_target *target);

/*
 * Reads "/a/b?c=d". SC_ERR_HTTP for anything but a plain path. Refused are the absolute form, fragments,
 * control and non-ASCII characters, and backslashes; also, escaped or not, "." and ".." segments, and slashes
 * and NUL bytes within a segment. *target must be zero before the call, and must be freed even after a
 * failure.
 */
sc_status sc_web_target_read(const char *raw, struct sc_web_target *target,
			     struct sc_error *err) SC_WARN_UNUSED;

/*
 * Splits a Host header's value into *name, in lower case and terminated, and *port, 0 if there is none.
 * SC_ERR_HTTP for anything but dot-separated labels of letters, digits and hyphens, and a decimal port.
 */
sc_status sc_web_host_read(const char *text, struct sc_bytes *name, uint16_t *port,
			   struct sc_error *err) SC_WARN_UNUSED;

#endif
