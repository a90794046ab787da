/*
 * The HTTPS server that its tests talk to, built on a web_fixture: handlers that report what reached them,
 * wait, or answer from a job, and a client that sends text verbatim. One at a time, as a process has one
 * server.
 */
#ifndef ECHO_SERVER_H
#define ECHO_SERVER_H

#include "base/clock.h"
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
extern const struct sc_web_job answering;

/* Starts `server` with `fixture`. */
sc_status start_with(unsigned threads, struct sc_error *err);

/* Set-up of a test: with two threads, or with one, on a clock that only pass_time() moves. */
int set_up(void **state);
int set_up_on_clock(void **state);
int tear_down(void **state);

/* The server's default limits, in nanoseconds: from a request to its answer, and to send or read one. */
#define DEADLINE (30 * SC_SECOND)
#define TRANSFER (60 * SC_SECOND)

/* Moves the clock forward, and has the server do what is then due. */
void pass_time(int64_t nanoseconds);

extern atomic_uint shutdowns; /* sockets that the server has shut down since set_up_on_clock() */

/* Writes the text with "PORT" filled in, and returns its length. */
size_t fill_in_port(const char *text, char *out, size_t size);

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
