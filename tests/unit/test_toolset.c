/* The toolset: the same input gives the same bytes, and they contain what the article lists. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <zip.h>

#include "base/file.h"
#include "byok/file_beside.h"
#include "byok/toolset.h"

#define TIME INT64_C(1795517120) /* 2026-11-24T10:45:20Z */

static const char script[] = "#!/usr/bin/env python3\n"
			     "ROOT_KEY_HASH = \"\"  # filled in\n"
			     "print(ROOT_KEY_HASH)\n";

static struct sc_byok_toolset sample(void)
{
	struct sc_byok_toolset toolset = {
		.region = "EU",
		.kek_package = sc_view_text("the KEK package"),
		.world_package = sc_view_text("the world package"),
		.script = sc_view_text(script),
		.program = sc_view_text("\177ELF"),
		.time = TIME,
	};

	memset(toolset.root.b, 0x5a, sizeof toolset.root.b);
	return toolset;
}

static zip_t *open_archive(const struct sc_bytes *archive)
{
	zip_source_t *source = zip_source_buffer_create(archive->data, archive->len, 0, NULL);
	zip_t *zip = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, NULL);

	assert_non_null(zip);
	return zip;
}

static void content_is(zip_t *zip, const char *name, const char *expected)
{
	zip_file_t *file = zip_fopen(zip, name, 0);
	char content[4096] = "";

	assert_non_null(file);
	assert_true(zip_fread(file, content, sizeof content - 1) >= 0);
	assert_string_equal(content, expected);
	zip_fclose(file);
}

static void use_time_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static void the_same_input_gives_the_same_bytes_in_any_time_zone(void **state)
{
	struct sc_byok_toolset toolset = sample();
	SC_CLEANUP(sc_bytes) east = { 0 };
	SC_CLEANUP(sc_bytes) west = { 0 };
	struct sc_error err = { 0 };

	(void)state;
	use_time_zone("UTC-11");
	assert_ok(sc_byok_toolset_make(&toolset, &east, &err), &err);
	use_time_zone("UTC+7:30");
	assert_ok(sc_byok_toolset_make(&toolset, &west, &err), &err);
	assert_view_equal(sc_bytes_view(&east), sc_bytes_view(&west));
	use_time_zone("UTC");
}

static void the_order_in_which_files_are_given_does_not_matter(void **state)
{
	struct sc_byok_archive_file files[] = { { "b", { (const uint8_t *)"2", 1 }, false },
						{ "a", { (const uint8_t *)"1", 1 }, true } };
	struct sc_byok_archive_file turned[] = { files[1], files[0] };
	SC_CLEANUP(sc_bytes) one = { 0 };
	SC_CLEANUP(sc_bytes) other = { 0 };
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_byok_archive_make(files, 2, TIME, &one, &err), &err);
	assert_ok(sc_byok_archive_make(turned, 2, TIME, &other, &err), &err);
	assert_view_equal(sc_bytes_view(&one), sc_bytes_view(&other));
}

static void the_toolset_holds_what_the_article_lists(void **state)
{
	static const char *const names[] = { "BYOK-KEK-pkg-EU-1", "BYOK-SecurityWorld-pkg-EU-1",
					     "KeyTransferRemote", "README.txt", "verifykeypackage.py" };
	struct sc_byok_toolset toolset = sample();
	SC_CLEANUP(sc_bytes) archive = { 0 };
	struct sc_error err = { 0 };
	zip_t *zip;

	(void)state;
	assert_ok(sc_byok_toolset_make(&toolset, &archive, &err), &err);
	zip = open_archive(&archive);
	assert_int_equal(zip_get_num_entries(zip, 0), 5);
	for (zip_uint64_t i = 0; i < 5; i++)
		assert_string_equal(zip_get_name(zip, i, 0), names[i]);
	content_is(zip, names[0], "the KEK package");
	content_is(zip, names[1], "the world package");
	content_is(zip, names[2], "\177ELF");
	zip_discard(zip);
}

static void only_the_program_is_executable(void **state)
{
	struct sc_byok_toolset toolset = sample();
	SC_CLEANUP(sc_bytes) archive = { 0 };
	struct sc_error err = { 0 };
	zip_t *zip;

	(void)state;
	assert_ok(sc_byok_toolset_make(&toolset, &archive, &err), &err);
	zip = open_archive(&archive);
	for (zip_uint64_t i = 0; i < 5; i++) {
		zip_uint8_t system = 0;
		zip_uint32_t attributes = 0;
		bool is_program = strcmp(zip_get_name(zip, i, 0), "KeyTransferRemote") == 0;

		assert_int_equal(zip_file_get_external_attributes(zip, i, 0, &system, &attributes), 0);
		assert_int_equal(system, ZIP_OPSYS_UNIX);
		assert_int_equal(attributes >> 16 & 07777, is_program ? 0755 : 0644);
	}
	zip_discard(zip);
}

static void the_files_have_the_time_that_was_given(void **state)
{
	struct sc_byok_toolset toolset = sample();
	SC_CLEANUP(sc_bytes) archive = { 0 };
	struct sc_error err = { 0 };
	zip_stat_t info;
	zip_t *zip;

	(void)state;
	use_time_zone("UTC");
	assert_ok(sc_byok_toolset_make(&toolset, &archive, &err), &err);
	zip = open_archive(&archive);
	assert_int_equal(zip_stat(zip, "README.txt", 0, &info), 0);
	assert_int_equal(info.mtime, TIME);
	zip_discard(zip);
	sc_bytes_free(&archive);
	toolset.time = INT64_C(4354819200); /* 2108 */
	assert_status(sc_byok_toolset_make(&toolset, &archive, &err), SC_ERR_ARGUMENT, &err);
}

static void the_environment_may_name_the_time(void **state)
{
	struct sc_error err = { 0 };
	int64_t time = 0;

	(void)state;
	unsetenv("SOURCE_DATE_EPOCH");
	assert_ok(sc_byok_archive_time(&time, &err), &err);
	assert_int_equal(time, 315532800);
	setenv("SOURCE_DATE_EPOCH", "1795517120", 1);
	assert_ok(sc_byok_archive_time(&time, &err), &err);
	assert_int_equal(time, TIME);
	setenv("SOURCE_DATE_EPOCH", "yesterday", 1);
	assert_status(sc_byok_archive_time(&time, &err), SC_ERR_ARGUMENT, &err);
	unsetenv("SOURCE_DATE_EPOCH");
}

static void the_script_carries_the_roots_hash_in_the_articles_form(void **state)
{
	struct sc_byok_toolset toolset = sample();
	SC_CLEANUP(sc_bytes) archive = { 0 };
	struct sc_error err = { 0 };
	zip_t *zip;

	(void)state;
	assert_ok(sc_byok_toolset_make(&toolset, &archive, &err), &err);
	zip = open_archive(&archive);
	content_is(
	    zip, "verifykeypackage.py",
	    "#!/usr/bin/env python3\n"
	    "ROOT_KEY_HASH = \"5a5a5a5a 5a5a5a5a 5a5a5a5a 5a5a5a5a 5a5a5a5a 5a5a5a5a 5a5a5a5a 5a5a5a5a\"\n"
	    "print(ROOT_KEY_HASH)\n");
	zip_discard(zip);
}

static void a_script_without_exactly_one_place_for_the_hash_is_refused(void **state)
{
	static const char *const scripts[] = { "", "print(1)\n", " ROOT_KEY_HASH = \"\"\n",
					       "ROOT_KEY_HASH = 1\nROOT_KEY_HASH = 2\n", "x\nROOT_KEY_HASH" };
	struct sc_byok_toolset toolset = sample();
	SC_CLEANUP(sc_bytes) out = { 0 };
	struct sc_error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
		assert_status(sc_byok_toolset_script(sc_view_text(scripts[i]), &toolset.root, &out, &err),
			      SC_ERR_FORMAT, &err);
	/* The last line needs no newline. */
	assert_ok(sc_byok_toolset_script(sc_view_text("a\nROOT_KEY_HASH = "), &toolset.root, &out, &err),
		  &err);
	assert_int_equal(out.data[out.len - 1], '"');
}

static void the_toolset_is_named_as_the_article_names_it(void **state)
{
	char name[SC_BYOK_TOOLSET_NAME_SIZE];

	(void)state;
	sc_byok_toolset_name("EU", name);
	assert_string_equal(name, "KeyVault-BYOK-Tools-Europe.zip");
	sc_byok_toolset_name("NA", name);
	assert_string_equal(name, "KeyVault-BYOK-Tools-UnitedStates.zip");
	sc_byok_toolset_name("MARS", name);
	assert_string_equal(name, "KeyVault-BYOK-Tools-MARS.zip");
}

static void a_file_beside_another_is_in_the_directory_of_that_one(void **state)
{
	char directory[] = "/tmp/sc-toolset-XXXXXX";
	char file[64];
	SC_CLEANUP(sc_bytes) found = { 0 };
	SC_CLEANUP(sc_bytes) none = { 0 };

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(file, sizeof file, "%s/beside", directory);
	assert_ok(sc_file_write_path(file, sc_view_text("content"), SC_FILE_NEW, 0600, NULL), NULL);
	snprintf(file, sizeof file, "%s/package", directory); /* does not exist, and need not */
	assert_ok(sc_byok_file_beside_read(file, "beside", 7, &found, NULL), NULL);
	assert_view_equal(sc_bytes_view(&found), sc_view_text("content"));
	assert_status(sc_byok_file_beside_read(file, "beside", 6, &none, NULL), SC_ERR_TOO_LARGE, NULL);
	assert_status(sc_byok_file_beside_read("package", "beside", 7, &none, NULL), SC_ERR_NOT_FOUND, NULL);
	snprintf(file, sizeof file, "%s/beside", directory);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(directory), 0);
}

static void a_file_installed_with_this_program_is_beside_it(void **state)
{
	SC_CLEANUP(sc_bytes) self = { 0 };

	(void)state;
	assert_ok(sc_byok_file_installed_read("test_toolset", 1u << 30, &self, NULL), NULL);
	assert_view_equal(sc_view_of(self.data, 4), sc_view_text("\177ELF"));
	assert_status(sc_byok_file_installed_read("no-such-file", 1, &self, NULL), SC_ERR_NOT_FOUND, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_input_gives_the_same_bytes_in_any_time_zone),
		cmocka_unit_test(the_order_in_which_files_are_given_does_not_matter),
		cmocka_unit_test(the_toolset_holds_what_the_article_lists),
		cmocka_unit_test(only_the_program_is_executable),
		cmocka_unit_test(the_files_have_the_time_that_was_given),
		cmocka_unit_test(the_environment_may_name_the_time),
		cmocka_unit_test(the_script_carries_the_roots_hash_in_the_articles_form),
		cmocka_unit_test(a_script_without_exactly_one_place_for_the_hash_is_refused),
		cmocka_unit_test(the_toolset_is_named_as_the_article_names_it),
		cmocka_unit_test(a_file_beside_another_is_in_the_directory_of_that_one),
		cmocka_unit_test(a_file_installed_with_this_program_is_beside_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
