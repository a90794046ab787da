/*
 * Feeds the parts of HTTP that our own code parses: the first line as the request's target, the lines after
 * it as headers, and what follows an empty line as a form. Accepted input has only one meaning (rule P7).
 */
#include "fuzz.h"

#include <string.h>

#include "web/check.h"
#include "web/route.h"

static void handler(struct sc_web_request *request, void *context)
{
	(void)request, (void)context;
}

static const struct sc_web_route routes[] = {
	{ "GET", "/", handler },
	{ "GET", "/keys/{name}/{version?}", handler },
	{ "POST", "/subscriptions/{id}/resourceGroups/{group}", handler },
	{ 0 },
};
static const struct sc_web_host hosts[] = {
	{ .name = "login", .routes = routes },
	{ .name = "*.vault", .routes = routes },
	{ .name = "management", .is_relaxed = true, .routes = routes },
	{ 0 },
};

/* Up to the next line end, which is consumed too. */
static struct sc_view next_line(struct sc_view *rest)
{
	const uint8_t *end = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;
	struct sc_view line = sc_view_of(rest->data, end ? (size_t)(end - rest->data) : rest->len);

	*rest = sc_view_of(rest->data + line.len + (end != NULL), rest->len - line.len - (end != NULL));
	return line;
}

static void hold_pairs(const struct sc_web_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		const char *name = (const char *)pairs->item[i].name.data;

		fuzz_holds(sc_view_is_text(sc_bytes_view(&pairs->item[i].name)) &&
			       sc_view_is_text(sc_bytes_view(&pairs->item[i].value)),
			   "parameters are text");
		fuzz_holds(sc_web_pairs_find(pairs, name, false) == (const char *)pairs->item[i].value.data,
			   "a parameter appears once");
	}
}

static void hold_segment(const struct sc_bytes *segment)
{
	const char *text = (const char *)segment->data;

	fuzz_holds(sc_view_is_text(sc_bytes_view(segment)) && strlen(text) == segment->len,
		   "a segment is text");
	fuzz_holds(!strpbrk(text, "/\\") && strcmp(text, ".") != 0 && strcmp(text, "..") != 0,
		   "a segment leads nowhere else");
}

static void feed_target(const char *raw)
{
	struct sc_web_target target = { 0 };
	struct sc_web_route_match match = { 0 };

	if (sc_web_target_read(raw, &target, NULL) == SC_OK) {
		for (size_t i = 0; i < target.segment_count; i++)
			hold_segment(&target.segment[i]);
		hold_pairs(&target.parameters);
		for (const struct sc_web_host *host = hosts; host->name; host++)
			if (sc_web_route_find(host, "GET", &target, &match))
				fuzz_holds(match.parameter_count <= target.segment_count,
					   "a parameter is a segment");
	}
	sc_web_target_free(&target);
}

static void feed_host(const char *text)
{
	SC_CLEANUP(sc_bytes) name = { 0 };
	const struct sc_web_host *host;
	struct sc_view label;
	uint16_t port = 0;

	if (sc_web_host_read(text, &name, &port, NULL) != SC_OK)
		return;
	fuzz_holds(strspn((const char *)name.data, "abcdefghijklmnopqrstuvwxyz0123456789-.") == name.len,
		   "a host is a name");
	host = sc_web_route_host(hosts, "localhost", sc_bytes_view(&name), &label);
	fuzz_holds(!label.len || (host && !memchr(label.data, '.', label.len)), "a label is one label");
}

static void feed_headers(struct sc_view *rest)
{
	SC_CLEANUP(sc_web_pairs) headers = { 0 };
	struct sc_web_framing framing = { 0 };
	struct sc_view line;

	while ((line = next_line(rest)).len > 0) {
		struct sc_view value = line;
		const uint8_t *colon = memchr(line.data, ':', line.len);
		size_t name = colon ? (size_t)(colon - line.data) : line.len;

		value.data += name + (colon != NULL);
		value.len -= name + (colon != NULL);
		if (sc_web_pairs_add(&headers, sc_view_of(line.data, name), value, NULL) != SC_OK)
			return;
	}
	if (sc_web_check_head("GET", "HTTP/1.1", &headers, &framing, NULL) != SC_OK)
		return;
	fuzz_holds(!framing.is_chunked || !framing.has_length, "a body has one length");
	feed_host(sc_web_pairs_find(&headers, "Host", true));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sc_view rest = sc_view_of(data, len);
	struct sc_view line = next_line(&rest);
	SC_CLEANUP(sc_bytes) target = { 0 };
	SC_CLEANUP(sc_web_pairs) form = { 0 };

	if (sc_bytes_copy(line, &target, NULL) != SC_OK)
		return 0;
	feed_target((const char *)target.data);
	feed_headers(&rest);
	if (sc_web_pairs_read(&form, rest, true, NULL) == SC_OK)
		hold_pairs(&form);
	return 0;
}
