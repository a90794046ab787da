/* A password is stored as a salted Argon2id hash that only it matches. */
#include <stdio.h>
#include <string.h>

#include "support/test.h"
#include "web/password.h"

static const char right[] = "correct horse battery staple";

static bool matches(const char *encoded, const char *password)
{
	struct sc_error err = { 0 };
	bool is = false;

	assert_int_equal(sc_web_password_check(encoded, sc_view_text(password), &is, &err), SC_OK);
	return is;
}

static void encode(const char *password, char encoded[SC_WEB_PASSWORD_ENCODED_SIZE])
{
	struct sc_error err = { 0 };

	assert_int_equal(sc_web_password_encode(sc_view_text(password), encoded, &err), SC_OK);
}

static void only_the_password_matches_its_hash(void **state)
{
	char encoded[SC_WEB_PASSWORD_ENCODED_SIZE];

	(void)state;
	encode(right, encoded);
	assert_true(matches(encoded, right));
	assert_false(matches(encoded, "correct horse battery stapl"));
	assert_false(matches(encoded, "Correct horse battery staple"));
	assert_false(matches(encoded, ""));
}

static void the_hash_says_how_it_was_made_and_has_its_own_salt(void **state)
{
	char first[SC_WEB_PASSWORD_ENCODED_SIZE];
	char second[SC_WEB_PASSWORD_ENCODED_SIZE];

	(void)state;
	encode(right, first);
	encode(right, second);
	assert_int_equal(strncmp(first, "$argon2id$v=19$m=65536,t=3,p=1$", 31), 0);
	assert_string_not_equal(first, second);
	assert_null(strstr(first, right));
}

static void a_longer_password_than_any_matches_nothing(void **state)
{
	char encoded[SC_WEB_PASSWORD_ENCODED_SIZE];
	char longest[SC_WEB_PASSWORD_MAX + 2] = { 0 };
	struct sc_error err = { 0 };

	(void)state;
	memset(longest, 'x', SC_WEB_PASSWORD_MAX);
	encode(longest, encoded);
	assert_true(matches(encoded, longest));
	longest[SC_WEB_PASSWORD_MAX] = 'x';
	assert_false(matches(encoded, longest));
	assert_int_equal(sc_web_password_encode(sc_view_text(longest), encoded, &err), SC_ERR_ARGUMENT);
	assert_int_equal(sc_web_password_encode(sc_view_text(""), encoded, &err), SC_ERR_ARGUMENT);
}

static void what_is_no_hash_is_an_error_and_never_a_match(void **state)
{
	static const char *const bad[] = { "", "plain",
					   "$argon2i$v=19$m=65536,t=3,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
					   "$argon2id$v=19$m=65536,t=3,p=1$c2FsdHNhbHQ" };
	struct sc_error err = { 0 };
	bool is = false;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(sc_web_password_check(bad[i], sc_view_text(right), &is, &err),
				 SC_ERR_ENCODING);
		assert_false(is);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_password_matches_its_hash),
		cmocka_unit_test(the_hash_says_how_it_was_made_and_has_its_own_salt),
		cmocka_unit_test(a_longer_password_than_any_matches_nothing),
		cmocka_unit_test(what_is_no_hash_is_an_error_and_never_a_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
