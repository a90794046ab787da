/*
 * Messages on a socket: AF_UNIX, SOCK_SEQPACKET, one message per record. Both ends of a module's socket send
 * and receive with these functions. None of them waits: the caller decides what to do meanwhile.
 */
#ifndef SC_WIRE_SOCKET_H
#define SC_WIRE_SOCKET_H

#include "base/bytes.h"

/*
 * Sizes the socket's send buffer for the largest message (SC_WIRE_MESSAGE_MAX) in one record. SC_ERR_SYSTEM,
 * naming net.core.wmem_max, if the system does not allow such a buffer.
 */
sc_status sc_wire_make_room(int fd, struct sc_error *err) SC_WARN_UNUSED;

/* Outcome of sending a message. */
enum sc_wire_sent {
	SC_WIRE_SENT,
	SC_WIRE_SENT_LATER, /* no room now: wait until the socket is writable, and try again */
	SC_WIRE_SENT_NEVER, /* the peer is gone or the system refuses; errno says which */
};

/*
 * Sends header and body as one message. They are sent from where they are, so that a PIN in the body is not
 * copied again. Either may be empty: a message that is in one piece is the header.
 */
enum sc_wire_sent sc_wire_send(int fd, struct sc_view header, struct sc_view body);

/* Outcome of receiving a message. */
enum sc_wire_received {
	SC_WIRE_RECEIVED,
	SC_WIRE_RECEIVED_LATER,   /* none has arrived: wait until the socket is readable */
	SC_WIRE_RECEIVED_END,     /* the peer will send nothing more */
	SC_WIRE_RECEIVED_FAILED,  /* errno says why */
	SC_WIRE_RECEIVED_INVALID, /* longer than the buffer, or sent with descriptors: discarded */
};

/*
 * Receives one message into `buffer`, which has room for the longest that the caller accepts. *message, a
 * view into the buffer, is set only by SC_WIRE_RECEIVED; the caller wipes it after use. Descriptors that the
 * peer sends with a message are closed by the kernel and make the message invalid.
 */
enum sc_wire_received sc_wire_receive(int fd, const struct sc_bytes *buffer, struct sc_view *message);

#endif
