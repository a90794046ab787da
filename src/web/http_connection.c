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
	pthread_mutex_t lock;
	pthread_cond_t settled;
	size_t busy; /* connections that handle a request or send an answer */
};

struct sc_web_connection {
	struct sc_web_connections *all;
	struct sc_web_timer limit;
	int fd;
	bool is_busy;
};

sc_status sc_web_connections_new(struct sc_web_timers *timers, int64_t transfer,
				 struct sc_web_connections **out, struct sc_error *err)
{
	struct sc_web_connections *connections = calloc(1, sizeof *connections);

	SC_TRY(sc_check_allocated(connections, err));
	connections->timers = timers;
	connections->transfer = transfer;
	pthread_mutex_init(&connections->lock, NULL);
	sc_condition_init(&connections->settled);
	*out = connections;
	return SC_OK;
}

void sc_web_connections_free(struct sc_web_connections *connections)
{
	if (!connections)
		return;
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

static void set_busy(struct sc_web_connection *connection, bool is_busy)
{
	struct sc_web_connections *all = connection->all;

	if (connection->is_busy == is_busy)
		return;
	connection->is_busy = is_busy;
	pthread_mutex_lock(&all->lock);
	all->busy += is_busy ? 1 : (size_t)-1;
	if (all->busy == 0)
		pthread_cond_broadcast(&all->settled);
	pthread_mutex_unlock(&all->lock);
}

/* The descriptor is open, because the connection is closed only after its timer has been cancelled. */
static void shut_down(void *context)
{
	const struct sc_web_connection *connection = context;

	(void)sc_os->shutdown(connection->fd, SHUT_RDWR);
}

void sc_web_connection_begin(struct sc_web_connection *connection, enum sc_web_connection_phase phase)
{
	struct sc_web_connections *all = connection->all;

	set_busy(connection, phase != SC_WEB_CONNECTION_RECEIVING);
	if (phase == SC_WEB_CONNECTION_HANDLING)
		sc_web_timer_cancel(all->timers, &connection->limit);
	else
		(void)sc_web_timer_set(all->timers, &connection->limit, sc_clock_monotonic() + all->transfer,
				       shut_down, connection);
}

struct sc_web_connection *sc_web_connection_open(struct sc_web_connections *connections, int fd)
{
	struct sc_web_connection *connection = calloc(1, sizeof *connection);

	if (!connection)
		return NULL;
	connection->all = connections;
	connection->fd = fd;
	sc_web_connection_begin(connection, SC_WEB_CONNECTION_RECEIVING);
	return connection;
}

void sc_web_connection_close(struct sc_web_connection *connection)
{
	if (!connection)
		return;
	sc_web_timer_cancel(connection->all->timers, &connection->limit);
	set_busy(connection, false);
	free(connection);
}
