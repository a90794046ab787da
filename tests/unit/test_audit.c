/* The audit log: what is written can be verified, and later changes are found. */
#include "audit_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "fake_clock.h"
#include "vaultd/audit/audit_line.h"

#define LOG "audit.log"

static sc_status verify(struct sc_error *err)
{
	return sc_audit_verify(audit_settings.path, NULL, err);
}

static void a_log_goes_on_where_it_ended(void **state)
{
	(void)state;
	audit_write(3);
	audit_write(2);
	assert_int_equal(audit_report().last, 3 + 2 + 4); /* opening and closing add a line each */
	assert_int_equal(audit_report().gaps, 0);
}

/* Every byte of every line except the last one, whose hash is not in any line yet. */
static void every_flipped_byte_is_found(void **state)
{
	SC_CLEANUP(sc_bytes) log = { 0 };
	size_t last;

	(void)state;
	audit_write(3);
	audit_read(LOG, &log);
	last = (size_t)((uint8_t *)memrchr(log.data, '\n', log.len - 1) - log.data);
	for (size_t i = 0; i <= last; i++) {
		audit_flip(LOG, i);
		assert_int_not_equal(verify(NULL), SC_OK);
		audit_flip(LOG, i);
	}
	assert_int_equal(verify(NULL), SC_OK);
}

/* The log with its lines in the order given, counted from 0. */
static void reorder(const struct sc_bytes *log, const unsigned *order, size_t count)
{
	SC_CLEANUP(sc_bytes) out = { 0 };
	size_t used = 0;

	assert_int_equal(sc_bytes_new(log->len, &out, NULL), SC_OK);
	for (size_t i = 0; i < count; i++) {
		const char *line = (const char *)log->data;
		size_t len;

		for (unsigned skip = order[i]; skip > 0; skip--)
			line = strchr(line, '\n') + 1;
		len = (size_t)(strchr(line, '\n') + 1 - line);
		memcpy(out.data + used, line, len);
		used += len;
	}
	audit_replace(LOG, sc_view_of(out.data, used));
}

static void a_missing_and_a_moved_line_are_found(void **state)
{
	static const unsigned as_it_was[] = { 0, 1, 2, 3, 4 };
	static const unsigned cut_out[] = { 0, 1, 3, 4 };
	static const unsigned exchanged[] = { 0, 2, 1, 3, 4 };
	static const unsigned without_the_first[] = { 1, 2, 3, 4 };
	SC_CLEANUP(sc_bytes) log = { 0 };
	struct sc_error err = { 0 };

	(void)state;
	audit_write(3);
	audit_read(LOG, &log);
	reorder(&log, as_it_was, 5);
	assert_ok(verify(&err), &err);
	reorder(&log, cut_out, 4);
	assert_status(verify(&err), SC_ERR_INTEGRITY, &err);
	assert_non_null(strstr(err.message, "line 3"));
	reorder(&log, exchanged, 5);
	assert_status(verify(&err), SC_ERR_INTEGRITY, &err);
	reorder(&log, without_the_first, 4);
	assert_status(verify(&err), SC_ERR_INTEGRITY, &err);
}

static void a_line_cut_off_by_a_crash_is_removed_and_told(void **state)
{
	SC_CLEANUP(sc_bytes) log = { 0 };
	SC_CLEANUP(sc_bytes) after = { 0 };
	struct sc_error err = { 0 };

	(void)state;
	audit_write(2);
	audit_read(LOG, &log);
	audit_replace(LOG, sc_view_of(log.data, log.len - 7));
	assert_status(verify(&err), SC_ERR_INTEGRITY, &err);
	audit_write(0);
	assert_ok(verify(&err), &err);
	audit_read(LOG, &after);
	assert_non_null(strstr((const char *)after.data, "a crash had cut off"));
}

static void two_processes_do_not_write_one_log(void **state)
{
	SC_CLEANUP(sc_audit) audit = NULL;
	SC_CLEANUP(sc_audit) second = NULL;
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(audit_open(&audit, &err), &err);
	assert_status(audit_open(&second, &err), SC_ERR_LOCKED, &err);
}

static bool disk_is_full;
static bool sync_fails;
static atomic_bool syncs_slowly;
static atomic_uint syncs;

static ssize_t write_or_full(int fd, const void *data, size_t len)
{
	if (!disk_is_full || !audit_is_file(fd))
		return write(fd, data, len);
	if (len > 20)
		return write(fd, data, 20); /* part of a line, then nothing more */
	errno = ENOSPC;
	return -1;
}

static int fsync_or_not(int fd)
{
	syncs++;
	while (syncs_slowly)
		usleep(1000);
	if (!sync_fails)
		return fsync(fd);
	errno = EIO;
	return -1;
}

static void fail_on_demand(void)
{
	static struct sc_os table;

	table = sc_os_system;
	table.write = write_or_full;
	table.fsync = fsync_or_not;
	disk_is_full = sync_fails = false;
	syncs_slowly = false;
	sc_os = &table;
}

static void a_change_is_refused_while_the_disk_is_full_and_goes_on_afterwards(void **state)
{
	struct sc_audit *audit = NULL;
	struct sc_error err = { 0 };

	(void)state;
	fail_on_demand();
	assert_ok(audit_open(&audit, &err), &err);
	assert_ok(sc_audit_sync(audit, &audit_decrypted, &err), &err);
	disk_is_full = true;
	assert_status(sc_audit_sync(audit, &audit_decrypted, &err), SC_ERR_NOT_DURABLE, &err);
	assert_ok(sc_audit_note(audit, &audit_decrypted, &err), &err);
	disk_is_full = false;
	assert_ok(sc_audit_sync(audit, &audit_decrypted, &err), &err);
	sc_audit_free(audit);
	assert_ok(verify(&err), &err);
}

static void *end_of_the_sync(void *ignored)
{
	usleep(100000);
	syncs_slowly = false;
	return ignored;
}

/* Lines that arrive while the log's end is written are kept, although the disk was full earlier. */
static void the_end_writes_what_waits(void **state)
{
	struct sc_audit *audit = NULL;
	struct sc_error err = { 0 };
	pthread_t thread;
	unsigned before;

	(void)state;
	fail_on_demand();
	assert_ok(audit_open(&audit, &err), &err);
	disk_is_full = true;
	assert_status(sc_audit_sync(audit, &audit_decrypted, &err), SC_ERR_NOT_DURABLE, &err);
	disk_is_full = false;
	assert_ok(sc_audit_sync(audit, &audit_decrypted, &err), &err);
	syncs_slowly = true;
	before = syncs;
	assert_ok(sc_audit_note(audit, &audit_decrypted, &err), &err);
	while (syncs == before)
		usleep(1000);
	assert_ok(sc_audit_note(audit, &audit_decrypted, &err), &err);
	assert_int_equal(pthread_create(&thread, NULL, end_of_the_sync, NULL), 0);
	sc_audit_free(audit);
	pthread_join(thread, NULL);
	assert_int_equal(audit_report().last, 6);
}

static void a_failed_sync_is_never_retried_into_success(void **state)
{
	struct sc_audit *audit = NULL;
	struct sc_error err = { 0 };

	(void)state;
	fail_on_demand();
	assert_ok(audit_open(&audit, &err), &err);
	sync_fails = true;
	assert_status(sc_audit_sync(audit, &audit_decrypted, &err), SC_ERR_NOT_DURABLE, &err);
	sync_fails = false;
	assert_status(sc_audit_sync(audit, &audit_decrypted, &err), SC_ERR_NOT_DURABLE, &err);
	assert_status(sc_audit_note(audit, &audit_decrypted, &err), SC_ERR_NOT_DURABLE, &err);
	sc_audit_free(audit);
}

static bool has_two_lines(void *ignored)
{
	(void)ignored;
	return audit_occurrences("\n") == 2;
}

/* Half a second is the most that a line waits for others. */
static void uses_are_on_disk_within_a_second(void **state)
{
	struct sc_audit *audit = NULL;
	struct sc_error err = { 0 };

	(void)state;
	fake_clock_start();
	assert_ok(audit_open(&audit, &err), &err);
	assert_ok(sc_audit_note(audit, &audit_decrypted, &err), &err);
	fake_clock_await_sleeper(SC_SECOND / 2);
	assert_int_equal(audit_occurrences("\n"), 1);
	fake_clock_advance(SC_SECOND / 2);
	await_that(has_two_lines, NULL);
	sc_audit_free(audit);
	fake_clock_stop();
}

static void what_came_from_outside_forges_no_line(void **state)
{
	struct sc_audit *audit = NULL;
	struct sc_audit_entry entry = audit_decrypted;
	struct sc_error err = { 0 };
	char longest[2000];

	(void)state;
	memset(longest, 0x01, sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_ok(audit_open(&audit, &err), &err);
	entry.oid = "a\"}\n{\"seq\":1,\"prev\":\"";
	entry.key = "\xff\xfe";
	entry.request = entry.issuer = entry.operation = entry.tenant = entry.vault = entry.reason = longest;
	entry.address = entry.application = entry.client_request = longest;
	assert_ok(sc_audit_sync(audit, &entry, &err), &err);
	assert_ok(sc_audit_sync(audit, &audit_decrypted, &err), &err);
	sc_audit_free(audit);
	assert_int_equal(audit_report().last, 4);
}

/* Personal data, which people read in terminals and spreadsheets. */
static void what_a_client_says_of_itself_is_printable_and_short(void **state)
{
	struct sc_audit *audit = NULL;
	struct sc_audit_entry entry = audit_decrypted;
	struct sc_error err = { 0 };
	char longest[300];

	(void)state;
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	entry.client_request = "a\tb\xc3\xa9 \"c\"";
	entry.application = longest;
	assert_ok(audit_open(&audit, &err), &err);
	assert_ok(sc_audit_sync(audit, &entry, &err), &err);
	sc_audit_free(audit);
	assert_int_equal(
	    audit_occurrences("\"client_request\":\"a?b?? \\\"c\\\"\",\"address\":\"192.0.2.1\""), 1);
	longest[SC_AUDIT_PLAIN_MAX] = '\0';
	assert_int_equal(audit_occurrences(longest), 1);
	longest[SC_AUDIT_PLAIN_MAX] = 'x';
	longest[SC_AUDIT_PLAIN_MAX + 1] = '\0';
	assert_int_equal(audit_occurrences(longest), 0);
}

static void the_log_is_readable_for_its_group(void **state)
{
	struct stat info;

	(void)state;
	audit_write(1);
	assert_int_equal(stat(audit_settings.path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0640);
}

/* A crash before the mode was set, or a copy that was put back, must not decide it. */
static void the_mode_of_a_log_is_restored_when_it_is_opened(void **state)
{
	const mode_t modes[] = { 0600, 0666 };
	struct stat info;

	(void)state;
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		audit_write(1);
		assert_int_equal(chmod(audit_settings.path, modes[i]), 0);
		audit_write(1);
		assert_int_equal(stat(audit_settings.path, &info), 0);
		assert_int_equal(info.st_mode & 0777, 0640);
	}
}

/* Its last line does not say whether it was closed, so nothing is said of a gap. */
static void a_log_from_before_there_were_kinds_goes_on(void **state)
{
	static const char content[] = "\"time\":\"2026-11-24T10:45:20Z\",\"operation\":\"audit/open\"";
	struct sc_audit_position position = { .seq = 1 };
	char line[SC_AUDIT_LINE_MAX + 1];
	size_t len = 0;

	(void)state;
	assert_int_equal(sc_audit_line_place(sc_view_text(content), &position, line, &len, NULL), SC_OK);
	audit_replace(LOG, sc_view_of(line, len));
	audit_write(1);
	assert_int_equal(audit_report().last, 4);
	assert_int_equal(audit_report().gaps, 0);
}

/* -- every call to the system, failing in turn (rule P4) --------------------------------------- */

enum failing {
	FAIL_OPENAT,
	FAIL_FLOCK,
	FAIL_FSTAT,
	FAIL_LSEEK,
	FAIL_READ,
	FAIL_WRITE,
	FAIL_FSYNC,
	FAIL_FTRUNCATE,
	FAIL_KINDS,
};

static enum failing fails;    /* the kind of call that fails */
static atomic_int calls_left; /* before one of that kind fails; negative: it has failed */
static bool is_closing;       /* nothing fails any more */

static bool must_fail(enum failing kind)
{
	if (is_closing || kind != fails || atomic_fetch_sub(&calls_left, 1) != 0)
		return false;
	errno = EIO;
	return true;
}

static int failing_openat(int dir, const char *name, int flags, mode_t mode)
{
	return must_fail(FAIL_OPENAT) ? -1 : sc_os_system.openat(dir, name, flags, mode);
}

static int failing_flock(int fd, int operation)
{
	return must_fail(FAIL_FLOCK) ? -1 : sc_os_system.flock(fd, operation);
}

static int failing_fstat(int fd, struct stat *out)
{
	return must_fail(FAIL_FSTAT) ? -1 : sc_os_system.fstat(fd, out);
}

static off_t failing_lseek(int fd, off_t offset, int whence)
{
	return must_fail(FAIL_LSEEK) ? -1 : sc_os_system.lseek(fd, offset, whence);
}

static ssize_t failing_read(int fd, void *data, size_t len)
{
	return audit_is_file(fd) && must_fail(FAIL_READ) ? -1 : sc_os_system.read(fd, data, len);
}

static ssize_t failing_write(int fd, const void *data, size_t len)
{
	return audit_is_file(fd) && must_fail(FAIL_WRITE) ? -1 : sc_os_system.write(fd, data, len);
}

static int failing_fsync(int fd)
{
	return must_fail(FAIL_FSYNC) ? -1 : sc_os_system.fsync(fd);
}

static int failing_ftruncate(int fd, off_t len)
{
	return must_fail(FAIL_FTRUNCATE) ? -1 : sc_os_system.ftruncate(fd, len);
}

/*
 * Opens the log, adds lines and verifies it. *synced: the lines that were acknowledged. What fails later,
 * when the log is closed, is not in the status.
 */
static sc_status use_log(uint64_t *synced)
{
	SC_CLEANUP(sc_audit) audit = NULL;
	struct sc_error err = { 0 };

	SC_TRY(audit_open(&audit, &err));
	*synced = 1;
	for (int i = 0; i < 2; i++) {
		SC_TRY(sc_audit_sync(audit, &audit_decrypted, &err));
		++*synced;
	}
	SC_TRY(verify(&err));
	is_closing = true;
	return SC_OK;
}

static void fail_one(enum failing kind, int number)
{
	static struct sc_os table;

	table = sc_os_system;
	table.openat = failing_openat;
	table.flock = failing_flock;
	table.fstat = failing_fstat;
	table.lseek = failing_lseek;
	table.read = failing_read;
	table.write = failing_write;
	table.fsync = failing_fsync;
	table.ftruncate = failing_ftruncate;
	fails = kind;
	calls_left = number;
	is_closing = false;
	sc_os = &table;
}

/* Whichever call fails, the failure is told, and the log has all that was acknowledged. */
static void a_system_call_that_fails_loses_no_acknowledged_line(void **state)
{
	SC_CLEANUP(sc_bytes) cut = { 0 };

	(void)state;
	audit_write(1);
	audit_read(LOG, &cut);
	cut.len -= 7; /* so that the opening truncates, too */
	for (enum failing kind = 0; kind < FAIL_KINDS; kind++) {
		int number = 0;

		for (;; number++) {
			uint64_t synced = 0;
			sc_status status;

			audit_replace(LOG, sc_bytes_view(&cut));
			fail_one(kind, number);
			status = use_log(&synced);
			sc_os = &sc_os_system;
			if (calls_left >= 0) {
				assert_int_equal(status, SC_OK);
				break;
			}
			assert_int_not_equal(status, SC_OK);
			audit_write(0);
			/* The uncut ones, these, the opening's. */
			assert_true(audit_report().last >= 2 + synced + 1);
		}
		assert_true(number > 0); /* each kind of call was made */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_log_goes_on_where_it_ended, audit_clear),
		cmocka_unit_test_teardown(every_flipped_byte_is_found, audit_clear),
		cmocka_unit_test_teardown(a_missing_and_a_moved_line_are_found, audit_clear),
		cmocka_unit_test_teardown(a_line_cut_off_by_a_crash_is_removed_and_told, audit_clear),
		cmocka_unit_test_teardown(two_processes_do_not_write_one_log, audit_clear),
		cmocka_unit_test_teardown(a_change_is_refused_while_the_disk_is_full_and_goes_on_afterwards,
					  audit_clear),
		cmocka_unit_test_teardown(the_end_writes_what_waits, audit_clear),
		cmocka_unit_test_teardown(a_failed_sync_is_never_retried_into_success, audit_clear),
		cmocka_unit_test_teardown(uses_are_on_disk_within_a_second, audit_clear),
		cmocka_unit_test_teardown(what_came_from_outside_forges_no_line, audit_clear),
		cmocka_unit_test_teardown(what_a_client_says_of_itself_is_printable_and_short, audit_clear),
		cmocka_unit_test_teardown(the_log_is_readable_for_its_group, audit_clear),
		cmocka_unit_test_teardown(the_mode_of_a_log_is_restored_when_it_is_opened, audit_clear),
		cmocka_unit_test_teardown(a_log_from_before_there_were_kinds_goes_on, audit_clear),
		cmocka_unit_test_teardown(a_system_call_that_fails_loses_no_acknowledged_line, audit_clear),
	};

	return cmocka_run_group_tests(tests, audit_make_directory, audit_remove_directory);
}
