/* See echo_server.h. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "echo_server.h"
#include "fake_clock.h"
#include "web/server_state.h"

struct web_fixture fixture;
struct sc_web_server *server;
struct sc_web_request *_Atomic parked;
char answer[ANSWER_SIZE];

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

static void answer_that_it_was_given_up(void *context, const struct sc_error *why)
{
	sc_web_answer_error(context, 503, sc_status_name(why->status), "%s", why->message);
}

const struct sc_web_job answering = { .run = answer_as_job, .give_up = answer_that_it_was_given_up };

static void later(struct sc_web_request *request, void *context)
{
	(void)context;
	assert_ok(sc_web_run(request, SC_WEB_QUICK, NULL, &answering, request, NULL), NULL);
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
static json_t *formal_error(const struct sc_web_request *request, unsigned status, const char *message)
{
	(void)request;
	return json_pack("{s:i, s:s}", "formal", (int)status, "message", message);
}

const struct sc_web_host hosts[] = {
	{ .name = "login", .routes = vault_routes },
	{ .name = "management", .is_relaxed = true, .routes = management_routes },
	{ .name = "*.vault", .routes = vault_routes },
	{ .name = "guarded", .routes = vault_routes, .needs_token = true },
	{ .name = "small", .routes = vault_routes, .body_max = 10 },
	{ .name = "formal", .routes = vault_routes, .error_body = formal_error },
	{ 0 },
};
const char *const loopbacks[] = { "127.0.0.1", "::1" };

/* -- starting and stopping --------------------------------------------------------------------- */

sc_status start_with(unsigned threads, struct sc_error *err)
{
	const struct sc_web_settings settings = {
		.domain = "localhost",
		.addresses = loopbacks,
		.address_count = 2,
		.tls_key = fixture.tls_key,
		.hosts = hosts,
		.context = (void *)(uintptr_t)"context",
		.threads = threads,
		.slow_workers = 1,
	};

	return sc_web_server_start(&settings, &server, err);
}

int set_up(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	web_fixture_start(&fixture);
	parked = NULL;
	assert_ok(start_with(2, &err), &err);
	return 0;
}

atomic_uint shutdowns;

static int count_shutdown(int socket, int how)
{
	shutdowns++;
	return sc_os_system.shutdown(socket, how);
}

int set_up_on_clock(void **state)
{
	static struct sc_os os;
	struct sc_error err = { 0 };

	(void)state;
	fake_clock_start();
	os = *sc_os;
	os.shutdown = count_shutdown;
	sc_os = &os;
	shutdowns = 0;
	web_fixture_start(&fixture);
	parked = NULL;
	assert_ok(start_with(1, &err), &err);
	return 0;
}

void pass_time(int64_t nanoseconds)
{
	fake_clock_advance(nanoseconds);
	sc_web_timers_run(server->deadlines, sc_clock_monotonic());
	sc_web_timers_run(server->transfers, sc_clock_monotonic());
}

int tear_down(void **state)
{
	(void)state;
	sc_web_server_free(server);
	server = NULL;
	web_fixture_stop(&fixture);
	fake_clock_stop();
	return 0;
}

/* -- the client -------------------------------------------------------------------------------- */

int send_bytes(const void *request, size_t len)
{
	return web_exchange("127.0.0.1", sc_web_server_port(server), request, len, WAIT_MS, answer,
			    sizeof answer);
}

size_t fill_in_port(const char *text, char *out, size_t size)
{
	char port[8];
	const char *at;
	size_t used = 0;

	snprintf(port, sizeof port, "%u", (unsigned)sc_web_server_port(server));
	while ((at = strstr(text, "PORT"))) {
		used += (size_t)snprintf(out + used, size - used, "%.*s%s", (int)(at - text), text, port);
		text = at + 4;
	}
	used += (size_t)snprintf(out + used, size - used, "%s", text);
	assert_true(used < size);
	return used;
}

int send_text(const char *text)
{
	char filled[8192];
	size_t len = fill_in_port(text, filled, sizeof filled);

	return send_bytes(filled, len);
}

int status_of(const char *text)
{
	return strncmp(text, "HTTP/1.1 ", 9) == 0 ? atoi(text + 9) : 0;
}

int status_for(const char *text)
{
	int result = send_text(text);

	assert_int_equal(result, 0);
	return status_of(answer);
}

void assert_member(const char *name, const char *value)
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
