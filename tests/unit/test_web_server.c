/*
 * The HTTPS server with well-behaved clients: a request reaches the handler of its host, path and method with
 * all its parts, and a request for something that is not here is told why. Before each refusal, the same
 * request is shown to be accepted with the one thing corrected.
 */
#include "support/test.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "echo_server.h"

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
	};

	signal(SIGPIPE, SIG_IGN); /* from the client's own writes */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
