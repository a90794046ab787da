/*
 * A module's socket without a module: a thread that gives each request to a function of the test. For tests
 * of what stands on this side of the socket; the real module is tested past its own.
 */
#ifndef FAKE_MODULE_H
#define FAKE_MODULE_H

#include "wire/message.h"

/* Does one request, in the fake's thread. False: the connection is to be closed. No assertions here. */
typedef bool (*fake_serve)(void *context, int connection, struct sc_view message);

struct fake_module;

/* Listens on the path. Aborts the test program where it cannot. */
struct fake_module *fake_module_start(const char *path, fake_serve serve, void *context);
void fake_module_stop(struct fake_module *fake);

/* Sends one message as it is. */
void fake_send(int connection, struct sc_view message);

/* The whole answer to the request in `message`. */
struct sc_writer fake_answer(struct sc_view message, sc_status status, uint64_t first, uint64_t second,
			     struct sc_view body);

/* Builds and sends it. */
void fake_reply(int connection, struct sc_view message, sc_status status, uint64_t first, uint64_t second,
		struct sc_view body);

/* The command of a request, and its body. */
uint32_t fake_command(struct sc_view message, struct sc_view *body);

#endif
