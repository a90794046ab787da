/* The table of regions: the article's eleven, their names in each place, and no location in two regions. */
#include "support/test.h"

#include <string.h>

#include "formats/region.h"
#include "formats/region_request.h"

/* Article steps 1.3 and 3.2. */
static const char *const article[][2] = {
	{ "NA", "UnitedStates" },    { "EU", "Europe" },        { "AP", "AsiaPacific" },
	{ "LATAM", "LatinAmerica" }, { "JPN", "Japan" },        { "AUS", "Australia" },
	{ "USGOV", "USGovCloud" },   { "CANADA", "Canada" },    { "GERMANY", "Germany" },
	{ "INDIA", "India" },        { "UK", "UnitedKingdom" },
};
#define ARTICLE_REGIONS (sizeof article / sizeof article[0])

static void the_table_has_the_articles_regions(void **state)
{
	size_t count;

	(void)state;
	(void)sc_region_all(&count);
	assert_int_equal(count, ARTICLE_REGIONS);
	for (size_t i = 0; i < ARTICLE_REGIONS; i++) {
		const struct sc_region *region = sc_region_by_code(article[i][0]);

		assert_non_null(region);
		assert_string_equal(region->toolset, article[i][1]);
		assert_true(sc_region_code_is_valid(region->code));
	}
}

static void codes_are_exact(void **state)
{
	static const char *const bad[] = { "", "eu", "EU ", " EU", "E", "EUX", "Europe" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_null(sc_region_by_code(bad[i]));
	assert_string_equal(sc_region_name("EU"), "Europe");
	assert_string_equal(sc_region_name("X1"), "X1");
}

static void locations_are_found_without_case_and_spaces(void **state)
{
	(void)state;
	assert_string_equal(sc_region_by_location("europe")->code, "EU");
	assert_string_equal(sc_region_by_location("West Europe")->code, "EU");
	assert_string_equal(sc_region_by_location("WESTEUROPE")->code, "EU");
	assert_string_equal(sc_region_by_location("East US 2")->code, "NA");
	assert_string_equal(sc_region_by_location("uksouth")->code, "UK");
	assert_null(sc_region_by_location(""));
	assert_null(sc_region_by_location("west"));
	assert_null(sc_region_by_location("westeurope2"));
	assert_null(sc_region_by_location("west-europe"));
	assert_null(sc_region_by_location("chinaeast"));
}

static void no_location_is_in_two_regions(void **state)
{
	size_t count;
	const struct sc_region *all = sc_region_all(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(sc_region_by_location(all[i].location), &all[i]);
		for (const char *const *name = all[i].locations; *name; name++)
			assert_ptr_equal(sc_region_by_location(*name), &all[i]);
	}
}

static void a_code_is_1_to_16_capitals_and_digits(void **state)
{
	(void)state;
	assert_true(sc_region_code_is_valid("X"));
	assert_true(sc_region_code_is_valid("ABCDEFGHIJKLMN19"));
	assert_false(sc_region_code_is_valid(""));
	assert_false(sc_region_code_is_valid("ABCDEFGHIJKLMN199"));
	assert_false(sc_region_code_is_valid("eu"));
	assert_false(sc_region_code_is_valid("E-U"));
	assert_false(sc_region_code_is_valid("../EU"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_has_the_articles_regions),
		cmocka_unit_test(codes_are_exact),
		cmocka_unit_test(locations_are_found_without_case_and_spaces),
		cmocka_unit_test(no_location_is_in_two_regions),
		cmocka_unit_test(a_code_is_1_to_16_capitals_and_digits),
	};

	return cmocka_run_group_tests_name("region", tests, NULL, NULL);
}
