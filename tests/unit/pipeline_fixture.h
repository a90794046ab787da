/*
 * What the tests of the pipeline share: a pipeline to a fake module that answers well or badly, as a test
 * chooses, and callers that use it.
 */
#ifndef PIPELINE_FIXTURE_H
#define PIPELINE_FIXTURE_H

#include <semaphore.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "client/pipeline.h"
#include "fake_module.h"
#include "scratch.h"

#define LONG       20000 /* milliseconds; no test waits this long */
#define SOON       100
#define BRIEFLY    (3 * SC_SECOND) /* longer than SOON, and than any pause before a new connection */
#define HELD_MAX   128
#define TEXT_BYTES 900 /* length of a plaintext: this many 'p' */

/* How the fake answers. SIGN returns the request's data as the signature. */
enum behaviour {
	GOOD,
	HOLDS,  /* keeps requests until there are `count`, then answers them in reverse order */
	LATE,   /* answers each request when the next one arrives, before that one */
	CLOSES, /* at request number `count` */
	SILENT,
	EVICTED, /* NOT_LOADED until a blob is loaded */
	EVICTS_ALWAYS,
	LOADS_ANOTHER,
	HOLDS_SLOW, /* keeps KEY_GENERATE until a SIGN of "go" */
	FLIPS,      /* flips bit 0 of byte `count` of the answer */
	CUTS,       /* cuts the answer to `count` bytes */
	ANSWERS_TWICE,
	EMPTY_BODY,
	REFUSES,
	STANDS_STILL, /* reads nothing more until the test releases it */
};

struct held {
	struct sc_bytes message;
	int connection;
};

struct fixture {
	struct scratch scratch;
	struct fake_module *fake;
	struct sc_pipeline *pipeline;
	_Atomic enum behaviour behaviour;
	atomic_size_t count;
	atomic_uint requests; /* received; each is served as `behaviour` said when it was counted */
	atomic_uint loads;
	atomic_uint slow_now; /* KEY_GENERATE requests received and not answered */
	struct held held[HELD_MAX];
	size_t held_count;
	sem_t may_go_on;
};

/*
 * Set-up of a test, whose state is a struct fixture: a fake that is GOOD, and a pipeline connected to it. The
 * clock stands still (fake_clock.h).
 */
int set_up(void **state);
int tear_down(void **state);

/* Where the fake listens. */
const char *socket_path(const struct fixture *f);

/* Serves as the fixture in `context` says. For a test that starts another fake. */
bool serve(void *context, int connection, struct sc_view message);

/* The key that everyone signs with, and the blob that loads it again. */
struct sc_pipeline_key a_key(void);

/* Signs and waits. The reply must be what was sent. */
sc_status sign(struct sc_pipeline *pipeline, const char *data, uint32_t timeout, struct sc_error *err);

/* The outcome of one request that nobody waits for. */
struct outcome {
	atomic_uint told;
	sc_status status;
	char reply[32];
	uint64_t number;
	int64_t when;
};

/* A pipeline's callback: stores the outcome in its context, a struct outcome. */
void keep_outcome(void *context, sc_status status, const struct sc_error *err, struct sc_view reply);

/* The same for a request that is not answered in time: skips the time until its end. */
sc_status sign_in_vain(struct sc_pipeline *pipeline, const char *data);

/* Signs without waiting. The outcome is stored in `outcome`. */
sc_status submit(struct sc_pipeline *pipeline, const char *data, uint32_t timeout, struct outcome *outcome);

/* Waits until each of them has been told. */
void await(struct outcome *outcomes, size_t count);

/* Waits until the fake has received so many requests in all. */
void await_requests(struct fixture *f, unsigned count);

/* Waits until the pipeline has noticed that the connection is lost. */
void await_loss(struct sc_pipeline *pipeline);

/* Waits until the pipeline has reconnected to the module, and skips its pauses meanwhile. */
void await_connection(struct sc_pipeline *pipeline);

#endif
