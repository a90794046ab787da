/*
 * The HTTPS server's TLS with a key in a (fake) module, whatever that module does, and what can keep a server
 * from starting. Next to each refusal, the same thing is accepted when it is right.
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
#include "echo_server.h"
#include "fake_clock.h"

/* -- TLS --------------------------------------------------------------------------------------- */

static int tickets;

static int count_ticket(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl, (void)session;
	tickets++;
	return 0;
}

/* The negotiated version, 0 if there is none. libcrypto does not take a const list of groups. */
static int handshake(int version, char *groups, const char *ciphers)
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

static atomic_bool handshake_is_over;

static void *fail_handshake(void *argument)
{
	assert_int_equal(handshake(TLS1_3_VERSION, NULL, NULL), 0);
	handshake_is_over = true;
	return argument;
}

/* The client's poll() ends a millisecond after its deadline. */
#define SILENCE (SC_WEB_TLS_KEY_TIMEOUT_MS * SC_MILLISECOND + SC_MILLISECOND)

static bool is_spoken_to(void *context)
{
	(void)context;
	return handshake(TLS1_3_VERSION, NULL, NULL) == TLS1_3_VERSION;
}

static void echo_on(struct web_client *client)
{
	char request[100];

	snprintf(request, sizeof request, "GET /echo HTTP/1.1\r\nHost: login.localhost:%u\r\n\r\n",
		 (unsigned)sc_web_server_port(server));
	web_client_send(client, request, strlen(request));
	do
		(void)web_client_read(client, 1, answer, sizeof answer);
	while (!answer[0]);
	assert_memory_equal(answer, "HTTP/1.1 200", 12);
}

/* There is one HTTP thread, and time stands still unless it is passed here. */
static void a_silent_module_costs_one_handshake_its_time_and_no_other_connection(void **state)
{
	struct web_client established;
	unsigned asked = fixture.ignored;
	pthread_t waiting;

	(void)state;
	assert_true(web_client_open(&established, NULL, "127.0.0.1", sc_web_server_port(server)));
	fixture.behaviour = MODULE_IS_SILENT;
	handshake_is_over = false;
	assert_int_equal(pthread_create(&waiting, NULL, fail_handshake, NULL), 0);
	fake_clock_await_sleeper(SILENCE);
	pass_time(SILENCE - 1);
	assert_false(handshake_is_over);
	pass_time(1);
	pthread_join(waiting, NULL);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(handshake(TLS1_3_VERSION, NULL, NULL), 0);
	/* Only the thread that watches the module has asked since. */
	fake_clock_await_sleeper(SILENCE);
	assert_int_equal(fixture.ignored, asked + 2);
	echo_on(&established);
	web_client_close(&established);
	fixture.behaviour = MODULE_SIGNS;
	pass_time(SILENCE);
	fake_clock_await_sleeper(SC_SECOND);
	assert_int_equal(handshake(TLS1_3_VERSION, NULL, NULL), 0);
	pass_time(SC_SECOND);
	await_that(is_spoken_to, NULL);
	assert_int_equal(status_for("GET /echo HTTP/1.1\r\n" HOST END), 200);
}

static void a_certificate_of_another_key_is_refused_at_the_start(void **state)
{
	const struct sc_web_tls_key_settings settings = { fixture.certificate, fixture.blob, fixture.socket,
							  "vaultd" };
	EVP_PKEY *other = EVP_EC_gen("P-256");
	EVP_PKEY *larger = EVP_EC_gen("P-384");
	struct sc_web_tls_key *key = NULL;
	struct sc_error err = { 0 };

	(void)state;
	web_fixture_certificate(other, fixture.certificate);
	assert_status(sc_web_tls_key_open(&settings, &key, &err), SC_ERR_KEY_INVALID, &err);
	web_fixture_certificate(larger, fixture.certificate);
	assert_status(sc_web_tls_key_open(&settings, &key, &err), SC_ERR_KEY_TYPE, &err);
	web_fixture_certificate(fixture.key, fixture.certificate);
	assert_ok(sc_web_tls_key_open(&settings, &key, &err), &err);
	sc_web_tls_key_free(key);
	EVP_PKEY_free(other);
	EVP_PKEY_free(larger);
}

/* What an editor on Windows makes of a file: a byte order mark, and CR LF. */
static void send_through_windows(const char *path)
{
	char command[400];

	snprintf(command, sizeof command, "sed -i '1s/^/\\xef\\xbb\\xbf/; s/$/\\r/' '%s'", path);
	assert_int_equal(system(command), 0);
}

static void a_certificate_that_crossed_a_windows_machine_is_read_or_the_reason_given(void **state)
{
	const struct sc_web_tls_key_settings settings = { fixture.certificate, fixture.blob, fixture.socket,
							  "vaultd" };
	struct sc_web_tls_key *key = NULL;
	struct sc_error err = { 0 };

	(void)state;
	send_through_windows(fixture.certificate);
	assert_ok(sc_web_tls_key_open(&settings, &key, &err), &err);
	sc_web_tls_key_free(key);
	scratch_write(fixture.certificate, "\xff\xfe-\0", 4);
	assert_status(sc_web_tls_key_open(&settings, &key, &err), SC_ERR_ENCODING, &err);
	assert_non_null(strstr(err.message, "is UTF-16 text"));
	web_fixture_certificate(fixture.key, fixture.certificate);
}

/* -- start ------------------------------------------------------------------------------------- */

static void a_process_has_one_server(void **state)
{
	struct sc_web_server *first = server;
	struct sc_error err = { 0 };

	(void)state;
	assert_status(start_with(1, &err), SC_ERR_STATE, &err);
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
		.context = (void *)(uintptr_t)"context",
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

#define TEST(name)  cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define CLOCK(name) cmocka_unit_test_setup_teardown(name, set_up_on_clock, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tls_1_2_and_1_3_are_spoken_with_the_modules_signature),
		TEST(older_tls_and_weak_ciphers_are_not),
		TEST(no_session_ticket_is_given),
		TEST(a_client_cannot_renegotiate),
		TEST(a_module_that_forgot_or_was_restarted_is_no_event),
		CLOCK(a_silent_module_costs_one_handshake_its_time_and_no_other_connection),
		TEST(a_certificate_of_another_key_is_refused_at_the_start),
		TEST(a_certificate_that_crossed_a_windows_machine_is_read_or_the_reason_given),
		TEST(a_process_has_one_server),
		TEST(a_port_that_is_taken_is_named),
	};

	signal(SIGPIPE, SIG_IGN); /* from the client's own writes */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
