/*
 * What the tests of the server share: a server with the stand-in for core/ in a thread, with two sockets, and
 * its peers, which are the test.
 */
#ifndef SERVER_FIXTURE_H
#define SERVER_FIXTURE_H

#include "base/os.h"
#include "hsmd/os/server.h"
#include "hsmd/os/sockets.h"

/* A custody socket and one for use. */
extern struct sc_hsmd_socket_spec specs[2];

/* The server under test. A test may put another one here meanwhile. */
extern struct sc_hsmd_server *server;

/*
 * If it is not NULL, it changes the table of calls before the server is made. The test's clock is already in
 * it.
 */
extern void (*server_change_calls)(struct sc_os *os);

/* -- set-up and tear-down ---------------------------------------------------------------------- */

int start_usual(void **state);
int start_narrow(void **state); /* as few workers, places and bytes as there can be */
int start_large(void **state);  /* more places than a custody socket gets */
int stop(void **state);

/* Blocks SIGTERM in this thread, as hsmd does: it is read by the server, whichever thread it is sent to. */
void hold_stop_signal(void);

/* Ends the server with SIGTERM, or waits until it has ended. It must succeed. */
void stop_server(void);
void join_server(void);

/* Makes a socket in the test's directory and adds it to `server`. */
void listen_at(struct sc_hsmd_socket_spec *spec, const char *name, enum sc_role role);

/* -- a peer ------------------------------------------------------------------------------------ */

int connect_to(const struct sc_hsmd_socket_spec *spec);

/* Returns the length of the message. */
size_t write_request(uint8_t *message, size_t max, uint32_t command, uint64_t id, struct sc_view body);

/* Sends a request without a body, one for slow work with a body of that length, or `count` of the largest. */
void ask(int fd, uint32_t command, uint64_t id);
void ask_of(int fd, size_t body_len);
void ask_at_length(int fd, unsigned count);

/* Waits until the server has read all that was sent to it, so that it counts as held. */
void wait_read(int fd);

/* Receives the next answer. Returns its id. */
uint64_t take_answer(int fd, uint32_t command, sc_status status);

/* The server answers a new request. */
void assert_works(int fd);

/* The server has closed the connection, which is closed here too. */
void assert_closed(int fd);

#endif
