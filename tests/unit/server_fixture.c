/* A server with the stand-in for core/, and its peers: see server_fixture.h. */
#include "server_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/sockios.h>

#include <cmocka.h>

#include "fake_clock.h"
#include "fake_core.h"

#define WAIT 20 /* seconds that a peer waits for an answer before the test fails */

static char directory[64];
struct sc_hsmd_server *server;
static struct sc_module *module;
static pthread_t thread;
struct sc_hsmd_socket_spec specs[2];
static struct sc_hsmd_server_options options;

void (*server_change_calls)(struct sc_os *os);

static struct sc_os os; /* the fake clock's, with what a test has changed */

/* The server is an argument: a test may have put another one into `server` before the thread runs. */
static void *run(void *started)
{
	return (void *)(uintptr_t)sc_hsmd_server_run(started, module, NULL);
}

void listen_at(struct sc_hsmd_socket_spec *spec, const char *name, enum sc_role role)
{
	int fd = -1;

	*spec = (struct sc_hsmd_socket_spec){ .policy.role = role, .mode = 0600, .group = (gid_t)-1 };
	snprintf(spec->path, sizeof spec->path, "%s/%s", directory, name);
	assert_int_equal(sc_hsmd_socket_listen(spec, &fd, NULL), SC_OK);
	assert_int_equal(sc_hsmd_server_add(server, fd, &spec->policy, NULL), SC_OK);
}

static int start(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/safeconduct-server-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	fake_clock_start();
	os = *sc_os;
	if (server_change_calls)
		server_change_calls(&os);
	sc_os = &os;
	module = fake_module();
	assert_int_equal(sc_hsmd_server_new(&options, &server, NULL), SC_OK);
	listen_at(&specs[0], "custody", SC_ROLE_CUSTODY);
	listen_at(&specs[1], "use", SC_ROLE_USE);
	assert_int_equal(sc_hsmd_server_start(server, NULL), SC_OK);
	return pthread_create(&thread, NULL, run, server);
}

int start_usual(void **state)
{
	options = (struct sc_hsmd_server_options){ 64, 2, 4, 4u << 20 };
	return start(state);
}

int start_narrow(void **state)
{
	options = (struct sc_hsmd_server_options){ 8, 2, 2, 1u << 20 };
	return start(state);
}

int start_large(void **state)
{
	options = (struct sc_hsmd_server_options){ 4 * SC_HSMD_CUSTODY_CONNECTIONS, 2, 2, 1u << 20 };
	return start(state);
}

void hold_stop_signal(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

void join_server(void)
{
	void *status = NULL;

	assert_int_equal(pthread_join(thread, &status), 0);
	assert_int_equal((uintptr_t)status, SC_OK);
	sc_hsmd_server_free(server);
	server = NULL;
}

void stop_server(void)
{
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	join_server();
}

int stop(void **state)
{
	(void)state;
	fake_let_go();
	if (server)
		stop_server();
	assert_int_equal(fake_sessions(), 0);
	sc_module_free(module);
	fake_clock_stop();
	unlink(specs[0].path);
	unlink(specs[1].path);
	return rmdir(directory);
}

/* -- a peer ------------------------------------------------------------------------------------ */

int connect_to(const struct sc_hsmd_socket_spec *spec)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = WAIT };
	int size = SC_WIRE_SOCKET_BUFFER;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, spec->path, strlen(spec->path) + 1);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
	return fd;
}

size_t write_request(uint8_t *message, size_t max, uint32_t command, uint64_t id, struct sc_view body)
{
	struct sc_writer writer = { .buffer = { message, max }, .max = max };
	const struct sc_wire_request_header header = { .command = (uint16_t)command, .id = id };

	sc_wire_request_header_write(&writer, &header, body.len);
	sc_write_raw(&writer, body);
	assert_false(writer.failed);
	return writer.used;
}

void ask(int fd, uint32_t command, uint64_t id)
{
	uint8_t message[64];
	size_t len = write_request(message, sizeof message, command, id, (struct sc_view){ 0 });

	assert_int_equal(send(fd, message, len, MSG_NOSIGNAL), (ssize_t)len);
}

uint64_t take_answer(int fd, uint32_t command, sc_status status)
{
	static uint8_t message[SC_WIRE_MESSAGE_MAX + 1];
	struct sc_wire_response_header header;
	struct sc_view body;
	ssize_t got = recv(fd, message, sizeof message, 0);

	assert_true(got > 0);
	assert_int_equal(sc_wire_response_read(sc_view_of(message, (size_t)got), &header, &body, NULL),
			 SC_OK);
	assert_int_equal(header.command, command);
	assert_int_equal(header.status, status);
	return header.id;
}

void assert_works(int fd)
{
	ask(fd, SC_COMMAND_ENQUIRE, 77);
	assert_int_equal(take_answer(fd, SC_COMMAND_ENQUIRE, SC_OK), 77);
}

void assert_closed(int fd)
{
	uint8_t byte;
	ssize_t got;

	/* Answers already on their way may still arrive. */
	do
		got = recv(fd, &byte, 1, 0);
	while (got > 0);
	assert_true(got == 0 || errno == ECONNRESET);
	close(fd);
}

void ask_of(int fd, size_t body_len)
{
	static const uint8_t body[SC_WIRE_BODY_MAX];
	static uint8_t message[SC_WIRE_REQUEST_HEADER_SIZE + sizeof body];
	size_t len =
	    write_request(message, sizeof message, SC_COMMAND_KEY_GENERATE, 1, sc_view_of(body, body_len));

	assert_int_equal(send(fd, message, len, MSG_NOSIGNAL), (ssize_t)len);
}

void ask_at_length(int fd, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		ask_of(fd, SC_WIRE_BODY_MAX);
}

void wait_read(int fd)
{
	int unread;

	do {
		usleep(1000);
		assert_int_equal(ioctl(fd, SIOCOUTQ, &unread), 0);
	} while (unread > 0);
}
