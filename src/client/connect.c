/* Connecting to a module's socket: see connect.h. */
#include "client/connect.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/os.h"
#include "wire/socket.h"

static sc_status connect_to(const struct sockaddr_un *address, unsigned wait_ms, int fd, struct sc_error *err)
{
	const struct timeval limit = { .tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000 };
	const char *path = address->sun_path;
	sc_status status;

	/* On an AF_UNIX socket this also limits connect(): unix(7). */
	if (sc_os->setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot limit the wait", path);
	status = sc_wire_make_room(fd, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "%s", path);
	if (sc_os->connect(fd, (const struct sockaddr *)address, sizeof *address) == 0)
		return SC_OK;
	if (errno == EACCES)
		return sc_fail_errno(err, SC_ERR_UNAVAILABLE,
				     "%s: you have no permission to connect to the module's socket", path);
	return sc_fail_errno(err, SC_ERR_UNAVAILABLE, "%s: no module answers here (is its hsmd running?)",
			     path);
}

sc_status sc_client_socket_connect(const char *path, unsigned wait_ms, int *fd, struct sc_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	sc_status status;
	int made;

	SC_ENSURE(len > 0 && len < sizeof address.sun_path, err, SC_ERR_ARGUMENT,
		  "%s: a socket's path must have 1 to %zu bytes", path, sizeof address.sun_path - 1);
	memcpy(address.sun_path, path, len);
	made = sc_os->socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | (wait_ms ? 0 : SOCK_NONBLOCK), 0);
	if (made < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "%s: cannot make a socket", path);
	status = connect_to(&address, wait_ms, made, err);
	if (status != SC_OK) {
		(void)sc_os->close(made);
		return status;
	}
	*fd = made;
	return SC_OK;
}
