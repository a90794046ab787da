/* Messages to and from child processes: see child_message.h. */
#include "tools/safeconduct/child_message.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/os.h"

bool sc_child_message_send(int socket, const void *message, size_t len)
{
	struct iovec part = { (void *)(uintptr_t)message, len };
	const struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };

	return sc_os->sendmsg(socket, &header, MSG_NOSIGNAL) == (ssize_t)len;
}

ssize_t sc_child_message_receive(int socket, void *message, size_t size)
{
	struct iovec part = { message, size };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t len;

	do
		len = sc_os->recvmsg(socket, &header, 0);
	while (len < 0 && errno == EINTR);
	return len;
}
