/*
 * The HTTPS server that its tests speak to: handlers that tell what reached them, wait, or answer from a job,
 * past a web_fixture, and a client that sends text as it stands. One at a time, as a process has one server.
 */
#ifndef ECHO_SERVER_H
#define ECHO_SERVER_H

#include "web_fixture.h"

#define ANSWER_SIZE 65536
#define WAIT_MS     2000

/* Of a request's head. */
#define HOST "Host: login.localhost:PORT\r\n"
#define END  "Connection: close\r\n\r\n"

extern struct web_fixture fixture;
extern struct sc_web_server *server;
extern struct sc_web_request *_Atomic parked; /* the last one that came to "/park", which does not answer */
extern char answer[ANSWER_SIZE];              /* what the client below got last */

/* What it serves where; their context is the text "context". */
extern const struct sc_web_host hosts[];
extern const char *const loopbacks[2];

/* The job behind "/later": answers the request that is its context with 409. */
void answer_as_job(void *context);

/* Starts `server` past `fixture`; 0: the server's own times. */
sc_status start_with(unsigned threads, unsigned deadline_ms, unsigned transfer_ms, struct sc_error *err);

/* Of a test: with the server's own times, or with one thread, 400 ms for an answer and 800 for a transfer. */
int set_up(void **state);
int set_up_impatient(void **state);
int tear_down(void **state);

/* As web_exchange, to `server` and into `answer`. */
int send_bytes(const void *request, size_t len);

/* The text with "PORT" filled in; closes by itself ("Connection: close" is a part of it where it is to). */
int send_text(const char *text);

/* The status of an answer, 0 where it is none. */
int status_of(const char *text);

/* The status of a whole request that asks for the connection to be closed. */
int status_for(const char *text);

/* A member of the JSON in `answer` is this text; NULL: it is absent or no text. */
void assert_member(const char *name, const char *value);

#endif
