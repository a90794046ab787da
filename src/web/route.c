/* Routing: see route.h. Patterns are written by a programmer and trusted; targets are not. */
#include "web/route.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ANY_LABEL "*."

static bool ends_with(struct sc_view text, const char *end)
{
	size_t len = strlen(end);

	return text.len > len && memcmp(text.data + text.len - len, end, len) == 0;
}

/* The domain is compared without case because a person wrote it; the name is already in lower case. */
static bool has_domain(struct sc_view name, const char *domain, struct sc_view *rest)
{
	size_t len = strlen(domain);

	if (name.len < len + 2 || name.data[name.len - len - 1] != '.' ||
	    strncasecmp((const char *)name.data + name.len - len, domain, len) != 0)
		return false;
	*rest = sc_view_of(name.data, name.len - len - 1);
	return true;
}

const struct sc_web_host *sc_web_route_host(const struct sc_web_host *hosts, const char *domain,
					    struct sc_view name, struct sc_view *label)
{
	struct sc_view rest;

	*label = (struct sc_view){ 0 };
	if (!has_domain(name, domain, &rest))
		return NULL;
	for (; hosts->name; hosts++) {
		const char *suffix = hosts->name + 1; /* ".vault" of "*.vault" */

		if (sc_view_equals(rest, sc_view_text(hosts->name)))
			return hosts;
		if (strncmp(hosts->name, ANY_LABEL, strlen(ANY_LABEL)) != 0 || !ends_with(rest, suffix))
			continue;
		*label = sc_view_of(rest.data, rest.len - strlen(suffix));
		if (!memchr(label->data, '.', label->len))
			return hosts;
		*label = (struct sc_view){ 0 };
	}
	return NULL;
}

static void drop_empty_segments(struct sc_web_target *target)
{
	size_t kept = 0;

	for (size_t i = 0; i < target->segment_count; i++) {
		struct sc_bytes segment = sc_steal(target->segment[i]);

		if (segment.len == 0)
			sc_bytes_free(&segment);
		else
			target->segment[kept++] = segment;
	}
	target->segment_count = kept;
}

/* The pattern's next segment. *rest is where the one after it begins, or NULL at the end. */
static struct sc_view next_of(const char *pattern, const char **rest)
{
	const char *slash;

	assert(pattern[0] == '/');
	slash = strchr(pattern + 1, '/');
	*rest = slash;
	return slash ? sc_view_of(pattern + 1, (size_t)(slash - pattern - 1)) : sc_view_text(pattern + 1);
}

static bool fits(struct sc_view pattern, const struct sc_bytes *segment, bool any_case,
		 struct sc_web_route_match *match)
{
	bool may_be_empty;

	if (pattern.len == 0 || pattern.data[0] != '{')
		return pattern.len == segment->len &&
		       (pattern.len == 0 ||
			(any_case ? strncasecmp((const char *)pattern.data, (const char *)segment->data,
						pattern.len) == 0
				  : memcmp(pattern.data, segment->data, pattern.len) == 0));
	may_be_empty = pattern.data[pattern.len - 2] == '?';
	if (segment->len == 0 && !may_be_empty)
		return false;
	assert(match->parameter_count < SC_WEB_ROUTE_PARAMETERS_MAX);
	match->parameter[match->parameter_count].name =
	    sc_view_of(pattern.data + 1, pattern.len - 2 - may_be_empty);
	match->parameter[match->parameter_count].value = (const char *)segment->data;
	match->parameter_count++;
	return true;
}

static bool path_fits(const struct sc_web_host *host, const char *pattern, const struct sc_web_target *target,
		      struct sc_web_route_match *match)
{
	size_t i = 0;

	match->parameter_count = 0;
	for (const char *rest = pattern; rest; i++) {
		struct sc_view wanted = next_of(rest, &rest);

		/* "/" is one empty segment, which a relaxed host has dropped. */
		if (wanted.len == 0 && !rest && i == 0 && target->segment_count == 0)
			return true;
		if (i == target->segment_count || !fits(wanted, &target->segment[i], host->is_relaxed, match))
			return false;
	}
	return i == target->segment_count;
}

bool sc_web_route_find(const struct sc_web_host *host, const char *method, struct sc_web_target *target,
		       struct sc_web_route_match *match)
{
	if (host->is_relaxed)
		drop_empty_segments(target);
	match->host = host;
	for (const struct sc_web_route *route = host->routes; route->method; route++) {
		if (!path_fits(host, route->path, target, match))
			continue;
		if (strcmp(route->method, method) == 0) {
			match->route = route;
			return true;
		}
		match->has_path = true;
	}
	match->parameter_count = 0;
	return false;
}

void sc_web_route_methods(const struct sc_web_host *host, const struct sc_web_target *target,
			  char text[SC_WEB_ROUTE_METHODS_MAX])
{
	struct sc_web_route_match ignored = { 0 };
	size_t used = 0;

	text[0] = '\0';
	for (const struct sc_web_route *route = host->routes; route->method; route++) {
		if (!path_fits(host, route->path, target, &ignored) || strstr(text, route->method))
			continue;
		assert(used + strlen(route->method) + 2 < SC_WEB_ROUTE_METHODS_MAX);
		used += (size_t)sprintf(text + used, "%s%s", used ? ", " : "", route->method);
	}
}
