/* The target and host of a request: see target.h. */
#include "web/target.h"

#include <string.h>

#define HOST_MAX  253 /* RFC 1035 section 3.1 */
#define LABEL_MAX 63

void sc_web_target_free(struct sc_web_target *target)
{
	sc_bytes_free(&target->path);
	sc_bytes_free(&target->query);
	sc_web_pairs_free(&target->parameters);
	for (size_t i = 0; i < target->segment_count; i++)
		sc_bytes_free(&target->segment[i]);
	target->segment_count = 0;
}

static bool is_plain(const char *raw)
{
	for (; *raw; raw++)
		if (*raw <= ' ' || *raw > '~' || *raw == '\\' || *raw == '#')
			return false;
	return true;
}

/* Escapes are decoded before the checks, so that %2e%2e is ".." and %2f is a slash. */
static sc_status add_segment(struct sc_web_target *target, struct sc_view raw, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) segment = { 0 };
	const char *text;

	SC_ENSURE(target->segment_count < SC_WEB_SEGMENTS_MAX, err, SC_ERR_HTTP,
		  "the path has more than %d segments", SC_WEB_SEGMENTS_MAX);
	SC_TRY(sc_web_percent_decode(raw, false, &segment, err));
	text = (const char *)segment.data;
	SC_ENSURE(strcmp(text, ".") != 0 && strcmp(text, "..") != 0, err, SC_ERR_HTTP,
		  "a relative segment in the path");
	SC_ENSURE(!strpbrk(text, "/\\"), err, SC_ERR_HTTP, "an escaped slash in the path");
	target->segment[target->segment_count++] = sc_steal(segment);
	return SC_OK;
}

sc_status sc_web_target_read(const char *raw, struct sc_web_target *target, struct sc_error *err)
{
	const char *question = strchr(raw, '?');
	const char *end = question ? question : raw + strlen(raw);

	SC_ENSURE(raw[0] == '/', err, SC_ERR_HTTP, "the request target must be a path");
	SC_ENSURE(strlen(raw) <= SC_WEB_TARGET_MAX, err, SC_ERR_HTTP,
		  "the request target is longer than %d bytes", SC_WEB_TARGET_MAX);
	SC_ENSURE(is_plain(raw), err, SC_ERR_HTTP,
		  "the request target contains a character that must be escaped");
	SC_TRY(sc_bytes_copy(sc_view_of(raw, (size_t)(end - raw)), &target->path, err));
	SC_TRY(sc_bytes_copy(sc_view_text(question ? question + 1 : ""), &target->query, err));
	for (const char *at = raw; at < end;) {
		const char *slash = memchr(at + 1, '/', (size_t)(end - at - 1));
		const char *stop = slash ? slash : end;

		SC_TRY(add_segment(target, sc_view_of(at + 1, (size_t)(stop - at - 1)), err));
		at = stop;
	}
	return sc_web_pairs_read(&target->parameters, sc_bytes_view(&target->query), false, err);
}

static bool is_alphanumeric(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* RFC 1123 section 2.1, in lower case. */
static bool is_host_name(struct sc_view name)
{
	size_t label = 0;

	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.data[i];
		bool is_edge = label == 0 || i + 1 == name.len || name.data[i + 1] == '.';

		if (c == '.') {
			if (label == 0)
				return false;
			label = 0;
			continue;
		}
		if (!is_alphanumeric(c) && (c != '-' || is_edge))
			return false;
		if (++label > LABEL_MAX)
			return false;
	}
	return label > 0 && name.len <= HOST_MAX;
}

static sc_status read_port(const char *text, uint16_t *out, struct sc_error *err)
{
	unsigned port = 0;
	size_t len = strlen(text);

	SC_ENSURE(len >= 1 && len <= 5 && text[0] != '0', err, SC_ERR_HTTP, "a malformed port in Host");
	for (; *text; text++) {
		SC_ENSURE(*text >= '0' && *text <= '9', err, SC_ERR_HTTP, "a malformed port in Host");
		port = port * 10 + (unsigned)(*text - '0');
	}
	SC_ENSURE(port <= UINT16_MAX, err, SC_ERR_HTTP, "a malformed port in Host");
	*out = (uint16_t)port;
	return SC_OK;
}

sc_status sc_web_host_read(const char *text, struct sc_bytes *name, uint16_t *port, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) lower = { 0 };
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	uint16_t number = 0;

	if (colon)
		SC_TRY(read_port(colon + 1, &number, err));
	SC_TRY(sc_bytes_copy(sc_view_of(text, len), &lower, err));
	for (size_t i = 0; i < len; i++)
		if (lower.data[i] >= 'A' && lower.data[i] <= 'Z')
			lower.data[i] = (uint8_t)(lower.data[i] + ('a' - 'A'));
	SC_ENSURE(is_host_name(sc_bytes_view(&lower)), err, SC_ERR_HTTP, "a malformed name in Host");
	*name = sc_steal(lower);
	*port = number;
	return SC_OK;
}
