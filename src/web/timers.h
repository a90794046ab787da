/*
 * Time limits: a list of timers, and a thread that calls back when one is due. A timer belongs to the object
 * that it limits, which can be freed as soon as sc_web_timer_cancel() has returned. Nothing here knows what
 * is limited.
 */
#ifndef SC_WEB_TIMERS_H
#define SC_WEB_TIMERS_H

#include "base/bytes.h"

struct sc_web_timers;

/* Zero at first. Its members are the list's. */
struct sc_web_timer {
	struct sc_web_timer *previous;
	struct sc_web_timer *next;
	bool is_set;
	int64_t deadline; /* as sc_clock_monotonic() */
	void (*expire)(void *context);
	void *context;
};

/* A list without a thread: only sc_web_timers_run() calls back. SC_ERR_MEMORY. */
sc_status sc_web_timers_new(struct sc_web_timers **out, struct sc_error *err) SC_WARN_UNUSED;

/* Starts the thread, which calls sc_web_timers_run() whenever a timer is due. SC_ERR_SYSTEM. */
sc_status sc_web_timers_start(struct sc_web_timers *timers, struct sc_error *err) SC_WARN_UNUSED;

/* Joins the thread. No timer may be set. NULL is allowed. */
void sc_web_timers_free(struct sc_web_timers *timers);
SC_CLEANUP_POINTER(sc_web_timers, struct sc_web_timers, sc_web_timers_free)

/*
 * Sets a timer, or sets it again: once sc_clock_monotonic() has reached the deadline, expire(context) is
 * called once, on the list's thread. The callback must not wait. It may set and cancel any timer, its own
 * included. Returns false, and leaves the timer unset, once the list has been closed.
 */
bool sc_web_timer_set(struct sc_web_timers *timers, struct sc_web_timer *timer, int64_t deadline,
		      void (*expire)(void *context), void *context);

/*
 * When this returns, the timer is not set and its callback does not run: if it was running on another thread,
 * this has waited for its end. So the caller must hold no lock that the callback takes. In the callback
 * itself it does not wait. A timer that is not set is left as it is.
 */
void sc_web_timer_cancel(struct sc_web_timers *timers, struct sc_web_timer *timer);

/* Calls back for each timer that is due at `now`, in the order of their deadlines. One thread at a time. */
void sc_web_timers_run(struct sc_web_timers *timers, int64_t now);

/* Accepts no more timers, and calls back for all that are set. */
void sc_web_timers_close(struct sc_web_timers *timers);

#endif
