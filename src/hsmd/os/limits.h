/*
 * How much a peer may ask of the module at once. docs/module-protocol.md says the same to those who write
 * clients.
 *
 * Each socket has a part of the arena of its own for messages: its requests that wait or are in progress, and
 * its answers that peers have not read. A message takes a whole block there, of 64 bytes or the next power of
 * two.
 */
#ifndef SC_HSMD_OS_LIMITS_H
#define SC_HSMD_OS_LIMITS_H

#include "base/clock.h"

#define SC_HSMD_SOCKETS 16 /* at most */

/* Bytes of message memory: every socket's part is equal, a power of two, and within these. */
#define SC_HSMD_SOCKET_MEMORY_MIN ((size_t)512 << 10)
#define SC_HSMD_SOCKET_MEMORY_MAX ((size_t)4 << 20)

/*
 * On all sockets together; fewer with an arena of less than 8 MiB. Each socket has an equal part of them,
 * too.
 */
#define SC_HSMD_CONNECTIONS 1024

/* On one custody socket, at most: each of its connections may have quorums, which are in the arena. */
#define SC_HSMD_CUSTODY_CONNECTIONS 64

/*
 * Of one connection, waiting or in progress. At either limit nothing more is read from it, until half is free
 * again. The limit on bytes is less if the socket's memory is short: a user may hold as much as is free, and
 * a connection as much as its user may still take.
 */
#define SC_HSMD_CONNECTION_REQUESTS 64
#define SC_HSMD_CONNECTION_BYTES    ((size_t)256 << 10)

/*
 * Sockets take turns in being read, too, within a socket its users, and within a user its connections. A turn
 * is a new connection, or some requests of one connection: at most so many, and none after that many bytes.
 */
#define SC_HSMD_READ_TURN       4
#define SC_HSMD_READ_TURN_BYTES ((size_t)4 << 10)

/*
 * For how long, in nanoseconds, a peer may leave an answer unread, or be idle, while its socket is full. An
 * answer unread for longer makes its connection the first of its user's to be closed when the memory is full.
 * A connection idle for longer may give its place to a new one when all places are taken; one of a user with
 * at least two connections more than the new one's user may do so at once.
 */
#define SC_HSMD_ANSWER_AGE (5 * SC_SECOND)
#define SC_HSMD_IDLE_AGE   (1 * SC_SECOND)

/*
 * Worker threads of each lane, at least. One user's requests on one socket run on all of them but one at
 * most.
 */
#define SC_HSMD_WORKERS_MIN 2

#endif
