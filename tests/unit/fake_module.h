/*
 * A module's socket without a module: a thread that passes each request to a function of the test. It is for
 * tests of the client's side of the socket; the real module is tested on its own.
 */
#ifndef FAKE_MODULE_H
#define FAKE_MODULE_H

#include "wire/message.h"

/*
 * Handles one request, in the fake's thread. Returns false to close the connection. Must not use assertions.
 */
typedef bool (*fake_serve)(void *context, int connection, struct sc_view message);

struct fake_module;

/* Listens on the path. Aborts the test program if it cannot. */
struct fake_module *fake_module_start(const char *path, fake_serve serve_with, void *context);
void fake_module_stop(struct fake_module *fake);

/*
 * For a test that runs a program between its own look at the context and the fake's. The program keeps the
 * order, which ThreadSanitizer cannot see: from here on, what either of the two has written is known to the
 * other.
 */
void fake_module_settle(struct fake_module *fake);

/* Sends one message unchanged. */
void fake_send(int connection, struct sc_view message);

/* Builds the complete answer to the request in `message`. */
struct sc_writer fake_answer(struct sc_view message, sc_status status, uint64_t first, uint64_t second,
			     struct sc_view body);

/* Builds and sends the answer. */
void fake_reply(int connection, struct sc_view message, sc_status status, uint64_t first, uint64_t second,
		struct sc_view body);

/* Returns a request's command, and its body. */
uint32_t fake_command(struct sc_view message, struct sc_view *body);

#endif
