/* Messages on a socket: see socket.h. */
#include "wire/socket.h"

#include <errno.h>
#include <sys/socket.h>

#include <openssl/crypto.h>

#include "base/os.h"
#include "wire/message.h"

/*
 * The kernel doubles the SO_SNDBUF that it is given, returns the doubled size, and refuses a message longer
 * than that size less 32 bytes: socket(7), unix(7).
 */
#define OVERHEAD 32
#define NEEDED   ((SC_WIRE_MESSAGE_MAX + OVERHEAD + 1) / 2) /* the smallest SO_SNDBUF to ask for */

_Static_assert(SC_WIRE_SOCKET_BUFFER >= NEEDED, "the largest message fits into the buffer");

sc_status sc_wire_make_room(int fd, struct sc_error *err)
{
	const int wanted = SC_WIRE_SOCKET_BUFFER;
	int size = 0;
	socklen_t len = sizeof size;

	/* The kernel may silently set less than was asked for, so the size is read back. */
	if (sc_os->setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted) ||
	    sc_os->getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &len))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot size the socket's buffer");
	SC_ENSURE(size - OVERHEAD >= SC_WIRE_MESSAGE_MAX, err, SC_ERR_SYSTEM,
		  "the system allows messages of at most %d bytes, but %d are needed: raise "
		  "net.core.wmem_max to at least %d",
		  size - OVERHEAD, SC_WIRE_MESSAGE_MAX, NEEDED);
	return SC_OK;
}

enum sc_wire_sent sc_wire_send(int fd, struct sc_view header, struct sc_view body)
{
	/* sendmsg does not write to them. */
	struct iovec parts[] = {
		{ (void *)(uintptr_t)header.data, header.len },
		{ (void *)(uintptr_t)body.data, body.len },
	};
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t sent;

	/* A record is sent whole or not at all. */
	do
		sent = sc_os->sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return SC_WIRE_SENT;
	return errno == EAGAIN ? SC_WIRE_SENT_LATER : SC_WIRE_SENT_NEVER;
}

enum sc_wire_received sc_wire_receive(int fd, const struct sc_bytes *buffer, struct sc_view *message)
{
	struct iovec part = { buffer->data, buffer->len };
	/* No room for control data, so the kernel closes any descriptors that come with the message. */
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t got;

	do
		got = sc_os->recvmsg(fd, &header, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? SC_WIRE_RECEIVED_LATER : SC_WIRE_RECEIVED_FAILED;
	if (got == 0)
		return SC_WIRE_RECEIVED_END;
	if (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		OPENSSL_cleanse(buffer->data, (size_t)got);
		return SC_WIRE_RECEIVED_INVALID;
	}
	*message = sc_view_of(buffer->data, (size_t)got);
	return SC_WIRE_RECEIVED;
}
