/* The table of results, and how error messages are built. */
#include "support/test.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/error.h"

#define ROW(code, number, exit, sentence) { code, number, exit, sentence, #code },
static const struct {
	sc_status status;
	unsigned number;
	int exit_status;
	const char *sentence;
	const char *name;
} rows[] = { SC_STATUS_TABLE(ROW) };
#define ROWS (sizeof rows / sizeof rows[0])

static void every_status_has_a_number_and_a_name_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		for (size_t j = 0; j < i; j++) {
			assert_int_not_equal(rows[i].number, rows[j].number);
			assert_string_not_equal(rows[i].name, rows[j].name);
		}
}

static void only_success_ends_with_zero(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		assert_int_equal(sc_status_exit(rows[i].status), rows[i].exit_status);
		assert_int_equal(rows[i].exit_status == 0, rows[i].status == SC_OK);
		assert_in_range(rows[i].exit_status, 0, 255);
	}
}

static void every_status_has_its_name_and_one_sentence_without_a_final_stop(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const char *sentence = sc_status_sentence(rows[i].status);

		assert_string_equal(sentence, rows[i].sentence);
		assert_string_equal(sc_status_name(rows[i].status), rows[i].name);
		assert_true(strlen(sentence) > 0 && sentence[strlen(sentence) - 1] != '.');
		assert_true(sc_status_is_known(rows[i].number));
	}
}

static void a_number_that_is_none_of_ours_is_an_error_without_a_name(void **state)
{
	static const unsigned numbers[] = { 19, 999, 65536, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		assert_false(sc_status_is_known(numbers[i]));
		assert_string_equal(sc_status_name((sc_status)numbers[i]), "SC_ERR_UNKNOWN");
		assert_true(strlen(sc_status_sentence((sc_status)numbers[i])) > 0);
		assert_int_not_equal(sc_status_exit((sc_status)numbers[i]), 0);
	}
}

static void a_failure_keeps_its_status_and_words_and_forgets_older_numbers(void **state)
{
	struct sc_error err = { SC_ERR_SYSTEM, { 1, 2, 3 }, "older" };

	(void)state;
	assert_status(sc_fail(&err, SC_ERR_CARD_PIN, "card %d of %d: wrong PIN", 2, 3), SC_ERR_CARD_PIN,
		      &err);
	assert_int_equal(err.status, SC_ERR_CARD_PIN);
	assert_string_equal(err.message, "card 2 of 3: wrong PIN");
	for (size_t i = 0; i < SC_ERROR_NUMBERS; i++)
		assert_int_equal(err.numbers[i], 0);
	assert_status(sc_fail_plain(&err, SC_ERR_ACL), SC_ERR_ACL, &err);
	assert_string_equal(err.message, sc_status_sentence(SC_ERR_ACL));
}

static void a_failure_without_anybody_to_tell_is_still_a_failure(void **state)
{
	(void)state;
	assert_status(sc_fail(NULL, SC_ERR_ACL, "x"), SC_ERR_ACL, NULL);
	assert_status(sc_fail_errno(NULL, SC_ERR_SYSTEM, "x"), SC_ERR_SYSTEM, NULL);
	assert_status(sc_fail_context(NULL, SC_ERR_ACL, "x"), SC_ERR_ACL, NULL);
	assert_status(sc_fail_crypto(NULL, "x"), SC_ERR_CRYPTO, NULL);
}

static void a_system_calls_reason_stands_behind_the_words(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	errno = ENOSPC;
	assert_status(sc_fail_errno(&err, SC_ERR_SYSTEM, "%s: cannot be written", "world"), SC_ERR_SYSTEM,
		      &err);
	assert_string_equal(err.message, "world: cannot be written: No space left on device");
}

static void context_stands_before_the_words_and_keeps_the_numbers(void **state)
{
	struct sc_error err = { SC_ERR_CARD_PIN, { 7, 8, 9 }, "wrong PIN" };

	(void)state;
	assert_status(sc_fail_context(&err, SC_ERR_CARD_PIN, "card %d", 2), SC_ERR_CARD_PIN, &err);
	assert_string_equal(err.message, "card 2: wrong PIN");
	assert_int_equal(err.numbers[0], 7);
	assert_int_equal(err.numbers[2], 9);
}

static void too_long_a_message_is_cut_never_overrun(void **state)
{
	char long_text[2 * SC_ERROR_MESSAGE_MAX];
	struct {
		struct sc_error err;
		char canary[8];
	} box = { .canary = "canary" };

	(void)state;
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	assert_status(sc_fail(&box.err, SC_ERR_ACL, "%s", long_text), SC_ERR_ACL, &box.err);
	assert_int_equal(strlen(box.err.message), SC_ERROR_MESSAGE_MAX - 1);
	errno = EIO;
	assert_status(sc_fail_errno(&box.err, SC_ERR_ACL, "%s", long_text), SC_ERR_ACL, &box.err);
	assert_status(sc_fail_context(&box.err, SC_ERR_ACL, "%s", long_text), SC_ERR_ACL, &box.err);
	assert_int_equal(strlen(box.err.message), SC_ERROR_MESSAGE_MAX - 1);
	assert_string_equal(box.canary, "canary");
}

static void a_libcrypto_failure_gives_its_reason_once(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	ERR_raise(ERR_LIB_EVP, EVP_R_BAD_DECRYPT);
	assert_status(sc_fail_crypto(&err, "AES-256-GCM"), SC_ERR_CRYPTO, &err);
	assert_string_equal(err.message, "AES-256-GCM: bad decrypt");
	assert_int_equal(ERR_peek_error(), 0);
	assert_status(sc_fail_crypto(&err, "HKDF"), SC_ERR_CRYPTO, &err);
	assert_string_equal(err.message, "HKDF");
}

static sc_status twice(sc_status first, int *reached, struct sc_error *err)
{
	SC_TRY(first);
	++*reached;
	SC_ENSURE(*reached < 2, err, SC_ERR_BUSY, "twice");
	return SC_OK;
}

static void the_macros_leave_at_the_first_failure_only(void **state)
{
	struct sc_error err = { 0 };
	int reached = 0;

	(void)state;
	assert_status(twice(SC_ERR_ACL, &reached, &err), SC_ERR_ACL, &err);
	assert_int_equal(reached, 0);
	assert_ok(twice(SC_OK, &reached, &err), &err);
	assert_status(twice(SC_OK, &reached, &err), SC_ERR_BUSY, &err);
	assert_string_equal(err.message, "twice");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_has_a_number_and_a_name_of_its_own),
		cmocka_unit_test(only_success_ends_with_zero),
		cmocka_unit_test(every_status_has_its_name_and_one_sentence_without_a_final_stop),
		cmocka_unit_test(a_number_that_is_none_of_ours_is_an_error_without_a_name),
		cmocka_unit_test(a_failure_keeps_its_status_and_words_and_forgets_older_numbers),
		cmocka_unit_test(a_failure_without_anybody_to_tell_is_still_a_failure),
		cmocka_unit_test(a_system_calls_reason_stands_behind_the_words),
		cmocka_unit_test(context_stands_before_the_words_and_keeps_the_numbers),
		cmocka_unit_test(too_long_a_message_is_cut_never_overrun),
		cmocka_unit_test(a_libcrypto_failure_gives_its_reason_once),
		cmocka_unit_test(the_macros_leave_at_the_first_failure_only),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
