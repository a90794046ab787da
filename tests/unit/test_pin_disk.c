/*
 * Tries at a PIN on a real state directory whose disk fails, one call after the other. Whatever fails, the
 * seconds that a refusal says are those that the module waits, and those that it waits after a restart (rule
 * C1).
 */
#include "support/test.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/os.h"
#include "core_module.h"
#include "formats/card.h"
#include "hsmd/core/pin.h"
#include "hsmd/core/pin_try.h"
#include "hsmd/os/state_directory.h"
#include "scratch.h"

static struct core core;
static struct scratch scratch;
static struct sc_hsmd_state *store;
static struct sc_bytes first_state;
static struct sc_bytes first_mark;

/* -- the check (ld's --wrap) --------------------------------------------------------------------- */

sc_status __real_sc_pin_stretch(const struct sc_pin_memory *memory, struct sc_view pin, struct sc_view salt,
				struct sc_view context, uint32_t passes, struct sc_secret *out,
				struct sc_error *err);
sc_status __wrap_sc_pin_stretch(const struct sc_pin_memory *memory, struct sc_view pin, struct sc_view salt,
				struct sc_view context, uint32_t passes, struct sc_secret *out,
				struct sc_error *err);

static bool check_fails;

sc_status __wrap_sc_pin_stretch(const struct sc_pin_memory *memory, struct sc_view pin, struct sc_view salt,
				struct sc_view context, uint32_t passes, struct sc_secret *out,
				struct sc_error *err)
{
	if (check_fails)
		return sc_fail_plain(err, SC_ERR_CRYPTO);
	return __real_sc_pin_stretch(memory, pin, salt, context, passes, out, err);
}

/* -- the disk ------------------------------------------------------------------------------------ */

static struct sc_os failing;
static int fail_at; /* counts down; 0: never */
static int failure; /* errno */

static bool fails_now(void)
{
	if (fail_at == 0 || --fail_at > 0)
		return false;
	errno = failure;
	return true;
}

static int failing_openat(int dir, const char *path, int flags, mode_t mode)
{
	return fails_now() ? -1 : sc_os_system.openat(dir, path, flags, mode);
}

static ssize_t failing_write(int fd, const void *data, size_t len)
{
	return fails_now() ? -1 : sc_os_system.write(fd, data, len);
}

static int failing_fsync(int fd)
{
	return fails_now() ? -1 : sc_os_system.fsync(fd);
}

static int failing_renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
	return fails_now() ? -1 : sc_os_system.renameat2(from, old, to, new, flags);
}

static int failing_close(int fd)
{
	bool fails = fails_now();
	int result = sc_os_system.close(fd);

	errno = fails ? failure : errno;
	return fails ? -1 : result;
}

static sc_status save_to_disk(struct sc_view state, struct sc_view mark, struct sc_error *err)
{
	return sc_hsmd_state_save(store, state, mark, err);
}

static void write_file(const char *name, const struct sc_bytes *content)
{
	scratch_write(scratch_path(&scratch, name), content->data, content->len);
}

/* Starts the module from what is on the disk. */
static void start(void)
{
	sc_hsmd_state_close(store);
	store = NULL;
	assert_ok(sc_hsmd_state_open(scratch.path, false, &store, NULL), NULL);
	sc_bytes_free(&core.state);
	sc_bytes_free(&core.mark);
	assert_ok(sc_hsmd_state_load(store, &core.state, &core.mark, NULL), NULL);
	core.save_elsewhere = save_to_disk;
	assert_ok(core_reopen(&core, NULL), NULL);
}

static void start_from_the_first_state(void)
{
	write_file("state", &first_state);
	write_file("mark", &first_mark);
	start();
}

static int setup(void **state)
{
	(void)state;
	scratch = scratch_make();
	assert_int_equal(chmod(scratch.path, 0700), 0);
	core_start(&core);
	core_make_world(&core);
	assert_ok(sc_bytes_copy(sc_bytes_view(&core.state), &first_state, NULL), NULL);
	assert_ok(sc_bytes_copy(sc_bytes_view(&core.mark), &first_mark, NULL), NULL);
	failing = *sc_os;
	failing.openat = failing_openat;
	failing.write = failing_write;
	failing.fsync = failing_fsync;
	failing.renameat2 = failing_renameat2;
	failing.close = failing_close;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	check_fails = false;
	sc_hsmd_state_close(store);
	store = NULL;
	sc_bytes_free(&first_state);
	sc_bytes_free(&first_mark);
	core_end(&core);
	scratch_remove(&scratch);
	return 0;
}

/* -- tries --------------------------------------------------------------------------------------- */

/* The right PIN if `pin` is NULL. *seconds is what a refusal says. */
static sc_status try_first(const char *pin, uint64_t *seconds)
{
	const uint64_t quorum = core_open_quorum(core.custody, SC_COMMAND_ACL_REPLACE, (struct sc_view){ 0 });
	struct sc_wire_response_header header = { 0 };
	sc_status status = core_present(&core, core.custody, quorum, 0, pin, &header);

	*seconds = header.numbers[1];
	return status;
}

/* The next try, with the right PIN, is taken if nothing was said, and else refused with those seconds. */
static void waits(uint64_t told, const char *when)
{
	uint64_t seconds;
	sc_status status = try_first(NULL, &seconds);

	if (status != (told ? SC_ERR_CARD_WAIT : SC_OK) || seconds != told)
		fail_msg("%s: %s, %llu s, but %llu s were told", when, sc_status_name(status),
			 (unsigned long long)seconds, (unsigned long long)told);
}

/* Returns false when the n-th call is beyond the last. */
static bool try_with_failure(int n, const char *pin)
{
	const struct sc_os *before = sc_os;
	char when[80];
	uint64_t told;
	sc_status status;
	bool has_failed;

	start_from_the_first_state();
	sc_os = &failing;
	fail_at = n;
	status = try_first(pin, &told);
	has_failed = fail_at == 0;
	fail_at = 0;
	sc_os = before;
	check_fails = false;
	snprintf(when, sizeof when, "call %d fails with %d, %s, the module as it is", n, failure,
		 sc_status_name(status));
	/* It may refuse every change after a failed sync, but not for another time than it said. */
	if (told)
		waits(told, when);
	start();
	snprintf(when, sizeof when, "call %d fails with %d, %s, restarted", n, failure,
		 sc_status_name(status));
	waits(told, when);
	return has_failed;
}

static void for_every_call(const char *pin, bool has_no_check)
{
	static const int failures[] = { ENOSPC, EIO };

	for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
		int n = 0;

		failure = failures[i];
		do {
			check_fails = has_no_check;
			assert_true(++n < 100);
		} while (try_with_failure(n, pin));
		/* Two saves, each of two files. */
		assert_true(n > 20);
	}
}

static void a_wrong_pin_waits_as_it_says_whichever_call_of_the_disk_fails(void **state)
{
	(void)state;
	for_every_call("wrong PIN", false);
}

static void a_right_pin_waits_as_it_says_whichever_call_of_the_disk_fails(void **state)
{
	(void)state;
	for_every_call(NULL, false);
}

static void a_pin_that_was_not_checked_waits_as_it_says_whichever_call_of_the_disk_fails(void **state)
{
	(void)state;
	for_every_call(NULL, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(a_wrong_pin_waits_as_it_says_whichever_call_of_the_disk_fails),
		TEST(a_right_pin_waits_as_it_says_whichever_call_of_the_disk_fails),
		TEST(a_pin_that_was_not_checked_waits_as_it_says_whichever_call_of_the_disk_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
