/*
 * Heads that libmicrohttpd would repair (rule P7): how the way to refuse them is chosen at start, and that
 * the server then refuses each of them before a handler sees it. Each is an accepted head with one thing
 * changed.
 */
#include "support/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "echo_server.h"
#include "web/server_state.h"

/* -- the way is chosen ------------------------------------------------------------------------- */

static void a_way_to_refuse_repaired_heads_is_found_by_trying_it(void **state)
{
	enum sc_web_strictness way = SC_WEB_STRICT_WAYS;
	struct sc_error err = { 0 };
	bool works = false;

	(void)state;
	assert_ok(sc_web_strictness_find(&way, &err), &err);
	assert_int_not_equal(way, SC_WEB_STRICT_PROXY);
	assert_ok(sc_web_strictness_try(way, &works, &err), &err);
	assert_true(works);
	/* A libmicrohttpd that nobody checks is found out: 0.9 repairs whatever its option says. */
	assert_ok(sc_web_strictness_try(SC_WEB_STRICT_LIBRARY, &works, &err), &err);
	assert_int_equal(works, way == SC_WEB_STRICT_LIBRARY);
}

/* The client of the trial, with one shape that never arrives. */
static ssize_t keep_back(int socket, const struct msghdr *message, int flags)
{
	static const char shape[] = "G\0ET";

	if (message->msg_iov->iov_len > sizeof shape &&
	    memcmp(message->msg_iov->iov_base, shape, sizeof shape - 1) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return sc_os_system.sendmsg(socket, message, flags);
}

static void a_shape_that_is_not_worked_through_is_not_taken_for_refused(void **state)
{
	enum sc_web_strictness way = SC_WEB_STRICT_WAYS;
	struct sc_os os = sc_os_system;
	struct sc_error err = { 0 };
	bool works = false;

	(void)state;
	assert_ok(sc_web_strictness_find(&way, &err), &err);
	os.sendmsg = keep_back;
	sc_os = &os;
	assert_ok(sc_web_strictness_try(way, &works, &err), &err);
	sc_os = &sc_os_system;
	assert_false(works);
}

/* --wrap: the library seems to be one that no way works with. */
sc_status __wrap_sc_web_strictness_find(enum sc_web_strictness *out, struct sc_error *err);
sc_status __real_sc_web_strictness_find(enum sc_web_strictness *out, struct sc_error *err);
static bool is_unknown;

sc_status __wrap_sc_web_strictness_find(enum sc_web_strictness *out, struct sc_error *err)
{
	if (!is_unknown)
		return __real_sc_web_strictness_find(out, err);
	*out = SC_WEB_STRICT_PROXY;
	return SC_OK;
}

static void without_one_the_server_starts_only_behind_a_strict_proxy(void **state)
{
	struct sc_web_settings settings = {
		.domain = "localhost",
		.addresses = loopbacks,
		.address_count = 1,
		.tls_key = fixture.tls_key,
		.hosts = hosts,
		.context = (void *)(uintptr_t)"context",
	};
	struct sc_error err = { 0 };

	(void)state;
	sc_web_server_free(server);
	server = NULL;
	is_unknown = true;
	assert_status(sc_web_server_start(&settings, &server, &err), SC_ERR_STATE, &err);
	assert_non_null(strstr(err.message, "`behind-strict-proxy = yes`"));
	settings.is_behind_strict_proxy = true;
	assert_ok(sc_web_server_start(&settings, &server, &err), &err);
	assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
	is_unknown = false;
}

/* -- the server refuses them ------------------------------------------------------------------- */

struct head {
	const char *text;
	size_t len;
};

#define HEAD(text) { text, sizeof(text) - 1 }
#define LINE       "GET /echo HTTP/1.1\r\n"

/* "@" stands for the host and its port, which the test fills in. */
static size_t fill_in(const struct head *head, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < head->len; i++) {
		assert_true(used + 64 < size);
		if (head->text[i] == '@')
			used += fill_in_port("login.localhost:PORT", out + used, size - used);
		else
			out[used++] = head->text[i];
	}
	return used;
}

/* The status of the answer; 0 if the connection was closed without one. */
static int send_head(const struct head *head)
{
	char filled[2048];

	assert_int_equal(send_bytes(filled, fill_in(head, filled, sizeof filled)), 0);
	return status_of(answer);
}

static bool we_check(void)
{
	return server->strictness == SC_WEB_STRICT_OURS;
}

static void assert_refused(const struct head *heads, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int status = send_head(&heads[i]);

		/* Where libmicrohttpd refuses, it may say nothing. */
		if ((status != 400 && (status != 0 || we_check())) || strstr(answer, "\"method\""))
			fail_msg("head %zu (%s): %d: %.300s", i, heads[i].text, status, answer);
	}
	assert_int_equal(send_head(&(struct head)HEAD(LINE "Host: @\r\nA: \t b c \r\nB:\r\n" END)), 200);
	assert_int_equal(send_head(&(struct head)HEAD("GET /keys/a%20b/c?d=%41&e=%20 HTTP/1.1\r\nHost: @\r\n"
						      "Cookie: a=b; c=\"d\"\r\n" END)),
			 200);
	assert_int_equal(send_head(&(struct head)HEAD("POST /echo HTTP/1.1\r\nHost: @\r\n"
						      "Content-Length: 3\r\n" END "a\0b")),
			 200);
}

#define ASSERT_REFUSED(heads) assert_refused(heads, sizeof heads / sizeof heads[0])

static void a_NUL_byte_anywhere_in_a_head_is_refused(void **state)
{
	static const struct head heads[] = {
		HEAD("G\0ET /echo HTTP/1.1\r\nHost: @\r\n" END),
		HEAD("GET\0 /echo HTTP/1.1\r\nHost: @\r\n" END),
		HEAD("GET /echo\0x HTTP/1.1\r\nHost: @\r\n" END),
		HEAD("GET /echo\0 HTTP/1.1\r\nHost: @\r\n" END),
		HEAD("GET /echo?a\0=b HTTP/1.1\r\nHost: @\r\n" END),
		HEAD(LINE "Host: @\0x\r\n" END),
		HEAD(LINE "Host: @\0\r\n" END),
		HEAD(LINE "Host: @\r\nAuthorization: Bearer a\0b\r\n" END),
		HEAD(LINE "Host: @\r\nX: \0a\r\n" END),
		HEAD(LINE "Host: @\r\nX:\0 a\r\n" END),
		HEAD(LINE "Host: @\r\n\0X: a\r\n" END),
		HEAD(LINE "Host: @\r\nConnection: close\r\n\0\r\n\r\n"),
		HEAD(LINE "Host: @\r\nConnection: close\0\r\n\r\n"),
		HEAD("POST /echo HTTP/1.1\r\nHost: @\r\nContent-Length: 1\0000\r\n" END "a"),
		HEAD("POST /echo HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: chunked\0x\r\n" END "0\r\n\r\n"),
		HEAD("\0GET /park HTTP/1.1\r\n" LINE "Host: @\r\n" END),
	};

	(void)state;
	ASSERT_REFUSED(heads);
}

static void a_line_that_ends_in_a_bare_LF_is_refused(void **state)
{
	static const struct head heads[] = {
		HEAD("GET /echo HTTP/1.1\nHost: @\r\n" END),
		HEAD(LINE "Host: @\n" END),
		HEAD(LINE "Host: @\r\nX:\n" END),
		HEAD(LINE "Host: @\r\nConnection: close\n\r\n"),
		HEAD(LINE "Host: @\r\nConnection: close\r\n\n"),
		HEAD(LINE "Host: @\nConnection: close\n\n"),
	};

	(void)state;
	ASSERT_REFUSED(heads);
}

/* THREATS.md says so. Where the library is strict by itself, it is refused, too. */
static void a_line_that_ends_in_NUL_LF_is_the_one_repair_that_remains(void **state)
{
	static const struct head heads[] = {
		HEAD(LINE "Host: @\0\n" END),
		HEAD(LINE "Host: @\r\nConnection: close\0\n\r\n"),
		HEAD(LINE "Host: @\r\nConnection: close\r\n\0\n"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
		assert_int_equal(send_head(&heads[i]) == 200, we_check());
}

static void a_folded_line_is_refused(void **state)
{
	static const struct head heads[] = {
		HEAD(LINE "Host: @\r\nX: a\r\n b\r\n" END),       HEAD(LINE "Host: @\r\nX: a\r\n\tb\r\n" END),
		HEAD(LINE "Host: @\r\nX: a\r\n \r\n" END),        HEAD(LINE " X: a\r\nHost: @\r\n" END),
		HEAD(LINE "X: a\r\n b\r\n c\r\nHost: @\r\n" END),
	};

	(void)state;
	ASSERT_REFUSED(heads);
}

static void a_header_without_a_name_is_refused(void **state)
{
	static const struct head heads[] = {
		HEAD(LINE ": a\r\nHost: @\r\n" END),
		HEAD(LINE "Host: @\r\n: a\r\n" END),
		HEAD(LINE "Host: @\r\nConnection: close\r\n: a\r\n\r\n"),
		HEAD(LINE "Host: @\r\n:\r\n" END),
	};

	(void)state;
	ASSERT_REFUSED(heads);
}

static void a_second_space_in_the_request_line_is_refused(void **state)
{
	static const struct head heads[] = {
		HEAD("GET  /echo HTTP/1.1\r\nHost: @\r\n" END),
		HEAD("GET   /echo HTTP/1.1\r\nHost: @\r\n" END),
		HEAD("GET /echo  HTTP/1.1\r\nHost: @\r\n" END),
		HEAD("GET /ec ho HTTP/1.1\r\nHost: @\r\n" END),
	};

	(void)state;
	ASSERT_REFUSED(heads);
}

static void an_empty_line_before_a_request_is_refused(void **state)
{
	static const struct head heads[] = {
		HEAD("\r\n" LINE "Host: @\r\n" END),
		HEAD("\n" LINE "Host: @\r\n" END),
		HEAD("\r\n\r\n" LINE "Host: @\r\n" END),
	};

	(void)state;
	ASSERT_REFUSED(heads);
}

static unsigned answers_with(const char *status)
{
	unsigned count = 0;

	for (const char *at = answer; (at = strstr(at, status)); at++)
		count++;
	return count;
}

static void a_later_request_on_a_connection_is_checked_like_the_first(void **state)
{
	static const struct head heads[] = {
		HEAD(LINE "Host: @\r\n\r\n\r\n" LINE "Host: @\r\n" END),
		HEAD(LINE "Host: @\r\n\r\n\0\r\n" LINE "Host: @\r\n" END),
		HEAD(LINE "Host: @\r\n\r\n" LINE "Host: @\0\r\n" END),
		HEAD("POST /echo HTTP/1.1\r\nHost: @\r\nContent-Length: 3\r\n\r\na\0b" LINE "Host: @\n" END),
	};

	(void)state;
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
		assert_int_equal(send_head(&heads[i]), 200);
		assert_int_equal(answers_with("HTTP/1.1 200 "), 1);
		assert_true(answers_with("HTTP/1.1 400 ") == 1 || !we_check());
	}
	assert_int_equal(send_head(&(struct head)HEAD(LINE "Host: @\r\n\r\n" LINE "Host: @\r\n" END)), 200);
	assert_int_equal(answers_with("HTTP/1.1 200 "), 2);
}

/* What the server says is its own: one head, JSON, and an id. */
static void what_is_refused_is_told_in_the_services_own_form(void **state)
{
	static const struct head heads[] = {
		HEAD(LINE "Host: @\0\r\n" END),
		HEAD(LINE END),
		HEAD(LINE "Host: @\r\nHost: @\r\n" END),
		HEAD("GET /ec ho HTTP/1.1\r\nHost: @\r\n" END),
		HEAD("GE(T /echo HTTP/1.1\r\nHost: @\r\n" END),
		HEAD("GET /echo HTTP/1.0\r\nHost: @\r\n" END),
	};

	(void)state;
	if (!we_check())
		skip();
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
		assert_int_equal(send_head(&heads[i]), 400);
		if (answers_with("HTTP/1.1 400 ") != 1 || answers_with("\r\nx-ms-request-id: ") != 1 ||
		    answers_with("{\"error\":{\"code\":\"BadRequest\"") != 1)
			fail_msg("head %zu: %s", i, answer);
	}
}

/* As far as the host can be read, and whatever is wrong with the rest. */
static void what_is_refused_is_told_in_the_form_of_its_host(void **state)
{
	static const struct {
		const char *text;
		int status;
	} requests[] = {
		{ "GET /echo HTTP/1.0\r\nHost: formal.localhost:PORT\r\n" END, 400 },
		{ "GET  /echo HTTP/1.1\r\nHost: formal.localhost:PORT\r\n" END, 400 },
		{ LINE "Host: formal.localhost:PORT\r\nTransfer-Encoding: gzip\r\n" END, 400 },
		/* From here on, no library comes first. */
		{ LINE "Host: formal.localhost:PORT\r\nX: a\x01\r\n" END, 400 },
		{ LINE "Host: formal.localhost:1\r\n" END, 421 },
		{ "GET /nowhere HTTP/1.1\r\nHost: formal.localhost:PORT\r\n" END, 404 },
		{ "PUT /echo HTTP/1.1\r\nHost: formal.localhost:PORT\r\n" END, 405 },
		{ "GET /%00 HTTP/1.1\r\nHost: formal.localhost:PORT\r\n" END, 400 },
	};
	char form[32];

	(void)state;
	for (size_t i = we_check() ? 0 : 3; i < sizeof requests / sizeof requests[0]; i++) {
		snprintf(form, sizeof form, "{\"formal\":%d,", requests[i].status);
		if (status_for(requests[i].text) != requests[i].status || answers_with(form) != 1)
			fail_msg("request %zu: %s", i, answer);
	}
	assert_int_equal(status_for(LINE "Host: other.localhost:PORT\r\n" END), 421);
	assert_int_equal(answers_with("{\"error\":{"), 1);
}

/* Long heads grow libmicrohttpd's buffer, and come in pieces. */
static void a_head_of_any_permitted_size_is_accepted(void **state)
{
	static char head[40000];

	(void)state;
	for (size_t len = 0; len < 20000; len = len * 2 + 1000) {
		size_t used =
		    fill_in_port("GET /echo HTTP/1.1\r\nHost: login.localhost:PORT\r\nX: ", head, 200);

		memset(head + used, 'x', len);
		used += len;
		used += (size_t)snprintf(head + used, 200, "\r\nY: z\r\n" END);
		assert_int_equal(send_bytes(head, used), 0);
		assert_int_equal(status_of(answer), 200);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_way_to_refuse_repaired_heads_is_found_by_trying_it),
		cmocka_unit_test(a_shape_that_is_not_worked_through_is_not_taken_for_refused),
		TEST(without_one_the_server_starts_only_behind_a_strict_proxy),
		TEST(a_NUL_byte_anywhere_in_a_head_is_refused),
		TEST(a_line_that_ends_in_a_bare_LF_is_refused),
		TEST(a_line_that_ends_in_NUL_LF_is_the_one_repair_that_remains),
		TEST(a_folded_line_is_refused),
		TEST(a_header_without_a_name_is_refused),
		TEST(a_second_space_in_the_request_line_is_refused),
		TEST(an_empty_line_before_a_request_is_refused),
		TEST(a_later_request_on_a_connection_is_checked_like_the_first),
		TEST(what_is_refused_is_told_in_the_services_own_form),
		TEST(what_is_refused_is_told_in_the_form_of_its_host),
		TEST(a_head_of_any_permitted_size_is_accepted),
	};

	signal(SIGPIPE, SIG_IGN); /* from the client's own writes */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
