/*
 * Whichever call for an event or a message fails, and whenever (rule P4): the server is not started and says
 * so, or closes the one connection concerned and serves the next (invariant 8). It leaves no descriptor and
 * no session behind.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/os.h"
#include "client/client.h"
#include "fake_core.h"
#include "hsmd/os/server.h"
#include "hsmd/os/sockets.h"
#include "scratch.h"

#define FOREVER 1000 /* more calls than any of these makes */

static const struct sc_hsmd_server_options options = { 8, 2, 2, 1u << 20 };

static struct scratch scratch;
static struct sc_hsmd_socket_spec spec;
static struct sc_os failing;
static atomic_int until_failure; /* the call that brings it to 0 fails; 0 or less: none does */
static int failing_errno;

static bool fails_now(void)
{
	if (atomic_fetch_sub(&until_failure, 1) != 1)
		return false;
	errno = failing_errno;
	return true;
}

static int fail_eventfd(unsigned count, int flags)
{
	return fails_now() ? -1 : sc_os_system.eventfd(count, flags);
}

static int fail_epoll_create1(int flags)
{
	return fails_now() ? -1 : sc_os_system.epoll_create1(flags);
}

static int fail_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	return fails_now() ? -1 : sc_os_system.epoll_ctl(epoll, operation, fd, event);
}

static int fail_epoll_wait(int epoll, struct epoll_event *events, int max, int timeout)
{
	return fails_now() ? -1 : sc_os_system.epoll_wait(epoll, events, max, timeout);
}

static int fail_shutdown(int fd, int how)
{
	return fails_now() ? -1 : sc_os_system.shutdown(fd, how);
}

static ssize_t fail_sendmsg(int fd, const struct msghdr *message, int flags)
{
	return fails_now() ? -1 : sc_os_system.sendmsg(fd, message, flags);
}

static ssize_t fail_recvmsg(int fd, struct msghdr *message, int flags)
{
	return fails_now() ? -1 : sc_os_system.recvmsg(fd, message, flags);
}

static int descriptors(void)
{
	DIR *list = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(list);
	while (readdir(list))
		count++;
	closedir(list);
	return count;
}

static int set_up(void **state)
{
	(void)state;
	scratch = scratch_make();
	spec = (struct sc_hsmd_socket_spec){ .policy.role = SC_ROLE_USE, .mode = 0600, .group = (gid_t)-1 };
	snprintf(spec.path, sizeof spec.path, "%s", scratch_path(&scratch, "use"));
	failing = sc_os_system;
	failing_errno = EIO;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sc_os = &sc_os_system;
	scratch_remove(&scratch);
	return 0;
}

/* -- starting ---------------------------------------------------------------------------------- */

/* A server with one socket. */
static sc_status make_server(struct sc_hsmd_server **out, struct sc_error *err)
{
	SC_CLEANUP(sc_hsmd_server) server = NULL;
	int fd = -1;

	SC_TRY(sc_hsmd_server_new(&options, &server, err));
	SC_TRY(sc_hsmd_socket_listen(&spec, &fd, err));
	SC_TRY(sc_hsmd_server_add(server, fd, &spec.policy, err));
	*out = sc_steal(server);
	return SC_OK;
}

static void a_server_is_not_made_without_its_event_loop(void **state)
{
	const int before = descriptors();
	struct sc_hsmd_server *server = NULL;
	int failures = 0;

	(void)state;
	failing.eventfd = fail_eventfd;
	failing.epoll_create1 = fail_epoll_create1;
	failing.epoll_ctl = fail_epoll_ctl;
	sc_os = &failing;
	while (!server && failures < FOREVER) {
		struct sc_error err = { 0 };

		until_failure = failures + 1;
		if (make_server(&server, &err) == SC_OK)
			break;
		assert_int_equal(until_failure, 0);
		assert_int_equal(err.status, SC_ERR_SYSTEM);
		assert_non_null(strstr(err.message, "event loop"));
		assert_null(server);
		assert_int_equal(descriptors(), before);
		failures++;
	}
	/* epoll, eventfd, watch the eventfd; the socket's epoll, watch the socket, watch that epoll */
	assert_int_equal(failures, 6);
	sc_hsmd_server_free(server);
	assert_int_equal(descriptors(), before);
}

/* -- serving ----------------------------------------------------------------------------------- */

static struct sc_hsmd_server *server;
static struct sc_module *module;

static void *run(void *err)
{
	return (void *)(uintptr_t)sc_hsmd_server_run(server, module, err);
}

/* Starts a server in a thread with the n-th call from then on failing. */
static pthread_t start(int nth, struct sc_error *err)
{
	pthread_t thread;

	until_failure = 0;
	sc_os = &failing;
	module = fake_module();
	assert_int_equal(make_server(&server, NULL), SC_OK);
	assert_int_equal(sc_hsmd_server_start(server, NULL), SC_OK);
	until_failure = nth;
	assert_int_equal(pthread_create(&thread, NULL, run, err), 0);
	return thread;
}

static sc_status stop(pthread_t thread)
{
	void *status = NULL;

	assert_int_equal(pthread_join(thread, &status), 0);
	sc_hsmd_server_free(server);
	server = NULL;
	assert_int_equal(fake_sessions(), 0);
	sc_module_free(module);
	sc_os = &sc_os_system;
	return (sc_status)(uintptr_t)status;
}

/* One peer connects, asks and leaves. */
static sc_status ask(void)
{
	const struct sc_enquire_request request;
	struct sc_enquire_response response;
	SC_CLEANUP(sc_client) client = NULL;
	SC_CLEANUP(sc_bytes) reply = { 0 };

	SC_TRY(sc_client_open(spec.path, &client, NULL));
	return sc_call_enquire(client, 0, &request, &reply, &response, NULL);
}

/* Returns how many calls could fail while two peers were served. */
static int fail_each_while_serving(void)
{
	const int before = descriptors();

	for (int n = 1; n < FOREVER; n++) {
		struct sc_error err = { 0 };
		pthread_t thread = start(n, &err);
		/* When the second peer is served, the first one's connection has ended. */
		sc_status first = ask();
		sc_status second = ask();
		bool has_failed = until_failure <= 0;

		assert_true(first == SC_OK || second == SC_OK);
		until_failure = 0;
		assert_int_equal(ask(), SC_OK);
		assert_int_equal(kill(getpid(), SIGTERM), 0);
		assert_int_equal(stop(thread), SC_OK);
		assert_int_equal(descriptors(), before);
		if (!has_failed)
			return n - 1;
	}
	fail_msg("the calls do not end");
	return 0;
}

static void a_call_that_fails_ends_one_connection_and_the_next_is_served(void **state)
{
	(void)state;
	failing.epoll_ctl = fail_epoll_ctl;
	failing.shutdown = fail_shutdown;
	failing.sendmsg = fail_sendmsg;
	failing.recvmsg = fail_recvmsg;
	/* Twice: watch the connection, send and receive request and answer, watch no more, shut down. */
	assert_true(fail_each_while_serving() >= 2 * 7);
}

static void a_signal_does_not_end_the_wait_for_events(void **state)
{
	(void)state;
	failing_errno = EINTR;
	failing.epoll_wait = fail_epoll_wait;
	failing.sendmsg = fail_sendmsg;
	failing.recvmsg = fail_recvmsg;
	/* Twice: wait, send and receive request and answer. */
	assert_true(fail_each_while_serving() >= 2 * 5);
}

static void a_loop_that_cannot_wait_ends_by_name(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	failing.epoll_wait = fail_epoll_wait;
	assert_int_equal(stop(start(1, &err)), SC_ERR_SYSTEM);
	assert_non_null(strstr(err.message, "the event loop cannot wait"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_server_is_not_made_without_its_event_loop),
		TEST(a_call_that_fails_ends_one_connection_and_the_next_is_served),
		TEST(a_signal_does_not_end_the_wait_for_events),
		TEST(a_loop_that_cannot_wait_ends_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
