/* Requests in, answers out: see exchange.h. */
#include "hsmd/os/exchange.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/os.h"
#include "hsmd/os/limits.h"
#include "hsmd/os/scrub.h"
#include "wire/socket.h"

#define REQUEST_MAX (SC_WIRE_REQUEST_HEADER_SIZE + SC_WIRE_BODY_MAX)
#define STACK_SIZE  (1 << 20)

#define COMPLAINTS  4 /* lines per second, of one socket */
#define COMPACTIONS 2 /* times that each message is moved at most: small ones may make room for larger ones */

/*
 * Of slow workers, so that quick ones are preferred. No more: on two processors, an import next to signers
 * took 4 times its idle time with 5 and takes 2.4 times with 1, and signatures gained nothing.
 */
#define SLOW_NICENESS 1

static const char *const complaint_lines[SC_HSMD_COMPLAINTS] = {
	[SC_HSMD_COMPLAINT_FULL] =
	    "a socket's memory is full: the connection that holds the most of it is closed",
	[SC_HSMD_COMPLAINT_UNREAD] = "a peer does not read its answers: connection closed",
	[SC_HSMD_COMPLAINT_PLACES] =
	    "too many connections on one socket: one of the user with the most is closed",
};

struct worker {
	struct sc_hsmd_exchange *exchange;
	enum sc_lane lane;
	pthread_t thread;
};

struct sc_hsmd_exchange {
	struct sc_hsmd_exchange_options options;
	struct sc_bytes receive; /* one message, as received */
	struct worker *workers;
	unsigned worker_count;

	pthread_mutex_t lock; /* protects everything below, and the connections */
	pthread_cond_t work[SC_SCHEDULE_LANES];
	pthread_cond_t started;
	unsigned waiting_workers;                 /* how many have reached their wait for work */
	struct sc_schedule_turn sockets;          /* the root of all turns */
	unsigned most_running[SC_SCHEDULE_LANES]; /* requests of one user on one socket */
	struct sc_hsmd_connections connections;
	struct sc_hsmd_connections ended; /* to be freed by the event loop */
	unsigned running;                 /* requests in progress, on all connections */
	bool is_stopping;
	pthread_mutex_t complaining; /* protects the listeners' complaints; taken last */
};

/* -- complaints -------------------------------------------------------------------------------- */

/* Called with the lock held, which the caller releases with unlock_and_complain. */
static void note(struct sc_hsmd_listener *listener, enum sc_hsmd_complaint complaint)
{
	listener->noted[complaint]++;
}

static void unlock_and_complain(struct sc_hsmd_exchange *exchange, struct sc_hsmd_listener *listener)
{
	unsigned noted[SC_HSMD_COMPLAINTS];

	memcpy(noted, listener->noted, sizeof noted);
	memset(listener->noted, 0, sizeof listener->noted);
	pthread_mutex_unlock(&exchange->lock);
	for (unsigned kind = 0; kind < SC_HSMD_COMPLAINTS; kind++)
		for (; noted[kind]; noted[kind]--)
			sc_hsmd_exchange_complain(exchange, listener, complaint_lines[kind]);
}

/* -- ends of connections ----------------------------------------------------------------------- */

static void wake_loop(struct sc_hsmd_exchange *exchange)
{
	const uint64_t one = 1;

	/* Fails only if the counter is full, and then the loop is awake anyway. */
	(void)!sc_os->write(exchange->options.wake, &one, sizeof one);
}

static void release_if_idle(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection)
{
	if (!connection->has_ended || connection->running)
		return;
	TAILQ_REMOVE(&exchange->connections, connection, all);
	TAILQ_INSERT_TAIL(&exchange->ended, connection, all);
	wake_loop(exchange);
}

/* Nothing more is read, started or answered. Requests in progress finish first. */
static void end(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection)
{
	if (connection->has_ended)
		return;
	connection->has_ended = true;
	sc_core_session_abandon(connection->session);
	sc_hsmd_connection_forget(connection);
	sc_hsmd_holder_leave(&connection->holder);
	sc_hsmd_connection_unwatch(connection);
	/* The peer sees it now, not only when its slow request is done. */
	(void)sc_os->shutdown(connection->fd, SHUT_RDWR);
	release_if_idle(exchange, connection);
}

/* A peer that sends no more and has had all its answers is done. */
static void settle(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection)
{
	if (connection->is_at_end && !connection->in_flight && STAILQ_EMPTY(&connection->unsent))
		end(exchange, connection);
	else
		sc_hsmd_connection_arm(connection);
}

/* -- the socket's memory ----------------------------------------------------------------------- */

/*
 * Moves messages so that there is a block of that room, if as much is free but in pieces. Otherwise a few
 * bytes here and there would keep large messages out, and those who hold them hold too little to make room.
 * False if there is no such block even then: too little is free, or only between the messages of requests in
 * progress.
 */
static bool compact(struct sc_hsmd_exchange *exchange, const struct sc_hsmd_listener *listener, size_t room)
{
	struct sc_hsmd_connection *connection;

	if (sc_hsmd_memory_left(listener->memory) < room)
		return false;
	for (unsigned i = 0; i < COMPACTIONS; i++)
		TAILQ_FOREACH(connection, &exchange->connections, all)
			if (connection->user->listener == listener &&
			    sc_hsmd_connection_compact(connection, room))
				return true;
	return false;
}

/*
 * Copies a message into the socket's memory. If that is full, the one that holds the most of it is closed.
 * False if that is the connection itself.
 */
static bool take_memory(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection,
			struct sc_view message, struct sc_hsmd_block *out)
{
	const size_t room = sc_hsmd_memory_room(message.len);

	while (!sc_hsmd_connection_take(connection, message, out)) {
		struct sc_hsmd_holder *most;

		if (compact(exchange, connection->user->listener, room))
			continue;
		most = sc_hsmd_holder_to_close(&connection->holder, room, sc_clock_monotonic());
		if (!most)
			return false;
		note(connection->user->listener, SC_HSMD_COMPLAINT_FULL);
		end(exchange, sc_hsmd_connection_of_holder(most));
	}
	return true;
}

/* -- answers ----------------------------------------------------------------------------------- */

/* Keeps an answer until the peer has read others. */
static void keep(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection,
		 struct sc_view answer)
{
	struct sc_hsmd_block copy;

	if (take_memory(exchange, connection, answer, &copy)) {
		if (sc_hsmd_connection_keep(connection, &copy)) {
			sc_hsmd_connection_arm(connection);
			return;
		}
		sc_hsmd_connection_give(connection, &copy);
	}
	note(connection->user->listener, SC_HSMD_COMPLAINT_UNREAD);
	end(exchange, connection);
}

/* Sends the kept answers. False if the peer is gone. */
static bool flush(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection)
{
	bool was_paused = connection->turn.is_paused;

	if (!sc_hsmd_connection_flush(connection))
		return false;
	if (was_paused && !connection->turn.is_paused)
		for (unsigned lane = 0; lane < SC_SCHEDULE_LANES; lane++)
			pthread_cond_broadcast(&exchange->work[lane]);
	return true;
}

static void deliver(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection,
		    struct sc_view answer)
{
	enum sc_wire_sent sent = sc_wire_send(connection->fd, answer, (struct sc_view){ 0 });

	if (sent == SC_WIRE_SENT)
		return;
	pthread_mutex_lock(&exchange->lock);
	if (!connection->has_ended) {
		if (sent == SC_WIRE_SENT_LATER)
			keep(exchange, connection, answer);
		else
			end(exchange, connection);
	}
	unlock_and_complain(exchange, connection->user->listener);
}

/* An answer without a body. It does not allocate from the arena, which may be full. */
static void refuse(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection,
		   const struct sc_wire_request_header *request, sc_status status)
{
	const struct sc_wire_response_header header = { .command = request->command,
							.id = request->id,
							.status = status };
	uint8_t bytes[SC_WIRE_RESPONSE_HEADER_SIZE];
	struct sc_writer writer = { .buffer = { bytes, sizeof bytes }, .max = sizeof bytes };

	sc_wire_response_header_write(&writer, &header, 0);
	assert(!writer.failed && writer.used == sizeof bytes);
	deliver(exchange, connection, sc_writer_view(&writer));
}

/* -- workers ----------------------------------------------------------------------------------- */

/* After WORLD_ERASE: every connection but the one that asked for it ends. */
static void dismiss_others(struct sc_hsmd_exchange *exchange, const struct sc_hsmd_connection *kept)
{
	struct sc_hsmd_connection *connection = TAILQ_FIRST(&exchange->connections);

	while (connection) {
		struct sc_hsmd_connection *next = TAILQ_NEXT(connection, all);

		if (connection != kept)
			end(exchange, connection);
		connection = next;
	}
}

static void perform(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection,
		    struct sc_schedule_entry *request)
{
	SC_CLEANUP(sc_writer) answer = sc_writer_new(SC_WIRE_MESSAGE_MAX);

	sc_module_handle(connection->session, &request->header,
			 sc_view_of(request->body.data, request->body.len), &answer);
	/* A peer that has its answer can rely on the room of its request. */
	pthread_mutex_lock(&exchange->lock);
	sc_hsmd_connection_give(connection, &request->body);
	if (sc_core_session_takes_dismissal(connection->session))
		dismiss_others(exchange, connection);
	pthread_mutex_unlock(&exchange->lock);
	if (answer.failed)
		refuse(exchange, connection, &request->header, SC_ERR_MODULE_FULL);
	else
		deliver(exchange, connection, sc_writer_view(&answer));
}

/* Waits for a request of the lane. NULL when the workers must end. */
static struct sc_schedule_entry *next_request(struct sc_hsmd_exchange *exchange, enum sc_lane lane,
					      struct sc_hsmd_connection **connection)
{
	struct sc_schedule_entry *request = NULL;
	struct sc_schedule_turn *turn = NULL;

	while (!exchange->is_stopping && !(request = sc_schedule_next(&exchange->sockets, lane, &turn)))
		pthread_cond_wait(&exchange->work[lane], &exchange->lock);
	if (request) {
		*connection = sc_hsmd_connection_of_turn(turn);
		(*connection)->running++;
		exchange->running++;
	}
	return request;
}

static void finish(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection,
		   struct sc_schedule_entry *request)
{
	sc_schedule_done(&connection->turn, request->lane);
	free(request);
	connection->running--;
	connection->in_flight--;
	exchange->running--;
	if (exchange->is_stopping)
		wake_loop(exchange);
	if (connection->has_ended)
		release_if_idle(exchange, connection);
	else
		settle(exchange, connection);
}

static void *work(void *argument)
{
	const struct worker *worker = argument;
	struct sc_hsmd_exchange *exchange = worker->exchange;
	struct sc_hsmd_connection *connection;
	struct sc_schedule_entry *request;

	/* On Linux, this sets the niceness of this thread only. */
	if (worker->lane == SC_LANE_SLOW)
		(void)setpriority(PRIO_PROCESS, 0, SLOW_NICENESS);
	pthread_mutex_lock(&exchange->lock);
	exchange->waiting_workers++;
	pthread_cond_signal(&exchange->started);
	while ((request = next_request(exchange, worker->lane, &connection))) {
		pthread_mutex_unlock(&exchange->lock);
		perform(exchange, connection, request);
		sc_scrub();
		pthread_mutex_lock(&exchange->lock);
		finish(exchange, connection, request);
	}
	pthread_mutex_unlock(&exchange->lock);
	return NULL;
}

static sc_status start_worker(struct sc_hsmd_exchange *exchange, enum sc_lane lane, struct sc_error *err)
{
	struct worker *worker = &exchange->workers[exchange->worker_count];
	pthread_attr_t attributes;
	int failed;

	*worker = (struct worker){ .exchange = exchange, .lane = lane };
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	failed = pthread_create(&worker->thread, &attributes, work, worker);
	pthread_attr_destroy(&attributes);
	errno = failed;
	if (failed)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot start a worker thread");
	exchange->worker_count++;
	return SC_OK;
}

/* -- requests ---------------------------------------------------------------------------------- */

/* Queues a copy. If that fails, the request is answered with the status returned. */
static sc_status enqueue(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection,
			 const struct sc_wire_request_header *header, enum sc_lane lane, struct sc_view body)
{
	struct sc_schedule_entry *request = calloc(1, sizeof *request);
	sc_status status = SC_OK;

	if (!request)
		return SC_ERR_BUSY;
	request->header = *header;
	request->lane = lane;
	pthread_mutex_lock(&exchange->lock);
	/* If it has ended, a worker has just found that the peer is gone: there is nobody to answer. */
	if (!connection->has_ended && !take_memory(exchange, connection, body, &request->body)) {
		status = SC_ERR_BUSY;
	} else if (!connection->has_ended) {
		connection->in_flight++;
		sc_schedule_add(&connection->turn, request);
		request = NULL;
		sc_hsmd_connection_arm(connection);
		pthread_cond_signal(&exchange->work[lane]);
	}
	unlock_and_complain(exchange, connection->user->listener);
	free(request);
	return status;
}

/* False if it is not a request or names no command in the table (rule M1). */
static bool take(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection,
		 struct sc_view message)
{
	const struct sc_command_info *command;
	struct sc_wire_request_header header;
	struct sc_view body;
	sc_status status;

	if (sc_wire_request_read(message, &header, &body, NULL) != SC_OK)
		return false;
	command = sc_command_find(header.command);
	if (!command)
		return false;
	status = enqueue(exchange, connection, &header, command->lane, body);
	if (status != SC_OK)
		refuse(exchange, connection, &header, status);
	return true;
}

static bool is_readable(struct sc_hsmd_exchange *exchange, const struct sc_hsmd_connection *connection)
{
	bool readable;

	pthread_mutex_lock(&exchange->lock);
	readable = !connection->has_ended && connection->armed & EPOLLIN;
	pthread_mutex_unlock(&exchange->lock);
	return readable;
}

static void end_now(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection)
{
	pthread_mutex_lock(&exchange->lock);
	end(exchange, connection);
	pthread_mutex_unlock(&exchange->lock);
}

static void end_of_requests(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection)
{
	pthread_mutex_lock(&exchange->lock);
	connection->is_at_end = true;
	settle(exchange, connection);
	pthread_mutex_unlock(&exchange->lock);
}

static void end_hostile(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection)
{
	sc_hsmd_exchange_complain(exchange, connection->user->listener,
				  "a peer sent something other than a request: connection closed");
	end_now(exchange, connection);
}

/* Reads one message and adds its length to *read. False if there is none, or if no more may be read. */
static bool receive(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection, size_t *read)
{
	struct sc_view message;
	bool ok = false;

	switch (sc_wire_receive(connection->fd, &exchange->receive, &message)) {
	case SC_WIRE_RECEIVED:
		*read += message.len;
		ok = take(exchange, connection, message);
		OPENSSL_cleanse(exchange->receive.data, message.len);
		if (!ok)
			end_hostile(exchange, connection);
		break;
	case SC_WIRE_RECEIVED_LATER:
		break;
	case SC_WIRE_RECEIVED_END:
		end_of_requests(exchange, connection);
		break;
	case SC_WIRE_RECEIVED_FAILED:
		end_now(exchange, connection);
		break;
	case SC_WIRE_RECEIVED_INVALID:
		end_hostile(exchange, connection);
		break;
	}
	return ok;
}

/* -- what the event loop calls ----------------------------------------------------------------- */

void sc_hsmd_exchange_complain(struct sc_hsmd_exchange *exchange, struct sc_hsmd_listener *listener,
			       const char *what)
{
	uint64_t left_out;
	bool permits;

	pthread_mutex_lock(&exchange->complaining);
	permits = sc_log_limit_permits(&listener->complaints, sc_clock_monotonic(), &left_out);
	pthread_mutex_unlock(&exchange->complaining);
	if (permits && left_out)
		sc_log(SC_LOG_WARNING, "%s (%llu lines like this were left out)", what,
		       (unsigned long long)left_out);
	else if (permits)
		sc_log(SC_LOG_WARNING, "%s", what);
}

sc_status sc_hsmd_exchange_new(const struct sc_hsmd_exchange_options *options, struct sc_hsmd_exchange **out,
			       struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) receive = { 0 };
	struct sc_hsmd_exchange *exchange;

	SC_TRY(sc_bytes_new(REQUEST_MAX, &receive, err));
	exchange = calloc(1, sizeof *exchange);
	SC_TRY(sc_check_allocated(exchange, err));
	exchange->options = *options;
	exchange->receive = sc_steal(receive);
	pthread_mutex_init(&exchange->lock, NULL);
	pthread_mutex_init(&exchange->complaining, NULL);
	pthread_cond_init(&exchange->started, NULL);
	for (unsigned lane = 0; lane < SC_SCHEDULE_LANES; lane++) {
		pthread_cond_init(&exchange->work[lane], NULL);
		assert(options->workers[lane] >= SC_HSMD_WORKERS_MIN);
		exchange->most_running[lane] = options->workers[lane] - 1;
	}
	sc_schedule_turn_start(&exchange->sockets, NULL);
	TAILQ_INIT(&exchange->connections);
	TAILQ_INIT(&exchange->ended);
	*out = exchange;
	return SC_OK;
}

sc_status sc_hsmd_exchange_start(struct sc_hsmd_exchange *exchange, struct sc_error *err)
{
	const struct sc_hsmd_exchange_options *options = &exchange->options;

	exchange->workers = calloc(options->workers[SC_LANE_QUICK] + options->workers[SC_LANE_SLOW],
				   sizeof *exchange->workers);
	SC_ENSURE(exchange->workers, err, SC_ERR_MEMORY, "out of memory for workers");
	for (unsigned lane = 0; lane < SC_SCHEDULE_LANES; lane++)
		for (unsigned i = 0; i < options->workers[lane]; i++)
			SC_TRY(start_worker(exchange, (enum sc_lane)lane, err));
	/* Starting a thread takes system calls that the sandbox will not allow. */
	pthread_mutex_lock(&exchange->lock);
	while (exchange->waiting_workers < exchange->worker_count)
		pthread_cond_wait(&exchange->started, &exchange->lock);
	pthread_mutex_unlock(&exchange->lock);
	return SC_OK;
}

sc_status sc_hsmd_exchange_listen(struct sc_hsmd_exchange *exchange, struct sc_hsmd_listener *listener,
				  size_t memory, unsigned connections, struct sc_error *err)
{
	listener->complaints = (struct sc_log_limit){ .lines = COMPLAINTS, .period = SC_SECOND };
	return sc_hsmd_listener_start(listener, &exchange->sockets, memory, connections, err);
}

/*
 * If all of the listener's places are taken, *out is the connection that gives its place; otherwise it is
 * NULL.
 */
static sc_status find_place(const struct sc_hsmd_user *user, struct sc_hsmd_holder **out,
			    struct sc_error *err)
{
	struct sc_hsmd_holder *gives = NULL;

	if (user->listener->holder.connections >= user->listener->most_connections) {
		gives = sc_hsmd_holder_to_make_place(&user->holder, sc_clock_monotonic());
		SC_ENSURE(gives, err, SC_ERR_BUSY,
			  "too many connections on one socket: new connection closed");
	}
	*out = gives;
	return SC_OK;
}

static void give_place(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection)
{
	note(connection->user->listener, SC_HSMD_COMPLAINT_PLACES);
	end(exchange, connection);
}

/*
 * A connection with its session. It takes ownership of the reference to the user. Another gives its place
 * only once nothing can fail any more.
 */
static sc_status connect_user(struct sc_hsmd_exchange *exchange, struct sc_hsmd_user *user,
			      struct sc_module *module, const struct sc_hsmd_peer *peer, struct sc_error *err)
{
	struct sc_hsmd_connection *connection = NULL;
	struct sc_hsmd_holder *gives = NULL;
	struct sc_core_session *session;
	sc_status status;

	SC_TRY(find_place(user, &gives, err));
	session = sc_core_session_new(module, &user->listener->policy, peer->is_other_user);
	SC_ENSURE(session, err, SC_ERR_MODULE_FULL, "out of memory for a session: new connection closed");
	status = sc_hsmd_connection_new(peer->fd, session, user, &connection, err);
	if (status != SC_OK) {
		sc_core_session_free(session);
		return status;
	}
	TAILQ_INSERT_TAIL(&exchange->connections, connection, all);
	if (gives)
		give_place(exchange, sc_hsmd_connection_of_holder(gives));
	return SC_OK;
}

sc_status sc_hsmd_exchange_admit(struct sc_hsmd_exchange *exchange, struct sc_hsmd_listener *listener,
				 struct sc_module *module, const struct sc_hsmd_peer *peer,
				 struct sc_error *err)
{
	struct sc_hsmd_user *user;
	sc_status status;

	pthread_mutex_lock(&exchange->lock);
	status = sc_hsmd_listener_user(listener, peer->uid, exchange->most_running, &user, err);
	if (status == SC_OK) {
		status = connect_user(exchange, user, module, peer, err);
		if (status != SC_OK)
			sc_hsmd_user_release(user);
	}
	unlock_and_complain(exchange, listener);
	return status;
}

void sc_hsmd_exchange_serve(struct sc_hsmd_exchange *exchange, struct sc_hsmd_connection *connection,
			    uint32_t events)
{
	size_t read = 0;

	pthread_mutex_lock(&exchange->lock);
	if (!connection->has_ended) {
		/* The peer is gone: nobody is left to answer. */
		if (events & (EPOLLHUP | EPOLLERR) || (events & EPOLLOUT && !flush(exchange, connection)))
			end(exchange, connection);
		else
			settle(exchange, connection);
	}
	pthread_mutex_unlock(&exchange->lock);
	for (unsigned i = 0; i < SC_HSMD_READ_TURN && read < SC_HSMD_READ_TURN_BYTES &&
			     is_readable(exchange, connection) && receive(exchange, connection, &read);
	     i++)
		continue;
}

void sc_hsmd_exchange_reap(struct sc_hsmd_exchange *exchange)
{
	struct sc_hsmd_connection *connection;

	for (;;) {
		pthread_mutex_lock(&exchange->lock);
		connection = TAILQ_FIRST(&exchange->ended);
		if (connection) {
			TAILQ_REMOVE(&exchange->ended, connection, all);
			sc_hsmd_user_release(connection->user);
		}
		pthread_mutex_unlock(&exchange->lock);
		if (!connection)
			return;
		sc_hsmd_connection_free(connection);
		sc_scrub(); /* a pending world may have ended with it */
	}
}

void sc_hsmd_exchange_begin_stop(struct sc_hsmd_exchange *exchange)
{
	struct sc_hsmd_connection *connection;

	pthread_mutex_lock(&exchange->lock);
	exchange->is_stopping = true;
	for (unsigned lane = 0; lane < SC_SCHEDULE_LANES; lane++)
		pthread_cond_broadcast(&exchange->work[lane]);
	/* Not read any more. That it is gone is reported nevertheless. */
	TAILQ_FOREACH(connection, &exchange->connections, all) {
		connection->is_at_end = true;
		sc_hsmd_connection_arm(connection);
	}
	pthread_mutex_unlock(&exchange->lock);
}

bool sc_hsmd_exchange_is_busy(struct sc_hsmd_exchange *exchange)
{
	bool is_busy;

	pthread_mutex_lock(&exchange->lock);
	is_busy = exchange->running > 0;
	pthread_mutex_unlock(&exchange->lock);
	return is_busy;
}

static void join_workers(struct sc_hsmd_exchange *exchange)
{
	for (unsigned i = 0; i < exchange->worker_count; i++)
		pthread_join(exchange->workers[i].thread, NULL);
	exchange->worker_count = 0;
}

/* Answers that had no room get one last chance, then all connections end. */
static void end_all(struct sc_hsmd_exchange *exchange)
{
	struct sc_hsmd_connection *connection;

	pthread_mutex_lock(&exchange->lock);
	while ((connection = TAILQ_FIRST(&exchange->connections))) {
		(void)flush(exchange, connection);
		end(exchange, connection);
	}
	pthread_mutex_unlock(&exchange->lock);
	sc_hsmd_exchange_reap(exchange);
}

void sc_hsmd_exchange_stop(struct sc_hsmd_exchange *exchange)
{
	sc_hsmd_exchange_begin_stop(exchange);
	join_workers(exchange);
	end_all(exchange);
}

void sc_hsmd_exchange_free(struct sc_hsmd_exchange *exchange)
{
	if (!exchange)
		return;
	sc_hsmd_exchange_stop(exchange);
	for (unsigned lane = 0; lane < SC_SCHEDULE_LANES; lane++)
		pthread_cond_destroy(&exchange->work[lane]);
	pthread_cond_destroy(&exchange->started);
	pthread_mutex_destroy(&exchange->complaining);
	pthread_mutex_destroy(&exchange->lock);
	sc_bytes_free(&exchange->receive);
	free(exchange->workers);
	free(exchange);
}
