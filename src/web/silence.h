/*
 * A module's silence. Threads that must not wait report that it did not answer in time. From then on they ask
 * it nothing, and a thread made for this asks in their place, once a second, until it answers.
 */
#ifndef SC_WEB_SILENCE_H
#define SC_WEB_SILENCE_H

#include <stdbool.h>

#include "base/error.h"

struct sc_web_silence;

/*
 * Starts the thread. answers(context) asks the module something, waits for as long as it likes, and returns
 * true if there was an answer. Only the thread calls it. SC_ERR_MEMORY, SC_ERR_SYSTEM.
 */
sc_status sc_web_silence_watch(bool (*answers)(void *context), void *context, struct sc_web_silence **out,
			       struct sc_error *err) SC_WARN_UNUSED;

/* Ends the thread, after its last question. NULL is allowed. */
void sc_web_silence_free(struct sc_web_silence *silence);

/* The module did not answer in time. Never blocks. */
void sc_web_silence_begin(struct sc_web_silence *silence);

/* True from sc_web_silence_begin() until the module answers. Never blocks. */
bool sc_web_silence_holds(const struct sc_web_silence *silence);

#endif
