/* Every refusal says what, where and what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "client/refusal.h"

#define PATH "/run/safeconduct/custody.sock"

static const uint64_t numbers[SC_ERROR_NUMBERS] = { 2, 4, 9 };

static const char *explain(uint32_t command, sc_status status, uint64_t seconds)
{
	static struct sc_error err;
	const uint64_t given[SC_ERROR_NUMBERS] = { 2, seconds, 0 };

	memset(&err, 0, sizeof err);
	assert_int_equal(sc_client_refusal_explain(PATH, command, status, given, &err), status);
	assert_int_equal(err.status, status);
	return err.message;
}

static void a_wrong_pin_says_when_to_try_again(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	assert_string_equal(explain(SC_COMMAND_QUORUM_CARD, SC_ERR_CARD_PIN, 4),
			    "wrong PIN (next try in 4 s)");
	assert_string_equal(explain(SC_COMMAND_QUORUM_CARD, SC_ERR_CARD_WAIT, 125),
			    "too soon after a wrong PIN or an interrupted try (next try in 2 min 5 s)");
	assert_string_equal(explain(SC_COMMAND_QUORUM_CARD, SC_ERR_CARD_PIN, 7260),
			    "wrong PIN (next try in 2 h 1 min)");
	(void)sc_client_refusal_explain(PATH, SC_COMMAND_QUORUM_CARD, SC_ERR_CARD_PIN, numbers, &err);
	(void)sc_fail_context(&err, SC_ERR_CARD_PIN, "card %u of %u", 2, 3);
	assert_string_equal(err.message, "card 2 of 3: wrong PIN (next try in 4 s)");
	assert_memory_equal(err.numbers, numbers, sizeof numbers);
}

/* The state could not be saved, so the try that was counted could not be taken back. */
static void a_card_that_must_wait_says_so_whatever_the_refusal(void **state)
{
	(void)state;
	assert_string_equal(explain(SC_COMMAND_QUORUM_CARD, SC_ERR_SYSTEM, 2), PATH
			    ": a system call failed: see the module's log (next try with this card in 2 s)");
	assert_string_equal(explain(SC_COMMAND_QUORUM_CARD, SC_ERR_SYSTEM, 0),
			    PATH ": a system call failed: see the module's log");
	assert_null(strstr(explain(SC_COMMAND_SIGN, SC_ERR_SYSTEM, 2), "next try"));
}

static void too_many_open_quorums_are_not_called_too_many_requests(void **state)
{
	const char *text = explain(SC_COMMAND_QUORUM_OPEN, SC_ERR_QUORUM_LIMIT, 0);

	(void)state;
	assert_non_null(strstr(text, "quorums are open on this connection"));
	assert_non_null(strstr(text, "ten minutes"));
	assert_null(strstr(text, "requests are waiting"));
	assert_non_null(strstr(explain(SC_COMMAND_QUORUM_CARD, SC_ERR_QUORUM_IN_USE, 0), "another request"));
}

static void a_wrong_socket_is_named_and_the_right_one_too(void **state)
{
	(void)state;
	assert_string_equal(explain(SC_COMMAND_ACL_REPLACE, SC_ERR_ROLE, 0), PATH
			    ": this socket's role does not include acl_replace: use the module's custody "
			    "socket (config/modules)");
	assert_non_null(strstr(explain(SC_COMMAND_TRANSFER_IMPORT, SC_ERR_ROLE, 0), "a service socket"));
	assert_non_null(strstr(explain(0xffff, SC_ERR_ROLE, 0), "that command"));
}

static void a_missing_world_or_warrant_says_what_makes_one(void **state)
{
	const char *text = explain(SC_COMMAND_KEY_GENERATE, SC_ERR_NO_WORLD, 0);

	(void)state;
	assert_non_null(strstr(text, PATH));
	assert_non_null(strstr(text, "new-world"));
	assert_non_null(strstr(explain(SC_COMMAND_WORLD_BEGIN, SC_ERR_NO_WARRANT, 0), "factory warrant"));
	assert_non_null(strstr(explain(SC_COMMAND_TRANSFER_IMPORT, SC_ERR_NO_REGION, 0), "region init"));
}

/* The module keeps the quorum, but the tool's connection ends. */
static void a_command_that_the_module_could_not_do_asks_for_the_cards_again(void **state)
{
	static const sc_status own[] = { SC_ERR_NOT_LOADED, SC_ERR_MODULE_FULL, SC_ERR_SYSTEM,
					 SC_ERR_CRYPTO };

	(void)state;
	for (unsigned i = 0; i < sizeof own / sizeof own[0]; i++) {
		assert_non_null(
		    strstr(explain(SC_COMMAND_ACL_REPLACE, own[i], 0), "present the cards again"));
		assert_null(strstr(explain(SC_COMMAND_SIGN, own[i], 0), "cards"));
	}
	assert_null(strstr(explain(SC_COMMAND_ACL_REPLACE, SC_ERR_ACL, 0), "cards"));
}

/* Every code that a module can answer with has a message, which names the socket or a card. */
static void no_refusal_is_without_words(void **state)
{
	(void)state;
	for (unsigned number = 1; number < 200; number++) {
		const char *text;

		if (!sc_status_is_known(number))
			continue;
		text = explain(SC_COMMAND_SIGN, (sc_status)number, 1);
		assert_true(strlen(text) > 8);
		assert_true(strstr(text, PATH) || strstr(text, "card") || strstr(text, "PIN"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_pin_says_when_to_try_again),
		cmocka_unit_test(a_card_that_must_wait_says_so_whatever_the_refusal),
		cmocka_unit_test(too_many_open_quorums_are_not_called_too_many_requests),
		cmocka_unit_test(a_wrong_socket_is_named_and_the_right_one_too),
		cmocka_unit_test(a_missing_world_or_warrant_says_what_makes_one),
		cmocka_unit_test(a_command_that_the_module_could_not_do_asks_for_the_cards_again),
		cmocka_unit_test(no_refusal_is_without_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
