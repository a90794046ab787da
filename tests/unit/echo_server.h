/*
 * The HTTPS server that its tests talk to, built on a web_fixture: handlers that report what reached them,
 * wait, or answer from a job, and a client that sends text verbatim. One at a time, as a process has one
 * server.
 */
#ifndef ECHO_SERVER_H
#define ECHO_SERVER_H

#include "web_fixture.h"

#define ANSWER_SIZE 65536
#define WAIT_MS     2000

/* Lines for a request's head. */
#define HOST "Host: login.localhost:PORT\r\n"
#define END  "Connection: close\r\n\r\n"

extern struct web_fixture fixture;
extern struct sc_web_server *server;
extern struct sc_web_request *_Atomic parked; /* the last one to "/park", which does not answer */
extern char answer[ANSWER_SIZE];              /* the last answer that the client below received */

/* What the server serves. The handlers' context is the text "context". */
extern const struct sc_web_host hosts[];
extern const char *const loopbacks[2];

/* The job behind "/later": answers its context, a request, with 409. */
void answer_as_job(void *context);

/* Starts `server` with `fixture`. A time of 0 means the server's default. */
sc_status start_with(unsigned threads, unsigned deadline_ms, unsigned transfer_ms, struct sc_error *err);

/*
 * Set-up of a test: with the server's default times, or with one thread, 400 ms for an answer and 800 ms for
 * a transfer.
 */
int set_up(void **state);
int set_up_impatient(void **state);
int tear_down(void **state);

/* As web_exchange, to `server` and into `answer`. */
int send_bytes(const void *request, size_t len);

/*
 * Sends the text with "PORT" filled in. The connection closes only if the text asks for it ("Connection:
 * close").
 */
int send_text(const char *text);

/* The status of an answer; 0 if it is not an answer. */
int status_of(const char *text);

/* Sends a complete request, which asks for the connection to be closed, and returns its status. */
int status_for(const char *text);

/* Checks that a member of the JSON in `answer` is this text; NULL: that it is absent or not text. */
void assert_member(const char *name, const char *value);

#endif
