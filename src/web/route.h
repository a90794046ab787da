/* From host, method and path to a handler, by the tables that a daemon passes to the server. */
#ifndef SC_WEB_ROUTE_H
#define SC_WEB_ROUTE_H

#include "web/target.h"
#include "web/web.h"

#define SC_WEB_ROUTE_PARAMETERS_MAX 8

/* The result of a look-up. Names point into the table, values into the target, the label into the host. */
struct sc_web_route_match {
	const struct sc_web_host *host;
	struct sc_view label; /* what "*" matched */
	const struct sc_web_route *route;
	struct {
		struct sc_view name;
		const char *value;
	} parameter[SC_WEB_ROUTE_PARAMETERS_MAX];
	size_t parameter_count;
	bool has_path; /* if there is no route: the path exists for another method */
};

/* The row for "<name>.<domain>", or NULL. The name is in lower case. */
const struct sc_web_host *sc_web_route_host(const struct sc_web_host *hosts, const char *domain,
					    struct sc_view name, struct sc_view *label);

/*
 * Fills *match for the host's first matching row; false if there is none. For a relaxed host, permanently
 * drops the target's empty segments.
 */
bool sc_web_route_find(const struct sc_web_host *host, const char *method, struct sc_web_target *target,
		       struct sc_web_route_match *match);

/*
 * "GET, PUT": the methods of the rows with a matching path, for a 405's Allow header (RFC 9110 section
 * 15.5.6).
 */
#define SC_WEB_ROUTE_METHODS_MAX 64
void sc_web_route_methods(const struct sc_web_host *host, const struct sc_web_target *target,
			  char text[SC_WEB_ROUTE_METHODS_MAX]);

#endif
