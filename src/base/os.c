/* The operating system's calls as a table: see os.h. */
#include "base/os.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <unistd.h>

#include <openssl/rand.h>

static int system_random(uint8_t *out, size_t len)
{
	return RAND_bytes(out, (int)len) == 1 ? 0 : -1;
}

/* glibc declares these with attributes and unions, so a pointer of the plain type does not accept them. */
static int system_connect(int socket, const struct sockaddr *address, socklen_t len)
{
	return connect(socket, address, len);
}

static int system_bind(int socket, const struct sockaddr *address, socklen_t len)
{
	return bind(socket, address, len);
}

static int system_getsockname(int socket, struct sockaddr *address, socklen_t *len)
{
	return getsockname(socket, address, len);
}

static int system_accept4(int socket, struct sockaddr *address, socklen_t *len, int flags)
{
	return accept4(socket, address, len, flags);
}

static int system_random_secret(uint8_t *out, size_t len)
{
	return RAND_priv_bytes(out, (int)len) == 1 ? 0 : -1;
}

static int system_openat(int directory, const char *name, int flags, mode_t mode)
{
	return openat(directory, name, flags, mode);
}

const struct sc_os sc_os_system = {
	.clock_gettime = clock_gettime,
	.random = system_random,
	.random_secret = system_random_secret,
	.openat = system_openat,
	.read = read,
	.write = write,
	.fsync = fsync,
	.close = close,
	.flock = flock,
	.fstat = fstat,
	.fstatat = fstatat,
	.lseek = lseek,
	.ftruncate = ftruncate,
	.fchmodat = fchmodat,
	.fchownat = fchownat,
	.renameat2 = renameat2,
	.linkat = linkat,
	.unlinkat = unlinkat,
	.mkdirat = mkdirat,
	.fdopendir = fdopendir,
	.readdir = readdir,
	.closedir = closedir,
	.socket = socket,
	.setsockopt = setsockopt,
	.getsockopt = getsockopt,
	.connect = system_connect,
	.bind = system_bind,
	.listen = listen,
	.accept4 = system_accept4,
	.poll = poll,
	.shutdown = shutdown,
	.getsockname = system_getsockname,
	.sendmsg = sendmsg,
	.recvmsg = recvmsg,
	.eventfd = eventfd,
	.epoll_create1 = epoll_create1,
	.epoll_ctl = epoll_ctl,
	.epoll_wait = epoll_wait,
	.ppoll = ppoll,
	.tcgetattr = tcgetattr,
	.tcsetattr = tcsetattr,
};

const struct sc_os *sc_os = &sc_os_system;
