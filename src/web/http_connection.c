/* Connections and their time limits: see http_connection.h. */
#include "web/http_connection.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/os.h"

struct sc_web_connections {
	struct sc_web_timers *timers;
	int64_t transfer;
	pthread_mutex_t lock; /* guards the rest, the phases, and what is shut down */
	struct sc_web_peers *peers;
	pthread_cond_t settled;
	size_t busy; /* connections that handle a request or send an answer */
};

struct sc_web_connection {
	struct sc_web_held held; /* first: it is how peers.c names a connection */
	struct sc_web_connections *all;
	struct sc_web_timer limit;
	int fd;
	enum sc_web_connection_phase phase;
	int64_t until; /* the end of the phase's time, as sc_clock_monotonic() */
};

sc_status sc_web_connections_new(struct sc_web_timers *timers, int64_t transfer,
				 const struct sc_web_peer_limits *limits, struct sc_web_connections **out,
				 struct sc_error *err)
{
	SC_CLEANUP(sc_web_peers) peers = NULL;
	struct sc_web_connections *connections;

	SC_TRY(sc_web_peers_new(limits, &peers, err));
	connections = calloc(1, sizeof *connections);
	SC_TRY(sc_check_allocated(connections, err));
	connections->timers = timers;
	connections->transfer = transfer;
	connections->peers = sc_steal(peers);
	pthread_mutex_init(&connections->lock, NULL);
	sc_condition_init(&connections->settled);
	*out = connections;
	return SC_OK;
}

void sc_web_connections_free(struct sc_web_connections *connections)
{
	if (!connections)
		return;
	sc_web_peers_free(connections->peers);
	pthread_cond_destroy(&connections->settled);
	pthread_mutex_destroy(&connections->lock);
	free(connections);
}

void sc_web_connections_settle(struct sc_web_connections *connections, int64_t limit)
{
	pthread_mutex_lock(&connections->lock);
	while (connections->busy > 0 && sc_condition_wait(&connections->settled, &connections->lock, limit))
		continue;
	pthread_mutex_unlock(&connections->lock);
}

/* -- the lock is held ---------------------------------------------------------------------------- */

/*
 * A connection's descriptor is open for as long as peers.c or a timer knows it, because
 * sc_web_connection_close() takes the connection from both before libmicrohttpd closes the descriptor. A
 * client that is told between requests is told gently: a request that has just arrived is still answered. But
 * more may arrive after SHUT_RD, and the end is not seen before all has been read, so that answer must be the
 * last.
 */
static void shut_down(const struct sc_web_connection *connection)
{
	(void)sc_os->shutdown(connection->fd,
			      connection->phase == SC_WEB_CONNECTION_IDLE ? SHUT_RD : SHUT_RDWR);
}

static void end(const struct sc_web_held *held)
{
	for (; held; held = held->next)
		shut_down((const struct sc_web_connection *)(const void *)held);
}

static bool is_busy(enum sc_web_connection_phase phase)
{
	return phase == SC_WEB_CONNECTION_HANDLING || phase == SC_WEB_CONNECTION_SENDING;
}

static void set_phase(struct sc_web_connection *connection, enum sc_web_connection_phase phase)
{
	struct sc_web_connections *all = connection->all;

	all->busy += is_busy(phase);
	all->busy -= is_busy(connection->phase);
	if (all->busy == 0 && is_busy(connection->phase))
		pthread_cond_broadcast(&all->settled);
	connection->phase = phase;
}

/* -- what happens to a connection ---------------------------------------------------------------- */

/* The timer may have been due just when another phase began: then that one's time counts. */
static void time_out(void *context)
{
	const struct sc_web_connection *connection = context;

	pthread_mutex_lock(&connection->all->lock);
	if (connection->until <= sc_clock_monotonic())
		shut_down(connection);
	pthread_mutex_unlock(&connection->all->lock);
}

static void set_limit(struct sc_web_connection *connection, int64_t until)
{
	(void)sc_web_timer_set(connection->all->timers, &connection->limit, until, time_out, connection);
}

void sc_web_connection_begin(struct sc_web_connection *connection, enum sc_web_connection_phase phase)
{
	struct sc_web_connections *all = connection->all;
	const bool is_limited = phase != SC_WEB_CONNECTION_HANDLING;
	const int64_t until = is_limited ? sc_clock_monotonic() + all->transfer : INT64_MAX;

	pthread_mutex_lock(&all->lock);
	set_phase(connection, phase);
	connection->until = until;
	if (phase == SC_WEB_CONNECTION_HANDLING)
		sc_web_peers_serve(all->peers, &connection->held);
	else
		sc_web_peers_await(all->peers, &connection->held, phase == SC_WEB_CONNECTION_IDLE);
	pthread_mutex_unlock(&all->lock);
	if (is_limited)
		set_limit(connection, until);
	else
		sc_web_timer_cancel(all->timers, &connection->limit);
}

bool sc_web_connection_is_ended(struct sc_web_connection *connection)
{
	bool is_ended;

	pthread_mutex_lock(&connection->all->lock);
	is_ended = connection->held.is_ended;
	pthread_mutex_unlock(&connection->all->lock);
	return is_ended;
}

bool sc_web_connection_keep(struct sc_web_connection *connection, size_t len)
{
	struct sc_web_connections *all = connection->all;
	struct sc_web_held *ended;
	bool may;

	pthread_mutex_lock(&all->lock);
	may = sc_web_peers_keep(all->peers, &connection->held, len, &ended);
	end(ended);
	pthread_mutex_unlock(&all->lock);
	return may;
}

struct sc_web_connection *sc_web_connection_open(struct sc_web_connections *all, const struct sockaddr *peer,
						 int fd)
{
	struct sc_web_connection *connection = calloc(1, sizeof *connection);
	struct sc_web_held *ended = NULL;
	bool has_room = false;

	if (connection) {
		connection->all = all;
		connection->fd = fd;
		connection->phase = SC_WEB_CONNECTION_IDLE;
		connection->until = sc_clock_monotonic() + all->transfer;
		pthread_mutex_lock(&all->lock);
		has_room = sc_web_peers_add(all->peers, peer, &connection->held, &ended);
		end(ended);
		pthread_mutex_unlock(&all->lock);
	}
	if (has_room) {
		set_limit(connection, connection->until);
		return connection;
	}
	free(connection);
	(void)sc_os->shutdown(fd, SHUT_RDWR);
	return NULL;
}

void sc_web_connection_close(struct sc_web_connection *connection)
{
	struct sc_web_connections *all;

	if (!connection)
		return;
	all = connection->all;
	pthread_mutex_lock(&all->lock);
	set_phase(connection, SC_WEB_CONNECTION_IDLE);
	sc_web_peers_remove(all->peers, &connection->held);
	pthread_mutex_unlock(&all->lock);
	sc_web_timer_cancel(all->timers, &connection->limit); /* its callback takes the lock */
	free(connection);
}
