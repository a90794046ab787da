/*
 * The HTTPS server with clients that bend HTTP (rule P7): anything that a proxy could interpret differently
 * is refused. Next to each refusal, the same request is accepted with the one thing corrected.
 */
#include "support/test.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "echo_server.h"

static char large[20 * 1024 * 1024];

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
		/* 413 is libmicrohttpd's own answer to a length that overflows. */
		if (send_text(request) != 0 || (status_of(answer) != 400 && status_of(answer) != 413))
			fail_msg("shape %zu is not refused and closed: %.200s", i / 2, answer);
	}
	/* The same without anything odd is accepted, and the connection stays open. */
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
			 0);
	assert_int_equal(status_of(answer), 200);
}

/* Where chunks end is what libmicrohttpd makes of them, so nothing on the connection may depend on it. */
static void nothing_follows_a_chunked_body(void **state)
{
#define NEXT "GET /echo HTTP/1.1\r\n" HOST END
	(void)state;
	assert_int_equal(status_for("POST /echo HTTP/1.1\r\n" HOST
				    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" NEXT),
			 200);
	assert_null(strstr(answer + 1, "HTTP/1.1 200 "));
	assert_int_equal(status_for("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc" NEXT), 200);
	assert_non_null(strstr(answer + 1, "HTTP/1.1 200 "));
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

/* A body costs memory for as long as its client likes. */
static void a_host_keeps_no_body_of_a_client_without_a_token(void **state)
{
#define GUARDED "POST /echo HTTP/1.1\r\nHost: guarded.localhost:PORT\r\nContent-Length: 3\r\n"
	(void)state;
	assert_int_equal(status_for(GUARDED END "abc"), 200);
	assert_non_null(strstr(answer, "\"length\":0"));
	assert_int_equal(status_for(GUARDED "Authorization: Basic YTpi\r\n" END "abc"), 200);
	assert_non_null(strstr(answer, "\"length\":0"));
	assert_int_equal(status_for(GUARDED "Authorization: Bearer a\r\n" END "abc"), 200);
	assert_non_null(strstr(answer, "\"length\":3"));
}

static void a_host_may_have_a_limit_of_its_own_for_bodies(void **state)
{
#define SMALL(length)                                                                                        \
	"POST /echo HTTP/1.1\r\nHost: small.localhost:PORT\r\nContent-Length: " length "\r\n" END
	(void)state;
	assert_int_equal(status_for(SMALL("10") "0123456789"), 200);
	assert_int_equal(status_for(SMALL("11") "0123456789a"), 413);
	assert_non_null(strstr(answer, "larger than 10 bytes"));
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

/* The server keeps working, whatever arrives. */
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(shapes_that_a_proxy_could_read_otherwise_are_refused_and_the_connection_closed),
		TEST(odd_chunks_are_refused),
		TEST(nothing_follows_a_chunked_body),
		TEST(trailers_are_refused),
		TEST(versions_other_than_1_1_are_refused),
		TEST(path_tricks_are_refused),
		TEST(a_body_has_its_limit),
		TEST(a_host_keeps_no_body_of_a_client_without_a_token),
		TEST(a_host_may_have_a_limit_of_its_own_for_bodies),
		TEST(too_large_a_head_is_refused),
		TEST(a_request_cut_or_flipped_anywhere_does_no_harm),
	};

	signal(SIGPIPE, SIG_IGN); /* from the client's own writes */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
