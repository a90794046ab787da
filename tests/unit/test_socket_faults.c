/*
 * For every n, the n-th call for a socket, a file or random bytes fails (rule P4). Listening, accepting and
 * connecting refuse with a message that names it, and leave neither a descriptor nor a file behind (invariant
 * 8). Both ends accept a socket's buffer exactly if the largest message passes through it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/os.h"
#include "client/connect.h"
#include "hsmd/os/sockets.h"
#include "scratch.h"
#include "wire/message.h"
#include "wire/socket.h"

#define FOREVER 1000 /* more calls than any of these makes */

static struct scratch scratch;
static struct sc_hsmd_socket_spec spec;
static int until_failure;

static bool fails_now(void)
{
	errno = EIO;
	return --until_failure == 0;
}

static int fail_random(uint8_t *out, size_t len)
{
	return fails_now() ? -1 : sc_os_system.random(out, len);
}

static int fail_fstatat(int directory, const char *name, struct stat *out, int flags)
{
	return fails_now() ? -1 : sc_os_system.fstatat(directory, name, out, flags);
}

static int fail_fchmodat(int directory, const char *name, mode_t mode, int flags)
{
	return fails_now() ? -1 : sc_os_system.fchmodat(directory, name, mode, flags);
}

static int fail_fchownat(int directory, const char *name, uid_t user, gid_t group, int flags)
{
	return fails_now() ? -1 : sc_os_system.fchownat(directory, name, user, group, flags);
}

static int fail_renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
	return fails_now() ? -1 : sc_os_system.renameat2(from, old, to, new, flags);
}

static int fail_socket(int domain, int type, int protocol)
{
	return fails_now() ? -1 : sc_os_system.socket(domain, type, protocol);
}

static int fail_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return fails_now() ? -1 : sc_os_system.setsockopt(fd, level, name, value, len);
}

static int fail_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	return fails_now() ? -1 : sc_os_system.getsockopt(fd, level, name, value, len);
}

static int fail_connect(int fd, const struct sockaddr *address, socklen_t len)
{
	return fails_now() ? -1 : sc_os_system.connect(fd, address, len);
}

static int fail_bind(int fd, const struct sockaddr *address, socklen_t len)
{
	return fails_now() ? -1 : sc_os_system.bind(fd, address, len);
}

static int fail_listen(int fd, int backlog)
{
	return fails_now() ? -1 : sc_os_system.listen(fd, backlog);
}

static int fail_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	return fails_now() ? -1 : sc_os_system.accept4(fd, address, len, flags);
}

static struct sc_os failing;

static int wmem_max; /* of the system that limited_setsockopt stands for */

/* As a kernel whose net.core.wmem_max is that low. */
static int limited_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	int size = wmem_max;

	if (name != SO_SNDBUF)
		return sc_os_system.setsockopt(fd, level, name, value, len);
	if (size > *(const int *)value)
		size = *(const int *)value;
	return sc_os_system.setsockopt(fd, level, name, &size, sizeof size);
}

static int entries_of(const char *path)
{
	DIR *list = opendir(path);
	int count = 0;

	assert_non_null(list);
	while (readdir(list))
		count++;
	closedir(list);
	return count;
}

/*
 * Runs `attempt` with the n-th call failing, n = 1, 2, …, until it succeeds. Returns how many times it
 * failed.
 */
static int fail_each(sc_status (*attempt)(int *fd, struct sc_error *err), int *fd)
{
	const int descriptors = entries_of("/proc/self/fd");
	const int files = entries_of(scratch.path);

	for (int n = 1; n < FOREVER; n++) {
		struct sc_error err = { 0 };
		sc_status status;

		until_failure = n;
		sc_os = &failing;
		status = attempt(fd, &err);
		sc_os = &sc_os_system;
		if (until_failure > 0) {
			assert_int_equal(status, SC_OK);
			return n - 1;
		}
		assert_int_not_equal(status, SC_OK);
		assert_string_not_equal(err.message, "");
		assert_int_equal(entries_of("/proc/self/fd"), descriptors);
		assert_int_equal(entries_of(scratch.path), files);
	}
	fail_msg("the calls do not end");
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	scratch = scratch_make();
	spec = (struct sc_hsmd_socket_spec){ .policy.role = SC_ROLE_USE, .mode = 0660, .group = getgid() };
	snprintf(spec.path, sizeof spec.path, "%s", scratch_path(&scratch, "use"));
	failing = sc_os_system;
	failing.random = fail_random;
	failing.fstatat = fail_fstatat;
	failing.fchmodat = fail_fchmodat;
	failing.fchownat = fail_fchownat;
	failing.renameat2 = fail_renameat2;
	failing.socket = fail_socket;
	failing.setsockopt = fail_setsockopt;
	failing.getsockopt = fail_getsockopt;
	failing.connect = fail_connect;
	failing.bind = fail_bind;
	failing.listen = fail_listen;
	failing.accept4 = fail_accept4;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sc_os = &sc_os_system;
	scratch_remove(&scratch);
	return 0;
}

static sc_status listen_once(int *fd, struct sc_error *err)
{
	return sc_hsmd_socket_listen(&spec, fd, err);
}

static sc_status connect_once(int *fd, struct sc_error *err)
{
	return sc_client_socket_connect(spec.path, 1000, fd, err);
}

static int listening = -1;

static sc_status accept_once(int *fd, struct sc_error *err)
{
	struct sc_hsmd_peer peer = { .fd = *fd, .uid = (uid_t)-1, .is_other_user = true };
	sc_status status = sc_hsmd_socket_accept(listening, &peer, err);

	/* The peer is this user, which is said only if the connection is accepted. */
	assert_int_equal(peer.is_other_user, status != SC_OK);
	assert_int_equal(peer.uid == geteuid(), status == SC_OK);
	*fd = peer.fd;
	return status;
}

static void listening_fails_by_name_at_every_call_and_leaves_nothing(void **state)
{
	int fd = -1;

	(void)state;
	/* stat the path, random name, socket, bind, mode, group, listen, rename */
	assert_int_equal(fail_each(listen_once, &fd), 8);
	close(fd);
}

static void a_socket_left_behind_stays_until_another_is_in_place(void **state)
{
	struct stat status;
	int fd = -1;

	(void)state;
	assert_int_equal(listen_once(&fd, NULL), SC_OK);
	close(fd);
	/* The same, preceded by a socket and a connect that test whether anyone is listening. */
	assert_int_equal(fail_each(listen_once, &fd), 10);
	assert_int_equal(stat(spec.path, &status), 0);
	assert_true(S_ISSOCK(status.st_mode));
	close(fd);
}

static void connecting_fails_by_name_at_every_call_and_leaves_nothing(void **state)
{
	int fd = -1;

	(void)state;
	assert_int_equal(listen_once(&listening, NULL), SC_OK);
	/* socket, limit on the wait, set buffer, read it back, connect */
	assert_int_equal(fail_each(connect_once, &fd), 5);
	close(fd);
	close(listening);
}

static void accepting_fails_by_name_at_every_call_and_leaves_nothing(void **state)
{
	int peers[8];
	int fd = -1;

	(void)state;
	assert_int_equal(listen_once(&listening, NULL), SC_OK);
	/* Each try accepts one of the waiting peers. */
	for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++)
		assert_int_equal(connect_once(&peers[i], NULL), SC_OK);
	/* accept, peer's credentials, set buffer, read it back */
	assert_int_equal(fail_each(accept_once, &fd), 4);
	close(fd);
	for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++)
		close(peers[i]);
	close(listening);
}

/* -- buffers ----------------------------------------------------------------------------------- */

/* The smallest net.core.wmem_max: the kernel doubles it and keeps 32 bytes (unix(7)). */
#define SMALLEST ((SC_WIRE_MESSAGE_MAX + 32) / 2)

/* With net.core.wmem_max at `limit`: an end made by `attempt`, as it says, and its error. */
static sc_status attempt_with(int limit, sc_status (*attempt)(int *fd, struct sc_error *err), int *fd,
			      struct sc_error *err)
{
	struct sc_os limited = sc_os_system;
	sc_status status;

	limited.setsockopt = limited_setsockopt;
	wmem_max = limit;
	sc_os = &limited;
	status = attempt(fd, err);
	sc_os = &sc_os_system;
	return status;
}

/* True if a message of that length passes from one end to the other whole. */
static bool passes(int from, int to, size_t len)
{
	SC_CLEANUP(sc_bytes) sent = { 0 };
	SC_CLEANUP(sc_bytes) buffer = { 0 };
	struct sc_view received;

	assert_int_equal(sc_bytes_new(len, &sent, NULL), SC_OK);
	assert_int_equal(sc_bytes_new(len, &buffer, NULL), SC_OK);
	memset(sent.data, 'm', sent.len);
	if (sc_wire_send(from, sc_bytes_view(&sent), (struct sc_view){ 0 }) != SC_WIRE_SENT) {
		assert_int_equal(errno, EMSGSIZE);
		return false;
	}
	assert_int_equal(sc_wire_receive(to, &buffer, &received), SC_WIRE_RECEIVED);
	return sc_view_equals(received, sc_bytes_view(&sent));
}

/* One end with a limited buffer and the other with its own. */
static void assert_judges_by_what_passes(sc_status (*limited)(int *fd, struct sc_error *err),
					 int *limited_end, int *connected, int *accepted)
{
	for (int limit = SMALLEST - 40; limit <= SMALLEST + 40; limit++) {
		struct sc_error err = { 0 };
		bool is_large_enough = limit >= SMALLEST;

		if (limited == accept_once)
			assert_int_equal(connect_once(connected, NULL), SC_OK);
		assert_int_equal(attempt_with(limit, limited, limited_end, &err),
				 is_large_enough ? SC_OK : SC_ERR_SYSTEM);
		if (is_large_enough) {
			if (limited == connect_once)
				assert_int_equal(accept_once(accepted, NULL), SC_OK);
			assert_true(passes(*connected, *accepted, SC_WIRE_MESSAGE_MAX));
			assert_true(passes(*accepted, *connected, SC_WIRE_MESSAGE_MAX));
			close(*accepted);
		} else {
			assert_non_null(strstr(err.message, "raise net.core.wmem_max to at least 65576"));
		}
		if (is_large_enough || limited == accept_once)
			close(*connected);
	}
}

static void the_client_accepts_a_buffer_exactly_if_the_largest_message_passes(void **state)
{
	int connected = -1;
	int accepted = -1;

	(void)state;
	assert_int_equal(listen_once(&listening, NULL), SC_OK);
	assert_judges_by_what_passes(connect_once, &connected, &connected, &accepted);
	close(listening);
}

static void the_module_accepts_a_buffer_exactly_if_the_largest_message_passes(void **state)
{
	int connected = -1;
	int accepted = -1;

	(void)state;
	assert_int_equal(listen_once(&listening, NULL), SC_OK);
	assert_judges_by_what_passes(accept_once, &accepted, &connected, &accepted);
	close(listening);
}

/* What the two tests above take from unix(7), measured: no smaller buffer would do. */
static void the_kernel_keeps_32_bytes_of_a_buffer_for_itself(void **state)
{
	const int size = SMALLEST - 1;
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
	assert_true(passes(ends[0], ends[1], 2 * size - 32));
	assert_false(passes(ends[0], ends[1], 2 * size - 31));
	assert_true(2 * size - 32 < SC_WIRE_MESSAGE_MAX);
	close(ends[0]);
	close(ends[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(listening_fails_by_name_at_every_call_and_leaves_nothing),
		TEST(a_socket_left_behind_stays_until_another_is_in_place),
		TEST(connecting_fails_by_name_at_every_call_and_leaves_nothing),
		TEST(accepting_fails_by_name_at_every_call_and_leaves_nothing),
		TEST(the_client_accepts_a_buffer_exactly_if_the_largest_message_passes),
		TEST(the_module_accepts_a_buffer_exactly_if_the_largest_message_passes),
		TEST(the_kernel_keeps_32_bytes_of_a_buffer_for_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
