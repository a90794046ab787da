/*
 * The server's sockets, threads, TLS and shutdown: see web.h. libmicrohttpd runs a fixed number of epoll
 * threads for each address. A connection stays on its thread, where TLS is handled as well. TLS 1.2 and 1.3
 * with forward secrecy and authenticated ciphers only, no session tickets (their key would be in this
 * process), no renegotiation.
 */
#include "web/server_state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/os.h"
#include "web/intake.h"
#include "web/request.h"
#include "web/tls_credentials.h"

#define BACKLOG  512
#define FAREWELL (2 * SC_SECOND) /* for the last answers to be sent */

#define WAITING_MIN 16 /* jobs that one party may have waiting in any case */

#define OTHER_DESCRIPTORS  128 /* of the process: listeners, database, modules, other hosts */
#define THREAD_DESCRIPTORS 3   /* of each HTTP thread of an address: two for epoll, one to wake it */

static const char priorities[] =
    "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305:+AEAD:+ECDHE-ECDSA:"
    "+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SECP256R1-SHA256:"
    "+SIGN-ECDSA-SHA384:+SIGN-ECDSA-SHA512:+COMP-NULL:+CTYPE-X509:%SERVER_PRECEDENCE:%NO_TICKETS";

/* libmicrohttpd's certificate callback has no context, so a process has one server, and this is its key. */
static _Atomic(struct sc_web_tls_key *) served_key;

static int give_credentials(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
			    const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
			    gnutls_pcert_st **chain, unsigned *chain_len, gnutls_privkey_t *key)
{
	struct sc_web_tls_key *tls_key = atomic_load(&served_key);

	(void)session, (void)authorities, (void)authority_count, (void)algorithms, (void)algorithm_count;
	if (!tls_key)
		return -1;
	sc_web_tls_key_credentials(tls_key, chain, chain_len, key);
	return 0;
}

/* -- sockets ----------------------------------------------------------------------------------- */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage room;
};

static socklen_t read_address(const char *text, uint16_t port, union address *out)
{
	memset(out, 0, sizeof *out);
	if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(port);
		return sizeof out->v4;
	}
	if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = htons(port);
		return sizeof out->v6;
	}
	return 0;
}

static int make_socket(const union address *address, socklen_t len)
{
	const int on = 1;
	int fd = sc_os->socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (sc_os->setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
	    (address->any.sa_family == AF_INET6 &&
	     sc_os->setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on)) ||
	    sc_os->bind(fd, &address->any, len) || sc_os->listen(fd, BACKLOG)) {
		int error = errno;

		(void)sc_os->close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static sc_status bound_port(int fd, uint16_t *out, struct sc_error *err)
{
	union address address;
	socklen_t len = sizeof address;

	if (sc_os->getsockname(fd, &address.any, &len))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot read the port of a socket");
	*out = ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
	return SC_OK;
}

static bool is_without_ipv6(const union address *address)
{
	return address->any.sa_family == AF_INET6 &&
	       (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL || errno == EPROTONOSUPPORT);
}

/* Every address gets the port of the first. *fd is -1 if the machine has no IPv6. */
static sc_status bind_address(struct sc_web_server *server, const char *text, int *fd, struct sc_error *err)
{
	union address address;
	socklen_t len = read_address(text, server->port, &address);

	SC_ENSURE(len > 0, err, SC_ERR_ARGUMENT, "%s: not an IPv4 or IPv6 address", text);
	*fd = make_socket(&address, len);
	if (*fd < 0 && is_without_ipv6(&address)) {
		sc_log(SC_LOG_WARNING, "%s: skipped: this machine has no such address", text);
		return SC_OK;
	}
	if (*fd < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot listen on %s port %u", text,
				     (unsigned)server->port);
	return server->port ? SC_OK : bound_port(*fd, &server->port, err);
}

/* -- starting ---------------------------------------------------------------------------------- */

/*
 * libmicrohttpd divides its limit among its threads, and stops accepting where it is reached. Ours is for all
 * addresses together (web/peers.h) and comes first: any one thread may have all connections.
 */
static unsigned connections_of(const struct sc_web_settings *settings)
{
	return (settings->connections + settings->connections / 4 + 1) * settings->threads;
}

static struct MHD_Daemon *start_daemon(struct sc_web_server *server, int fd)
{
	const struct sc_web_settings *settings = &server->settings;
	const unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TLS;
	/* libmicrohttpd's manual: a pool has at least two threads. */
	const unsigned pool = settings->threads > 1 ? settings->threads : 0;

	return MHD_start_daemon(
	    flags, 0, NULL, NULL, sc_web_intake_access, server, MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_THREAD_POOL_SIZE, pool, MHD_OPTION_CONNECTION_LIMIT, connections_of(settings),
	    MHD_OPTION_CONNECTION_TIMEOUT, 0u, MHD_OPTION_ARRAY,
	    sc_web_strictness_options(server->strictness), MHD_OPTION_HTTPS_PRIORITIES, priorities,
	    MHD_OPTION_HTTPS_CERT_CALLBACK, give_credentials, MHD_OPTION_URI_LOG_CALLBACK,
	    sc_web_intake_target, server, MHD_OPTION_NOTIFY_COMPLETED, sc_web_intake_completed, server,
	    MHD_OPTION_NOTIFY_CONNECTION, sc_web_intake_connection, server, MHD_OPTION_END);
}

static sc_status add_listener(struct sc_web_server *server, const char *text, struct sc_error *err)
{
	struct sc_web_listener *listener = &server->listener[server->listener_count];

	SC_TRY(bind_address(server, text, &listener->fd, err));
	if (listener->fd < 0)
		return SC_OK;
	server->listener_count++;
	listener->daemon = start_daemon(server, listener->fd);
	SC_ENSURE(listener->daemon, err, SC_ERR_SYSTEM, "%s port %u: cannot start the HTTPS server", text,
		  (unsigned)server->port);
	return SC_OK;
}

static sc_status start_timers(struct sc_web_timers **out, struct sc_error *err)
{
	SC_TRY(sc_web_timers_new(out, err));
	return sc_web_timers_start(*out, err);
}

/*
 * Requests that libmicrohttpd would repair are refused, by us or by it. Otherwise the operator must have a
 * proxy.
 */
static sc_status choose_strictness(struct sc_web_server *server, struct sc_error *err)
{
	SC_TRY(sc_web_strictness_find(&server->strictness, err));
	if (server->strictness != SC_WEB_STRICT_PROXY)
		return SC_OK;
	SC_ENSURE(server->settings.is_behind_strict_proxy, err, SC_ERR_STATE,
		  "libmicrohttpd %s repairs malformed requests (NUL bytes, bare LF, folded or empty lines): "
		  "build with version 0.9.75 or 1.0, or put a proxy in front that refuses them and set "
		  "`behind-strict-proxy = yes`",
		  MHD_get_version());
	sc_log(SC_LOG_WARNING,
	       "libmicrohttpd %s repairs malformed requests: the proxy in front must refuse them",
	       MHD_get_version());
	return SC_OK;
}

/* All connections that clients may have, and what the process needs besides, must find a descriptor. */
static sc_status reserve_descriptors(const struct sc_web_settings *settings, struct sc_error *err)
{
	const rlim_t threads = (rlim_t)settings->threads * settings->address_count;
	const rlim_t needed = settings->connections + OTHER_DESCRIPTORS + THREAD_DESCRIPTORS * threads;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot read the limit of descriptors");
	if (limit.rlim_cur >= needed)
		return SC_OK;
	limit.rlim_cur = needed;
	SC_ENSURE(
	    needed <= limit.rlim_max && setrlimit(RLIMIT_NOFILE, &limit) == 0, err, SC_ERR_SYSTEM,
	    "%u connections need %llu descriptors, but this process may have %llu: lower `connections`, or "
	    "raise the limit (ulimit -n, LimitNOFILE=)",
	    settings->connections, (unsigned long long)needed, (unsigned long long)limit.rlim_max);
	return SC_OK;
}

/*
 * Of one party: so much less than its connections that a few parties cannot fill all with requests that wait.
 */
static unsigned waiting_max(const struct sc_web_settings *settings)
{
	const unsigned quarter = settings->connections_per_address / 4;

	return quarter > WAITING_MIN ? quarter : WAITING_MIN;
}

static sc_status start(struct sc_web_server *server, struct sc_error *err)
{
	const struct sc_web_settings *settings = &server->settings;
	const struct sc_web_peer_limits limits = { settings->connections, settings->connections_per_address,
						   SC_WEB_BODIES_MAX, SC_WEB_BODY_MAX };

	SC_TRY(reserve_descriptors(settings, err));
	SC_TRY(choose_strictness(server, err));
	SC_TRY(start_timers(&server->deadlines, err));
	SC_TRY(start_timers(&server->transfers, err));
	SC_TRY(sc_web_connections_new(server->transfers, settings->transfer_ms * SC_MILLISECOND, &limits,
				      &server->connections, err));
	SC_TRY(sc_web_jobs_new(settings->quick_workers, settings->slow_workers, waiting_max(settings),
			       &server->jobs, err));
	for (size_t i = 0; i < settings->address_count; i++)
		SC_TRY(add_listener(server, settings->addresses[i], err));
	SC_ENSURE(server->listener_count > 0, err, SC_ERR_SYSTEM, "no address to listen on");
	return SC_OK;
}

/* Signals belong to the main thread. Threads started here or by libmicrohttpd inherit a mask blocking all. */
static sc_status start_without_signals(struct sc_web_server *server, struct sc_error *err)
{
	sigset_t all;
	sigset_t before;
	sc_status status;

	sigfillset(&all);
	SC_ENSURE(pthread_sigmask(SIG_SETMASK, &all, &before) == 0, err, SC_ERR_SYSTEM,
		  "cannot block signals");
	status = start(server, err);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return status;
}

static void fill_in_defaults(struct sc_web_settings *settings)
{
	const struct {
		unsigned *value;
		unsigned standard;
	} all[] = {
		{ &settings->threads, 2 },
		{ &settings->quick_workers, 4 },
		{ &settings->slow_workers, 8 },
		{ &settings->deadline_ms, 30000 },
		{ &settings->transfer_ms, 60000 },
		{ &settings->connections, 800 },
		{ &settings->connections_per_address, 256 },
	};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (*all[i].value == 0)
			*all[i].value = all[i].standard;
	if (settings->connections_per_address > settings->connections)
		settings->connections_per_address = settings->connections;
}

sc_status sc_web_server_start(const struct sc_web_settings *settings, struct sc_web_server **out,
			      struct sc_error *err)
{
	struct sc_web_tls_key *none = NULL;
	struct sc_web_server *server;
	sc_status status;

	SC_ENSURE(settings->address_count <= SC_WEB_ADDRESSES_MAX, err, SC_ERR_ARGUMENT,
		  "more than %d addresses", SC_WEB_ADDRESSES_MAX);
	SC_ENSURE(settings->tls_key, err, SC_ERR_ARGUMENT, "a server needs a TLS key");
	SC_ENSURE(MHD_is_feature_supported(MHD_FEATURE_TLS) == MHD_YES, err, SC_ERR_SYSTEM,
		  "this libmicrohttpd was built without TLS");
	server = calloc(1, sizeof *server);
	SC_ENSURE(server, err, SC_ERR_MEMORY, "out of memory for the server");
	server->settings = *settings;
	server->port = settings->port;
	fill_in_defaults(&server->settings);
	if (!atomic_compare_exchange_strong(&served_key, &none, settings->tls_key)) {
		free(server);
		return sc_fail(err, SC_ERR_STATE, "this process already has a server");
	}
	status = start_without_signals(server, err);
	if (status != SC_OK) {
		sc_web_server_free(server);
		return status;
	}
	*out = server;
	return SC_OK;
}

/* -- stopping ---------------------------------------------------------------------------------- */

void sc_web_server_stop(struct sc_web_server *server)
{
	if (atomic_exchange(&server->is_stopped, true))
		return;
	for (size_t i = 0; i < server->listener_count; i++)
		if (server->listener[i].daemon)
			(void)MHD_quiesce_daemon(server->listener[i].daemon);
	if (server->jobs)
		sc_web_jobs_stop(server->jobs);
	/* libmicrohttpd aborts the process if it is stopped while a connection is suspended. */
	if (server->deadlines)
		sc_web_timers_close(server->deadlines);
	if (server->connections)
		sc_web_connections_settle(server->connections, FAREWELL);
	for (size_t i = 0; i < server->listener_count; i++) {
		if (server->listener[i].daemon)
			MHD_stop_daemon(server->listener[i].daemon);
		(void)sc_os->close(server->listener[i].fd);
	}
	atomic_store(&served_key, NULL);
}

void sc_web_server_free(struct sc_web_server *server)
{
	if (!server)
		return;
	sc_web_server_stop(server);
	sc_web_jobs_free(server->jobs);
	sc_web_connections_free(server->connections);
	sc_web_timers_free(server->transfers);
	sc_web_timers_free(server->deadlines);
	free(server);
}

uint16_t sc_web_server_port(const struct sc_web_server *server)
{
	return server->port;
}

sc_status sc_web_run(struct sc_web_request *request, enum sc_web_lane lane, struct sc_web_gate *gate,
		     const struct sc_web_job *job, void *context, struct sc_error *err)
{
	return sc_web_jobs_run(request->server->jobs, lane, gate, request->party, job, context, err);
}

sc_status sc_web_run_own(struct sc_web_server *server, enum sc_web_lane lane, struct sc_web_gate *gate,
			 const struct sc_web_job *job, void *context, struct sc_error *err)
{
	return sc_web_jobs_run(server->jobs, lane, gate, "", job, context, err);
}
