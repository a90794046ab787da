/* A module that only says what it is and whom it trusts: see module_stand_in.h. */
#include "module_stand_in.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "evidence/certificate.h"

#define PATH_SIZE 96

struct sc_stand_in {
	char directory[PATH_SIZE];
	struct sockaddr_un address;
	int listener;
	pthread_t thread;
	enum sc_mode mode;
	X509 *const *roots;
	size_t count;
	const char *revoked;
	_Atomic uint64_t clock; /* 0: the real time */
};

static void must_hold(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

static void write_enquiry(const struct sc_stand_in *s, struct sc_writer *body)
{
	uint64_t clock = s->clock;
	struct sc_enquire_response response = { .esn = sc_view_text("7E57-FFFF-0001"),
						.version = sc_view_text("test"),
						.mode = s->mode,
						.role = SC_ROLE_USE,
						.time = clock ? clock : (uint64_t)sc_clock_now() };

	must_hold(sc_certificate_key_hash(s->roots[0], &response.root, NULL) == SC_OK, "root hash");
	sc_enquire_response_write(body, &response);
}

static void write_evidence(const struct sc_stand_in *s, struct sc_writer *body)
{
	struct sc_evidence_response response = { 0 };
	struct sc_bytes der[1 + SC_WIRE_LIST_MAX] = { 0 };

	for (size_t i = 0; i < s->count; i++)
		must_hold(sc_x509_encode(s->roots[i], &der[i], NULL) == SC_OK, "root");
	response.root = sc_bytes_view(&der[0]);
	response.source_roots.count = (uint32_t)s->count - 1;
	for (size_t i = 1; i < s->count; i++)
		response.source_roots.item[i - 1] = sc_bytes_view(&der[i]);
	if (s->revoked)
		response.revoked.item[response.revoked.count++] = sc_view_text(s->revoked);
	sc_evidence_response_write(body, &response);
	for (size_t i = 0; i < s->count; i++)
		sc_bytes_free(&der[i]);
}

/* Handles one request; false when the peer has gone. */
static bool answer(const struct sc_stand_in *s, int peer)
{
	static uint8_t message[SC_WIRE_MESSAGE_MAX];
	SC_CLEANUP(sc_writer) body = sc_writer_new(SC_WIRE_BODY_MAX);
	SC_CLEANUP(sc_writer) out = sc_writer_new(SC_WIRE_MESSAGE_MAX);
	struct sc_wire_request_header request;
	struct sc_wire_response_header response = { .status = SC_OK };
	struct sc_view view;
	ssize_t got = recv(peer, message, sizeof message, 0);

	if (got <= 0)
		return false;
	must_hold(sc_wire_request_read(sc_view_of(message, (size_t)got), &request, &view, NULL) == SC_OK,
		  "request");
	if (request.command == SC_COMMAND_ENQUIRE)
		write_enquiry(s, &body);
	else if (request.command == SC_COMMAND_EVIDENCE)
		write_evidence(s, &body);
	else
		response.status = SC_ERR_COMMAND;
	response.command = request.command;
	response.id = request.id;
	sc_wire_response_header_write(&out, &response, body.used);
	sc_write_raw(&out, sc_writer_view(&body));
	must_hold(!body.failed && !out.failed, "answer");
	return send(peer, out.buffer.data, out.used, MSG_NOSIGNAL) == (ssize_t)out.used;
}

static void *serve(void *context)
{
	struct sc_stand_in *s = context;
	int peer;

	/* shutdown() of the listening socket ends accept(). */
	while ((peer = accept(s->listener, NULL, NULL)) >= 0) {
		while (answer(s, peer))
			;
		close(peer);
	}
	return NULL;
}

static void write_config(const struct sc_stand_in *s)
{
	char path[PATH_SIZE + 32];
	FILE *file;

	snprintf(path, sizeof path, "%s/config", s->directory);
	must_hold(mkdir(path, 0700) == 0, path);
	snprintf(path, sizeof path, "%s/config/modules", s->directory);
	file = fopen(path, "w");
	must_hold(file, path);
	fprintf(file, "# a module of the tests\n1 custody /nowhere\n1 use %s\n", s->address.sun_path);
	fclose(file);
	must_hold(setenv("NFAST_KMDATA", s->directory, 1) == 0, "setenv");
}

struct sc_stand_in *sc_stand_in_start(enum sc_mode mode, X509 *const *roots, size_t count,
				      const char *revoked)
{
	struct sc_stand_in *s = calloc(1, sizeof *s);

	must_hold(s, "memory");
	s->mode = mode;
	s->roots = roots;
	s->count = count;
	s->revoked = revoked;
	strcpy(s->directory, "/tmp/test_module.XXXXXX");
	must_hold(mkdtemp(s->directory), s->directory);
	s->address.sun_family = AF_UNIX;
	snprintf(s->address.sun_path, sizeof s->address.sun_path, "%s/use", s->directory);
	s->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	must_hold(s->listener >= 0 &&
		      bind(s->listener, (const struct sockaddr *)&s->address, sizeof s->address) == 0 &&
		      listen(s->listener, 8) == 0,
		  "socket");
	write_config(s);
	must_hold(pthread_create(&s->thread, NULL, serve, s) == 0, "thread");
	return s;
}

void sc_stand_in_set_clock(struct sc_stand_in *s, uint64_t seconds)
{
	s->clock = seconds;
}

const char *sc_stand_in_path(const struct sc_stand_in *s)
{
	return s->address.sun_path;
}

void sc_stand_in_stop(struct sc_stand_in *s)
{
	static const char *const names[] = { "config/modules", "config", "local", "use", "" };
	char path[PATH_SIZE + 32];

	shutdown(s->listener, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->listener);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", s->directory, names[i]);
		(void)remove(path);
	}
	free(s);
}
