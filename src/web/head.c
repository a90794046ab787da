/* Whether the head lies in libmicrohttpd's buffer without gaps: see head.h. */
#include "web/head.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define LINE_END 2 /* CRLF, which libmicrohttpd has overwritten with zeros */

/* Where the next text must begin, for as long as all before it lay as it should. */
struct walk {
	const char *at;
	bool has_gap;
};

static bool is_space_or_tab(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * A bare LF is one byte, a NUL byte ends a text early, a folded line and a dropped one are somewhere else.
 * Only NUL LF in place of CRLF looks as it should.
 */
static enum MHD_Result step_over(void *context, enum MHD_ValueKind kind, const char *name, size_t name_len,
				 const char *value, size_t value_len)
{
	struct walk *walk = context;
	const char *at = name + name_len + 1; /* behind the colon */

	(void)kind;
	walk->has_gap = name != walk->at || name_len == 0 || is_space_or_tab(*name);
	while (!walk->has_gap && at != value)
		walk->has_gap = !is_space_or_tab(*at++);
	walk->at = value + value_len + LINE_END;
	return walk->has_gap ? MHD_NO : MHD_YES;
}

/*
 * libmicrohttpd puts each request at the beginning of a mapping of its own. If it has skipped an empty line,
 * or one that begins with a NUL byte, the request begins later.
 */
static bool is_first(const char *method)
{
	return (uintptr_t)method % (uintptr_t)sysconf(_SC_PAGESIZE) == 0;
}

static bool is_one_line(const struct sc_web_request_line *line)
{
	return line->target == line->method + strlen(line->method) + 1 &&
	       line->version == line->target + line->target_len + 1;
}

sc_status sc_web_head_check(struct MHD_Connection *connection, const struct sc_web_request_line *line,
			    struct sc_error *err)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	struct walk walk = { line->version + strlen(line->version) + LINE_END, false };

	SC_ENSURE(is_first(line->method), err, SC_ERR_HTTP, "something precedes the request line");
	SC_ENSURE(is_one_line(line), err, SC_ERR_HTTP,
		  "a NUL byte or more than one space in the request line");
	(void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, step_over, &walk);
	SC_ENSURE(!walk.has_gap && info && walk.at + LINE_END == line->method + info->header_size, err,
		  SC_ERR_HTTP,
		  "a header has a NUL byte, a line end other than CRLF, a folded line or an empty name");
	return SC_OK;
}
