/*
 * The HTTPS server as clients, good and bad ones, meet it: past its socket, with a TLS key that is in a
 * (fake) module. Every refusal here first sees the same request accepted with the one thing put right.
 */
#include "support/test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/clock.h"
#include "web_fixture.h"

#define ANSWER_SIZE 65536
#define WAIT_MS     2000

static struct web_fixture fixture;
static struct sc_web_server *server;
static struct sc_web_request *_Atomic parked;
static char answer[ANSWER_SIZE];
static char large[20 * 1024 * 1024];

/* -- the handlers ------------------------------------------------------------------------------ */

static void set_text(json_t *object, const char *name, const char *value)
{
	assert_int_equal(json_object_set_new(object, name, value ? json_string(value) : json_null()), 0);
}

static void echo(struct sc_web_request *request, void *context)
{
	json_t *body = json_object();

	assert_string_equal(context, "context");
	set_text(body, "method", sc_web_method(request));
	set_text(body, "host", sc_web_host(request));
	set_text(body, "label", sc_web_label(request));
	set_text(body, "path", sc_web_path(request));
	set_text(body, "name", sc_web_parameter(request, "name"));
	set_text(body, "version", sc_web_parameter(request, "version"));
	set_text(body, "api", sc_web_query(request, "api-version"));
	set_text(body, "raw", sc_web_query_raw(request));
	set_text(body, "bearer", sc_web_bearer(request));
	set_text(body, "form", sc_web_form(request, "password"));
	set_text(body, "peer", sc_web_peer(request));
	json_object_set_new(body, "length", json_integer((json_int_t)sc_web_body(request).len));
	sc_web_set_header(request, "X-Own", "first");
	sc_web_set_header(request, "x-own", "second");
	sc_web_answer(request, 200, body);
}

static void park(struct sc_web_request *request, void *context)
{
	(void)context;
	parked = request;
}

static void answer_as_job(void *context)
{
	sc_web_answer_error(context, 409, "Conflict", "from %s", "a worker");
}

static void later(struct sc_web_request *request, void *context)
{
	(void)context;
	assert_ok(sc_web_run(sc_web_request_server(request), SC_WEB_QUICK, answer_as_job, request, NULL),
		  NULL);
}

static void read_json(struct sc_web_request *request, void *context)
{
	json_t *value = NULL;
	struct sc_error err = { 0 };
	sc_status status = sc_web_json(request, &value, &err);

	(void)context;
	if (status == SC_OK)
		sc_web_answer(request, 200, value);
	else
		sc_web_answer_error(request, status == SC_ERR_FORMAT ? 415 : 400, sc_status_name(status),
				    "%s", err.message);
}

static const struct sc_web_route vault_routes[] = {
	{ "GET", "/keys/{name}/{version?}", echo },
	{ "POST", "/keys/{name}/{version?}/sign", echo },
	{ "POST", "/echo", echo },
	{ "GET", "/echo", echo },
	{ "GET", "/park", park },
	{ "GET", "/later", later },
	{ "POST", "/json", read_json },
	{ 0 },
};
static const struct sc_web_route management_routes[] = {
	{ "GET", "/subscriptions/{name}/resourceGroups", echo },
	{ 0 },
};
static const struct sc_web_host hosts[] = {
	{ "login", false, vault_routes },
	{ "management", true, management_routes },
	{ "*.vault", false, vault_routes },
	{ 0 },
};
static const char *const loopbacks[] = { "127.0.0.1", "::1" };

static sc_status start_with(unsigned threads, unsigned deadline_ms, unsigned transfer_ms,
			    struct sc_error *err)
{
	const struct sc_web_settings settings = {
		.domain = "localhost",
		.addresses = loopbacks,
		.address_count = 2,
		.tls_key = fixture.tls_key,
		.hosts = hosts,
		.context = (void *)(uintptr_t) "context",
		.threads = threads,
		.deadline_ms = deadline_ms,
		.transfer_ms = transfer_ms,
		.slow_workers = 1,
	};

	return sc_web_server_start(&settings, &server, err);
}

static int set_up(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	web_fixture_start(&fixture);
	parked = NULL;
	assert_ok(start_with(2, 0, 0, &err), &err);
	return 0;
}

static int set_up_impatient(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	web_fixture_start(&fixture);
	parked = NULL;
	assert_ok(start_with(1, 400, 800, &err), &err);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sc_web_server_free(server);
	server = NULL;
	web_fixture_stop(&fixture);
	return 0;
}

/* -- the client -------------------------------------------------------------------------------- */

static int send_bytes(const void *request, size_t len)
{
	return web_exchange("127.0.0.1", sc_web_server_port(server), request, len, WAIT_MS, answer,
			    sizeof answer);
}

/* The text with "PORT" filled in; closes by itself ("Connection: close" is a part of it where it is to). */
static int send_text(const char *text)
{
	char port[8];
	char filled[8192];
	const char *at;
	size_t used = 0;

	snprintf(port, sizeof port, "%u", (unsigned)sc_web_server_port(server));
	while ((at = strstr(text, "PORT"))) {
		used += (size_t)snprintf(filled + used, sizeof filled - used, "%.*s%s", (int)(at - text),
					 text, port);
		text = at + 4;
	}
	used += (size_t)snprintf(filled + used, sizeof filled - used, "%s", text);
	assert_true(used < sizeof filled);
	return send_bytes(filled, used);
}

static int status_of(const char *text)
{
	return strncmp(text, "HTTP/1.1 ", 9) == 0 ? atoi(text + 9) : 0;
}

#define HOST "Host: login.localhost:PORT\r\n"
#define END  "Connection: close\r\n\r\n"

/* The status of a whole request that asks for the connection to be closed. */
static int status_for(const char *text)
{
	int result = send_text(text);

	assert_int_equal(result, 0);
	return status_of(answer);
}

static void assert_member(const char *name, const char *value)
{
	const char *body = strstr(answer, "\r\n\r\n");
	json_t *object = body ? json_loads(body + 4, 0, NULL) : NULL;
	const char *text = json_string_value(json_object_get(object, name));

	if (!value)
		assert_null(text);
	else if (!text || strcmp(text, value) != 0)
		fail_msg("%s is %s, expected %s, in: %s", name, text ? text : "absent", value, answer);
	json_decref(object);
}

static void wait_until_parked(void)
{
	for (int i = 0; i < 500 && !parked; i++)
		usleep(10000);
	assert_non_null(parked);
}

/* A request sent by a thread, whose answer comes later. */
struct background {
	pthread_t thread;
	const char *path;
	char answer[4096];
	int result;
};

static void *ask(void *argument)
{
	struct background *background = argument;
	char request[256];
	int len = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: login.localhost:%u\r\n" END,
			   background->path, (unsigned)sc_web_server_port(server));

	background->result = web_exchange("127.0.0.1", sc_web_server_port(server), request, (size_t)len,
					  10000, background->answer, sizeof background->answer);
	return NULL;
}

static void start_asking(struct background *background, const char *path)
{
	*background = (struct background){ .path = path };
	assert_int_equal(pthread_create(&background->thread, NULL, ask, background), 0);
}

/* -- requests ---------------------------------------------------------------------------------- */

static void a_request_reaches_its_handler_with_its_parts(void **state)
{
	(void)state;
	assert_int_equal(status_for("GET /keys/my%2Dkey/?api%2Dversion=7.4%20x+y&$filter=a HTTP/1.1\r\n"
				    "Host: CONTOSO.Vault.localhost:PORT\r\n"
				    "Authorization: bearer abc.def\r\n" END),
			 200);
	assert_member("method", "GET");
	assert_member("label", "contoso");
	assert_member("path", "/keys/my%2Dkey/");
	assert_member("name", "my-key");
	assert_member("version", "");
	assert_member("api", "7.4 x+y");
	assert_member("raw", "api%2Dversion=7.4%20x+y&$filter=a");
	assert_member("bearer", "abc.def");
	assert_member("peer", "127.0.0.1");
	assert_non_null(strstr(answer, "\r\nX-Own: second\r\n"));
	assert_null(strstr(answer, "first"));
	assert_non_null(strstr(answer, "\r\nCache-Control: no-store\r\n"));
	assert_int_equal(status_for("GET /keys/a/b HTTP/1.1\r\n" HOST END), 200);
	assert_member("version", "b");
	assert_member("label", "");
	assert_int_equal(status_for("POST /keys/a//sign HTTP/1.1\r\n" HOST "Content-Length: 3\r\n" END "abc"),
			 200);
	assert_member("version", "");
	assert_int_equal(status_for("GET //Subscriptions/S1//resourcegroups/ HTTP/1.1\r\n"
				    "Host: management.localhost:PORT\r\n" END),
			 200);
	assert_member("name", "S1");
}

static void both_loopbacks_answer(void **state)
{
	char request[128];
	int len = snprintf(request, sizeof request, "GET /echo HTTP/1.1\r\nHost: login.localhost:%u\r\n" END,
			   (unsigned)sc_web_server_port(server));

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(web_exchange(loopbacks[i], sc_web_server_port(server), request, (size_t)len,
					      WAIT_MS, answer, sizeof answer),
				 0);
		assert_int_equal(status_of(answer), 200);
		assert_member("peer", loopbacks[i]);
	}
}

static void a_form_is_decoded_and_a_doubled_member_refused(void **state)
{
	(void)state;
#define FORM                                                                                                 \
	"POST /echo HTTP/1.1\r\n" HOST "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"
	assert_int_equal(status_for(FORM "Content-Length: 20\r\n" END "a=1&password=x+%2B%C3"), 400);
	assert_int_equal(status_for(FORM "Content-Length: 24\r\n" END "a=1&password=x+%2B%C3%A4"), 200);
	assert_member("form", "x +\xc3\xa4");
	assert_int_equal(status_for(FORM "Content-Length: 21\r\n" END "password=1&password=2"), 400);
	assert_int_equal(status_for(FORM "Content-Length: 19\r\n" END "password=1&passwor=2"), 200);
	assert_int_equal(status_for("POST /echo HTTP/1.1\r\n" HOST "Content-Type: text/plain\r\n"
				    "Content-Length: 10\r\n" END "password=1"),
			 200);
	assert_member("form", NULL);
}

static void json_that_is_not_strict_is_refused(void **state)
{
	static const struct {
		const char *type;
		const char *body;
		size_t len;
		int status;
	} cases[] = {
		{ "application/json", "{\"a\":1}", 7, 200 },
		{ "Application/JSON; charset=utf-8", "{\"a\":1}", 7, 200 },
		{ "text/plain", "{\"a\":1}", 7, 415 },
		{ "application/json", "{\"a\":1}\0", 8, 400 },
		{ "application/json", "{\"a\":1,\"a\":2}", 13, 400 },
		{ "application/json", "[1]", 3, 400 },
		{ "application/json", "{\"a\":1}x", 8, 400 },
		{ "application/json", "", 0, 400 },
	};
	char request[512];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int len = snprintf(request, sizeof request,
				   "POST /json HTTP/1.1\r\nHost: login.localhost:%u\r\nContent-Type: %s\r\n"
				   "Content-Length: %zu\r\n" END,
				   (unsigned)sc_web_server_port(server), cases[i].type, cases[i].len);

		memcpy(request + len, cases[i].body, cases[i].len);
		assert_int_equal(send_bytes(request, (size_t)len + cases[i].len), 0);
		assert_int_equal(status_of(answer), cases[i].status);
	}
}

static void a_request_has_an_id_of_its_own_and_the_clients_comes_back(void **state)
{
	char first[37];
	const char *at;

	(void)state;
	assert_int_equal(status_for("GET /nowhere HTTP/1.1\r\n" HOST "x-ms-client-request-id: abc-1\r\n" END),
			 404);
	at = strstr(answer, "\r\nx-ms-request-id: ");
	assert_non_null(at);
	snprintf(first, sizeof first, "%s", at + 19);
	assert_int_equal(strlen(first), 36);
	assert_non_null(strstr(answer, "\r\nx-ms-client-request-id: abc-1\r\n"));
	assert_int_equal(status_for("GET /nowhere HTTP/1.1\r\n" HOST "x-ms-client-request-id: a<b\r\n" END),
			 404);
	assert_null(strstr(answer, "a<b"));
	assert_null(strstr(answer, first));
}

static void hosts_that_are_not_served_are_refused(void **state)
{
	static const struct {
		const char *host;
		int status;
	} cases[] = {
		{ "login.localhost:PORT", 200 },
		{ "LOGIN.LOCALHOST:PORT", 200 },
		{ "a.vault.localhost:PORT", 200 },
		{ "a.b.vault.localhost:PORT", 421 },
		{ ".vault.localhost:PORT", 400 },
		{ "vault.localhost:PORT", 421 },
		{ "login.localhost", 421 },
		{ "login.localhost:1", 421 },
		{ "login.localhost:0PORT", 400 },
		{ "login.localhost:", 400 },
		{ "login.localhost.:PORT", 400 },
		{ "xlogin.localhost:PORT", 421 },
		{ "login.localhost.evil:PORT", 421 },
		{ "login_.localhost:PORT", 400 },
		{ "[::1]:PORT", 400 },
		{ "-a.vault.localhost:PORT", 400 },
		{ "user@login.localhost:PORT", 400 },
		{ "localhost:PORT", 421 },
		{ "login.localhost:99999", 400 },
		{ "", 400 },
	};
	char request[256];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		snprintf(request, sizeof request, "GET /echo HTTP/1.1\r\nHost: %s\r\n" END, cases[i].host);
		if (status_for(request) != cases[i].status)
			fail_msg("%s: %.200s", cases[i].host, answer);
	}
}

static void another_method_is_told_from_another_path(void **state)
{
	(void)state;
	assert_int_equal(status_for("DELETE /echo HTTP/1.1\r\n" HOST END), 405);
	assert_int_equal(status_for("GET /echo/ HTTP/1.1\r\n" HOST END), 404);
	assert_int_equal(status_for("get /echo HTTP/1.1\r\n" HOST END), 405);
	assert_non_null(strstr(answer, "{\"error\":{\"code\":\"MethodNotAllowed\",\"message\":"));
	assert_non_null(strstr(answer, "\r\nAllow: POST, GET\r\n"));
	assert_int_equal(status_for("GE\x01T /echo HTTP/1.1\r\n" HOST END), 400);
	assert_int_equal(status_for("G(T /echo HTTP/1.1\r\n" HOST END), 400);
}

/* -- rule P7 ----------------------------------------------------------------------------------- */

static void shapes_that_a_proxy_could_read_otherwise_are_refused_and_the_connection_closed(void **state)
{
	static const char *const shapes[] = {
		HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
		HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		HOST "Transfer-Encoding: identity\r\n\r\n",
		HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		HOST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
		HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		HOST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
		HOST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
		HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
		HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
		HOST "Content-Length: 3, 3\r\n\r\nabc",
		HOST "Content-Length: +3\r\n\r\nabc",
		HOST "Content-Length: -3\r\n\r\nabc",
		HOST "Content-Length: 0x3\r\n\r\nabc",
		HOST "Content-Length: 3 \t3\r\n\r\nabc",
		HOST "Content-Length: \r\n\r\n",
		HOST "Content-Length: 99999999999999999999\r\n\r\nabc",
		HOST "Content-Length : 3\r\n\r\nabc",
		HOST "Con\x01tent: 3\r\n\r\n",
		HOST "X Y: 3\r\n\r\n",
		HOST "X(Y): 3\r\n\r\n",
		HOST "X: a\x01"
		     "b\r\n\r\n",
		HOST HOST "\r\n",
		"X: y\r\n\r\n",
		HOST "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
		HOST "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
		HOST "Expect: 200-ok\r\n\r\n",
	};
	char request[1024];

	(void)state;
	for (size_t i = 0; i < 2 * sizeof shapes / sizeof shapes[0]; i++) {
		snprintf(request, sizeof request, "%s /echo HTTP/1.1\r\n%s", i % 2 ? "GET" : "POST",
			 shapes[i / 2]);
		/* 413 is libmicrohttpd's own word for a length that overflows. */
		if (send_text(request) != 0 || (status_of(answer) != 400 && status_of(answer) != 413))
			fail_msg("shape %zu is not refused and closed: %.200s", i / 2, answer);
	}
	/* The same with nothing odd in it: accepted, and the connection stays open. */
	assert_int_equal(send_text("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"), 1);
	assert_int_equal(status_of(answer), 200);
	assert_int_equal(status_for("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n" END
				    "3\r\nabc\r\n0\r\n\r\n"),
			 200);
	assert_non_null(strstr(answer, "\"length\":3"));
}

static void odd_chunks_are_refused(void **state)
{
	static const char *const chunks[] = {
		"+3\r\nabc\r\n0\r\n\r\n",
		"-3\r\nabc\r\n0\r\n\r\n",
		"0x3\r\nabc\r\n0\r\n\r\n",
		" 3\r\nabc\r\n0\r\n\r\n",
		"3 \r\nabc\r\n0\r\n\r\n",
		"3 3\r\nabc\r\n0\r\n\r\n",
		"g\r\nabc\r\n0\r\n\r\n",
		"\r\nabc\r\n0\r\n\r\n",
		"3\r\nabcd\r\n0\r\n\r\n",
		"3\r\nabc0\r\n\r\n",
		"10000000000000003\r\nabc\r\n0\r\n\r\n",
	};
	char request[1024];

	(void)state;
	for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
		snprintf(request, sizeof request,
			 "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n%s", chunks[i]);
		if (send_text(request) != 0 || status_of(answer) == 200)
			fail_msg("chunk %zu is not refused and closed: %.200s", i, answer);
	}
	assert_int_equal(send_text("POST /echo HTTP/1.1\r\n" HOST
				   "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
			 1);
	assert_int_equal(status_of(answer), 200);
}

static void trailers_are_refused(void **state)
{
	(void)state;
	assert_int_equal(status_for("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END
				    "3\r\nabc\r\n0\r\nHost: x\r\n\r\n"),
			 400);
}

static void versions_other_than_1_1_are_refused(void **state)
{
	static const char *const versions[] = { "HTTP/1.0", "HTTP/0.9", "HTTP/1.2",
						"HTTP/2.0", "http/1.1", "HTTP/1.1x" };
	char request[256];

	(void)state;
	assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
	for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
		snprintf(request, sizeof request, "GET /echo %s\r\n" HOST END, versions[i]);
		(void)send_text(request);
		if (status_of(answer) == 200)
			fail_msg("%s: %s", versions[i], answer);
	}
}

static void path_tricks_are_refused(void **state)
{
	static const char *const targets[] = {
		"/keys/a%00b/v",
		"/keys/%2e%2e/v",
		"/keys/../v",
		"/keys/./v",
		"/keys/a%2Fb/v",
		"/keys/a%5cb/v",
		"/keys/a\\b/v",
		"/keys/a%/v",
		"/keys/a%zz/v",
		"/keys/a%c0%af/v",
		"/keys/a%ff/v",
		"/keys/a%0d%0a/v",
		"/keys/a%7f/v",
		"/keys/a%c2%80/v",
		"/keys/a%ed%a0%80/v",
		"/keys/a\xc3\xa4/v",
		"/keys/a#b/v",
		"keys/a/v",
		"https://login.localhost/keys/a/v",
		"*",
		"/keys/a/v?a=%00",
		"/keys/a/v?a=1&a=2",
		"/keys/a/v?=1",
		"/keys/a/v?a=%f",
	};
	char request[256];

	(void)state;
	assert_int_equal(status_for("GET /keys/a%C3%A4%20b/v HTTP/1.1\r\n" HOST END), 200);
	assert_member("name", "a\xc3\xa4 b");
	for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
		snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" HOST END, targets[i]);
		if (status_for(request) != 400)
			fail_msg("%s: %.100s", targets[i], answer);
	}
}

static void a_body_has_its_limit(void **state)
{
	static const struct {
		size_t len;
		int status;
	} cases[] = { { SC_WEB_BODY_MAX, 200 }, { SC_WEB_BODY_MAX + 1, 413 }, { 10u * 1024 * 1024, 413 } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		int len =
		    snprintf(large, sizeof large,
			     "POST /echo HTTP/1.1\r\nHost: login.localhost:%u\r\nContent-Length: %zu\r\n" END,
			     (unsigned)sc_web_server_port(server), cases[i].len);

		assert_int_equal(send_bytes(large, (size_t)len + cases[i].len), 0);
		assert_int_equal(status_of(answer), cases[i].status);
		len = snprintf(
		    large, sizeof large,
		    "POST /echo HTTP/1.1\r\nHost: login.localhost:%u\r\nTransfer-Encoding: chunked\r\n" END
		    "%zx\r\n",
		    (unsigned)sc_web_server_port(server), cases[i].len);
		memcpy(large + len + cases[i].len, "\r\n0\r\n\r\n", 7);
		assert_int_equal(send_bytes(large, (size_t)len + cases[i].len + 7), 0);
		assert_int_equal(status_of(answer), cases[i].status);
		memset(large, 0, sizeof large);
	}
}

static void too_large_a_head_is_refused(void **state)
{
	int len = snprintf(large, sizeof large, "GET /echo HTTP/1.1\r\nHost: login.localhost:%u\r\nX: ",
			   (unsigned)sc_web_server_port(server));

	(void)state;
	memset(large + len, 'x', 200000);
	memcpy(large + len + 20000, "\r\n" END, strlen("\r\n" END));
	assert_int_equal(send_bytes(large, (size_t)len + 20000 + strlen("\r\n" END)), 0);
	assert_int_equal(status_of(answer), 200);
	memset(large + len, 'x', 200000);
	(void)send_bytes(large, (size_t)len + 200000);
	assert_int_not_equal(status_of(answer), 200);
	memset(large, 0, 300000);
	assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
}

/* Whatever comes, the server goes on. */
static void a_request_cut_or_flipped_anywhere_does_no_harm(void **state)
{
	static const char text[] =
	    "POST /keys/a/v/sign?x=1 HTTP/1.1\r\nHost: login.localhost:%u\r\n"
	    "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n" END "2\r\n{}\r\n0\r\n\r\n";
	char request[512];
	size_t len = (size_t)snprintf(request, sizeof request, text, (unsigned)sc_web_server_port(server));

	(void)state;
	assert_int_equal(send_bytes(request, len), 0);
	assert_int_equal(status_of(answer), 200);
	for (size_t i = 0; i < len; i++) {
		assert_int_not_equal(web_exchange("127.0.0.1", sc_web_server_port(server), request, i, 0,
						  answer, sizeof answer),
				     -1);
		request[i] ^= 0x20;
		(void)web_exchange("127.0.0.1", sc_web_server_port(server), request, len, 5, answer,
				   sizeof answer);
		request[i] ^= 0x20;
	}
	assert_int_equal(send_bytes(request, len), 0);
	assert_int_equal(status_of(answer), 200);
}

/* -- time -------------------------------------------------------------------------------------- */

static void an_answer_may_come_from_another_thread(void **state)
{
	(void)state;
	assert_int_equal(status_for("GET /later HTTP/1.1\r\n" HOST END), 409);
	assert_non_null(strstr(answer, "from a worker"));
}

static void a_request_that_waits_delays_no_other(void **state)
{
	struct background waiting;

	(void)state; /* one HTTP thread */
	start_asking(&waiting, "/park");
	wait_until_parked();
	for (int i = 0; i < 3; i++)
		assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
	sc_web_answer(parked, 204, NULL);
	pthread_join(waiting.thread, NULL);
	assert_int_equal(status_of(waiting.answer), 204);
}

static void an_answer_that_is_late_is_dropped_and_the_client_told_to_come_again(void **state)
{
	struct background waiting;

	(void)state;
	start_asking(&waiting, "/park");
	wait_until_parked();
	assert_true(sc_web_is_awaited(parked));
	pthread_join(waiting.thread, NULL);
	assert_int_equal(waiting.result, 0);
	assert_int_equal(status_of(waiting.answer), 503);
	assert_non_null(strstr(waiting.answer, "\r\nRetry-After: 1\r\n"));
	assert_false(sc_web_is_awaited(parked));
	sc_web_answer_error(parked, 200, "x", "y");
	assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
}

/* libmicrohttpd does not notice it: only our deadline gives thread, connection and memory back. */
static void a_client_that_goes_away_while_it_waits_does_no_harm(void **state)
{
	char request[256];
	int len = snprintf(request, sizeof request, "GET /park HTTP/1.1\r\nHost: login.localhost:%u\r\n\r\n",
			   (unsigned)sc_web_server_port(server));

	(void)state;
	for (int i = 0; i < 3; i++) {
		parked = NULL;
		(void)web_exchange("127.0.0.1", sc_web_server_port(server), request, (size_t)len, 50, answer,
				   sizeof answer);
		wait_until_parked();
		assert_string_equal(answer, "");
		assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
		if (i < 2)
			usleep(800000); /* beyond the deadline */
		if (i == 2)
			sc_web_server_stop(server);
		assert_false(sc_web_is_awaited(parked));
		sc_web_answer(parked, 200, NULL);
	}
}

/* Not so many for each: descriptors are the process's. */
static void connections_are_shared_by_the_addresses(void **state)
{
	static const char *const three[] = { "127.0.0.1", "127.0.0.2", "::1" };
	const struct sc_web_settings settings = {
		.domain = "localhost",
		.addresses = three,
		.address_count = 3,
		.tls_key = fixture.tls_key,
		.hosts = hosts,
		.context = (void *)(uintptr_t) "context",
		.threads = 1,
		.deadline_ms = 2000,
		.connections = 3,
	};
	struct background waiting;
	struct sc_error err = { 0 };
	int64_t begun;

	(void)state;
	sc_web_server_free(server);
	server = NULL;
	assert_ok(sc_web_server_start(&settings, &server, &err), &err);
	start_asking(&waiting, "/park");
	wait_until_parked();
	begun = sc_clock_monotonic();
	assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
	assert_true(sc_clock_monotonic() - begun > SC_SECOND);
	pthread_join(waiting.thread, NULL);
	assert_int_equal(status_of(waiting.answer), 503);
	sc_web_answer(parked, 200, NULL);
}

static void a_slow_client_is_cut_off(void **state)
{
	static const char *const beginnings[] = {
		"",
		"GET /echo HT",
		"GET /echo HTTP/1.1\r\n" HOST,
		"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\nabc",
		"GET /echo HTTP/1.1\r\n" HOST "\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
		int64_t begun = sc_clock_monotonic();

		assert_int_equal(send_text(beginnings[i]), 0);
		assert_in_range(sc_clock_monotonic() - begun, 700 * SC_SECOND / 1000, 3 * SC_SECOND);
	}
	assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
}

static void stopping_answers_what_waits_and_takes_nothing_more(void **state)
{
	struct background waiting;
	uint16_t port = sc_web_server_port(server);

	(void)state;
	start_asking(&waiting, "/park");
	wait_until_parked();
	sc_web_server_stop(server);
	pthread_join(waiting.thread, NULL);
	assert_int_equal(status_of(waiting.answer), 503);
	assert_int_equal(web_exchange("127.0.0.1", port, "", 0, 100, answer, sizeof answer), -1);
	assert_status(sc_web_run(server, SC_WEB_QUICK, answer_as_job, NULL, NULL), SC_ERR_STATE, NULL);
	/* Late, from a thread that outlived the server's. */
	sc_web_answer(parked, 200, json_object());
}

/* -- jobs -------------------------------------------------------------------------------------- */

static atomic_bool gate;
static atomic_uint done;

static void wait_at_gate(void *context)
{
	(void)context;
	while (!gate)
		usleep(1000);
	done++;
}

static atomic_bool was_awaited;

static void ask_at_gate(void *context)
{
	while (!gate)
		usleep(1000);
	was_awaited = sc_web_is_awaited(context);
	sc_web_answer(context, 204, NULL);
}

static void *stop_server(void *argument)
{
	sc_web_server_stop(server);
	return argument;
}

static void a_job_learns_that_the_server_is_stopping(void **state)
{
	struct background waiting;
	pthread_t stopper;

	(void)state;
	for (int stops = 0; stops < 2; stops++) {
		gate = false;
		parked = NULL;
		start_asking(&waiting, "/park");
		wait_until_parked();
		assert_ok(sc_web_run(server, SC_WEB_SLOW, ask_at_gate, parked, NULL), NULL);
		if (stops) {
			assert_int_equal(pthread_create(&stopper, NULL, stop_server, NULL), 0);
			while (sc_web_run(server, SC_WEB_SLOW, wait_at_gate, NULL, NULL) == SC_OK)
				usleep(10000);
		}
		gate = true;
		pthread_join(waiting.thread, NULL);
		assert_int_equal(status_of(waiting.answer), 204);
		assert_int_equal(was_awaited, !stops);
	}
	pthread_join(stopper, NULL);
}

static void slow_jobs_do_not_delay_quick_ones_and_are_limited(void **state)
{
	struct sc_error err = { 0 };
	unsigned queued = 0;

	(void)state;
	gate = false;
	done = 0;
	while (sc_web_run(server, SC_WEB_SLOW, wait_at_gate, NULL, &err) == SC_OK)
		queued++;
	assert_int_equal(err.status, SC_ERR_BUSY);
	assert_in_range(queued, SC_WEB_JOBS_MAX, SC_WEB_JOBS_MAX + 1);
	assert_int_equal(status_for("GET /later HTTP/1.1\r\n" HOST END), 409);
	gate = true;
	sc_web_server_stop(server);
	assert_int_equal(done, queued);
}

/* -- TLS --------------------------------------------------------------------------------------- */

static int tickets;

static int count_ticket(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl, (void)session;
	tickets++;
	return 0;
}

/* The version that was agreed on, 0 for none. */
static int handshake(int version, const char *groups, const char *ciphers)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	BIO *bio;
	char target[32];
	int agreed = 0;
	SSL *ssl = NULL;

	SSL_CTX_set_security_level(context, 0);
	SSL_CTX_set_min_proto_version(context, version);
	SSL_CTX_set_max_proto_version(context, version);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(context, count_ticket);
	if (groups)
		assert_int_equal(SSL_CTX_set1_groups_list(context, groups), 1);
	if (ciphers)
		assert_int_equal(SSL_CTX_set_cipher_list(context, ciphers), 1);
	bio = BIO_new_ssl_connect(context);
	snprintf(target, sizeof target, "127.0.0.1:%u", (unsigned)sc_web_server_port(server));
	BIO_set_conn_hostname(bio, target);
	if (BIO_do_connect(bio) == 1 && BIO_get_ssl(bio, &ssl) == 1 && SSL_is_init_finished(ssl)) {
		agreed = SSL_version(ssl);
		assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(SSL_get0_peer_certificate(ssl)), fixture.key),
				 1);
	}
	BIO_free_all(bio);
	SSL_CTX_free(context);
	return agreed;
}

static void tls_1_2_and_1_3_are_spoken_with_the_modules_signature(void **state)
{
	unsigned before = fixture.signs;

	(void)state;
	assert_int_equal(handshake(TLS1_3_VERSION, NULL, NULL), TLS1_3_VERSION);
	assert_int_equal(fixture.signs, before + 1);
	assert_int_equal(handshake(TLS1_2_VERSION, NULL, NULL), TLS1_2_VERSION);
	assert_int_equal(fixture.signs, before + 2);
	assert_int_equal(handshake(TLS1_3_VERSION, "P-256", NULL), TLS1_3_VERSION);
	assert_int_equal(handshake(TLS1_2_VERSION, NULL, "ECDHE-ECDSA-AES128-GCM-SHA256"), TLS1_2_VERSION);
}

static void older_tls_and_weak_ciphers_are_not(void **state)
{
	(void)state;
	assert_int_equal(handshake(TLS1_1_VERSION, NULL, NULL), 0);
	assert_int_equal(handshake(TLS1_VERSION, NULL, NULL), 0);
	assert_int_equal(handshake(TLS1_2_VERSION, NULL, "ECDHE-ECDSA-AES128-SHA"), 0);
	assert_int_equal(handshake(TLS1_2_VERSION, NULL, "ECDHE-ECDSA-AES128-GCM-SHA256"), TLS1_2_VERSION);
}

static void no_session_ticket_is_given(void **state)
{
	(void)state;
	tickets = 0;
	for (int i = 0; i < 2; i++)
		assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
	assert_int_equal(handshake(TLS1_3_VERSION, NULL, NULL), TLS1_3_VERSION);
	assert_int_equal(tickets, 0);
}

static void a_client_cannot_renegotiate(void **state)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	BIO *bio = NULL;
	SSL *ssl = NULL;
	char target[32];
	unsigned before;

	(void)state;
	SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
	bio = BIO_new_ssl_connect(context);
	snprintf(target, sizeof target, "127.0.0.1:%u", (unsigned)sc_web_server_port(server));
	BIO_set_conn_hostname(bio, target);
	assert_int_equal(BIO_do_connect(bio), 1);
	assert_int_equal(BIO_get_ssl(bio, &ssl), 1);
	before = fixture.signs;
	assert_int_equal(SSL_renegotiate(ssl), 1);
	assert_int_not_equal(SSL_do_handshake(ssl), 1);
	assert_int_equal(fixture.signs, before);
	BIO_free_all(bio);
	SSL_CTX_free(context);
}

static void a_module_that_forgot_or_was_restarted_is_no_event(void **state)
{
	(void)state;
	fixture.behaviour = MODULE_FORGETS;
	assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
	fixture.behaviour = MODULE_CLOSES;
	assert_int_equal(handshake(TLS1_3_VERSION, NULL, NULL), 0);
	fixture.behaviour = MODULE_SIGNS;
	assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
}

static void a_silent_module_costs_a_handshake_its_time_and_no_more(void **state)
{
	int64_t begun = sc_clock_monotonic();

	(void)state;
	fixture.behaviour = MODULE_IS_SILENT;
	assert_int_equal(handshake(TLS1_3_VERSION, NULL, NULL), 0);
	assert_in_range(sc_clock_monotonic() - begun, 19 * SC_SECOND / 10, 4 * SC_SECOND);
	begun = sc_clock_monotonic();
	assert_int_equal(handshake(TLS1_3_VERSION, NULL, NULL), 0);
	assert_true(sc_clock_monotonic() - begun < SC_SECOND);
	fixture.behaviour = MODULE_SIGNS;
	sleep(1);
	assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
}

static void a_certificate_of_another_key_is_refused_at_the_start(void **state)
{
	const struct sc_tls_key_settings settings = { fixture.certificate, fixture.blob, fixture.socket,
						      "vaultd" };
	EVP_PKEY *other = EVP_EC_gen("P-256");
	EVP_PKEY *larger = EVP_EC_gen("P-384");
	struct sc_tls_key *key = NULL;
	struct sc_error err = { 0 };

	(void)state;
	web_fixture_certificate(other, fixture.certificate);
	assert_status(sc_tls_key_open(&settings, &key, &err), SC_ERR_KEY_INVALID, &err);
	web_fixture_certificate(larger, fixture.certificate);
	assert_status(sc_tls_key_open(&settings, &key, &err), SC_ERR_KEY_TYPE, &err);
	web_fixture_certificate(fixture.key, fixture.certificate);
	assert_ok(sc_tls_key_open(&settings, &key, &err), &err);
	sc_tls_key_free(key);
	EVP_PKEY_free(other);
	EVP_PKEY_free(larger);
}

static void a_process_has_one_server(void **state)
{
	struct sc_web_server *first = server;
	struct sc_error err = { 0 };

	(void)state;
	assert_status(start_with(1, 0, 0, &err), SC_ERR_STATE, &err);
	assert_ptr_equal(server, first);
	assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
}

static void a_port_that_is_taken_is_named(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sc_web_settings settings = {
		.domain = "localhost",
		.addresses = loopbacks,
		.address_count = 1,
		.tls_key = fixture.tls_key,
		.hosts = hosts,
		.context = (void *)(uintptr_t) "context",
	};
	socklen_t len = sizeof address;
	struct sc_error err = { 0 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char words[64];

	(void)state;
	sc_web_server_free(server);
	server = NULL;
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	settings.port = ntohs(address.sin_port);
	snprintf(words, sizeof words, "cannot listen on 127.0.0.1 port %u: Address", (unsigned)settings.port);
	assert_status(sc_web_server_start(&settings, &server, &err), SC_ERR_SYSTEM, &err);
	assert_non_null(strstr(err.message, words));
	close(fd);
	assert_ok(sc_web_server_start(&settings, &server, &err), &err);
	assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
}

#define TEST(name)      cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define IMPATIENT(name) cmocka_unit_test_setup_teardown(name, set_up_impatient, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_reaches_its_handler_with_its_parts),
		TEST(both_loopbacks_answer),
		TEST(a_form_is_decoded_and_a_doubled_member_refused),
		TEST(json_that_is_not_strict_is_refused),
		TEST(a_request_has_an_id_of_its_own_and_the_clients_comes_back),
		TEST(hosts_that_are_not_served_are_refused),
		TEST(another_method_is_told_from_another_path),
		TEST(shapes_that_a_proxy_could_read_otherwise_are_refused_and_the_connection_closed),
		TEST(odd_chunks_are_refused),
		TEST(trailers_are_refused),
		TEST(versions_other_than_1_1_are_refused),
		TEST(path_tricks_are_refused),
		TEST(a_body_has_its_limit),
		TEST(too_large_a_head_is_refused),
		TEST(a_request_cut_or_flipped_anywhere_does_no_harm),
		TEST(an_answer_may_come_from_another_thread),
		IMPATIENT(a_request_that_waits_delays_no_other),
		IMPATIENT(an_answer_that_is_late_is_dropped_and_the_client_told_to_come_again),
		IMPATIENT(a_client_that_goes_away_while_it_waits_does_no_harm),
		TEST(connections_are_shared_by_the_addresses),
		IMPATIENT(a_slow_client_is_cut_off),
		TEST(stopping_answers_what_waits_and_takes_nothing_more),
		TEST(slow_jobs_do_not_delay_quick_ones_and_are_limited),
		TEST(a_job_learns_that_the_server_is_stopping),
		TEST(tls_1_2_and_1_3_are_spoken_with_the_modules_signature),
		TEST(older_tls_and_weak_ciphers_are_not),
		TEST(no_session_ticket_is_given),
		TEST(a_client_cannot_renegotiate),
		TEST(a_module_that_forgot_or_was_restarted_is_no_event),
		TEST(a_silent_module_costs_a_handshake_its_time_and_no_more),
		TEST(a_certificate_of_another_key_is_refused_at_the_start),
		TEST(a_process_has_one_server),
		TEST(a_port_that_is_taken_is_named),
	};

	signal(SIGPIPE, SIG_IGN); /* of the client's own writes */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
