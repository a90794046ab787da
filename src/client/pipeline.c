/*
 * One connection that many threads share: see pipeline.h. The calling thread sends its request itself, under
 * the lock and without waiting; what the socket does not accept at once goes into a queue. The reader, a
 * thread of our own, does everything else: it receives the answers, sends what is queued, watches the
 * deadlines, reconnects. Only the reader opens and closes the descriptor, and it calls back with no lock
 * held.
 *
 * The module reads no more than 64 requests from one connection at a time, slow ones included. Once it has
 * stopped reading, it resumes when half of them are done. So that slow requests never lock quick ones out,
 * far fewer of them than that half are with the module at any time; the others wait here.
 *
 * The module's answers are hostile until read (rule P1). One that is malformed, or that answers no request,
 * ends the connection, because nobody could tell what the messages after it belong to.
 */
#include "client/pipeline.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/os.h"
#include "client/client.h"
#include "client/pipeline_slots.h"
#include "client/connect.h"
#include "client/refusal.h"
#include "wire/socket.h"

#define MILLISECOND   (SC_SECOND / 1000)
#define SLOW_REQUESTS 16           /* sent and unanswered: a quarter of the module's limit */
#define SLOW_BYTES    (128 * 1024) /* likewise */
#define BACKOFF_FIRST (50 * MILLISECOND)
#define BACKOFF_LAST  (2 * SC_SECOND)
#define TURN          64 /* answers received before deadlines and queues are checked */
#define LANES         2

struct sc_pipeline {
	char *path;
	pthread_t reader;
	int wake; /* eventfd: tells the reader to check everything again */

	pthread_mutex_t lock; /* protects everything below, down to the reader's own */
	int fd;               /* -1: not connected */
	bool is_broken;       /* a send failed: the reader must close the connection */
	bool is_full;         /* the socket accepts no more: the reader waits for room */
	bool is_closing;
	bool is_stopped; /* the reader has been joined: the closing thread's own */
	int64_t wake_at; /* when the reader wakes up by itself */
	struct sc_pipeline_slots slots;
	struct sc_pipeline_slot_queue queue[LANES];
	size_t queued_bytes;
	unsigned slow_sent;
	size_t slow_bytes;

	int64_t connect_at; /* the reader's own */
	int64_t backoff;
	bool is_out; /* the loss of the module has been logged */
	struct sc_bytes answer;
};

/* -- sending, under the lock --------------------------------------------------------------------- */

static void wake_reader(struct sc_pipeline *pipeline)
{
	const uint64_t one = 1;

	/* Fails only if the counter is full, and then the reader is awake anyway. */
	(void)!sc_os->write(pipeline->wake, &one, sizeof one);
}

static void dequeue(struct sc_pipeline *pipeline, struct sc_pipeline_slot *slot)
{
	TAILQ_REMOVE(&pipeline->queue[slot->lane], slot, queue);
	pipeline->queued_bytes -= slot->size;
}

/* A slow request may always be sent if no other slow one is with the module. */
static bool may_send(const struct sc_pipeline *pipeline, const struct sc_pipeline_slot *slot)
{
	if (slot->lane == SC_LANE_QUICK || pipeline->slow_sent == 0)
		return true;
	return pipeline->slow_sent < SLOW_REQUESTS && pipeline->slow_bytes + slot->size <= SLOW_BYTES;
}

static void note_sent(struct sc_pipeline *pipeline, struct sc_pipeline_slot *slot)
{
	dequeue(pipeline, slot);
	slot->state = SC_PIPELINE_SLOT_SENT;
	sc_bytes_free(&slot->message);
	if (slot->lane == SC_LANE_SLOW) {
		pipeline->slow_sent++;
		pipeline->slow_bytes += slot->size;
	}
}

/* Sends what may be sent of one lane. False once the socket accepts no more. */
static bool flush_lane(struct sc_pipeline *pipeline, enum sc_lane lane)
{
	struct sc_pipeline_slot *slot;

	while ((slot = TAILQ_FIRST(&pipeline->queue[lane])) && may_send(pipeline, slot)) {
		switch (sc_wire_send(pipeline->fd, sc_bytes_view(&slot->message), (struct sc_view){ 0 })) {
		case SC_WIRE_SENT:
			note_sent(pipeline, slot);
			break;
		case SC_WIRE_SENT_LATER:
			pipeline->is_full = true;
			return false;
		case SC_WIRE_SENT_NEVER:
			pipeline->is_broken = true;
			return false;
		}
	}
	return true;
}

static void flush(struct sc_pipeline *pipeline)
{
	if (pipeline->fd < 0 || pipeline->is_broken)
		return;
	pipeline->is_full = false;
	if (flush_lane(pipeline, SC_LANE_QUICK))
		(void)flush_lane(pipeline, SC_LANE_SLOW);
}

/* -- callbacks, on the reader's thread ----------------------------------------------------------- */

/* How a request's caller is told of its end, once its slot is free. */
struct ending {
	sc_pipeline_done done;
	void *context;
};

/* Frees the slot. The lock is held. */
static struct ending end(struct sc_pipeline *pipeline, struct sc_pipeline_slot *slot)
{
	struct ending ending = { slot->done, slot->context };

	if (slot->state == SC_PIPELINE_SLOT_QUEUED) {
		dequeue(pipeline, slot);
	} else if (slot->lane == SC_LANE_SLOW) {
		pipeline->slow_sent--;
		pipeline->slow_bytes -= slot->size;
	}
	sc_pipeline_slots_release(&pipeline->slots, slot);
	return ending;
}

static void tell(const struct ending *ending, sc_status status, const struct sc_error *err,
		 struct sc_view reply)
{
	if (ending->done)
		ending->done(ending->context, status, err, reply);
}

/*
 * Ends every unanswered request with this error. The descriptor is closed, so no new one is accepted
 * meanwhile.
 */
static void fail_all(struct sc_pipeline *pipeline, const struct sc_error *err)
{
	for (unsigned i = 0; i < SC_PIPELINE_IN_FLIGHT; i++) {
		struct ending ending = { 0 };

		pthread_mutex_lock(&pipeline->lock);
		if (pipeline->slots.slot[i].state != SC_PIPELINE_SLOT_FREE)
			ending = end(pipeline, &pipeline->slots.slot[i]);
		pthread_mutex_unlock(&pipeline->lock);
		tell(&ending, err->status, err, (struct sc_view){ 0 });
	}
}

/* Waits twice as long each time, until the module has answered something. */
static void back_off(struct sc_pipeline *pipeline)
{
	pipeline->connect_at = sc_clock_monotonic() + pipeline->backoff;
	pipeline->backoff = 2 * pipeline->backoff < BACKOFF_LAST ? 2 * pipeline->backoff : BACKOFF_LAST;
}

static void lose(struct sc_pipeline *pipeline, const char *why)
{
	struct sc_error error = { 0 };

	(void)sc_fail(&error, SC_ERR_UNAVAILABLE, "%s: %s", pipeline->path, why);
	pthread_mutex_lock(&pipeline->lock);
	if (pipeline->fd >= 0)
		(void)sc_os->close(pipeline->fd);
	pipeline->fd = -1;
	pipeline->is_broken = false;
	pipeline->is_full = false;
	pthread_mutex_unlock(&pipeline->lock);
	sc_log(SC_LOG_WARNING, "%s", error.message);
	pipeline->is_out = true;
	back_off(pipeline);
	fail_all(pipeline, &error);
}

/* -- deadlines ----------------------------------------------------------------------------------- */

static void tell_late(const struct sc_pipeline *pipeline, const struct ending *ending)
{
	struct sc_error error = { 0 };

	(void)sc_fail(&error, SC_ERR_TIMEOUT, "%s: the module did not answer in time", pipeline->path);
	tell(ending, SC_ERR_TIMEOUT, &error, (struct sc_view){ 0 });
}

/*
 * The deadline of one slot has passed. A request that was never sent is forgotten. One that was sent keeps
 * its slot, because the module is still working on it and will answer. False if even that answer is overdue.
 */
static bool expire(struct sc_pipeline *pipeline, struct sc_pipeline_slot *slot, int64_t now,
		   struct ending *late)
{
	switch (slot->state) {
	case SC_PIPELINE_SLOT_QUEUED:
		*late = end(pipeline, slot);
		return true;
	case SC_PIPELINE_SLOT_SENT:
		*late = (struct ending){ slot->done, slot->context };
		slot->done = NULL;
		slot->state = SC_PIPELINE_SLOT_ABANDONED;
		sc_pipeline_slots_due(&pipeline->slots, slot, now + SC_CLIENT_TIMEOUT * SC_SECOND);
		return true;
	default:
		return false;
	}
}

/* False if the module is so late that the connection is given up. */
static bool look_at_deadlines(struct sc_pipeline *pipeline)
{
	struct sc_pipeline_slots *slots = &pipeline->slots;
	int64_t now = sc_clock_monotonic();
	bool is_well = true;

	pthread_mutex_lock(&pipeline->lock);
	if (now < slots->next_due) {
		pthread_mutex_unlock(&pipeline->lock);
		return true;
	}
	slots->next_due = INT64_MAX;
	for (unsigned i = 0; i < SC_PIPELINE_IN_FLIGHT; i++) {
		struct sc_pipeline_slot *slot = &slots->slot[i];
		struct ending late = { 0 };

		if (slot->state == SC_PIPELINE_SLOT_FREE)
			continue;
		if (slot->deadline > now)
			sc_pipeline_slots_due(slots, slot, slot->deadline);
		else if (!expire(pipeline, slot, now, &late))
			is_well = false;
		if (!late.done)
			continue;
		pthread_mutex_unlock(&pipeline->lock);
		tell_late(pipeline, &late);
		pthread_mutex_lock(&pipeline->lock);
	}
	pthread_mutex_unlock(&pipeline->lock);
	return is_well;
}

/* -- answers ------------------------------------------------------------------------------------- */

static void tell_answer(const struct sc_pipeline *pipeline, const struct ending *ending,
			const struct sc_wire_response_header *header, struct sc_view body)
{
	struct sc_error error = { 0 };

	if (header->status != SC_OK) {
		(void)sc_client_refusal_explain(pipeline->path, header->command, header->status,
						header->numbers, &error);
		body = (struct sc_view){ 0 };
	}
	tell(ending, header->status, &error, body);
}

/* Handles one answer. False if it is malformed, or answers no request. */
static bool take_answer(struct sc_pipeline *pipeline, struct sc_view message)
{
	struct sc_wire_response_header header;
	struct sc_view body;
	struct ending ending;
	struct sc_pipeline_slot *slot;

	if (sc_wire_response_read(message, &header, &body, NULL) != SC_OK)
		return false;
	pthread_mutex_lock(&pipeline->lock);
	slot = sc_pipeline_slots_find(&pipeline->slots, header.id);
	if (!slot || slot->command != header.command) {
		pthread_mutex_unlock(&pipeline->lock);
		return false;
	}
	ending = end(pipeline, slot);
	pipeline->backoff = BACKOFF_FIRST;
	/* A slow request that waited for this one's slot may be sent now. */
	flush(pipeline);
	pthread_mutex_unlock(&pipeline->lock);
	tell_answer(pipeline, &ending, &header, body);
	return true;
}

static bool take_and_wipe(struct sc_pipeline *pipeline, struct sc_view message)
{
	bool is_good = take_answer(pipeline, message);

	/* It may have held plaintext. */
	OPENSSL_cleanse(pipeline->answer.data, message.len);
	return is_good;
}

/* Handles what has arrived, up to TURN answers. Returns why the connection has ended, or NULL. */
static const char *receive(struct sc_pipeline *pipeline)
{
	static const char foreign[] = "the module sent something that answers none of our requests";
	struct sc_view message;

	for (int i = 0; i < TURN; i++) {
		switch (sc_wire_receive(pipeline->fd, &pipeline->answer, &message)) {
		case SC_WIRE_RECEIVED:
			if (!take_and_wipe(pipeline, message))
				return foreign;
			break;
		case SC_WIRE_RECEIVED_LATER:
			return NULL;
		case SC_WIRE_RECEIVED_END:
		case SC_WIRE_RECEIVED_FAILED:
			return "the module closed the connection (its log may say why)";
		case SC_WIRE_RECEIVED_INVALID:
			return foreign;
		}
	}
	return NULL;
}

/* -- the reader ---------------------------------------------------------------------------------- */

static void connect_again(struct sc_pipeline *pipeline)
{
	struct sc_error error = { 0 };
	int fd = -1;

	if (sc_client_socket_connect(pipeline->path, 0, &fd, &error) != SC_OK) {
		if (!pipeline->is_out)
			sc_log(SC_LOG_WARNING, "%s", error.message);
		pipeline->is_out = true;
		back_off(pipeline);
		return;
	}
	if (pipeline->is_out)
		sc_log(SC_LOG_NOTICE, "%s: connected again", pipeline->path);
	pipeline->is_out = false;
	pthread_mutex_lock(&pipeline->lock);
	pipeline->fd = fd;
	pthread_mutex_unlock(&pipeline->lock);
}

static int milliseconds_until(int64_t time)
{
	int64_t left = time - sc_clock_monotonic();

	if (time == INT64_MAX)
		return -1;
	if (left <= 0)
		return 0;
	left = (left + MILLISECOND - 1) / MILLISECOND;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

/* Sets what the reader waits for, and how long. False once the pipeline closes. */
static bool prepare(struct sc_pipeline *pipeline, struct pollfd polled[2], int *milliseconds)
{
	bool goes_on;

	pthread_mutex_lock(&pipeline->lock);
	flush(pipeline);
	polled[0] = (struct pollfd){ .fd = pipeline->wake, .events = POLLIN };
	polled[1] = (struct pollfd){ .fd = pipeline->fd, .events = POLLIN };
	if (pipeline->is_full)
		polled[1].events |= POLLOUT;
	pipeline->wake_at = pipeline->slots.next_due;
	if (pipeline->fd < 0 && pipeline->connect_at < pipeline->wake_at)
		pipeline->wake_at = pipeline->connect_at;
	if (pipeline->is_broken)
		pipeline->wake_at = 0;
	*milliseconds = milliseconds_until(pipeline->wake_at);
	goes_on = !pipeline->is_closing;
	pthread_mutex_unlock(&pipeline->lock);
	return goes_on;
}

static void wait_for_work(const struct sc_pipeline *pipeline, struct pollfd polled[2], int milliseconds)
{
	uint64_t ignored;

	if (sc_os->poll(polled, 2, milliseconds) < 0)
		polled[0].revents = polled[1].revents = 0;
	if (polled[0].revents)
		(void)!sc_os->read(pipeline->wake, &ignored, sizeof ignored);
}

static bool has_broken(struct sc_pipeline *pipeline)
{
	bool is_broken;

	pthread_mutex_lock(&pipeline->lock);
	is_broken = pipeline->is_broken;
	pthread_mutex_unlock(&pipeline->lock);
	return is_broken;
}

/* Checks everything that may have happened. */
static void turn(struct sc_pipeline *pipeline, const struct pollfd *connection)
{
	const char *end_reason = NULL;

	if (connection->revents & (POLLIN | POLLHUP | POLLERR))
		end_reason = receive(pipeline);
	if (!look_at_deadlines(pipeline))
		end_reason = "the module does not answer";
	if (!end_reason && has_broken(pipeline))
		end_reason = "the connection to the module is broken";
	if (end_reason)
		lose(pipeline, end_reason);
	else if (pipeline->fd < 0 && sc_clock_monotonic() >= pipeline->connect_at)
		connect_again(pipeline);
}

static void *read_answers(void *argument)
{
	struct sc_pipeline *pipeline = argument;
	struct sc_error closed = { 0 };
	struct pollfd polled[2];
	int milliseconds = 0;

	while (prepare(pipeline, polled, &milliseconds)) {
		wait_for_work(pipeline, polled, milliseconds);
		turn(pipeline, &polled[1]);
	}
	(void)sc_fail(&closed, SC_ERR_UNAVAILABLE, "%s: the connection was closed on this side",
		      pipeline->path);
	fail_all(pipeline, &closed);
	return NULL;
}

/* -- what others call ---------------------------------------------------------------------------- */

static sc_status encode(const struct sc_wire_request_header *header, struct sc_view body,
			struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_writer) writer = sc_writer_new(SC_WIRE_REQUEST_HEADER_SIZE + SC_WIRE_BODY_MAX);

	sc_wire_request_header_write(&writer, header, body.len);
	sc_write_raw(&writer, body);
	SC_ENSURE(!writer.failed, err, SC_ERR_MEMORY, "out of memory for a request");
	*out = sc_steal(writer.buffer);
	out->len = writer.used;
	return SC_OK;
}

static sc_status admit(struct sc_pipeline *pipeline, size_t size, struct sc_pipeline_slot **out,
		       struct sc_error *err)
{
	SC_ENSURE(!pipeline->is_closing && pipeline->fd >= 0 && !pipeline->is_broken, err, SC_ERR_UNAVAILABLE,
		  "%s: no module answers here (is its hsmd running?)", pipeline->path);
	SC_ENSURE(pipeline->queued_bytes + size <= SC_PIPELINE_QUEUE_MAX, err, SC_ERR_BUSY,
		  "%s: too many requests are waiting: try again in a moment", pipeline->path);
	*out = sc_pipeline_slots_take(&pipeline->slots);
	SC_ENSURE(*out, err, SC_ERR_BUSY, "%s: too many requests are waiting: try again in a moment",
		  pipeline->path);
	return SC_OK;
}

/* Puts a request in its queue and sends what can be sent. The lock is held. */
static sc_status enter(struct sc_pipeline *pipeline, struct sc_wire_request_header *header,
		       struct sc_view body, const struct sc_pipeline_slot *wanted, struct sc_error *err)
{
	size_t size = SC_WIRE_REQUEST_HEADER_SIZE + body.len;
	struct sc_pipeline_slot *slot = NULL;
	struct sc_bytes message = { 0 };
	bool was_full = pipeline->is_full;
	uint64_t id;
	sc_status status;

	SC_TRY(admit(pipeline, size, &slot, err));
	id = slot->id;
	header->id = id;
	status = encode(header, body, &message, err);
	if (status != SC_OK) {
		sc_pipeline_slots_release(&pipeline->slots, slot);
		return status;
	}
	*slot = *wanted;
	slot->id = id;
	slot->size = size;
	slot->message = message;
	sc_pipeline_slots_due(&pipeline->slots, slot, wanted->deadline);
	TAILQ_INSERT_TAIL(&pipeline->queue[slot->lane], slot, queue);
	pipeline->queued_bytes += size;
	flush(pipeline);
	if ((pipeline->is_full && !was_full) || pipeline->is_broken || wanted->deadline < pipeline->wake_at)
		wake_reader(pipeline);
	if (wanted->deadline < pipeline->wake_at)
		pipeline->wake_at = wanted->deadline;
	return SC_OK;
}

sc_status sc_pipeline_submit(struct sc_pipeline *pipeline, enum sc_command command, uint64_t authority,
			     struct sc_view body, uint32_t timeout_ms, sc_pipeline_done done, void *context,
			     struct sc_error *err)
{
	const struct sc_command_info *info = sc_command_find(command);
	struct sc_wire_request_header header = { .command = (uint16_t)command, .authority = authority };
	struct sc_pipeline_slot wanted = {
		.state = SC_PIPELINE_SLOT_QUEUED,
		.command = command,
		.deadline = sc_clock_monotonic() + timeout_ms * MILLISECOND,
		.done = done,
		.context = context,
	};
	sc_status status;

	assert(info && done);
	wanted.lane = info->lane;
	SC_ENSURE(body.len <= SC_WIRE_BODY_MAX, err, SC_ERR_TOO_LARGE, "the request is longer than %d bytes",
		  SC_WIRE_BODY_MAX);
	pthread_mutex_lock(&pipeline->lock);
	status = enter(pipeline, &header, body, &wanted, err);
	pthread_mutex_unlock(&pipeline->lock);
	return status;
}

const char *sc_pipeline_path(const struct sc_pipeline *pipeline)
{
	return pipeline->path;
}

bool sc_pipeline_is_connected(struct sc_pipeline *pipeline)
{
	bool is_connected;

	pthread_mutex_lock(&pipeline->lock);
	is_connected = pipeline->fd >= 0 && !pipeline->is_broken;
	pthread_mutex_unlock(&pipeline->lock);
	return is_connected;
}

/* -- opening and closing ------------------------------------------------------------------------- */

static void release(struct sc_pipeline *pipeline)
{
	if (pipeline->fd >= 0)
		(void)sc_os->close(pipeline->fd);
	if (pipeline->wake >= 0)
		(void)sc_os->close(pipeline->wake);
	pthread_mutex_destroy(&pipeline->lock);
	sc_bytes_free(&pipeline->answer);
	free(pipeline->path);
	free(pipeline);
}

/* Signals stay blocked here: they are for the daemon's own threads. */
static sc_status start_reader(struct sc_pipeline *pipeline, struct sc_error *err)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&pipeline->reader, NULL, read_answers, pipeline);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = failed;
	if (failed)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot start a thread", pipeline->path);
	return SC_OK;
}

static sc_status start(struct sc_pipeline *pipeline, const char *path, struct sc_error *err)
{
	sc_status status;

	pipeline->path = strdup(path);
	SC_ENSURE(pipeline->path, err, SC_ERR_MEMORY, "out of memory for a connection");
	SC_TRY(sc_bytes_new(SC_WIRE_MESSAGE_MAX, &pipeline->answer, err));
	pipeline->wake = sc_os->eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pipeline->wake < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot create an eventfd", path);
	/* A running module can be asked at once. If it is not running, the reader keeps trying. */
	status = sc_client_socket_connect(path, 0, &pipeline->fd, err);
	if (status != SC_OK && status != SC_ERR_UNAVAILABLE)
		return status;
	return start_reader(pipeline, err);
}

sc_status sc_pipeline_open(const char *path, struct sc_pipeline **out, struct sc_error *err)
{
	struct sc_pipeline *pipeline = calloc(1, sizeof *pipeline);
	sc_status status;

	SC_ENSURE(pipeline, err, SC_ERR_MEMORY, "out of memory for a connection");
	pipeline->fd = -1;
	pipeline->wake = -1;
	pipeline->backoff = BACKOFF_FIRST;
	pthread_mutex_init(&pipeline->lock, NULL);
	sc_pipeline_slots_start(&pipeline->slots);
	for (int lane = 0; lane < LANES; lane++)
		TAILQ_INIT(&pipeline->queue[lane]);
	status = start(pipeline, path, err);
	if (status != SC_OK) {
		release(pipeline);
		return status;
	}
	*out = pipeline;
	return SC_OK;
}

void sc_pipeline_stop(struct sc_pipeline *pipeline)
{
	if (!pipeline || pipeline->is_stopped)
		return;
	assert(!pthread_equal(pthread_self(), pipeline->reader));
	pthread_mutex_lock(&pipeline->lock);
	pipeline->is_closing = true;
	wake_reader(pipeline);
	pthread_mutex_unlock(&pipeline->lock);
	(void)pthread_join(pipeline->reader, NULL);
	pipeline->is_stopped = true;
}

void sc_pipeline_close(struct sc_pipeline *pipeline)
{
	if (!pipeline)
		return;
	sc_pipeline_stop(pipeline);
	release(pipeline);
}
