/*
 * The event loop: see server.h. Only this thread accepts, reads and closes. What it shares with the workers
 * is in exchange.c.
 *
 * Each listener has an epoll descriptor of its own, for its socket and its users, each user one for its
 * connections, and the loop waits for the listeners'. Every listener that has events gets one of them served,
 * a turn, before any gets a second one, and so do the users within its turns. So however many connections of
 * one socket or of one user ask at once, a request of another one is read after one turn of each.
 */
#include "hsmd/os/server.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include "base/clock.h"
#include "base/daemon.h"
#include "base/os.h"
#include "hsmd/os/exchange.h"
#include "hsmd/os/sockets.h"

#define EVENTS (SC_HSMD_SOCKETS + 2) /* of the loop: all that there can be */
#define REST   1000                  /* ms for which a socket is paused when no descriptor was free */
#define SPARE_FILES                                                                                          \
	256 /* descriptors besides the connections', those that have ended but not been closed included */

struct sc_hsmd_server {
	unsigned connections; /* on all sockets together */
	size_t memory;        /* for messages */
	int epoll;
	int signals;
	int wake;
	enum sc_hsmd_source signal_source;
	enum sc_hsmd_source wake_source;
	struct sc_module *module;
	struct sc_hsmd_exchange *exchange;
	struct sc_hsmd_listener listeners[SC_HSMD_SOCKETS];
	unsigned listener_count;
};

/* -- new connections --------------------------------------------------------------------------- */

/*
 * Pauses a listener: with no free descriptor, a waiting peer would wake the loop again and again. 0 resumes
 * it.
 */
static void rest(struct sc_hsmd_listener *listener, int64_t until)
{
	struct epoll_event event = { .events = until ? 0 : EPOLLIN, .data.ptr = listener };

	listener->paused_until = until;
	(void)sc_os->epoll_ctl(listener->epoll, EPOLL_CTL_MOD, listener->fd, &event);
}

static void accept_one(struct sc_hsmd_server *server, struct sc_hsmd_listener *listener)
{
	struct sc_error why = { 0 };
	struct sc_hsmd_peer peer = { .fd = -1 };
	sc_status status = sc_hsmd_listener_reserve(listener, &why);

	if (status == SC_OK)
		status = sc_hsmd_socket_accept(listener->fd, &peer, &why);
	if (status == SC_OK) {
		status = sc_hsmd_exchange_admit(server->exchange, listener, server->module, &peer, &why);
		if (status == SC_OK)
			return;
		(void)sc_os->close(peer.fd);
	} else if (status == SC_ERR_UNAVAILABLE) {
		return;
	} else if (status == SC_ERR_BUSY)
		rest(listener, sc_clock_monotonic() + REST * SC_SECOND / 1000);
	sc_hsmd_exchange_complain(server->exchange, listener, why.message);
}

/* How long epoll may sleep, in ms; -1: no limit. */
static int resting_time(const struct sc_hsmd_server *server)
{
	for (unsigned i = 0; i < server->listener_count; i++)
		if (server->listeners[i].paused_until)
			return REST;
	return -1;
}

/* Resumes the listeners whose pause is over, however busy the loop is with existing connections. */
static void end_rests(struct sc_hsmd_server *server)
{
	for (unsigned i = 0; i < server->listener_count; i++) {
		struct sc_hsmd_listener *listener = &server->listeners[i];

		if (listener->paused_until && sc_clock_monotonic() >= listener->paused_until)
			rest(listener, 0);
	}
}

/* -- the loop ---------------------------------------------------------------------------------- */

/* Reads what made the descriptor readable: a signal, or the counter of an eventfd. */
static void drain(int fd)
{
	struct signalfd_siginfo taken;

	(void)!sc_os->read(fd, &taken, sizeof taken);
}

/* At most `most` events; *count may be 0. */
static sc_status take_events(int epoll, struct epoll_event *events, int most, int timeout, int *count,
			     struct sc_error *err)
{
	*count = sc_os->epoll_wait(epoll, events, most, timeout);
	if (*count < 0 && errno != EINTR)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "the event loop cannot wait");
	return SC_OK;
}

/* One event of a user. Of several, epoll reports that first which it has not reported for longest. */
static sc_status serve_user(struct sc_hsmd_server *server, const struct sc_hsmd_user *user,
			    struct sc_error *err)
{
	struct epoll_event event;
	int count;

	SC_TRY(take_events(user->epoll, &event, 1, 0, &count, err));
	if (count > 0)
		sc_hsmd_exchange_serve(server->exchange, event.data.ptr, event.events);
	return SC_OK;
}

/* Likewise of a listener. */
static sc_status serve_listener(struct sc_hsmd_server *server, struct sc_hsmd_listener *listener,
				struct sc_error *err)
{
	struct epoll_event event;
	int count;

	SC_TRY(take_events(listener->epoll, &event, 1, 0, &count, err));
	if (count < 1)
		return SC_OK;
	if (*(enum sc_hsmd_source *)event.data.ptr == SC_HSMD_SOURCE_USER)
		return serve_user(server, event.data.ptr, err);
	accept_one(server, listener);
	return SC_OK;
}

/* *go_on becomes false at a signal to stop. */
static sc_status serve(struct sc_hsmd_server *server, const struct epoll_event *event, bool *go_on,
		       struct sc_error *err)
{
	switch (*(enum sc_hsmd_source *)event->data.ptr) {
	case SC_HSMD_SOURCE_SIGNAL:
		drain(server->signals);
		*go_on = false;
		break;
	case SC_HSMD_SOURCE_WAKE:
		drain(server->wake);
		break;
	case SC_HSMD_SOURCE_LISTENER:
		return serve_listener(server, event->data.ptr, err);
	case SC_HSMD_SOURCE_USER:
	case SC_HSMD_SOURCE_CONNECTION: /* only in a listener's turn */
		break;
	}
	return SC_OK;
}

/*
 * Waits for events and serves them. At a signal to stop, *go_on becomes false and those behind it are left:
 * epoll reports them again.
 */
static sc_status serve_batch(struct sc_hsmd_server *server, int timeout, bool *go_on, struct sc_error *err)
{
	struct epoll_event events[EVENTS];
	int count;

	SC_TRY(take_events(server->epoll, events, EVENTS, timeout, &count, err));
	*go_on = true;
	for (int i = 0; i < count && *go_on; i++)
		SC_TRY(serve(server, &events[i], go_on, err));
	sc_hsmd_exchange_reap(server->exchange);
	return SC_OK;
}

static sc_status loop(struct sc_hsmd_server *server, struct sc_error *err)
{
	for (bool go_on = true; go_on; end_rests(server))
		SC_TRY(serve_batch(server, resting_time(server), &go_on, err));
	return SC_OK;
}

/* -- start and end ----------------------------------------------------------------------------- */

static sc_status watch(int epoll, int fd, enum sc_hsmd_source *source, struct sc_error *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = source };

	if (epoll < 0 || fd < 0 || sc_os->epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot set up the event loop");
	return SC_OK;
}

/*
 * Allows as many descriptors as all connections together need, if each is of another user; otherwise accept
 * would run out.
 */
static sc_status allow_files(unsigned connections, struct sc_error *err)
{
	const unsigned files = 2 * connections + SPARE_FILES;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot read RLIMIT_NOFILE");
	if (limit.rlim_cur >= files)
		return SC_OK;
	limit.rlim_cur = files;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		return sc_fail_errno(err, SC_ERR_SYSTEM,
				     "%u connections need %u descriptors, but only %llu are allowed: raise "
				     "RLIMIT_NOFILE (ulimit -n, LimitNOFILE=)",
				     connections, files, (unsigned long long)limit.rlim_max);
	return SC_OK;
}

static sc_status open_loop(struct sc_hsmd_server *server, const struct sc_hsmd_server_options *options,
			   struct sc_error *err)
{
	struct sc_hsmd_exchange_options exchange = { .workers = { [SC_LANE_QUICK] = options->quick_workers,
								  [SC_LANE_SLOW] = options->slow_workers } };

	SC_TRY(allow_files(options->connections, err));
	server->epoll = sc_os->epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot set up the event loop");
	server->wake = sc_os->eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	server->wake_source = SC_HSMD_SOURCE_WAKE;
	SC_TRY(watch(server->epoll, server->wake, &server->wake_source, err));
	exchange.wake = server->wake;
	return sc_hsmd_exchange_new(&exchange, &server->exchange, err);
}

sc_status sc_hsmd_server_new(const struct sc_hsmd_server_options *options, struct sc_hsmd_server **out,
			     struct sc_error *err)
{
	SC_CLEANUP(sc_hsmd_server) server = calloc(1, sizeof *server);

	SC_TRY(sc_check_allocated(server, err));
	server->connections = options->connections;
	server->memory = options->memory;
	server->epoll = server->signals = server->wake = -1;
	SC_TRY(open_loop(server, options, err));
	*out = sc_steal(server);
	return SC_OK;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		(void)sc_os->close(fd);
}

/*
 * Begins no more requests and finishes those in progress. Peers that leave are noticed meanwhile, so that
 * their long commands end.
 */
static void finish(struct sc_hsmd_server *server)
{
	bool go_on;

	sc_hsmd_exchange_begin_stop(server->exchange);
	while (sc_hsmd_exchange_is_busy(server->exchange) && serve_batch(server, -1, &go_on, NULL) == SC_OK)
		continue;
	sc_hsmd_exchange_stop(server->exchange);
}

/* Accepts no more connections, finishes the requests in progress, ends all connections. */
static void stop(struct sc_hsmd_server *server)
{
	for (unsigned i = 0; i < server->listener_count; i++)
		close_if_open(server->listeners[i].fd);
	if (server->exchange)
		finish(server);
	for (unsigned i = 0; i < server->listener_count; i++) {
		sc_hsmd_listener_end(&server->listeners[i]);
		close_if_open(server->listeners[i].epoll);
	}
	server->listener_count = 0;
}

void sc_hsmd_server_free(struct sc_hsmd_server *server)
{
	if (!server)
		return;
	stop(server);
	sc_hsmd_exchange_free(server->exchange);
	close_if_open(server->wake);
	close_if_open(server->signals);
	close_if_open(server->epoll);
	free(server);
}

sc_status sc_hsmd_server_add(struct sc_hsmd_server *server, int fd, const struct sc_policy *policy,
			     struct sc_error *err)
{
	struct sc_hsmd_listener *listener = &server->listeners[server->listener_count];

	if (server->listener_count == SC_HSMD_SOCKETS) {
		(void)sc_os->close(fd);
		return sc_fail(err, SC_ERR_ARGUMENT, "at most %d sockets", SC_HSMD_SOCKETS);
	}
	*listener = (struct sc_hsmd_listener){
		.source = SC_HSMD_SOURCE_LISTENER, .fd = fd, .user_epoll = -1, .policy = *policy
	};
	server->listener_count++;
	listener->epoll = sc_os->epoll_create1(EPOLL_CLOEXEC);
	SC_TRY(watch(listener->epoll, fd, &listener->source, err));
	return watch(server->epoll, listener->epoll, &listener->source, err);
}

/* The signals are blocked in all threads and read from a descriptor. */
static sc_status open_signals(struct sc_hsmd_server *server, struct sc_error *err)
{
	sigset_t signals;

	sc_daemon_hold_signals(&signals);
	server->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	server->signal_source = SC_HSMD_SOURCE_SIGNAL;
	return watch(server->epoll, server->signals, &server->signal_source, err);
}

/* A socket's part of the memory: the largest power of two that fits as often as there are sockets. */
static sc_status part_of(size_t memory, unsigned sockets, size_t *out, struct sc_error *err)
{
	size_t part = SC_HSMD_SOCKET_MEMORY_MAX;

	while (part >= SC_HSMD_SOCKET_MEMORY_MIN && part * sockets > memory)
		part /= 2;
	SC_ENSURE(part >= SC_HSMD_SOCKET_MEMORY_MIN, err, SC_ERR_MODULE_FULL,
		  "%u socket%s %zu KiB of the arena for messages, but only %zu KiB are for that: raise "
		  "--arena, or give fewer --socket",
		  sockets, sockets == 1 ? " needs" : "s need", SC_HSMD_SOCKET_MEMORY_MIN / 1024 * sockets,
		  memory / 1024);
	*out = part;
	return SC_OK;
}

static unsigned places(const struct sc_hsmd_server *server, const struct sc_hsmd_listener *listener)
{
	unsigned part = server->connections / server->listener_count;

	return listener->policy.role == SC_ROLE_CUSTODY && part > SC_HSMD_CUSTODY_CONNECTIONS
		   ? SC_HSMD_CUSTODY_CONNECTIONS
		   : part;
}

static sc_status share(struct sc_hsmd_server *server, struct sc_error *err)
{
	size_t part = 0;

	assert(server->listener_count > 0);
	SC_TRY(part_of(server->memory, server->listener_count, &part, err));
	for (unsigned i = 0; i < server->listener_count; i++)
		SC_TRY(sc_hsmd_exchange_listen(server->exchange, &server->listeners[i], part,
					       places(server, &server->listeners[i]), err));
	return SC_OK;
}

sc_status sc_hsmd_server_start(struct sc_hsmd_server *server, struct sc_error *err)
{
	SC_TRY(share(server, err));
	SC_TRY(open_signals(server, err));
	return sc_hsmd_exchange_start(server->exchange, err);
}

sc_status sc_hsmd_server_run(struct sc_hsmd_server *server, struct sc_module *module, struct sc_error *err)
{
	sc_status status;

	server->module = module;
	status = loop(server, err);
	stop(server);
	return status;
}
