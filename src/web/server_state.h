/* The server as the files of web/ see it that serve requests. web.h is what everyone else sees. */
#ifndef SC_WEB_SERVER_STATE_H
#define SC_WEB_SERVER_STATE_H

#include <stdatomic.h>

#include <microhttpd.h>

#include "web/http_connection.h"
#include "web/jobs.h"
#include "web/strictness.h"
#include "web/timers.h"
#include "web/web.h"

/* One address: its own socket (so that ::1 is not part of a wildcard), its own libmicrohttpd daemon. */
struct sc_web_listener {
	struct MHD_Daemon *daemon;
	int fd;
};

struct sc_web_server {
	struct sc_web_settings settings; /* with the defaults filled in */
	struct sc_web_listener listener[SC_WEB_ADDRESSES_MAX];
	size_t listener_count;
	uint16_t port;
	struct sc_web_timers *deadlines; /* of requests */
	struct sc_web_timers *transfers; /* of connections */
	struct sc_web_connections *connections;
	struct sc_web_jobs *jobs;
	enum sc_web_strictness strictness;
	atomic_bool is_stopped;
};

#endif
