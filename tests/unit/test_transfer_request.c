/*
 * The arguments of KeyTransferRemote: what makes a valid request, and what is refused before anyone fetches a
 * card.
 */
#include "support/test.h"

#include <string.h>

#include "base/clock.h"
#include "byok/transfer_request.h"

#define SUBSCRIPTION "8c6a1b52-6f04-4f38-9d0c-2b1f0f6f8a11"
#define NOW          INT64_C(1795517120) /* 2026-11-24T10:45:20Z */

/* The article's two command lines. */
static struct sc_byok_transfer_arguments modify_acls(void)
{
	return (struct sc_byok_transfer_arguments){
		.modify_acls = true,
		.key_app_name = "simple",
		.key_identifier = "contosokey",
		.exchange_key_package = "BYOK-KEK-pkg-EU-1",
		.new_security_world_package = "BYOK-SecurityWorld-pkg-EU-1",
	};
}

static struct sc_byok_transfer_arguments package(void)
{
	return (struct sc_byok_transfer_arguments){
		.package = true,
		.key_identifier = "contosokey",
		.exchange_key_package = "BYOK-KEK-pkg-EU-1",
		.new_security_world_package = "BYOK-SecurityWorld-pkg-EU-1",
		.subscription_id = SUBSCRIPTION,
		.key_friendly_name = "ContosoFirstHSMkey",
	};
}

static void refused(const struct sc_byok_transfer_arguments *arguments, sc_status status, const char *word)
{
	struct sc_byok_transfer_request order;
	struct sc_error err = { 0 };

	assert_status(sc_byok_transfer_request_read(arguments, NOW, &order, &err), status, &err);
	if (!strstr(err.message, word))
		fail_msg("\"%s\" does not name %s", err.message, word);
}

static void the_articles_lines_are_orders(void **state)
{
	struct sc_byok_transfer_arguments step_4_1 = modify_acls();
	struct sc_byok_transfer_arguments step_4_3 = package();
	struct sc_byok_transfer_request order;
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_byok_transfer_request_read(&step_4_1, NOW, &order, &err), &err);
	assert_int_equal(order.step, SC_BYOK_TRANSFER_MODIFY_ACLS);
	assert_string_equal(order.ident, "contosokey");
	assert_string_equal(order.subscription, "");
	assert_int_equal(order.not_after, 0);
	assert_int_equal(order.module, 1);
	assert_ok(sc_byok_transfer_request_read(&step_4_3, NOW, &order, &err), &err);
	assert_int_equal(order.step, SC_BYOK_TRANSFER_PACKAGE);
	assert_string_equal(order.subscription, SUBSCRIPTION);
	assert_string_equal(order.friendly_name, "ContosoFirstHSMkey");
}

/* The same numbers as in config/modules, new-world and generatekey. */
static void a_module_may_have_any_number_that_the_map_can_give_it(void **state)
{
	struct sc_byok_transfer_arguments a = modify_acls();
	struct sc_byok_transfer_request order;
	struct sc_error err = { 0 };

	(void)state;
	a.module = "4294967295";
	assert_ok(sc_byok_transfer_request_read(&a, NOW, &order, &err), &err);
	assert_int_equal(order.module, UINT32_MAX);
	a.module = "4294967296";
	refused(&a, SC_ERR_ARGUMENT, "-Module");
	a.module = "0";
	refused(&a, SC_ERR_ARGUMENT, "-Module");
}

static void exactly_one_step_is_ordered(void **state)
{
	struct sc_byok_transfer_arguments a = modify_acls();

	(void)state;
	a.package = true;
	refused(&a, SC_ERR_USAGE, "-Package");
	a.package = a.modify_acls = false;
	refused(&a, SC_ERR_USAGE, "-ModifyAcls");
}

static void each_missing_argument_is_named(void **state)
{
	struct sc_byok_transfer_arguments a;

	(void)state;
#define REFUSED_WITHOUT(make, field, word)                                                                   \
	do {                                                                                                 \
		a = make();                                                                                  \
		a.field = NULL;                                                                              \
		refused(&a, SC_ERR_USAGE, word);                                                             \
	} while (0)
	REFUSED_WITHOUT(modify_acls, key_app_name, "-KeyAppName");
	REFUSED_WITHOUT(modify_acls, key_identifier, "-KeyIdentifier");
	REFUSED_WITHOUT(modify_acls, exchange_key_package, "-ExchangeKeyPackage");
	REFUSED_WITHOUT(modify_acls, new_security_world_package, "-NewSecurityWorldPackage");
	REFUSED_WITHOUT(package, subscription_id, "-SubscriptionId");
	REFUSED_WITHOUT(package, key_friendly_name, "-KeyFriendlyName");
#undef REFUSED_WITHOUT
}

static void an_argument_of_the_other_step_is_refused(void **state)
{
	struct sc_byok_transfer_arguments a = modify_acls();

	(void)state;
	a.key_friendly_name = "ContosoFirstHSMkey";
	refused(&a, SC_ERR_USAGE, "-KeyFriendlyName");
	a = package();
	a.key_app_name = "simple";
	refused(&a, SC_ERR_USAGE, "-KeyAppName");
	a = package();
	a.cards = "card1,card2";
	refused(&a, SC_ERR_USAGE, "--cards");
	a = package();
	a.pins_from_fd = "3";
	refused(&a, SC_ERR_USAGE, "--pins-from-fd");
}

static void only_a_simple_key_is_transferred(void **state)
{
	struct sc_byok_transfer_arguments a = modify_acls();

	(void)state;
	a.key_app_name = "hwcrhk";
	refused(&a, SC_ERR_ARGUMENT, "step 3.3");
	a.key_app_name = "xferacld";
	refused(&a, SC_ERR_ARGUMENT, "step 3.3");
}

static void a_name_never_becomes_a_path(void **state)
{
	static const char *const idents[] = { "", "Contoso", "../world", "a/b", "a_b", "k\n" };
	static const char *const labels[] = { "", "../x", "a/b", "a.b", "a b", "a\n", "-\x80" };
	struct sc_byok_transfer_arguments a = modify_acls();

	(void)state;
	for (size_t i = 0; i < sizeof idents / sizeof idents[0]; i++) {
		a.key_identifier = idents[i];
		refused(&a, SC_ERR_ARGUMENT, "-KeyIdentifier");
	}
	a = package();
	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
		a.key_friendly_name = labels[i];
		refused(&a, SC_ERR_ARGUMENT, "-KeyFriendlyName");
	}
}

static void a_subscription_is_a_guid_of_either_case_and_may_have_braces(void **state)
{
	static const char *const others[] = { "",
					      "8c6a1b52",
					      SUBSCRIPTION "0",
					      "{8c6a1b52-6f04-4f38-9d0c-2b1f0f6f8a11",
					      "8c6a1b52-6f04-4f38-9d0c-2b1f0f6f8a1g",
					      "8c6a1b5206f04-4f38-9d0c-2b1f0f6f8a11" };
	struct sc_byok_transfer_arguments a = package();
	struct sc_byok_transfer_request order;
	struct sc_error err = { 0 };

	(void)state;
	a.subscription_id = "8C6A1B52-6F04-4F38-9D0C-2B1F0F6F8A11";
	assert_ok(sc_byok_transfer_request_read(&a, NOW, &order, &err), &err);
	assert_string_equal(order.subscription, SUBSCRIPTION);
	a.subscription_id = " {8C6A1B52-6F04-4F38-9D0C-2B1F0F6F8A11}";
	assert_ok(sc_byok_transfer_request_read(&a, NOW, &order, &err), &err);
	assert_string_equal(order.subscription, SUBSCRIPTION);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		a.subscription_id = others[i];
		refused(&a, SC_ERR_ARGUMENT, "-SubscriptionId");
	}
}

static void a_date_is_a_day_that_exists_and_ends_in_utc(void **state)
{
	static const char *const others[] = { "",           "2027",        "2027-1-1",   "2027-13-01",
					      "2027-00-10", "2027-02-29",  "2027-04-31", "2027-01-00",
					      "27-01-01",   "2027-01-01 ", "2027/01/01", "0000-01-01" };
	struct sc_error err = { 0 };
	int64_t end = 0;

	(void)state;
	assert_ok(sc_byok_day_end_read("2026-11-24", "day", &end, &err), &err);
	assert_int_equal(end, INT64_C(1795478400) + SC_DAY - 1);
	assert_ok(sc_byok_day_end_read("2028-02-29", "day", &end, &err), &err);
	assert_ok(sc_byok_day_end_read("9999-12-31", "day", &end, &err), &err);
	assert_int_equal(end, INT64_C(253402300799));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_status(sc_byok_day_end_read(others[i], "day", &end, &err), SC_ERR_ARGUMENT, &err);
}

static void a_day_that_is_over_is_refused(void **state)
{
	struct sc_byok_transfer_arguments a = package();
	struct sc_byok_transfer_request order;
	struct sc_error err = { 0 };

	(void)state;
	a.not_after = "2026-11-23";
	refused(&a, SC_ERR_ARGUMENT, "-NotAfter");
	a.not_after = "2026-11-24"; /* today still counts */
	assert_ok(sc_byok_transfer_request_read(&a, NOW, &order, &err), &err);
	assert_true(order.not_after > NOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_articles_lines_are_orders),
		cmocka_unit_test(a_module_may_have_any_number_that_the_map_can_give_it),
		cmocka_unit_test(exactly_one_step_is_ordered),
		cmocka_unit_test(each_missing_argument_is_named),
		cmocka_unit_test(an_argument_of_the_other_step_is_refused),
		cmocka_unit_test(only_a_simple_key_is_transferred),
		cmocka_unit_test(a_name_never_becomes_a_path),
		cmocka_unit_test(a_subscription_is_a_guid_of_either_case_and_may_have_braces),
		cmocka_unit_test(a_date_is_a_day_that_exists_and_ends_in_utc),
		cmocka_unit_test(a_day_that_is_over_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
