/* The directory card driver, through the interface that every driver implements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "formats/card.h"
#include "scratch.h"
#include "world/slot.h"
#include "world/slot_typed.h"

static const char text[] = "an opaque record";
#define RECORD sc_view_of(text, sizeof text)

static int set_up(void **state)
{
	struct scratch *scratch = malloc(sizeof *scratch);

	*scratch = scratch_make();
	*state = scratch;
	return 0;
}

static int tear_down(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

static void a_slot_without_its_directory_is_empty(void **state)
{
	SC_CLEANUP(sc_slot) slot = { 0 };
	SC_CLEANUP(sc_bytes) record = { 0 };
	struct sc_error err = { 0 };
	const char *path = scratch_path(*state, "usb");

	assert_int_equal(sc_slot_open(path, &slot, NULL), SC_OK);
	assert_false(sc_slot_is_present(&slot));
	assert_false(sc_slot_is_blank(&slot));
	assert_int_equal(sc_slot_read(&slot, &record, &err), SC_ERR_NOT_FOUND);
	assert_non_null(strstr(err.message, path));
	assert_int_equal(sc_slot_write(&slot, RECORD, &err), SC_ERR_NOT_FOUND);
	/* The card is inserted. */
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(sc_slot_is_present(&slot));
	assert_true(sc_slot_is_blank(&slot));
	assert_int_equal(sc_slot_read(&slot, &record, &err), SC_ERR_CARD_BLANK);
}

static void a_card_gives_back_what_was_written(void **state)
{
	SC_CLEANUP(sc_slot) slot = { 0 };
	SC_CLEANUP(sc_bytes) record = { 0 };
	struct scratch *scratch = *state;
	struct stat status;

	assert_int_equal(sc_slot_open(scratch->path, &slot, NULL), SC_OK);
	assert_int_equal(sc_slot_write(&slot, RECORD, NULL), SC_OK);
	assert_false(sc_slot_is_blank(&slot));
	assert_int_equal(sc_slot_read(&slot, &record, NULL), SC_OK);
	assert_true(sc_view_equals(sc_bytes_view(&record), RECORD));
	assert_int_equal(stat(scratch_path(scratch, "safeconduct-card"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_card_in_use_is_never_written_over(void **state)
{
	SC_CLEANUP(sc_slot) slot = { 0 };
	SC_CLEANUP(sc_bytes) record = { 0 };
	struct scratch *scratch = *state;
	struct sc_error err = { 0 };

	assert_int_equal(sc_slot_open(scratch->path, &slot, NULL), SC_OK);
	assert_int_equal(sc_slot_write(&slot, RECORD, NULL), SC_OK);
	assert_int_equal(sc_slot_write(&slot, sc_view_text("another"), &err), SC_ERR_CARD_USED);
	assert_non_null(strstr(err.message, "not blank"));
	assert_non_null(strstr(err.message, "safeconduct-card"));
	assert_int_equal(sc_slot_read(&slot, &record, NULL), SC_OK);
	assert_true(sc_view_equals(sc_bytes_view(&record), RECORD));
	/* Only erasing makes it blank again. */
	assert_int_equal(sc_slot_erase(&slot, NULL), SC_OK);
	assert_true(sc_slot_is_blank(&slot));
	assert_int_equal(sc_slot_write(&slot, sc_view_text("another"), NULL), SC_OK);
}

static void the_drivers_name_may_be_said(void **state)
{
	SC_CLEANUP(sc_slot) slot = { 0 };
	SC_CLEANUP(sc_slot) other = { 0 };
	struct scratch *scratch = *state;
	struct sc_error err = { 0 };
	char name[128] = "dir:";

	strcat(name, scratch->path);
	assert_int_equal(sc_slot_open(name, &slot, NULL), SC_OK);
	assert_true(sc_slot_is_blank(&slot));
	assert_string_equal(slot.name, name);
	assert_int_equal(sc_slot_open("reader:1", &other, &err), SC_ERR_ARGUMENT);
	assert_non_null(strstr(err.message, "reader:1"));
	assert_int_equal(sc_slot_open("", &other, &err), SC_ERR_ARGUMENT);
	assert_int_equal(sc_slot_open("dir:", &other, &err), SC_ERR_ARGUMENT);
}

static void what_is_no_record_is_not_read_and_not_blank(void **state)
{
	SC_CLEANUP(sc_slot) slot = { 0 };
	SC_CLEANUP(sc_bytes) record = { 0 };
	struct scratch *scratch = *state;
	static const char large[SC_CARD_MAX + 1];
	const char *path = scratch_path(scratch, "safeconduct-card");

	assert_int_equal(sc_slot_open(scratch->path, &slot, NULL), SC_OK);
	scratch_write(path, large, sizeof large - 1);
	assert_int_equal(sc_slot_read(&slot, &record, NULL), SC_OK);
	sc_bytes_free(&record);
	scratch_write(path, large, sizeof large);
	assert_int_equal(sc_slot_read(&slot, &record, NULL), SC_ERR_TOO_LARGE);
	assert_false(sc_slot_is_blank(&slot));
	/* A link on the card is not followed (rule P3). */
	unlink(path);
	scratch_write(scratch_path(scratch, "elsewhere"), text, sizeof text);
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_int_equal(sc_slot_read(&slot, &record, NULL), SC_ERR_SYSTEM);
	assert_false(sc_slot_is_blank(&slot));
	assert_int_equal(sc_slot_write(&slot, RECORD, NULL), SC_ERR_CARD_USED);
}

static void one_place_under_two_names_is_one_card(void **state)
{
	struct scratch *scratch = *state;
	static const char *const names[] = { "1", "1/", "./1", "link", "other" };

	assert_int_equal(mkdir(scratch_path(scratch, "1"), 0700), 0);
	assert_int_equal(mkdir(scratch_path(scratch, "other"), 0700), 0);
	assert_int_equal(symlink("1", scratch_path(scratch, "link")), 0);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		SC_CLEANUP(sc_slot) first = { 0 };
		SC_CLEANUP(sc_slot) second = { 0 };

		assert_int_equal(sc_slot_open(scratch_path(scratch, "1"), &first, NULL), SC_OK);
		assert_int_equal(sc_slot_open(scratch_path(scratch, names[i]), &second, NULL), SC_OK);
		assert_int_equal(sc_slot_is_same(&first, &second), strcmp(names[i], "other") != 0);
	}
}

static void assert_typed(const char *line, const char *wanted)
{
	char name[64];
	struct sc_error err = { 0 };

	if (sc_slot_typed_read(line, name, sizeof name, &err) != SC_OK)
		fail_msg("%s: %s", line, err.message);
	assert_string_equal(name, wanted);
}

static void a_slot_is_understood_as_it_is_typed_or_dropped(void **state)
{
	char name[16];
	struct sc_error err = { 0 };

	(void)state;
	setenv("HOME", "/home/ana", 1);
	assert_typed("/media/card", "/media/card");
	assert_typed("dir:/media/card", "dir:/media/card");
	assert_typed("~", "/home/ana");
	assert_typed("~/cards/1", "/home/ana/cards/1");
	assert_typed("'/media/My Stick'", "/media/My Stick");
	assert_typed("\"/media/My Stick\"", "/media/My Stick");
	assert_typed("/media/My\\ Stick", "/media/My Stick");
	assert_typed("'/media/Ana'\\''s'", "/media/Ana's");
	assert_typed("\"a\\\"b\\c\"", "a\"b\\c");
	assert_typed("file:///media/My%20Stick", "/media/My Stick");
	assert_typed("file://localhost/media/x", "/media/x");
	assert_typed("'file:///media/My%20Stick'", "/media/My Stick");
	assert_typed("\"file:///media/x\"", "/media/x");
	assert_typed("file:///media/Ana's", "/media/Ana's");
	assert_typed("dir:~/cards/1", "dir:/home/ana/cards/1");
	assert_int_equal(sc_slot_typed_read("file:///x%00y", name, sizeof name, &err), SC_ERR_ARGUMENT);
	assert_non_null(strstr(err.message, "NUL"));
	assert_int_equal(sc_slot_typed_read("'file:///x", name, sizeof name, &err), SC_ERR_ARGUMENT);
	assert_non_null(strstr(err.message, "a quote has no end"));
	assert_int_equal(sc_slot_typed_read("'/media/x", name, sizeof name, &err), SC_ERR_ARGUMENT);
	assert_non_null(strstr(err.message, "a quote has no end"));
	assert_int_equal(sc_slot_typed_read("~ana/x", name, sizeof name, &err), SC_ERR_ARGUMENT);
	assert_int_equal(sc_slot_typed_read("/longer/than/that", name, sizeof name, &err), SC_ERR_TOO_LARGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_slot_without_its_directory_is_empty),
		TEST(a_card_gives_back_what_was_written),
		TEST(a_card_in_use_is_never_written_over),
		TEST(the_drivers_name_may_be_said),
		TEST(what_is_no_record_is_not_read_and_not_blank),
		TEST(one_place_under_two_names_is_one_card),
		TEST(a_slot_is_understood_as_it_is_typed_or_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
