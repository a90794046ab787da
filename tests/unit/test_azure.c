/*
 * The clients of article steps 1.2 and 5 against a service that this test plays over real TLS. Its answers
 * are hostile until checked. Each refusal is next to the same call with the one thing put right.
 */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/rsa.h>

#include "azure/service_answer.h"
#include "azure/cmdlet.h"
#include "azure/vault_keys.h"
#include "base/file.h"
#include "base/print.h"
#include "formats/key_type.h"
#include "web/web.h"
#include "web_fixture.h"

#define TENANT       "0b5c7a52-3a5f-4d0e-8d2b-6a0c1d9e1f01"
#define OID          "5d1c2f0a-95cf-4d7e-a9d5-1f6c5f0a0001"
#define SUBSCRIPTION "6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a11"
#define VERSION      "0123456789abcdef0123456789abcdef"
#define VAULT_ID                                                                                             \
	"/subscriptions/" SUBSCRIPTION "/resourceGroups/g/providers/Microsoft.KeyVault/vaults/Contoso"

#define GOOD_CLAIMS "{\"tid\":\"" TENANT "\",\"oid\":\"" OID "\",\"upn\":\"ann@contoso\"}"

static struct web_fixture fixture;
static struct sc_web_server *server;
static struct sc_error err;
static unsigned port;

/* What the service answers next; "@" is replaced by the port. Each test begins with the good answers. */
static struct {
	unsigned token_status, token_requests;
	const char *metadata, *access_token, *token_error, *claims;
	const char *subscriptions, *resources, *vault, *vault_url;
	unsigned key_status;
	const char *kid, *attestation;
	char last_audience[128];
	const char *moved_to;
	size_t subscriptions_len; /* pads the answer with spaces to this length; 0: no padding */
	unsigned subscriptions_requests;
} say;

static char modulus[1024]; /* of the key in the vault, base64url */
static struct sc_hash key_hash;

static void good_answers(void)
{
	memset(&say, 0, sizeof say);
	say.token_status = say.key_status = 200;
	say.metadata = "{\"token_endpoint\":\"https://login.localhost:@/adfs/oauth2/token\"}";
	say.access_token = "header.payload.signature";
	say.claims = GOOD_CLAIMS;
	say.subscriptions =
	    "{\"value\":[{\"subscriptionId\":\"" SUBSCRIPTION "\",\"displayName\":\"Contoso\","
	    "\"state\":\"Enabled\",\"tenantId\":\"" TENANT "\"}]}";
	say.resources = "{\"value\":[{\"name\":\"Contoso\",\"id\":\"" VAULT_ID "\"}]}";
	say.vault = "{\"name\":\"Contoso\",\"id\":\"" VAULT_ID "\",\"location\":\"europe\",\"properties\":{"
		    "\"vaultUri\":\"https://contoso.vault.localhost:@/\",\"sku\":{\"name\":\"premium\"}}}";
	say.kid = "https://contoso.vault.localhost:@/keys/k/" VERSION;
	say.attestation = "{\"privateKeyAttestation\":\"MAA\"}";
}

/* -- the service ------------------------------------------------------------------------------- */

static void put_port(const char *text, char *out, size_t size)
{
	size_t used = 0;

	for (; *text && used + 8 < size; text++)
		used += (size_t)(*text == '@' ? snprintf(out + used, size - used, "%u", port)
					      : snprintf(out + used, size - used, "%c", *text));
	out[used] = '\0';
}

static void reply(struct sc_web_request *request, unsigned status, const char *text)
{
	char body[8192];

	put_port(text, body, sizeof body);
	sc_web_answer_bytes(request, status, "application/json", sc_view_text(body));
}

static void serve_metadata(struct sc_web_request *request, void *context)
{
	(void)context;
	reply(request, 200, say.metadata);
}

static void serve_token(struct sc_web_request *request, void *context)
{
	SC_CLEANUP(sc_bytes) claims = { 0 };
	char body[4096];

	(void)context;
	say.token_requests++;
	snprintf(say.last_audience, sizeof say.last_audience, "%s", sc_web_form(request, "resource"));
	if (say.token_status != 200) {
		reply(request, say.token_status, say.token_error);
		return;
	}
	assert_ok(sc_base64url_write(sc_view_text(say.claims), &claims, NULL), NULL);
	snprintf(body, sizeof body,
		 "{\"token_type\":\"Bearer\",\"access_token\":\"%s\",\"refresh_token\":\"refresh-%u\","
		 "\"id_token\":\"e30.%s.x\"}",
		 say.access_token, say.token_requests, (const char *)claims.data);
	sc_web_answer_bytes(request, 200, "application/json", sc_view_text(body));
}

static void serve_subscriptions(struct sc_web_request *request, void *context)
{
	SC_CLEANUP(sc_bytes) long_one = { 0 };

	(void)context;
	say.subscriptions_requests++;
	if (say.moved_to) {
		sc_web_set_header(request, "Location", say.moved_to);
		reply(request, 302, say.subscriptions);
	} else if (say.subscriptions_len) {
		size_t len = strlen(say.subscriptions);

		assert_ok(sc_bytes_new(say.subscriptions_len, &long_one, NULL), NULL);
		memset(long_one.data, ' ', long_one.len);
		memcpy(long_one.data + long_one.len - len, say.subscriptions, len);
		sc_web_answer_bytes(request, 200, "application/json", sc_bytes_view(&long_one));
	} else {
		reply(request, 200, say.subscriptions);
	}
}

static void serve_resources(struct sc_web_request *request, void *context)
{
	(void)context;
	reply(request, 200, say.resources);
}

static void serve_vault(struct sc_web_request *request, void *context)
{
	(void)context;
	reply(request, 200, say.vault);
}

static void serve_key(struct sc_web_request *request, void *context)
{
	char body[4096];

	(void)context;
	if (say.key_status != 200) {
		sc_web_answer_error(request, say.key_status, "BadParameter", "made for\x1b[2J Europe");
		return;
	}
	snprintf(
	    body, sizeof body,
	    "{\"key\":{\"kid\":\"%s\",\"kty\":\"RSA-HSM\",\"key_ops\":[\"decrypt\",\"sign\"],\"n\":\"%s\","
	    "\"e\":\"AQAB\"},\"attributes\":{\"enabled\":true,\"created\":1700000000,\"attestation\":%s}}",
	    say.kid, modulus, say.attestation);
	reply(request, 200, body);
}

static const struct sc_web_route login_routes[] = {
	{ "GET", "/adfs/.well-known/openid-configuration", serve_metadata },
	{ "POST", "/adfs/oauth2/token", serve_token },
	{ 0 },
};
static const struct sc_web_route management_routes[] = {
	{ "GET", "/subscriptions", serve_subscriptions },
	{ "GET", "/subscriptions/{s}/resources", serve_resources },
	{ "GET", "/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.KeyVault/vaults/{v}",
	  serve_vault },
	{ 0 },
};
static const struct sc_web_route vault_routes[] = {
	{ "PUT", "/keys/{name}", serve_key },
	{ "GET", "/keys/{name}/{version}/attestation", serve_key },
	{ 0 },
};
static const struct sc_web_host hosts[] = {
	{ .name = "login", .routes = login_routes },
	{ .name = "management", .is_relaxed = true, .routes = management_routes },
	{ .name = "*.vault", .routes = vault_routes },
	{ 0 },
};

static int start(void **state)
{
	static const char *const addresses[] = { "127.0.0.1", "::1" };
	static struct sc_web_settings settings = { .domain = "localhost",
						   .addresses = addresses,
						   .address_count = 1,
						   .hosts = hosts,
						   .threads = 1 };
	EVP_PKEY *key = EVP_RSA_gen(2048);
	BIGNUM *n = NULL;
	uint8_t bytes[256];
	SC_CLEANUP(sc_bytes) text = { 0 };
	SC_CLEANUP(sc_bytes) spki = { 0 };

	(void)state;
	web_fixture_start(&fixture);
	settings.tls_key = fixture.tls_key;
	assert_ok(sc_web_server_start(&settings, &server, &err), &err);
	port = sc_web_server_port(server);
	setenv("SAFECONDUCT_CONFIG_DIR", scratch_path(&fixture.scratch, "config"), 1);
	assert_int_equal(EVP_PKEY_get_bn_param(key, "n", &n), 1);
	assert_int_equal(BN_bn2binpad(n, bytes, sizeof bytes), sizeof bytes);
	assert_ok(sc_base64url_write(sc_view_of(bytes, sizeof bytes), &text, NULL), NULL);
	snprintf(modulus, sizeof modulus, "%s", (const char *)text.data);
	assert_ok(sc_spki_of(key, &spki, NULL), NULL);
	assert_ok(sc_key_hash(sc_bytes_view(&spki), &key_hash, NULL), NULL);
	BN_free(n);
	EVP_PKEY_free(key);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	sc_web_server_free(server);
	web_fixture_stop(&fixture);
	return 0;
}

static sc_status sign_in_trusting(const char *ca, struct sc_azure_account **out)
{
	SC_CLEANUP(sc_secret) password = { 0 };
	char login[128], manager[128];
	const struct sc_azure_sign_in where = { login, manager, ca };

	put_port("https://login.localhost:@/adfs", login, sizeof login);
	put_port("https://management.localhost:@/", manager, sizeof manager);
	assert_ok(sc_secret_copy(sc_view_text("pass & word"), &password, NULL), NULL);
	return sc_azure_account_sign_in(&where, "ann@contoso", &password, out, &err);
}

static sc_status sign_in(struct sc_azure_account **out)
{
	return sign_in_trusting(fixture.certificate, out);
}

static void assert_says(const char *text)
{
	if (!strstr(err.message, text))
		fail_msg("\"%s\" is not in \"%s\"", text, err.message);
}

/* -- sign-in ----------------------------------------------------------------------------------- */

static void signing_in_leaves_a_session_of_the_users_own(void **state)
{
	SC_CLEANUP(sc_azure_account) account = NULL;
	SC_CLEANUP(sc_azure_session) session = { 0 };
	struct stat file;

	(void)state;
	good_answers();
	assert_ok(sign_in(&account), &err);
	assert_ok(sc_azure_session_read(&session, &err), &err);
	assert_string_equal(session.account, "ann@contoso");
	assert_string_equal(session.tenant, TENANT);
	assert_string_equal(session.object_id, OID);
	assert_string_equal((const char *)session.refresh_token.data, "refresh-1");
	assert_int_equal(stat(scratch_path(&fixture.scratch, "config/session"), &file), 0);
	assert_int_equal(file.st_mode & 07777, 0600);
}

static void a_password_goes_to_the_sign_in_host_alone(void **state)
{
	SC_CLEANUP(sc_azure_account) account = NULL;

	(void)state;
	good_answers();
	say.metadata = "{\"token_endpoint\":\"https://management.localhost:@/adfs/oauth2/token\"}";
	assert_status(sign_in(&account), SC_ERR_HTTP, &err);
	assert_says("another host");
	say.metadata = "{\"token_endpoint\":\"http://login.localhost:@/adfs/oauth2/token\"}";
	assert_status(sign_in(&account), SC_ERR_HTTP, &err);
	say.metadata = "{\"token_endpoint\":\"https://login.localhost:@@evil.example/\"}";
	assert_status(sign_in(&account), SC_ERR_HTTP, &err);
	assert_status(sign_in_trusting(NULL, &account), SC_ERR_UNAVAILABLE, &err);
	assert_int_equal(say.token_requests, 0);
}

static void a_refused_password_is_told_in_the_services_words(void **state)
{
	SC_CLEANUP(sc_azure_account) account = NULL;

	(void)state;
	good_answers();
	say.token_status = 400;
	say.token_error = "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS50126: no\\u001b[2J\"}";
	assert_status(sign_in(&account), SC_ERR_TOKEN, &err);
	assert_says("sign-in: 400 invalid_grant: AADSTS50126: no\\x1b[2J");
	say.token_status = 429;
	assert_status(sign_in(&account), SC_ERR_THROTTLED, &err);
}

static void what_is_no_token_is_not_sent_on(void **state)
{
	SC_CLEANUP(sc_azure_account) account = NULL;

	(void)state;
	good_answers();
	say.access_token = "a\\r\\nX-Header: b";
	assert_status(sign_in(&account), SC_ERR_JSON, &err);
	say.access_token = "a";
	say.claims = "{\"tid\":\"" TENANT "\",\"oid\":\"../../etc\",\"upn\":\"ann@contoso\"}";
	assert_status(sign_in(&account), SC_ERR_JSON, &err);
	say.claims = "{\"tid\":\"" TENANT "\",\"oid\":\"" OID "\",\"upn\":\"ann\\u0007\"}";
	assert_status(sign_in(&account), SC_ERR_JSON, &err);
	say.claims = GOOD_CLAIMS;
	assert_ok(sign_in(&account), &err);
}

/* -- the Resource Manager ---------------------------------------------------------------------- */

static void subscriptions_are_read_and_nothing_but(void **state)
{
	static const char *const bad[] = {
		"{\"value\":[{\"subscriptionId\":\"x\",\"displayName\":\"C\",\"tenantId\":\"" TENANT "\"}]}",
		"{\"value\":[{\"subscriptionId\":\"" SUBSCRIPTION
		"\",\"displayName\":\"C\\u009b1m\",\"tenantId\":\"" TENANT "\"}]}",
		"{\"value\":[17]}",
		"{\"value\":{}}",
		"{\"value\":[],\"value\":[]}",
		"[]",
		"",
		"{\"value\":[],\"nextLink\":\"https://login.localhost:@/subscriptions\"}",
		"{\"value\":[],\"nextLink\":\"https://management.localhost:@.evil.example/subscriptions\"}",
	};
	SC_CLEANUP(sc_azure_account) account = NULL;
	struct sc_azure_subscription *list = NULL;
	size_t count = 0;

	(void)state;
	good_answers();
	assert_ok(sign_in(&account), &err);
	assert_ok(sc_azure_manager_subscriptions(account, &list, &count, &err), &err);
	assert_int_equal(count, 1);
	assert_string_equal(list[0].id, SUBSCRIPTION);
	free(list);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		say.subscriptions = bad[i];
		list = NULL;
		assert_status(sc_azure_manager_subscriptions(account, &list, &count, &err), SC_ERR_JSON,
			      &err);
		free(list);
	}
	say.subscriptions =
	    "{\"value\":[],\"nextLink\":\"https://management.localhost:@/subscriptions?again\"}";
	assert_status(sc_azure_manager_subscriptions(account, &list, &count, &err), SC_ERR_TOO_LARGE, &err);
}

static void an_answer_is_neither_followed_elsewhere_nor_taken_without_end(void **state)
{
	SC_CLEANUP(sc_azure_account) account = NULL;
	struct sc_azure_subscription *list = NULL;
	char elsewhere[128];
	size_t count = 0;

	(void)state;
	good_answers();
	assert_ok(sign_in(&account), &err);
	put_port("https://management.localhost:@/subscriptions?api-version=2019-11-01", elsewhere,
		 sizeof elsewhere);
	say.moved_to = elsewhere;
	assert_status(sc_azure_manager_subscriptions(account, &list, &count, &err), SC_ERR_HTTP, &err);
	assert_int_equal(say.subscriptions_requests, 1);
	say.moved_to = NULL;
	say.subscriptions_len = SC_AZURE_HTTPS_ANSWER_MAX + 1;
	assert_status(sc_azure_manager_subscriptions(account, &list, &count, &err), SC_ERR_TOO_LARGE, &err);
	say.subscriptions_len = SC_AZURE_HTTPS_ANSWER_MAX;
	assert_ok(sc_azure_manager_subscriptions(account, &list, &count, &err), &err);
	assert_int_equal(count, 1);
	free(list);
}

static void a_vault_is_found_by_its_name_and_only_where_vaults_are(void **state)
{
	SC_CLEANUP(sc_azure_account) account = NULL;
	struct sc_azure_vault vault;

	(void)state;
	good_answers();
	assert_ok(sign_in(&account), &err);
	assert_ok(sc_azure_manager_vault(account, "contoso", &vault, &err), &err);
	assert_string_equal(vault.name, "Contoso");
	assert_string_equal(vault.sku, "premium");
	assert_status(sc_azure_manager_vault(account, "fabrikam", &vault, &err), SC_ERR_NOT_FOUND, &err);
	assert_status(sc_azure_manager_vault(account, "../contoso", &vault, &err), SC_ERR_ARGUMENT, &err);
	say.resources = "{\"value\":[{\"name\":\"Contoso\",\"id\":\"/subscriptions/../../x\"}]}";
	assert_status(sc_azure_manager_vault(account, "contoso", &vault, &err), SC_ERR_JSON, &err);
	good_answers();
	say.vault = "{\"name\":\"Contoso\",\"id\":\"x\",\"properties\":{\"vaultUri\":\"http://"
		    "contoso.vault.localhost:@\"}}";
	assert_status(sc_azure_manager_vault(account, "contoso", &vault, &err), SC_ERR_JSON, &err);
}

/* -- the vault --------------------------------------------------------------------------------- */

static sc_status import(struct sc_azure_account *account, struct sc_azure_key *key)
{
	struct sc_azure_vault vault;

	assert_ok(sc_azure_manager_vault(account, "contoso", &vault, &err), &err);
	return sc_azure_key_import(account, &vault, "k", sc_view_text("package"), &key_hash, key, &err);
}

static void a_key_that_was_imported_is_the_one_of_the_package(void **state)
{
	SC_CLEANUP(sc_azure_account) account = NULL;
	struct sc_azure_key key;
	char audience[64];

	(void)state;
	good_answers();
	assert_ok(sign_in(&account), &err);
	assert_ok(import(account, &key), &err);
	assert_string_equal(key.version, VERSION);
	assert_string_equal(key.operations, "decrypt, sign");
	assert_int_equal(key.bits, 2048);
	put_port("https://vault.localhost:@", audience, sizeof audience);
	assert_string_equal(say.last_audience, audience);
	say.kid = "https://contoso.vault.localhost:@/keys/other/" VERSION;
	assert_status(import(account, &key), SC_ERR_HTTP, &err);
	say.kid = "https://evil.vault.localhost:@/keys/k/" VERSION;
	assert_status(import(account, &key), SC_ERR_HTTP, &err);
	say.kid = "https://contoso.vault.localhost:@/keys/k/../" VERSION;
	assert_status(import(account, &key), SC_ERR_HTTP, &err);
	good_answers();
	modulus[10] = modulus[10] == 'A' ? 'B' : 'A';
	assert_status(import(account, &key), SC_ERR_INTEGRITY, &err);
	say.key_status = 400;
	assert_status(import(account, &key), SC_ERR_HTTP, &err);
	assert_says("400 BadParameter: made for?[2J Europe");
}

static void a_receipt_is_what_the_vault_attests(void **state)
{
	SC_CLEANUP(sc_azure_account) account = NULL;
	SC_CLEANUP(sc_bytes) receipt = { 0 };
	struct sc_azure_vault vault;
	struct sc_azure_key key = { .name = "k", .version = VERSION };

	(void)state;
	good_answers();
	assert_ok(sign_in(&account), &err);
	assert_ok(sc_azure_manager_vault(account, "contoso", &vault, &err), &err);
	assert_ok(sc_azure_key_receipt(account, &vault, &key, &receipt, &err), &err);
	assert_view_equal(sc_bytes_view(&receipt), sc_view_of("0\0", 2));
	say.attestation = "{\"privateKeyAttestation\":\"MA==\"}";
	assert_int_not_equal(sc_azure_key_receipt(account, &vault, &key, &receipt, &err), SC_OK);
	say.attestation = "null";
	assert_status(sc_azure_key_receipt(account, &vault, &key, &receipt, &err), SC_ERR_JSON, &err);
}

static void a_new_refresh_token_replaces_the_old_one(void **state)
{
	SC_CLEANUP(sc_azure_account) account = NULL;
	SC_CLEANUP(sc_azure_account) later = NULL;
	SC_CLEANUP(sc_azure_session) session = { 0 };
	struct sc_azure_vault vault;

	(void)state;
	good_answers();
	assert_ok(sign_in(&account), &err);
	assert_ok(sc_azure_account_open(&later, &err), &err);
	assert_ok(sc_azure_manager_vault(later, "contoso", &vault, &err), &err);
	assert_ok(sc_azure_session_read(&session, &err), &err);
	assert_string_equal((const char *)session.refresh_token.data, "refresh-2");
	assert_int_equal(say.token_requests, 2);
}

/* -- the end of a cmdlet ----------------------------------------------------------------------- */

static sc_status prints(int argc, char **argv, bool *done, struct sc_error *error)
{
	(void)argc, (void)argv, (void)done, (void)error;
	sc_print("a line\n");
	return SC_OK;
}

static sc_status repeats_a_server(int argc, char **argv, bool *done, struct sc_error *error)
{
	(void)argc, (void)argv, (void)done;
	return sc_fail(error, SC_ERR_UNAVAILABLE, "the host calls itself \x1b[2J\n\xc2\x9b");
}

/* Runs a cmdlet with standard output to that file; returns its exit status and its standard error. */
static int end_of(sc_azure_cmdlet *run, const char *output, struct sc_bytes *said)
{
	const char *path = scratch_path(&fixture.scratch, "stderr");
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (!freopen(output, "w", stdout) || !freopen(path, "w", stderr))
			_exit(1);
		status = sc_azure_cmdlet_main("Cmdlet", run, 0, NULL);
		fflush(stderr);
		_exit(status);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_ok(sc_file_read_path(path, 4096, said, &err), &err);
	return WEXITSTATUS(status);
}

static void a_cmdlet_that_fails_says_so_in_one_line(void **state)
{
	SC_CLEANUP(sc_bytes) nothing = { 0 };
	SC_CLEANUP(sc_bytes) full = { 0 };
	SC_CLEANUP(sc_bytes) hostile = { 0 };

	(void)state;
	assert_int_equal(end_of(prints, "/dev/null", &nothing), 0);
	assert_int_equal(nothing.len, 0);
	assert_int_not_equal(end_of(prints, "/dev/full", &full), 0);
	assert_string_equal(
	    (const char *)full.data,
	    "Cmdlet: standard output cannot be written, so what the program had to say is lost: "
	    "No space left on device\n");
	assert_int_not_equal(end_of(repeats_a_server, "/dev/null", &hostile), 0);
	assert_string_equal((const char *)hostile.data, "Cmdlet: the host calls itself \\x1b[2J\\n\\x9b\n");
}

static unsigned left_as_they_were;

static void count_and_free(void *memory)
{
	left_as_they_were += memory != NULL;
	free(memory);
}

/* A refresh token is as good as a password. It passes through jansson, which frees without wiping. */
static void no_token_stays_in_freed_memory(void **state)
{
	SC_CLEANUP(sc_azure_account) account = NULL;
	SC_CLEANUP(sc_azure_account) later = NULL;

	(void)state;
	good_answers();
	assert_ok(sign_in(&account), &err);
	json_set_alloc_funcs(malloc, count_and_free);
	assert_ok(sc_azure_account_open(&later, &err), &err);
	assert_int_equal(left_as_they_were, 0);
}

/* -- addresses, sessions ----------------------------------------------------------------------- */

static void an_address_has_one_form(void **state)
{
	static const char *const good[] = { "https://a", "https://a.b:8443", "https://a/",
					    "https://a:1/x/y-z._~" };
	static const char *const bad[] = { "http://a",     "https://",         "https://a@b",
					   "https://a:",   "https://a:123456", "https://a/?q",
					   "https://a#f",  "https://a/%2e",    "https://a/../b",
					   "https://a//b", "https://a\\b",     "https://a b",
					   "HTTPS://a",    "https://a:x/",     "https://[::1]/" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(sc_azure_url_is_base(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(sc_azure_url_is_base(bad[i]));
	assert_true(sc_azure_url_same_origin("https://A:1/x", "https://a:1"));
	assert_false(sc_azure_url_same_origin("https://a:1", "https://a:12"));
	assert_false(sc_azure_url_same_origin("https://a", "https://a.b"));
}

static void a_vaults_audience_is_its_hosts_parent(void **state)
{
	char audience[SC_AZURE_URL_SIZE];

	(void)state;
	assert_ok(sc_azure_url_audience("https://contoso.vault.localhost:8443", audience, &err), &err);
	assert_string_equal(audience, "https://vault.localhost:8443");
	assert_status(sc_azure_url_audience("https://vault.localhost:8443", audience, &err), SC_ERR_HTTP,
		      &err);
	assert_status(sc_azure_url_audience("https://localhost", audience, &err), SC_ERR_HTTP, &err);
}

static void a_form_says_what_was_put_into_it(void **state)
{
	const struct sc_azure_form_field fields[] = { { "a", sc_view_text("x y&=%+\xc3\xa9") },
						      { "b", sc_view_of("\0", 1) } };
	SC_CLEANUP(sc_bytes) form = { 0 };

	(void)state;
	assert_ok(sc_azure_form_make(fields, 2, &form, &err), &err);
	assert_view_equal(sc_bytes_view(&form), sc_view_text("a=x%20y%26%3D%25%2B%C3%A9&b=%00"));
}

static void a_session_is_read_as_it_was_written_and_not_a_byte_shorter(void **state)
{
	SC_CLEANUP(sc_azure_session)
	session = { .authority = "https://login.localhost:8444/adfs",
		    .token_endpoint = "https://login.localhost:8444/adfs/oauth2/token",
		    .manager = "https://management.localhost:8443",
		    .ca = "/ca.pem",
		    .account = "ann@contoso",
		    .tenant = TENANT,
		    .object_id = OID };
	SC_CLEANUP(sc_azure_session) read = { 0 };
	SC_CLEANUP(sc_bytes) text = { 0 };
	SC_CLEANUP(sc_bytes) again = { 0 };

	(void)state;
	assert_ok(sc_bytes_copy(sc_view_text("refresh"), &session.refresh_token, &err), &err);
	assert_ok(sc_azure_session_encode(&session, &text, &err), &err);
	assert_ok(sc_azure_session_decode(sc_bytes_view(&text), &read, &err), &err);
	assert_ok(sc_azure_session_encode(&read, &again, &err), &err);
	assert_view_equal(sc_bytes_view(&text), sc_bytes_view(&again));
	for (size_t len = 0; len < text.len; len++) {
		SC_CLEANUP(sc_azure_session) cut = { 0 };

		assert_int_not_equal(sc_azure_session_decode(sc_view_of(text.data, len), &cut, &err), SC_OK);
	}
	snprintf(session.token_endpoint, sizeof session.token_endpoint, "https://evil.example/token");
	sc_bytes_free(&again);
	assert_status(sc_azure_session_encode(&session, &again, &err), SC_ERR_FORMAT, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signing_in_leaves_a_session_of_the_users_own),
		cmocka_unit_test(a_password_goes_to_the_sign_in_host_alone),
		cmocka_unit_test(a_refused_password_is_told_in_the_services_words),
		cmocka_unit_test(what_is_no_token_is_not_sent_on),
		cmocka_unit_test(subscriptions_are_read_and_nothing_but),
		cmocka_unit_test(an_answer_is_neither_followed_elsewhere_nor_taken_without_end),
		cmocka_unit_test(a_vault_is_found_by_its_name_and_only_where_vaults_are),
		cmocka_unit_test(a_key_that_was_imported_is_the_one_of_the_package),
		cmocka_unit_test(a_receipt_is_what_the_vault_attests),
		cmocka_unit_test(a_new_refresh_token_replaces_the_old_one),
		cmocka_unit_test(a_cmdlet_that_fails_says_so_in_one_line),
		cmocka_unit_test(no_token_stays_in_freed_memory),
		cmocka_unit_test(an_address_has_one_form),
		cmocka_unit_test(a_vaults_audience_is_its_hosts_parent),
		cmocka_unit_test(a_form_says_what_was_put_into_it),
		cmocka_unit_test(a_session_is_read_as_it_was_written_and_not_a_byte_shorter),
	};

	return cmocka_run_group_tests_name("azure", tests, start, stop);
}
