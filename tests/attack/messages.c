/*
 * Messages that are not requests of the protocol (invariant 8, rule M1), on each kind of socket: garbage,
 * truncated, too long, with a changed header, with an unknown command. The module closes the connection or
 * refuses the request, and serves others meanwhile.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "attack.h"

#define WAIT   20000 /* ms allowed for the module's answer or the end of the connection */
#define CLOSED (-1)  /* instead of a status */

static const char *const sockets[] = { "custody", "service", "use" };

static const char *name_of(const char *attack, const char *socket)
{
	static char name[128];

	snprintf(name, sizeof name, "%s-on-%s", attack, socket);
	return name;
}

/* -- raw connections --------------------------------------------------------------------------- */

static int dial(const char *socket_name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int buffer = 4 * SC_WIRE_SOCKET_BUFFER;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", attack_path("eu/%s", socket_name));
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer) ||
	    connect(fd, (const struct sockaddr *)&address, sizeof address))
		attack_must("a connection", SC_ERR_UNAVAILABLE, NULL);
	return fd;
}

/* Sends a message, reconnecting if the connection has been closed. Returns the answer's status, or CLOSED. */
static int exchange(const char *socket_name, int *fd, struct sc_view message)
{
	static uint8_t answer[SC_WIRE_MESSAGE_MAX];
	struct sc_wire_response_header header;
	struct sc_view body;
	struct pollfd waiting;
	ssize_t got;

	if (*fd < 0)
		*fd = dial(socket_name);
	if (send(*fd, message.data, message.len, MSG_NOSIGNAL) != (ssize_t)message.len)
		attack_must("sending", SC_ERR_SYSTEM, NULL);
	waiting = (struct pollfd){ .fd = *fd, .events = POLLIN };
	if (poll(&waiting, 1, WAIT) != 1)
		attack_must("the module's answer", SC_ERR_TIMEOUT, NULL);
	got = recv(*fd, answer, sizeof answer, 0);
	if (got > 0 && sc_wire_response_read(sc_view_of(answer, (size_t)got), &header, &body, NULL) == SC_OK)
		return (int)header.status;
	close(*fd);
	*fd = -1;
	return got > 0 ? (int)SC_ERR_PROTOCOL : CLOSED;
}

/* -- a well-formed request of every command; the keys and quorums it names do not exist ------- */

/* Fills every `bytes` and `list` field, so that a cut can fall into each part of each field. */
#define FILL_u32(field)
#define FILL_u64(field)
#define FILL_hash(field)
#define FILL_bytes(field) request.field = sc_view_of(filling, sizeof filling);
#define FILL_list(field)                                                                                     \
	request.field.count = 2;                                                                             \
	request.field.item[0] = request.field.item[1] = sc_view_of(filling, sizeof filling);
#define FILL(kind, field, max) FILL_##kind(field)
#define MAKE(NAME, name, number, roles, modes, quorum, lane)                                                 \
	case SC_COMMAND_##NAME: {                                                                            \
		struct sc_##name##_request request;                                                          \
                                                                                                             \
		memset(&request, 0, sizeof request);                                                         \
		SC_##NAME##_REQUEST(FILL) return attack_##name##_body(&request);                             \
	}

static struct sc_bytes body_of(enum sc_command command)
{
	static const uint8_t filling[] = { 1, 2, 3, 4, 5, 6, 7 };

	(void)filling;
	switch (command) {
		SC_COMMAND_TABLE(MAKE)
	}
	attack_must("a request for every command", SC_ERR_COMMAND, NULL);
	abort();
}

/* -- attacks ----------------------------------------------------------------------------------- */

/*
 * A message cut while its header still gives the whole length is not a message. A body cut with the header
 * giving the length that is left is malformed, unless role or quorum forbid the command first.
 */
static void attack_cut(const char *socket_name)
{
	size_t count;
	const struct sc_command_info *command = sc_command_all(&count);
	size_t bad_messages = 0;
	size_t bad_bodies = 0;
	size_t closed = 0;
	int fd = -1;

	for (size_t i = 0; i < count; i++, command++) {
		SC_CLEANUP(sc_bytes) body = body_of(command->command);
		SC_CLEANUP(sc_bytes) message =
		    attack_message((uint16_t)command->command, sc_bytes_view(&body));

		closed += exchange(socket_name, &fd, sc_bytes_view(&message)) == CLOSED;
		for (size_t len = 1; len < message.len; len++)
			bad_messages += exchange(socket_name, &fd, sc_view_of(message.data, len)) != CLOSED;
		for (size_t len = 0; len < body.len; len++) {
			SC_CLEANUP(sc_bytes)
			cut = attack_message((uint16_t)command->command, sc_view_of(body.data, len));
			int status = exchange(socket_name, &fd, sc_bytes_view(&cut));

			bad_bodies += status != SC_ERR_ENCODING && status != SC_ERR_ROLE &&
				      status != SC_ERR_QUORUM && status != SC_ERR_HAS_WORLD;
		}
	}
	close(fd);
	attack_result(name_of("messages-not-cut", socket_name), closed ? "some were not answered" : NULL);
	attack_result(name_of("messages-cut", socket_name), bad_messages ? "some were answered" : NULL);
	attack_result(name_of("bodies-cut", socket_name),
		      bad_bodies ? "some were not refused as malformed" : NULL);
}

/* One byte more, in the body or after the message. */
static void attack_longer(const char *socket_name)
{
	SC_CLEANUP(sc_bytes) whole = attack_message(SC_COMMAND_ENQUIRE, (struct sc_view){ 0 });
	SC_CLEANUP(sc_bytes) more = attack_message(SC_COMMAND_ENQUIRE, sc_view_text("x"));
	SC_CLEANUP(sc_bytes) behind = { 0 };
	SC_CLEANUP(sc_bytes) longest = { 0 };
	SC_CLEANUP(sc_bytes) too_long = { 0 };
	int fd = -1;

	attack_must("memory", sc_bytes_new(whole.len + 1, &behind, NULL), NULL);
	attack_must("memory", sc_bytes_new(SC_WIRE_BODY_MAX, &longest, NULL), NULL);
	attack_must("memory",
		    sc_bytes_new(SC_WIRE_REQUEST_HEADER_SIZE + SC_WIRE_BODY_MAX + 1, &too_long, NULL), NULL);
	memcpy(behind.data, whole.data, whole.len);
	SC_CLEANUP(sc_bytes) full = attack_message(SC_COMMAND_ENQUIRE, sc_bytes_view(&longest));

	memcpy(too_long.data, full.data, full.len);
	attack_result(name_of("message-whole", socket_name),
		      exchange(socket_name, &fd, sc_bytes_view(&whole)) == SC_OK ? NULL
										 : "it is not answered");
	attack_result(name_of("body-one-byte-longer", socket_name),
		      exchange(socket_name, &fd, sc_bytes_view(&more)) == SC_ERR_ENCODING ? NULL
											  : "not malformed");
	attack_result(name_of("message-one-byte-longer", socket_name),
		      exchange(socket_name, &fd, sc_bytes_view(&behind)) == CLOSED ? NULL : "it is answered");
	attack_result(name_of("body-as-long-as-there-is", socket_name),
		      exchange(socket_name, &fd, sc_bytes_view(&full)) == SC_ERR_ENCODING ? NULL
											  : "not malformed");
	attack_result(name_of("body-longer-than-there-is", socket_name),
		      exchange(socket_name, &fd, sc_bytes_view(&too_long)) == CLOSED ? NULL
										     : "it is answered");
	if (fd >= 0)
		close(fd);
}

/* What ENQUIRE must get with that bit of its header flipped. ANSWERED is any answer. */
#define ANSWERED (-2)
static int expected_of(size_t byte, const struct sc_bytes *message)
{
	if (byte >= 8 && byte < 16) /* the request's id */
		return SC_OK;
	if (byte >= 16 && byte < 24) /* the authority */
		return SC_ERR_QUORUM;
	/* The bits that turn it into another command. */
	return byte == 7 && sc_command_find(message->data[7]) ? ANSWERED : CLOSED;
}

static void attack_header(const char *socket_name)
{
	SC_CLEANUP(sc_bytes) message = attack_message(SC_COMMAND_ENQUIRE, (struct sc_view){ 0 });
	size_t bad = 0;
	int fd = -1;

	for (size_t i = 0; i < message.len * 8; i++) {
		int expected;
		int got;

		message.data[i / 8] ^= (uint8_t)(1u << i % 8);
		expected = expected_of(i / 8, &message);
		got = exchange(socket_name, &fd, sc_bytes_view(&message));
		bad += expected == ANSWERED ? got == CLOSED : got != expected;
		message.data[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	if (fd >= 0)
		close(fd);
	attack_result(name_of("header-every-bit-flipped", socket_name),
		      bad ? "some had another result" : NULL);
}

static void attack_unknown(const char *socket_name)
{
	size_t bad = 0;
	size_t tried = 0;
	int fd = -1;

	for (uint16_t number = 0; number < 0x200; number++) {
		SC_CLEANUP(sc_bytes) message = attack_message(number, (struct sc_view){ 0 });

		if (sc_command_find(number))
			continue;
		tried++;
		bad += exchange(socket_name, &fd, sc_bytes_view(&message)) != CLOSED;
	}
	attack_result(name_of("commands-that-are-none", socket_name),
		      bad || !tried ? "some were answered" : NULL);
}

static void attack_garbage(const char *socket_name)
{
	uint8_t garbage[4096];
	size_t bad = 0;
	int fd = -1;

	for (unsigned i = 0; i < 200; i++) {
		size_t len = 1 + (size_t)(i * 97) % sizeof garbage;

		if (RAND_bytes(garbage, (int)len) != 1)
			attack_must("random bytes", SC_ERR_CRYPTO, NULL);
		bad += exchange(socket_name, &fd, sc_view_of(garbage, len)) != CLOSED;
	}
	attack_result(name_of("garbage", socket_name), bad ? "some was answered" : NULL);
}

/*
 * A field that claims to be longer than allowed, longer than the message, or larger than a number can count.
 */
static void attack_lengths(const char *socket_name)
{
	static const uint32_t lengths[] = { 3, 16385, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff };
	size_t bad = 0;
	int fd = -1;

	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		const uint8_t body[] = { (uint8_t)(lengths[i] >> 24),
					 (uint8_t)(lengths[i] >> 16),
					 (uint8_t)(lengths[i] >> 8),
					 (uint8_t)lengths[i],
					 'x',
					 'y' };
		SC_CLEANUP(sc_bytes) message =
		    attack_message(SC_COMMAND_KEY_LOAD, sc_view_of(body, sizeof body));

		bad += exchange(socket_name, &fd, sc_bytes_view(&message)) != SC_ERR_ENCODING;
	}
	close(fd);
	attack_result(name_of("lengths-that-lie", socket_name),
		      bad ? "some were not refused as malformed" : NULL);
}

/* A peer that sends requests and leaves without reading the answers. */
static void attack_by_leaving(const char *socket_name)
{
	SC_CLEANUP(sc_bytes) message = attack_message(SC_COMMAND_EVIDENCE, (struct sc_view){ 0 });

	for (unsigned i = 0; i < 50; i++) {
		int fd = dial(socket_name);

		for (unsigned j = 0; j < 20; j++)
			if (send(fd, message.data, message.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
			    errno != EAGAIN)
				break;
		close(fd);
	}
}

int main(int argc, char **argv)
{
	attack_begin(argc, argv);

	SC_CLEANUP(sc_client) bystander = attack_connect("eu", "service");

	for (size_t i = 0; i < sizeof sockets / sizeof sockets[0]; i++) {
		attack_longer(sockets[i]);
		attack_header(sockets[i]);
		attack_unknown(sockets[i]);
		attack_lengths(sockets[i]);
		attack_garbage(sockets[i]);
		attack_cut(sockets[i]);
		attack_by_leaving(sockets[i]);
		attack_result(name_of("others-are-served", sockets[i]),
			      attack_is_alive(bystander) ? NULL : "another connection is not answered");
	}
	return attack_end();
}
