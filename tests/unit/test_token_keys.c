/*
 * An issuer's keys, without which no token is accepted (rule P5): a sound set or none, only from the named
 * authority, and fetched no more often than necessary.
 */
#include "support/test.h"

#include <semaphore.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>

#include "base/clock.h"
#include "fake_clock.h"
#include "token_maker.h"
#include "web/fetch.h"
#include "web/server_state.h"
#include "web_fixture.h"

/* -- sets of keys ------------------------------------------------------------------------------ */

static void a_set_of_keys_that_is_not_sound_is_refused_as_a_whole(void **state)
{
	static const char *const sets[] = {
		"{}",
		"{\"keys\":[]}",
		"{\"keys\":{}}",
		"{\"keys\":[1]}",
		"{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
		"{\"keys\":[{\"kty\":\"EC\",\"kid\":\"a\"}]}",
		"[]",
	};
	char jwk[1024];
	char set[4096];
	struct sc_error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
		assert_status(sc_web_issuers_set_keys(issuers, ISSUER, sc_view_text(sets[i]), &err),
			      SC_ERR_JSON, &err);
	write_jwk(jwk, sizeof jwk, key, "k1");
	snprintf(set, sizeof set, "{\"keys\":[%s,%s]}", jwk, jwk);
	assert_status(sc_web_issuers_set_keys(issuers, ISSUER, sc_view_text(set), &err), SC_ERR_JSON, &err);
	snprintf(set, sizeof set, "{\"keys\":[%s]}", jwk);
	memcpy(strstr(set, "AQAB"), "AQAA", 4);
	assert_status(sc_web_issuers_set_keys(issuers, ISSUER, sc_view_text(set), &err), SC_ERR_JSON, &err);
	/* None of them has removed the good keys. */
	assert_good(join(HEADER, payload("a-1", "a-1"), sign_well));
	snprintf(set, sizeof set, "{\"keys\":[%s]}", jwk);
	memcpy(strstr(set, "\"sig\""), "\"enc\"", 5);
	assert_status(sc_web_issuers_set_keys(issuers, ISSUER, sc_view_text(set), &err), SC_ERR_JSON, &err);
	snprintf(set, sizeof set, "{\"keys\":[%s]}", jwk);
	assert_ok(sc_web_issuers_set_keys(issuers, ISSUER, sc_view_text(set), &err), &err);
	assert_bad(join("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k2\"}", payload("a-1", "a-1"),
			sign_by_another),
		   "no such key");
}

static void an_issuer_is_listed_once_with_its_tenants(void **state)
{
	struct sc_web_issuer_settings settings = { ISSUER, NULL, NULL, tenants, 1, NULL };
	struct sc_error err = { 0 };

	(void)state;
	assert_status(sc_web_issuers_add(issuers, &settings, &err), SC_ERR_EXISTS, &err);
	settings.issuer = "https://other/";
	settings.tenant_count = 0;
	assert_status(sc_web_issuers_add(issuers, &settings, &err), SC_ERR_ARGUMENT, &err);
	settings.tenant_count = 1;
	settings.keys_url = "http://other/keys";
	settings.ca = "ca.pem";
	assert_status(sc_web_issuers_add(issuers, &settings, &err), SC_ERR_ARGUMENT, &err);
	settings.keys_url = "https://other/keys";
	settings.ca = NULL;
	assert_status(sc_web_issuers_add(issuers, &settings, &err), SC_ERR_ARGUMENT, &err);
	settings.ca = "ca.pem";
	assert_ok(sc_web_issuers_add(issuers, &settings, &err), &err);
}

/* -- keys that are fetched --------------------------------------------------------------------- */

static atomic_uint fetches;
static atomic_bool is_broken;

static void give_keys(struct sc_web_request *request, void *context)
{
	(void)context;
	fetches++;
	if (is_broken)
		sc_web_answer_error(request, 500, "Broken", "broken");
	else
		sc_web_answer_bytes(request, 200, "application/json", sc_view_text(jwks));
}

static void give_elsewhere(struct sc_web_request *request, void *context)
{
	(void)context;
	sc_web_set_header(request, "Location", "/keys");
	sc_web_answer_bytes(request, 302, "application/json", sc_view_text(jwks));
}

static void give_too_much(struct sc_web_request *request, void *context)
{
	static const char much[SC_WEB_FETCH_MAX + 1];

	(void)context;
	sc_web_answer_bytes(request, 200, "application/json", sc_view_of(much, sizeof much));
}

static const struct sc_web_route routes[] = {
	{ "GET", "/keys", give_keys },
	{ "GET", "/elsewhere", give_elsewhere },
	{ "GET", "/too-much", give_too_much },
	{ 0 },
};
static const struct sc_web_host hosts[] = { { .name = "login", .routes = routes }, { 0 } };

static void post(void *semaphore)
{
	sem_post(semaphore);
}

static void post_too(void *semaphore, const struct sc_error *why)
{
	(void)why;
	sem_post(semaphore);
}

static const struct sc_web_job posting = { .run = post, .give_up = post_too };

/* The server has one slow worker, which fetches: once it gets to this job, no fetch is queued or running. */
static void await_fetches(struct sc_web_server *server)
{
	struct sc_error err = { 0 };
	sem_t is_done;

	assert_int_equal(sem_init(&is_done, 0, 0), 0);
	assert_ok(sc_web_run_own(server, SC_WEB_SLOW, NULL, &posting, &is_done, &err), &err);
	while (sem_wait(&is_done))
		;
	sem_destroy(&is_done);
}

/* The first attempt starts a fetch, the second has its result. */
static sc_status verify_after_fetch(struct sc_web_server *server, const char *token)
{
	struct sc_error err = { 0 };

	assert_status(verify(token, NULL, &err), SC_ERR_UNAVAILABLE, &err);
	await_fetches(server);
	return verify(token, NULL, &err);
}

/* A server that gives out the keys, and an issuer with their URL, which is not started. */
static struct web_fixture fixture;
static struct sc_web_server *server;
static char keys_url[128];
static char saved[160];

static void open_issuers(void)
{
	const struct sc_web_issuer_settings issuer = { ISSUER,  keys_url, fixture.certificate,
						       tenants, 1,        saved };
	struct sc_error err = { 0 };

	sc_web_issuers_free(issuers);
	issuers = NULL;
	assert_ok(sc_web_issuers_new(&issuers, &err), &err);
	assert_ok(sc_web_issuers_add(issuers, &issuer, &err), &err);
}

static void start_server(void)
{
	static const char *const loopback[] = { "127.0.0.1" };
	struct sc_web_settings settings = { .domain = "localhost",
					    .addresses = loopback,
					    .address_count = 1,
					    .hosts = hosts,
					    .threads = 1,
					    .slow_workers = 1,
					    .tls_key = fixture.tls_key };
	struct sc_error err = { 0 };

	assert_ok(sc_web_server_start(&settings, &server, &err), &err);
	fetches = 0;
	is_broken = false;
}

static int set_up_server(void **state)
{
	set_up(state);
	fake_clock_start_running();
	web_fixture_start(&fixture);
	start_server();
	snprintf(keys_url, sizeof keys_url, "https://login.localhost:%u/keys",
		 (unsigned)sc_web_server_port(server));
	snprintf(saved, sizeof saved, "%s/saved-keys", fixture.scratch.path);
	open_issuers();
	return 0;
}

static int tear_down_server(void **state)
{
	sc_web_server_free(server);
	server = NULL;
	tear_down(state);
	web_fixture_stop(&fixture);
	fake_clock_stop();
	return 0;
}

/* As a daemon's restart: another server, on another port than that of keys_url. */
static void restart(void)
{
	sc_web_server_free(server);
	start_server();
	open_issuers();
}

static void keys_are_fetched_and_again_for_an_unknown_kid_but_not_often(void **state)
{
	struct sc_error err = { 0 };
	char good[4096];
	char unknown[4096];

	(void)state;
	snprintf(good, sizeof good, "%s", join(HEADER, payload("a-1", "a-1"), sign_well));
	snprintf(
	    unknown, sizeof unknown, "%s",
	    join("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k9\"}", payload("a-1", "a-1"), sign_well));
	/* No keys yet: the answer is "try again", not "wrong". */
	assert_status(verify(good, NULL, &err), SC_ERR_UNAVAILABLE, &err);
	sc_web_issuers_start(issuers, server);
	await_fetches(server);
	assert_ok(verify(good, NULL, &err), &err);
	assert_int_equal(fetches, 1);
	/* Known keys cause no fetch; an unknown one causes at most one every SC_WEB_ISSUER_PAUSE seconds. */
	for (int i = 0; i < 20; i++) {
		assert_ok(verify(good, NULL, &err), &err);
		assert_status(verify(unknown, NULL, &err), SC_ERR_TOKEN, &err);
	}
	assert_int_equal(fetches, 1);
	fake_clock_advance((SC_WEB_ISSUER_PAUSE + 1) * SC_SECOND);
	assert_status(verify_after_fetch(server, unknown), SC_ERR_TOKEN, NULL);
	assert_int_equal(fetches, 2);
	fake_clock_advance(SC_WEB_ISSUER_LIFE / 2 * SC_SECOND);
	assert_ok(verify(good, NULL, &err), &err);
	await_fetches(server);
	assert_int_equal(fetches, 2);
}

static void pass_a_second(void)
{
	fake_clock_advance(SC_SECOND);
	sc_web_timers_run(server->deadlines, sc_clock_monotonic());
}

static void an_issuer_that_starts_later_is_asked_every_second_without_a_token(void **state)
{
	(void)state;
	is_broken = true;
	sc_web_issuers_start(issuers, server);
	for (unsigned i = 1; i <= 3; i++) {
		await_fetches(server);
		assert_true(fetches >= i);
		pass_a_second();
	}
	is_broken = false;
	await_fetches(server);
	pass_a_second();
	await_fetches(server);
	assert_good(join(HEADER, payload("a-1", "a-1"), sign_well));
	/* Then no more. */
	fetches = 0;
	pass_a_second();
	await_fetches(server);
	assert_int_equal(fetches, 0);
}

static void keys_outlive_a_restart_but_not_a_day_without_the_issuer(void **state)
{
	struct sc_error err = { 0 };
	char good[4096];

	(void)state;
	snprintf(good, sizeof good, "%s", join(HEADER, payload("a-1", "a-1"), sign_well));
	sc_web_issuers_start(issuers, server);
	await_fetches(server);
	restart();
	assert_ok(verify(good, NULL, &err), &err);
	sc_web_issuers_start(issuers, server);
	await_fetches(server);
	assert_ok(verify(good, NULL, &err), &err);
	fake_clock_advance((SC_WEB_ISSUER_TRUST + 1) * SC_SECOND);
	assert_status(verify(good, NULL, &err), SC_ERR_UNAVAILABLE, &err);
	restart();
	assert_status(verify(good, NULL, &err), SC_ERR_UNAVAILABLE, &err);
}

static void write_saved(int64_t fetched)
{
	char text[512];
	int len =
	    snprintf(text, sizeof text, "{\"url\":\"%s\",\"fetched\":%" PRId64 ",\"jwks\":{\"keys\":[]}}",
		     keys_url, fetched);

	scratch_write(saved, text, (size_t)len);
}

static void saved_keys_of_another_url_or_damaged_ones_are_not_used(void **state)
{
	struct sc_error err = { 0 };
	char good[4096];

	(void)state;
	snprintf(good, sizeof good, "%s", join(HEADER, payload("a-1", "a-1"), sign_well));
	sc_web_issuers_start(issuers, server);
	await_fetches(server);
	restart();
	assert_ok(verify(good, NULL, &err), &err);
	keys_url[strlen(keys_url) - 1] = 'z';
	restart();
	assert_status(verify(good, NULL, &err), SC_ERR_UNAVAILABLE, &err);
	keys_url[strlen(keys_url) - 1] = 's';
	restart();
	assert_ok(verify(good, NULL, &err), &err);
	scratch_write(saved, "{\"url\":", 7);
	restart();
	assert_status(verify(good, NULL, &err), SC_ERR_UNAVAILABLE, &err);
	write_saved(INT64_MIN);
	restart();
	assert_status(verify(good, NULL, &err), SC_ERR_UNAVAILABLE, &err);
}

#define URL_SIZE 128

static const char *write_url(char url[URL_SIZE], const char *scheme, const char *host, uint16_t port,
			     const char *path)
{
	snprintf(url, URL_SIZE, "%s://%s.localhost:%u%s", scheme, host, (unsigned)port, path);
	return url;
}

static void keys_come_over_https_from_the_authority_that_was_named_and_nowhere_else(void **state)
{
	static const struct {
		const char *scheme;
		const char *host;
		const char *path;
		const char *why;
	} bad[] = {
		{ "https", "login", "/elsewhere", "answered 302" },
		{ "https", "login", "/nowhere", "answered 404" },
		{ "https", "login", "/too-much", "more than" },
		{ "http", "login", "/keys", "rotocol" },
		{ "https", "graph", "/keys", "SSL peer certificate" }, /* not a name in its certificate */
	};
	EVP_PKEY *stranger = EVP_EC_gen("P-256");
	SC_CLEANUP(sc_bytes) got = { 0 };
	struct sc_error err = { 0 };
	char other[240];
	char url[URL_SIZE];
	uint16_t port;

	(void)state;
	port = sc_web_server_port(server);
	assert_ok(
	    sc_web_fetch(write_url(url, "https", "login", port, "/keys"), fixture.certificate, &got, &err),
	    &err);
	assert_view_equal(sc_bytes_view(&got), sc_view_text(jwks));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct sc_bytes none = { 0 };

		write_url(url, bad[i].scheme, bad[i].host, port, bad[i].path);
		assert_status(sc_web_fetch(url, fixture.certificate, &none, &err), SC_ERR_HTTP, &err);
		if (!strstr(err.message, bad[i].why))
			fail_msg("%s: %s", url, err.message);
	}
	snprintf(other, sizeof other, "sed -i '1s/^/\\xef\\xbb\\xbf/; s/$/\\r/' '%s'", fixture.certificate);
	assert_int_equal(system(other), 0); /* as an editor on Windows leaves it */
	sc_bytes_free(&got);
	assert_ok(
	    sc_web_fetch(write_url(url, "https", "login", port, "/keys"), fixture.certificate, &got, &err),
	    &err);
	snprintf(other, sizeof other, "%s.other", fixture.certificate);
	web_fixture_certificate(stranger, other);
	write_url(url, "https", "login", port, "/keys");
	assert_status(sc_web_fetch(url, other, &got, &err), SC_ERR_HTTP, &err);
	assert_non_null(strstr(err.message, "SSL peer certificate"));
	EVP_PKEY_free(stranger);
}

#define SERVER(name) cmocka_unit_test_setup_teardown(name, set_up_server, tear_down_server)
#define TEST(name)   cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_set_of_keys_that_is_not_sound_is_refused_as_a_whole),
		TEST(an_issuer_is_listed_once_with_its_tenants),
		SERVER(keys_are_fetched_and_again_for_an_unknown_kid_but_not_often),
		SERVER(an_issuer_that_starts_later_is_asked_every_second_without_a_token),
		SERVER(keys_outlive_a_restart_but_not_a_day_without_the_issuer),
		SERVER(saved_keys_of_another_url_or_damaged_ones_are_not_used),
		SERVER(keys_come_over_https_from_the_authority_that_was_named_and_nowhere_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
