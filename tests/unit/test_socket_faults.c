/*
 * For every n, the n-th call for a socket, a file or random bytes fails (rule P4). Listening, accepting and
 * connecting refuse with a message that names it, and leave neither a descriptor nor a file behind (invariant
 * 8).
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
	bool is_other_user = true;

	return sc_hsmd_socket_accept(listening, fd, &is_other_user, err);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(listening_fails_by_name_at_every_call_and_leaves_nothing),
		TEST(a_socket_left_behind_stays_until_another_is_in_place),
		TEST(connecting_fails_by_name_at_every_call_and_leaves_nothing),
		TEST(accepting_fails_by_name_at_every_call_and_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
