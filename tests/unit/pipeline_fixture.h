/*
 * A pipeline to a fake module that answers as a test wants it to, well or not, and those who ask through it:
 * what the tests of the pipeline share.
 */
#ifndef PIPELINE_FIXTURE_H
#define PIPELINE_FIXTURE_H

#include <semaphore.h>
#include <stdatomic.h>

#include "client/pipeline.h"
#include "fake_module.h"
#include "scratch.h"

#define LONG       20000 /* milliseconds that no test waits for */
#define SOON       100
#define HELD_MAX   128
#define TEXT_BYTES 900 /* of a plaintext: this many 'p' */

/* How the fake answers; SIGN's signature is the data that came. */
enum behaviour {
	GOOD,
	HOLDS,  /* keeps requests until there are `count`, then answers them, the last first */
	LATE,   /* answers a request when the next comes, before that one */
	CLOSES, /* at the request number `count` */
	SILENT,
	EVICTED, /* NOT_LOADED until a blob comes */
	EVICTS_ALWAYS,
	LOADS_ANOTHER,
	HOLDS_SLOW, /* keeps KEY_GENERATE until a SIGN of "go" */
	FLIPS,      /* bit 0 of byte `count` of the answer */
	CUTS,       /* the answer to `count` bytes */
	ANSWERS_TWICE,
	EMPTY_BODY,
	REFUSES,
	STANDS_STILL, /* reads nothing more until the test lets it go */
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
	atomic_uint requests;
	atomic_uint loads;
	atomic_uint slow_now; /* KEY_GENERATE that came and are not answered */
	struct held held[HELD_MAX];
	size_t held_count;
	sem_t may_go_on;
};

/* Of a test, whose state is a struct fixture: a fake that is GOOD, and a pipeline that has found it. */
int set_up(void **state);
int tear_down(void **state);

/* Where the fake listens. */
const char *socket_path(const struct fixture *f);

/* Serves as the fixture that is its context says: for a test that starts another fake. */
bool serve(void *context, int connection, struct sc_view message);

/* The key that all sign with, with the blob that loads it again. */
struct sc_pipeline_key a_key(void);

/* Signs and waits; the reply must be what was sent. */
sc_status sign(struct sc_pipeline *pipeline, const char *data, uint32_t timeout, struct sc_error *err);

/* What became of one request that nobody waits for. */
struct outcome {
	atomic_uint told;
	sc_status status;
	char reply[32];
	uint64_t number;
	int64_t when;
};

/* A pipeline's callback: keeps them in the outcome that is its context. */
void keep_outcome(void *context, sc_status status, const struct sc_error *err, struct sc_view reply);

/* Signs and does not wait: what becomes of it is kept in `outcome`. */
sc_status submit(struct sc_pipeline *pipeline, const char *data, uint32_t timeout, struct outcome *outcome);

/* Until each of them was told. */
void await(const struct outcome *outcomes, size_t count);

/* Until the pipeline has noticed that the connection is of no use. */
void await_loss(struct sc_pipeline *pipeline);

/* Until the pipeline has found the module again. */
void await_connection(struct sc_pipeline *pipeline);

#endif
