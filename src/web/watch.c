/* Time limits: see watch.h. There is one lock; nothing that takes another lock is called while it is held. */
#include "web/watch.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/os.h"
#include "web/request.h"

#define MILLISECOND (SC_SECOND / 1000)
#define TICK_MAX_MS 1000
#define TICK_MIN_MS 10
#define FAREWELL_MS 2000 /* for the last answers to be sent */
#define LOOKS       50   /* checks within that time */

struct sc_web_watch_link {
	struct sc_web_watch_link *previous;
	struct sc_web_watch_link *next;
	int fd;
	enum sc_web_watch_phase what;
	int64_t until; /* 0: no limit, or shut down already */
};

struct sc_web_watch {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	int64_t deadline;
	int64_t transfer;
	unsigned tick_ms;
	bool is_closing;              /* no more requests may begin */
	bool must_end;                /* the thread must end */
	struct sc_web_request *first; /* oldest first: all have the same time limit */
	struct sc_web_request *last;
	struct sc_web_watch_link *links;
};

/* -- requests ---------------------------------------------------------------------------------- */

bool sc_web_watch_begin(struct sc_web_watch *watch, struct sc_web_request *request)
{
	bool may_begin;

	pthread_mutex_lock(&watch->lock);
	may_begin = !watch->is_closing;
	if (may_begin) {
		request->deadline = sc_clock_monotonic() + watch->deadline;
		request->previous = watch->last;
		request->next = NULL;
		*(watch->last ? &watch->last->next : &watch->first) = request;
		watch->last = request;
	}
	pthread_mutex_unlock(&watch->lock);
	return may_begin;
}

/* A request that is in the list has a deadline. */
static void take_out(struct sc_web_watch *watch, struct sc_web_request *request)
{
	if (!request->deadline)
		return;
	*(request->previous ? &request->previous->next : &watch->first) = request->next;
	*(request->next ? &request->next->previous : &watch->last) = request->previous;
	request->deadline = 0;
}

void sc_web_watch_end(struct sc_web_watch *watch, struct sc_web_request *request)
{
	pthread_mutex_lock(&watch->lock);
	take_out(watch, request);
	pthread_mutex_unlock(&watch->lock);
}

/* Expires what is due at `now`. Releases the held lock around each, because an answer takes other locks. */
static void expire_until(struct sc_web_watch *watch, int64_t now)
{
	while (watch->first && watch->first->deadline <= now) {
		struct sc_web_request *request = watch->first;

		/* While it is in the list, its handler's reference is valid; after that, ours is. */
		sc_web_request_hold(request);
		take_out(watch, request);
		pthread_mutex_unlock(&watch->lock);
		sc_web_request_expire(request);
		sc_web_request_release(request);
		pthread_mutex_lock(&watch->lock);
	}
}

/* -- connections ------------------------------------------------------------------------------- */

struct sc_web_watch_link *sc_web_watch_connect(struct sc_web_watch *watch, int fd)
{
	struct sc_web_watch_link *link = calloc(1, sizeof *link);

	if (!link)
		return NULL;
	link->fd = fd;
	pthread_mutex_lock(&watch->lock);
	link->until = sc_clock_monotonic() + watch->transfer;
	link->next = watch->links;
	if (link->next)
		link->next->previous = link;
	watch->links = link;
	pthread_mutex_unlock(&watch->lock);
	return link;
}

void sc_web_watch_disconnect(struct sc_web_watch *watch, struct sc_web_watch_link *link)
{
	pthread_mutex_lock(&watch->lock);
	*(link->previous ? &link->previous->next : &watch->links) = link->next;
	if (link->next)
		link->next->previous = link->previous;
	pthread_mutex_unlock(&watch->lock);
	free(link);
}

void sc_web_watch_now(struct sc_web_watch *watch, struct sc_web_watch_link *link,
		      enum sc_web_watch_phase what)
{
	pthread_mutex_lock(&watch->lock);
	link->what = what;
	link->until = what == SC_WEB_WATCH_HANDLING ? 0 : sc_clock_monotonic() + watch->transfer;
	pthread_mutex_unlock(&watch->lock);
}

/* The descriptor is open while the link exists. libmicrohttpd then sees the end of the stream and closes. */
static void shut_down_until(struct sc_web_watch *watch, int64_t now)
{
	for (struct sc_web_watch_link *link = watch->links; link; link = link->next)
		if (link->until && link->until <= now) {
			(void)shutdown(link->fd, SHUT_RDWR);
			link->until = 0;
		}
}

static bool has_busy_link(const struct sc_web_watch *watch)
{
	for (const struct sc_web_watch_link *link = watch->links; link; link = link->next)
		if (link->what != SC_WEB_WATCH_RECEIVING)
			return true;
	return false;
}

/* -- the thread -------------------------------------------------------------------------------- */

static void wait_a_tick(struct sc_web_watch *watch)
{
	struct timespec until;

	(void)sc_os->clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += watch->tick_ms / 1000;
	until.tv_nsec += (long)(watch->tick_ms % 1000 * MILLISECOND);
	if (until.tv_nsec >= SC_SECOND) {
		until.tv_sec++;
		until.tv_nsec -= SC_SECOND;
	}
	(void)pthread_cond_timedwait(&watch->wake, &watch->lock, &until);
}

static void *run(void *argument)
{
	struct sc_web_watch *watch = argument;

	pthread_mutex_lock(&watch->lock);
	while (!watch->must_end) {
		int64_t now = sc_clock_monotonic();

		expire_until(watch, now);
		shut_down_until(watch, now);
		if (!watch->must_end)
			wait_a_tick(watch);
	}
	pthread_mutex_unlock(&watch->lock);
	return NULL;
}

/* Short enough that no limit is exceeded by more than a quarter. */
static unsigned tick_for(unsigned deadline_ms, unsigned transfer_ms)
{
	unsigned tick = (deadline_ms < transfer_ms ? deadline_ms : transfer_ms) / 4;

	return tick > TICK_MAX_MS ? TICK_MAX_MS : tick < TICK_MIN_MS ? TICK_MIN_MS : tick;
}

static void set_up_wake(pthread_cond_t *wake)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(wake, &attributes);
	pthread_condattr_destroy(&attributes);
}

sc_status sc_web_watch_new(unsigned deadline_ms, unsigned transfer_ms, struct sc_web_watch **out,
			   struct sc_error *err)
{
	struct sc_web_watch *watch = calloc(1, sizeof *watch);

	SC_ENSURE(watch, err, SC_ERR_MEMORY, "out of memory for the time limits");
	watch->deadline = deadline_ms * MILLISECOND;
	watch->transfer = transfer_ms * MILLISECOND;
	watch->tick_ms = tick_for(deadline_ms, transfer_ms);
	pthread_mutex_init(&watch->lock, NULL);
	set_up_wake(&watch->wake);
	if (pthread_create(&watch->thread, NULL, run, watch)) {
		pthread_cond_destroy(&watch->wake);
		pthread_mutex_destroy(&watch->lock);
		free(watch);
		return sc_fail(err, SC_ERR_SYSTEM, "cannot start the thread that enforces the time limits");
	}
	*out = watch;
	return SC_OK;
}

void sc_web_watch_end_requests(struct sc_web_watch *watch)
{
	const struct timespec pause = { .tv_nsec = (long)(FAREWELL_MS / LOOKS * MILLISECOND) };

	pthread_mutex_lock(&watch->lock);
	watch->is_closing = true;
	expire_until(watch, INT64_MAX);
	for (int i = 0; i < LOOKS && has_busy_link(watch); i++) {
		pthread_mutex_unlock(&watch->lock);
		nanosleep(&pause, NULL);
		pthread_mutex_lock(&watch->lock);
	}
	pthread_mutex_unlock(&watch->lock);
}

void sc_web_watch_free(struct sc_web_watch *watch)
{
	if (!watch)
		return;
	pthread_mutex_lock(&watch->lock);
	watch->must_end = true;
	pthread_cond_signal(&watch->wake);
	pthread_mutex_unlock(&watch->lock);
	pthread_join(watch->thread, NULL);
	pthread_cond_destroy(&watch->wake);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}
