/* A module's silence: see silence.h. */
#include "web/silence.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "base/os.h"

#define PAUSE 1000 /* milliseconds between two questions */

struct sc_web_silence {
	bool (*answers)(void *context);
	void *context;
	pthread_t thread;
	int wake; /* an eventfd: a silence has begun, or the thread must end */
	atomic_bool holds;
	atomic_bool must_end;
};

static void wake(const struct sc_web_silence *silence)
{
	const uint64_t one = 1;

	/* It fails only if the counter is full: then the thread is awake. */
	(void)!sc_os->write(silence->wake, &one, sizeof one);
}

/* Sleeps until it is woken, or for so long; -1: without limit. */
static void pause_for(const struct sc_web_silence *silence, int milliseconds)
{
	struct pollfd polled = { .fd = silence->wake, .events = POLLIN };
	uint64_t count;

	if (sc_os->poll(&polled, 1, milliseconds) > 0)
		(void)!sc_os->read(silence->wake, &count, sizeof count);
}

static void *watch(void *argument)
{
	struct sc_web_silence *silence = argument;

	while (!silence->must_end) {
		pause_for(silence, silence->holds ? PAUSE : -1);
		if (silence->holds && !silence->must_end && silence->answers(silence->context))
			silence->holds = false;
	}
	return NULL;
}

sc_status sc_web_silence_watch(bool (*answers)(void *context), void *context, struct sc_web_silence **out,
			       struct sc_error *err)
{
	struct sc_web_silence *silence = calloc(1, sizeof *silence);

	SC_ENSURE(silence, err, SC_ERR_MEMORY, "out of memory for a thread that watches the module");
	silence->answers = answers;
	silence->context = context;
	silence->wake = sc_os->eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (silence->wake >= 0 && pthread_create(&silence->thread, NULL, watch, silence) == 0) {
		*out = silence;
		return SC_OK;
	}
	if (silence->wake >= 0)
		(void)sc_os->close(silence->wake);
	free(silence);
	return sc_fail(err, SC_ERR_SYSTEM, "cannot start a thread that watches the module");
}

void sc_web_silence_free(struct sc_web_silence *silence)
{
	if (!silence)
		return;
	silence->must_end = true;
	wake(silence);
	pthread_join(silence->thread, NULL);
	(void)sc_os->close(silence->wake);
	free(silence);
}

void sc_web_silence_begin(struct sc_web_silence *silence)
{
	if (!atomic_exchange(&silence->holds, true))
		wake(silence);
}

bool sc_web_silence_holds(const struct sc_web_silence *silence)
{
	return silence->holds;
}
