/* Which way of refusing repaired heads works: see strictness.h. */
#include "web/strictness.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "base/os.h"
#include "web/head.h"

#define STEP_MS    10
#define STEPS      500 /* for one shape: loopback needs a few */
#define LONG_VALUE 16384

/* -- the options of each way ------------------------------------------------------------------- */

/* Since 0.9.77 level 2 refuses everything that RFC 9112 lets a server repair. 1 is all that 0.9.75 has. */
#if MHD_VERSION >= 0x00097701
#define STRICTEST { MHD_OPTION_CLIENT_DISCIPLINE_LVL, 2, NULL }
#else
#define STRICTEST { MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL }
#endif
#define MEMORY { MHD_OPTION_CONNECTION_MEMORY_LIMIT, SC_WEB_CONNECTION_MEMORY, NULL }

const struct MHD_OptionItem *sc_web_strictness_options(enum sc_web_strictness way)
{
	/* Where we check, libmicrohttpd leaves to us what it would refuse in its own way. */
	static const struct MHD_OptionItem ours[] = { MEMORY,
						      { MHD_OPTION_STRICT_FOR_CLIENT, 0, NULL },
						      { MHD_OPTION_END, 0, NULL } };
	static const struct MHD_OptionItem strictest[] = { MEMORY, STRICTEST, { MHD_OPTION_END, 0, NULL } };

	return way == SC_WEB_STRICT_OURS ? ours : strictest;
}

/* -- what is tried out ------------------------------------------------------------------------- */

/* What a client sends on one connection, and how many requests must come out of it. */
struct shape {
	const char *text;
	size_t len;
	unsigned requests;
};

#define SHAPE(text, requests) { text, sizeof(text) - 1, requests }
#define LINE                  "GET /a HTTP/1.1\r\n"
#define HOST                  "Host: a\r\n"
#define END                   "Connection: close\r\n\r\n"
#define WHOLE                 LINE HOST "\r\n"

/* Each refused shape is an accepted one with the one thing that must be noticed. */
static const struct shape shapes[] = {
	SHAPE(LINE HOST END, 1),
	SHAPE(LINE HOST "A: \t b c \r\nB:\r\nC:d\r\n" END, 1),
	SHAPE("GET /a%20b?c=%41&d HTTP/1.1\r\n" HOST "Cookie: a=b; c=\"d\"\r\n" END, 1),
	SHAPE(WHOLE LINE HOST END, 2),
	SHAPE("POST /a HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n\r\n" LINE HOST END, 2),
	/* NUL bytes */
	SHAPE("G\0ET /a HTTP/1.1\r\n" HOST END, 0),
	SHAPE("GET\0 /a HTTP/1.1\r\n" HOST END, 0),
	SHAPE("GET /a\0b HTTP/1.1\r\n" HOST END, 0),
	SHAPE("GET /a?b\0c HTTP/1.1\r\n" HOST END, 0),
	SHAPE("GET /a HTTP/1.1\0\r\n" HOST END, 0),
	SHAPE(LINE "Host: a\0b\r\n" END, 0),
	SHAPE(LINE "Host: a\0\r\n" END, 0),
	SHAPE(LINE "Host: \0a\r\n" END, 0),
	SHAPE(LINE HOST "Authorization: Bearer a\0b\r\n" END, 0),
	SHAPE(LINE HOST "A\0B: c\r\n" END, 0),
	SHAPE(LINE HOST "\0A: b\r\n" END, 0),
	SHAPE(LINE HOST "Connection: close\r\n\0\r\n\r\n", 0),
	SHAPE("POST /a HTTP/1.1\r\n" HOST "Content-Length: 1\0000\r\n" END "a", 0),
	SHAPE("POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\0a\r\n" END "0\r\n\r\n", 0),
	SHAPE("\0GET /b HTTP/1.1\r\n" LINE HOST END, 0),
	SHAPE(WHOLE "\0GET /b HTTP/1.1\r\n" LINE HOST END, 1),
	/* line ends */
	SHAPE("GET /a HTTP/1.1\n" HOST END, 0),
	SHAPE(LINE "Host: a\n" END, 0),
	SHAPE(LINE HOST "A:\n" END, 0),
	SHAPE(LINE HOST "Connection: close\n\r\n", 0),
	SHAPE(LINE HOST "Connection: close\r\n\n", 0),
	/* folded lines, empty names, empty lines, spaces */
	SHAPE(LINE HOST "A: b\r\n c\r\n" END, 0),
	SHAPE(LINE HOST "A: b\r\n\tc\r\n" END, 0),
	SHAPE(LINE HOST "A: b\r\n \r\n" END, 0),
	SHAPE(LINE " A: b\r\n" HOST END, 0),
	SHAPE(LINE ": a\r\n" HOST END, 0),
	SHAPE(LINE HOST ": a\r\n" END, 0),
	SHAPE(LINE HOST "Connection: close\r\n: a\r\n\r\n", 0),
	SHAPE("\r\n" LINE HOST END, 0),
	SHAPE("\n" LINE HOST END, 0),
	SHAPE(WHOLE "\r\n" LINE HOST END, 1),
	SHAPE("GET  /a HTTP/1.1\r\n" HOST END, 0),
	SHAPE("GET /a  HTTP/1.1\r\n" HOST END, 0),
	SHAPE("GET /a HTTP/1.1 \r\n" HOST END, 0),
};

/*
 * NUL LF in place of CRLF, which our check cannot see (web/head.h; THREATS.md lists it). What the library's
 * own option promises includes it.
 */
static const struct shape unseen[] = {
	SHAPE(LINE "Host: a\0\n" END, 0),
	SHAPE(LINE HOST "Connection: close\0\n\r\n", 0),
	SHAPE(LINE HOST "Connection: close\r\n\0\n", 0),
};

/* -- the server: libmicrohttpd, run by this thread ----------------------------------------------- */

struct trial {
	struct MHD_Daemon *daemon;
	enum sc_web_strictness way;
	in_port_t port;        /* of our own client: nobody else may connect */
	unsigned requests;     /* accepted so far */
	struct sc_view target; /* of the request that comes in, which is then decoded in place */
	bool has_space;        /* in that target */
};

static enum MHD_Result admit(void *context, const struct sockaddr *address, socklen_t len)
{
	const struct trial *trial = context;
	const struct sockaddr_in *from = (const struct sockaddr_in *)(const void *)address;

	return len >= sizeof *from && from->sin_family == AF_INET && from->sin_port == trial->port ? MHD_YES
												   : MHD_NO;
}

static void *note_target(void *context, const char *target, struct MHD_Connection *connection)
{
	struct trial *trial = context;

	(void)connection;
	trial->target = sc_view_text(target ? target : "");
	/* web/target.h refuses it. */
	trial->has_space = target && strchr(target, ' ');
	return NULL;
}

static bool is_accepted(const struct trial *trial, struct MHD_Connection *connection, const char *method,
			const char *version)
{
	const struct sc_web_request_line line = { method, (const char *)trial->target.data, trial->target.len,
						  version };

	if (trial->has_space)
		return false;
	return trial->way != SC_WEB_STRICT_OURS || sc_web_head_check(connection, &line, NULL) == SC_OK;
}

static enum MHD_Result answer_request(void *context, struct MHD_Connection *connection, const char *url,
				      const char *method, const char *version, const char *upload,
				      size_t *upload_len, void **state)
{
	static char begun;
	struct trial *trial = context;
	struct MHD_Response *response;
	enum MHD_Result result;

	(void)url, (void)upload;
	if (!*state) {
		*state = &begun;
		return is_accepted(trial, connection, method, version) ? MHD_YES : MHD_NO;
	}
	if (*upload_len > 0) {
		*upload_len = 0;
		return MHD_YES;
	}
	trial->requests++;
	response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	result = response ? MHD_queue_response(connection, MHD_HTTP_NO_CONTENT, response) : MHD_NO;
	MHD_destroy_response(response);
	return result;
}

static void start_trial(struct trial *trial)
{
	const struct sockaddr_in loopback = { .sin_family = AF_INET,
					      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	trial->daemon =
	    MHD_start_daemon(MHD_USE_EPOLL, 0, admit, trial, answer_request, trial, MHD_OPTION_SOCK_ADDR,
			     &loopback, MHD_OPTION_ARRAY, sc_web_strictness_options(trial->way),
			     MHD_OPTION_URI_LOG_CALLBACK, note_target, trial, MHD_OPTION_END);
}

/* -- the client ---------------------------------------------------------------------------------- */

/* Returns the socket, or -1. */
static int connect_to(struct trial *trial)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(trial->daemon, MHD_DAEMON_INFO_BIND_PORT);
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(info ? info->port : 0),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	int fd = sc_os->socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (sc_os->connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
	    sc_os->getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
		trial->port = address.sin_port;
		return fd;
	}
	(void)sc_os->close(fd);
	return -1;
}

/* Sends what fits, and removes it from the view. */
static void send_some(int fd, struct sc_view *text)
{
	struct iovec part = { (void *)(uintptr_t)text->data, text->len };
	const struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t sent = text->len > 0 ? sc_os->sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;

	if (sent > 0)
		*text = sc_view_of(text->data + sent, text->len - (size_t)sent);
}

/* True once the server has closed the connection. Answers are ignored. */
static bool has_ended(int fd)
{
	uint8_t answer[512];
	struct iovec part = { answer, sizeof answer };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t got;

	do
		got = sc_os->recvmsg(fd, &message, MSG_DONTWAIT);
	while (got > 0);
	return got == 0 || (errno != EAGAIN && errno != EINTR);
}

/*
 * Sends a text on a connection of its own. *works says whether libmicrohttpd made so many requests of it and
 * then closed the connection: a text that it has not worked through is not refused.
 */
static sc_status try_text(struct trial *trial, struct sc_view text, unsigned requests, bool *works,
			  struct sc_error *err)
{
	int fd = connect_to(trial);
	bool is_over = false;

	if (fd < 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot connect to 127.0.0.1");
	trial->requests = 0;
	for (unsigned i = 0; i < STEPS && !is_over; i++) {
		send_some(fd, &text);
		(void)MHD_run_wait(trial->daemon, STEP_MS);
		is_over = has_ended(fd);
	}
	(void)sc_os->close(fd);
	*works = is_over && trial->requests == requests;
	return SC_OK;
}

/* A head that is longer than one read of libmicrohttpd's. */
static sc_status make_long_head(struct sc_bytes *out, struct sc_error *err)
{
	static const char before[] = LINE HOST "A: ";
	static const char after[] = "\r\n" END;
	const size_t start = sizeof before - 1;

	SC_TRY(sc_bytes_new(start + LONG_VALUE + sizeof after - 1, out, err));
	memcpy(out->data, before, start);
	memset(out->data + start, 'a', LONG_VALUE);
	memcpy(out->data + start + LONG_VALUE, after, sizeof after - 1);
	return SC_OK;
}

/* Up to the first with which it does not work. */
static sc_status try_shapes(struct trial *trial, const struct shape *shape, size_t count, bool *works,
			    struct sc_error *err)
{
	for (size_t i = 0; i < count && *works; i++)
		SC_TRY(
		    try_text(trial, sc_view_of(shape[i].text, shape[i].len), shape[i].requests, works, err));
	return SC_OK;
}

static sc_status try_all(struct trial *trial, bool *works, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) head = { 0 };

	SC_TRY(make_long_head(&head, err));
	SC_TRY(try_text(trial, sc_bytes_view(&head), 1, works, err));
	SC_TRY(try_shapes(trial, shapes, sizeof shapes / sizeof shapes[0], works, err));
	if (trial->way == SC_WEB_STRICT_OURS)
		return SC_OK;
	return try_shapes(trial, unseen, sizeof unseen / sizeof unseen[0], works, err);
}

sc_status sc_web_strictness_try(enum sc_web_strictness way, bool *works, struct sc_error *err)
{
	struct trial trial = { .way = way };
	sc_status status;

	start_trial(&trial);
	SC_ENSURE(trial.daemon, err, SC_ERR_SYSTEM, "cannot start an HTTP server on 127.0.0.1");
	status = try_all(&trial, works, err);
	MHD_stop_daemon(trial.daemon);
	return status;
}

sc_status sc_web_strictness_find(enum sc_web_strictness *out, struct sc_error *err)
{
	bool works = false;

	for (enum sc_web_strictness way = SC_WEB_STRICT_OURS; way < SC_WEB_STRICT_PROXY && !works; way++) {
		SC_TRY(sc_web_strictness_try(way, &works, err));
		*out = way;
	}
	if (!works)
		*out = SC_WEB_STRICT_PROXY;
	return SC_OK;
}
