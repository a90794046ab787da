/* The operating system's calls as a table: see os.h. */
#include "base/os.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include <openssl/rand.h>

static int system_random(uint8_t *out, size_t len)
{
	return RAND_bytes(out, (int)len) == 1 ? 0 : -1;
}

static int system_openat(int directory, const char *name, int flags, mode_t mode)
{
	return openat(directory, name, flags, mode);
}

const struct sc_os sc_os_system = {
	.clock_gettime = clock_gettime,
	.random = system_random,
	.openat = system_openat,
	.read = read,
	.write = write,
	.fsync = fsync,
	.close = close,
	.flock = flock,
	.fstat = fstat,
	.renameat2 = renameat2,
	.unlinkat = unlinkat,
	.mkdirat = mkdirat,
	.sendmsg = sendmsg,
	.recvmsg = recvmsg,
};

const struct sc_os *sc_os = &sc_os_system;
