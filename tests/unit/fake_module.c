/* A module's socket without a module: see fake_module.h. */
#include "fake_module.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS 8
#define STOP        0 /* indexes in the poll list */
#define LISTENER    1
#define FIRST       2

struct fake_module {
	pthread_t thread;
	pthread_mutex_t serving;
	int stop[2];
	struct pollfd polled[FIRST + CONNECTIONS];
	fake_serve serve;
	void *context;
	uint8_t message[SC_WIRE_MESSAGE_MAX];
};

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void take_connection(struct fake_module *fake)
{
	const int size = 2 * SC_WIRE_SOCKET_BUFFER;
	int connection = accept(fake->polled[LISTENER].fd, NULL, NULL);

	must(connection >= 0 && setsockopt(connection, SOL_SOCKET, SO_SNDBUF, &size, sizeof size) == 0);
	for (size_t i = FIRST; i < FIRST + CONNECTIONS; i++)
		if (fake->polled[i].fd < 0) {
			fake->polled[i].fd = connection;
			return;
		}
	abort();
}

static bool serve(struct fake_module *fake, int connection, size_t len)
{
	bool goes_on;

	pthread_mutex_lock(&fake->serving);
	goes_on = fake->serve(fake->context, connection, sc_view_of(fake->message, len));
	pthread_mutex_unlock(&fake->serving);
	return goes_on;
}

static void serve_one(struct fake_module *fake, struct pollfd *at)
{
	ssize_t got = recv(at->fd, fake->message, sizeof fake->message, 0);

	if (got > 0 && serve(fake, at->fd, (size_t)got))
		return;
	close(at->fd);
	at->fd = -1;
}

static void *run(void *argument)
{
	struct fake_module *fake = argument;

	for (;;) {
		must(poll(fake->polled, FIRST + CONNECTIONS, -1) > 0);
		if (fake->polled[STOP].revents)
			return NULL;
		for (size_t i = FIRST; i < FIRST + CONNECTIONS; i++)
			if (fake->polled[i].fd >= 0 && fake->polled[i].revents)
				serve_one(fake, &fake->polled[i]);
		if (fake->polled[LISTENER].revents)
			take_connection(fake);
	}
}

struct fake_module *fake_module_start(const char *path, fake_serve serve_with, void *context)
{
	struct fake_module *fake = calloc(1, sizeof *fake);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	must(fake && strlen(path) < sizeof address.sun_path && pipe(fake->stop) == 0);
	must(pthread_mutex_init(&fake->serving, NULL) == 0);
	strcpy(address.sun_path, path);
	unlink(path);
	for (size_t i = 0; i < FIRST + CONNECTIONS; i++)
		fake->polled[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	fake->polled[STOP].fd = fake->stop[0];
	fake->polled[LISTENER].fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	fake->serve = serve_with;
	fake->context = context;
	must(bind(fake->polled[LISTENER].fd, (struct sockaddr *)&address, sizeof address) == 0 &&
	     listen(fake->polled[LISTENER].fd, 8) == 0 &&
	     pthread_create(&fake->thread, NULL, run, fake) == 0);
	return fake;
}

void fake_module_stop(struct fake_module *fake)
{
	must(write(fake->stop[1], "", 1) == 1 && pthread_join(fake->thread, NULL) == 0);
	for (size_t i = LISTENER; i < FIRST + CONNECTIONS; i++)
		if (fake->polled[i].fd >= 0)
			close(fake->polled[i].fd);
	close(fake->stop[0]);
	close(fake->stop[1]);
	pthread_mutex_destroy(&fake->serving);
	free(fake);
}

void fake_module_settle(struct fake_module *fake)
{
	pthread_mutex_lock(&fake->serving);
	pthread_mutex_unlock(&fake->serving);
}

void fake_send(int connection, struct sc_view message)
{
	ssize_t sent = send(connection, message.data, message.len, MSG_NOSIGNAL);

	/* The client may have gone meanwhile. Its connection ends when it is next read. */
	must(sent == (ssize_t)message.len || errno == EPIPE || errno == ECONNRESET);
}

uint32_t fake_command(struct sc_view message, struct sc_view *body)
{
	struct sc_wire_request_header header;

	must(sc_wire_request_read(message, &header, body, NULL) == SC_OK);
	return header.command;
}

struct sc_writer fake_answer(struct sc_view message, sc_status status, uint64_t first, uint64_t second,
			     struct sc_view body)
{
	struct sc_writer writer = sc_writer_new(SC_WIRE_MESSAGE_MAX);
	struct sc_wire_request_header request;
	struct sc_wire_response_header response = { .status = status, .numbers = { first, second } };
	struct sc_view ignored;

	must(sc_wire_request_read(message, &request, &ignored, NULL) == SC_OK);
	response.command = request.command;
	response.id = request.id;
	sc_wire_response_header_write(&writer, &response, body.len);
	sc_write_raw(&writer, body);
	must(!writer.failed);
	return writer;
}

void fake_reply(int connection, struct sc_view message, sc_status status, uint64_t first, uint64_t second,
		struct sc_view body)
{
	SC_CLEANUP(sc_writer) answer = fake_answer(message, status, first, second, body);

	fake_send(connection, sc_writer_view(&answer));
}
