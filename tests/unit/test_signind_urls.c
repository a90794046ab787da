/*
 * Tokens are issued for the deployment's three audiences and no other, and name the audience as the client
 * wrote it.
 */
#include "formats/guid.h"
#include "signind/urls.h"
#include <stdio.h>
#include <string.h>

#include "support/test.h"

static struct sc_signind_urls places;

static int setup(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	return sc_signind_urls_set("localhost", 8444, 8443, &places, &err) == SC_OK ? 0 : -1;
}

static void an_audience_is_kept_as_it_was_asked_for(void **state)
{
	static const char *const resources[] = { "https://management.localhost:8443/",
						 "https://management.localhost:8443",
						 "https://vault.localhost:8443",
						 "https://vault.localhost:8443/",
						 "https://graph.localhost:8444/" };
	char audience[SC_SIGNIND_URL_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
		assert_true(sc_signind_urls_resource(&places, resources[i], audience));
		assert_string_equal(audience, resources[i]);
	}
}

static void no_token_is_made_for_anything_else(void **state)
{
	static const char *const resources[] = { "",
						 "/",
						 "https://management.localhost:8443//",
						 "https://management.localhost:8444",
						 "https://contoso.vault.localhost:8443",
						 "https://vault.localhost:8443/x",
						 "https://vault.localhost:8443.example.org",
						 "http://vault.localhost:8443",
						 "https://login.localhost:8444" };
	char audience[SC_SIGNIND_URL_MAX + 1];
	char scope[SC_SIGNIND_URL_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
		assert_false(sc_signind_urls_resource(&places, resources[i], audience));
		snprintf(scope, sizeof scope, "%s/.default", resources[i]);
		assert_false(sc_signind_urls_scope(&places, scope, audience));
	}
}

static void a_scope_is_an_audience_and_a_permission(void **state)
{
	static const struct {
		const char *scope;
		const char *audience;
	} good[] = {
		{ "https://vault.localhost:8443/.default", "https://vault.localhost:8443" },
		{ "https://management.localhost:8443//.default", "https://management.localhost:8443/" },
		{ "https://management.localhost:8443//user_impersonation",
		  "https://management.localhost:8443/" },
		{ "openid  offline_access profile https://graph.localhost:8444//.default",
		  "https://graph.localhost:8444/" },
		{ "https://vault.localhost:8443/.default openid", "https://vault.localhost:8443" },
	};
	static const char *const bad[] = {
		"",
		"openid profile",
		"https://vault.localhost:8443",
		"https://vault.localhost:8443/User.Read",
		"/.default",
		"https://example.org/.default https://vault.localhost:8443/.default"
	};
	char audience[SC_SIGNIND_URL_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(sc_signind_urls_scope(&places, good[i].scope, audience));
		assert_string_equal(audience, good[i].audience);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(sc_signind_urls_scope(&places, bad[i], audience));
}

static void the_usual_port_is_left_out(void **state)
{
	struct sc_signind_urls usual;
	struct sc_error err = { 0 };
	char issuer[SC_SIGNIND_URL_MAX + 1];

	(void)state;
	assert_int_equal(sc_signind_urls_set("cloud.example.org", 443, 443, &usual, &err), SC_OK);
	sc_signind_urls_issuer(&usual, "6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a11", issuer);
	assert_string_equal(issuer, "https://login.cloud.example.org/6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a11/");
	assert_string_equal(usual.audience[SC_SIGNIND_AUDIENCE_VAULT], "https://vault.cloud.example.org");
	assert_int_equal(sc_signind_urls_set("Cloud/", 443, 443, &usual, &err), SC_ERR_USAGE);
	assert_int_equal(sc_signind_urls_set("", 443, 443, &usual, &err), SC_ERR_USAGE);
	assert_int_equal(sc_signind_urls_set(".localhost", 443, 443, &usual, &err), SC_ERR_USAGE);
}

static void a_guid_may_be_typed_in_braces_and_with_spaces(void **state)
{
	static const char *const good[] = {
		"6F1F1B46-1b62-4E3A-9d23-0d5b0c1b7a11",      "{6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a11}",
		"(6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a11)",    " 6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a11\t",
		"\n{6F1F1B46-1B62-4E3A-9D23-0D5B0C1B7A11} ",
	};
	static const char *const bad[] = {
		"",
		" ",
		"{}",
		"{6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a11",
		"6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a11}",
		"{6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a11)",
		"{{6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a11}}",
		"6f1f1b46 1b62-4e3a-9d23-0d5b0c1b7a11",
	};
	char guid[SC_GUID_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(sc_guid_read_typed(good[i], guid));
		assert_string_equal(guid, "6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a11");
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(sc_guid_read_typed(bad[i], guid));
	assert_false(sc_guid_read(good[1], guid)); /* a program has no excuse */
}

static void a_guid_is_read_in_lower_case_and_nothing_else_is_one(void **state)
{
	static const char *const bad[] = { "",
					   "6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a1",
					   "6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a111",
					   "6f1f1b46x1b62-4e3a-9d23-0d5b0c1b7a11",
					   "6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a1g",
					   "{6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a11}" };
	char guid[SC_GUID_SIZE];

	(void)state;
	assert_true(sc_guid_read("6F1F1B46-1b62-4E3A-9d23-0d5b0c1b7a11", guid));
	assert_string_equal(guid, "6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a11");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(sc_guid_read(bad[i], guid));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_audience_is_kept_as_it_was_asked_for),
		cmocka_unit_test(no_token_is_made_for_anything_else),
		cmocka_unit_test(a_scope_is_an_audience_and_a_permission),
		cmocka_unit_test(the_usual_port_is_left_out),
		cmocka_unit_test(a_guid_may_be_typed_in_braces_and_with_spaces),
		cmocka_unit_test(a_guid_is_read_in_lower_case_and_nothing_else_is_one),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
