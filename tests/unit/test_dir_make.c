/* Directories created along a path: their names are durable before anything is put into them (rule P2). */
#include "support/test.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/os.h"

static char root[64];

static int setup(void **state)
{
	(void)state;
	strcpy(root, "/tmp/safeconduct-dir.XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
	(void)info, (void)type, (void)where;
	return remove(path);
}

static int teardown(void **state)
{
	(void)state;
	sc_os = &sc_os_system;
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int synced; /* directories since it was set to 0; beyond the limit a sync fails */
static int sync_limit;

static int counting_fsync(int fd)
{
	if (synced == sync_limit) {
		errno = EIO;
		return -1;
	}
	synced++;
	return sc_os_system.fsync(fd);
}

static sc_status make(const char *below, int limit)
{
	struct sc_os counting = sc_os_system;
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;
	char path[PATH_MAX];
	struct sc_error err = { 0 };
	sc_status status;

	snprintf(path, sizeof path, "%s/%s", root, below);
	counting.fsync = counting_fsync;
	synced = 0;
	sync_limit = limit;
	sc_os = &counting;
	status = sc_dir_make(path, &dir, &err);
	sc_os = &sc_os_system;
	return status;
}

static void each_directory_that_is_made_is_synced_in_its_parent(void **state)
{
	(void)state;
	assert_int_equal(make("a/b//c/", 100), SC_OK);
	assert_int_equal(synced, 3);
	assert_int_equal(make("a/b/c", 100), SC_OK);
	assert_int_equal(synced, 0);
}

static void a_directory_that_cannot_be_made_durable_is_a_failure(void **state)
{
	(void)state;
	assert_int_not_equal(make("a/b", 1), SC_OK);
	assert_int_equal(synced, 1);
	/* The next attempt does not take it for durable either: it is created again, and synced. */
	assert_int_equal(make("a/b", 100), SC_OK);
	assert_int_equal(synced, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_directory_that_is_made_is_synced_in_its_parent, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_directory_that_cannot_be_made_durable_is_a_failure, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
