/*
 * The directories of `safeconduct init`: a deployment gets its name when it is complete, and never takes
 * another's, on file systems with exclusive rename and without.
 */
#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "scratch.h"
#include "tools/safeconduct/init.h"

const struct sc_init_daemon sc_init_signind = { .name = "signind" };
const struct sc_init_daemon sc_init_vaultd = { .name = "vaultd" };

static struct scratch scratch;
static char dir[200];
static char partial[200];
static const struct sc_init_plan plan = { .dir = dir, .partial = partial };
static const struct sc_init_identity same_user;

/* -- a file system without exclusive rename -------------------------------------------------------- */

static struct sc_os lacking;
static int lacks_with; /* errno */
static unsigned plain_renames;

static int renameat2_without_flags(int from, const char *old, int to, const char *new, unsigned flags)
{
	if (flags) {
		errno = lacks_with;
		return -1;
	}
	plain_renames++;
	return sc_os_system.renameat2(from, old, to, new, flags);
}

static void lack_exclusive_rename(int error)
{
	lacks_with = error;
	lacking = sc_os_system;
	lacking.renameat2 = renameat2_without_flags;
	sc_os = &lacking;
}

static int setup(void **state)
{
	(void)state;
	scratch = scratch_make();
	snprintf(dir, sizeof dir, "%s/site", scratch.path);
	snprintf(partial, sizeof partial, "%s/site.partial", scratch.path);
	plain_renames = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sc_os = &sc_os_system;
	scratch_remove(&scratch);
	return 0;
}

/* -- names ------------------------------------------------------------------------------------------ */

static mode_t mode_of(const char *name)
{
	struct stat status;

	assert_int_equal(stat(scratch_path(&scratch, name), &status), 0);
	return status.st_mode & 07777;
}

static void make(void)
{
	struct sc_error err = { 0 };

	assert_ok(sc_init_directories_make(&plan, &same_user, &same_user, &err), &err);
	assert_int_equal(access(dir, F_OK), -1);
}

static void is_complete(void)
{
	assert_int_equal(access(partial, F_OK), -1);
	assert_int_equal(mode_of("site"), 0755);
	assert_int_equal(mode_of("site/signind"), 0700);
	assert_int_equal(mode_of("site/vaultd"), 0700);
}

static void a_deployment_gets_its_name_when_it_is_complete(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	make();
	assert_ok(sc_init_directories_name(&plan, &err), &err);
	is_complete();
}

static void it_gets_it_without_exclusive_rename_too(void **state)
{
	static const int missing[] = { EINVAL, ENOSYS, EOPNOTSUPP };

	(void)state;
	for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
		struct sc_error err = { 0 };

		lack_exclusive_rename(missing[i]);
		make();
		assert_ok(sc_init_directories_name(&plan, &err), &err);
		assert_int_equal(plain_renames, i + 1);
		is_complete();
		assert_int_equal(rename(dir, scratch_path(&scratch, (const char *[]){ "a", "b", "c" }[i])),
				 0);
	}
}

/* Somebody takes the name while the deployment is built. */
static void a_taken_name_is_left_unchanged(void (*take)(const char *path))
{
	static const int missing[] = { 0, EINVAL };

	for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
		struct sc_error err = { 0 };

		make();
		take(dir);
		if (missing[i])
			lack_exclusive_rename(missing[i]);
		assert_status(sc_init_directories_name(&plan, &err), SC_ERR_EXISTS, &err);
		assert_non_null(strstr(err.message, dir));
		assert_int_equal(mode_of("site.partial/vaultd"), 0700);
		teardown(NULL);
		setup(NULL);
	}
}

static void take_with_a_directory(const char *path)
{
	assert_int_equal(mkdir(path, 0700), 0);
	scratch_write(scratch_path(&scratch, "site/theirs"), "theirs", 6);
}

static void take_with_a_file(const char *path)
{
	scratch_write(path, "theirs", 6);
}

static void take_with_a_link(const char *path)
{
	assert_int_equal(symlink("nowhere", path), 0);
}

static void a_name_that_is_taken_meanwhile_is_left_unchanged(void **state)
{
	(void)state;
	a_taken_name_is_left_unchanged(take_with_a_directory);
	a_taken_name_is_left_unchanged(take_with_a_file);
	a_taken_name_is_left_unchanged(take_with_a_link);
}

static void nothing_is_begun_over_what_exists(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	make();
	assert_status(sc_init_directories_make(&plan, &same_user, &same_user, &err), SC_ERR_EXISTS, &err);
	assert_non_null(strstr(err.message, "left over from a failed run"));
	assert_ok(sc_init_directories_name(&plan, NULL), NULL);
	assert_status(sc_init_directories_make(&plan, &same_user, &same_user, &err), SC_ERR_EXISTS, &err);
	assert_non_null(strstr(err.message, "left unchanged"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(a_deployment_gets_its_name_when_it_is_complete),
		TEST(it_gets_it_without_exclusive_rename_too),
		TEST(a_name_that_is_taken_meanwhile_is_left_unchanged),
		TEST(nothing_is_begun_over_what_exists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
