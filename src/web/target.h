/*
 * The request's target and host, read once and strictly (rule P7): the raw target is what is routed, because
 * libmicrohttpd's own decoding cuts it at an escaped NUL and turns an escaped slash into a bare one.
 */
#ifndef SC_WEB_TARGET_H
#define SC_WEB_TARGET_H

#include "web/text.h"

#define SC_WEB_TARGET_MAX   8192 /* bytes of path and query as they are sent */
#define SC_WEB_SEGMENTS_MAX 24

struct sc_web_target {
	struct sc_bytes path;  /* as sent; terminated */
	struct sc_bytes query; /* as sent, without "?"; terminated */
	struct sc_web_pairs parameters;
	struct sc_bytes segment[SC_WEB_SEGMENTS_MAX]; /* decoded; an empty one has no bytes */
	size_t segment_count;
};

void sc_web_target_free(struct sc_web_target *target);

/*
 * Reads "/a/b?c=d". SC_ERR_HTTP for what is no plain path: an absolute form, a fragment, bare control or
 * non-ASCII characters, backslashes, and, escaped or not, "." and ".." segments, slashes and NUL bytes within
 * a segment. *target is zero before, and is to be freed after a failure, too.
 */
sc_status sc_web_target_read(const char *raw, struct sc_web_target *target, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Splits a Host header's value: *name in lower case, terminated, *port 0 where there is none. SC_ERR_HTTP for
 * anything but dot-separated labels of letters, digits and hyphens, and a decimal port.
 */
sc_status sc_web_host_read(const char *text, struct sc_bytes *name, uint16_t *port,
		       struct sc_error *err) SC_WARN_UNUSED;

#endif
