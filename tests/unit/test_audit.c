/* The audit log: what is written can be verified, and later changes are found. */
#include "../support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/os.h"
#include "vaultd/audit/audit.h"

static char directory[] = "/tmp/sc_audit.XXXXXX";
static char path[sizeof directory + 16];

static int make_directory(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof path, "%s/audit.log", directory);
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(directory);
}

static int remove_log(void **state)
{
	(void)state;
	sc_os = &sc_os_system;
	return unlink(path) && errno != ENOENT ? -1 : 0;
}

static const struct sc_audit_entry decrypted = {
	.request = "5c0f0000-0000-4000-8000-000000000001",
	.issuer = "https://login.example/t/",
	.oid = "11111111-2222-4333-8444-555555555555",
	.operation = "keys/decrypt",
	.tenant = "t",
	.vault = "contoso",
	.key = "key/version",
	.result = SC_AUDIT_DONE,
};

static void write_lines(unsigned count)
{
	SC_CLEANUP(sc_audit) audit = NULL;
	struct sc_error err = { 0 };

	assert_ok(sc_audit_open(path, &audit, &err), &err);
	for (unsigned i = 0; i < count; i++)
		assert_ok(sc_audit_note(audit, &decrypted, &err), &err);
}

static void replace_log(struct sc_view content)
{
	struct sc_error err = { 0 };

	assert_ok(sc_file_write_path(path, content, SC_FILE_REPLACE, 0600, &err), &err);
}

static void read_log(struct sc_bytes *out)
{
	struct sc_error err = { 0 };

	assert_ok(sc_file_read_path(path, 1 << 20, out, &err), &err);
}

static void a_log_goes_on_where_it_ended(void **state)
{
	struct sc_error err = { 0 };
	uint64_t lines = 0;

	(void)state;
	write_lines(3);
	write_lines(2);
	assert_ok(sc_audit_verify(path, &lines, &err), &err);
	assert_int_equal(lines, 3 + 2 + 2); /* each opening adds a line */
}

/* Every byte of every line except the last one, whose hash is not in any line yet. */
static void every_flipped_byte_is_found(void **state)
{
	SC_CLEANUP(sc_bytes) log = { 0 };
	size_t last;

	(void)state;
	write_lines(3);
	read_log(&log);
	last = (size_t)((uint8_t *)memrchr(log.data, '\n', log.len - 1) - log.data);
	for (size_t i = 0; i <= last; i++) {
		log.data[i] ^= 0x01;
		replace_log(sc_bytes_view(&log));
		assert_int_not_equal(sc_audit_verify(path, NULL, NULL), SC_OK);
		log.data[i] ^= 0x01;
	}
	replace_log(sc_bytes_view(&log));
	assert_int_equal(sc_audit_verify(path, NULL, NULL), SC_OK);
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
	replace_log(sc_view_of(out.data, used));
}

static void a_missing_and_a_moved_line_are_found(void **state)
{
	static const unsigned as_it_was[] = { 0, 1, 2, 3 };
	static const unsigned cut_out[] = { 0, 1, 3 };
	static const unsigned exchanged[] = { 0, 2, 1, 3 };
	static const unsigned without_the_first[] = { 1, 2, 3 };
	SC_CLEANUP(sc_bytes) log = { 0 };
	struct sc_error err = { 0 };

	(void)state;
	write_lines(3);
	read_log(&log);
	reorder(&log, as_it_was, 4);
	assert_ok(sc_audit_verify(path, NULL, &err), &err);
	reorder(&log, cut_out, 3);
	assert_status(sc_audit_verify(path, NULL, &err), SC_ERR_INTEGRITY, &err);
	assert_non_null(strstr(err.message, "line 3"));
	reorder(&log, exchanged, 4);
	assert_status(sc_audit_verify(path, NULL, &err), SC_ERR_INTEGRITY, &err);
	reorder(&log, without_the_first, 3);
	assert_status(sc_audit_verify(path, NULL, &err), SC_ERR_INTEGRITY, &err);
}

static void a_line_cut_off_by_a_crash_is_removed_and_told(void **state)
{
	SC_CLEANUP(sc_bytes) log = { 0 };
	SC_CLEANUP(sc_bytes) after = { 0 };
	struct sc_error err = { 0 };

	(void)state;
	write_lines(2);
	read_log(&log);
	replace_log(sc_view_of(log.data, log.len - 7));
	assert_status(sc_audit_verify(path, NULL, &err), SC_ERR_INTEGRITY, &err);
	write_lines(0);
	assert_ok(sc_audit_verify(path, NULL, &err), &err);
	read_log(&after);
	assert_non_null(strstr((const char *)after.data, "a crash had cut off"));
}

static void two_processes_do_not_write_one_log(void **state)
{
	SC_CLEANUP(sc_audit) audit = NULL;
	SC_CLEANUP(sc_audit) second = NULL;
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_audit_open(path, &audit, &err), &err);
	assert_status(sc_audit_open(path, &second, &err), SC_ERR_LOCKED, &err);
}

static bool disk_is_full;
static bool sync_fails;
static atomic_bool syncs_slowly;
static atomic_uint syncs;

static ssize_t write_or_full(int fd, const void *data, size_t len)
{
	if (!disk_is_full)
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
	assert_ok(sc_audit_open(path, &audit, &err), &err);
	assert_ok(sc_audit_sync(audit, &decrypted, &err), &err);
	disk_is_full = true;
	assert_status(sc_audit_sync(audit, &decrypted, &err), SC_ERR_NOT_DURABLE, &err);
	assert_ok(sc_audit_note(audit, &decrypted, &err), &err);
	disk_is_full = false;
	assert_ok(sc_audit_sync(audit, &decrypted, &err), &err);
	sc_audit_free(audit);
	assert_ok(sc_audit_verify(path, NULL, &err), &err);
}

static void *end_of_the_sync(void *ignored)
{
	usleep(100000);
	syncs_slowly = false;
	return ignored;
}

/* A disk that was full long ago is no reason to lose lines that arrive while the log's end is written. */
static void the_end_writes_what_waits(void **state)
{
	struct sc_audit *audit = NULL;
	struct sc_error err = { 0 };
	pthread_t thread;
	uint64_t lines = 0;
	unsigned before;

	(void)state;
	fail_on_demand();
	assert_ok(sc_audit_open(path, &audit, &err), &err);
	disk_is_full = true;
	assert_status(sc_audit_sync(audit, &decrypted, &err), SC_ERR_NOT_DURABLE, &err);
	disk_is_full = false;
	assert_ok(sc_audit_sync(audit, &decrypted, &err), &err);
	syncs_slowly = true;
	before = syncs;
	assert_ok(sc_audit_note(audit, &decrypted, &err), &err);
	while (syncs == before)
		usleep(1000);
	assert_ok(sc_audit_note(audit, &decrypted, &err), &err);
	assert_int_equal(pthread_create(&thread, NULL, end_of_the_sync, NULL), 0);
	sc_audit_free(audit);
	pthread_join(thread, NULL);
	assert_ok(sc_audit_verify(path, &lines, &err), &err);
	assert_int_equal(lines, 5);
}

static void a_failed_sync_is_never_retried_into_success(void **state)
{
	struct sc_audit *audit = NULL;
	struct sc_error err = { 0 };

	(void)state;
	fail_on_demand();
	assert_ok(sc_audit_open(path, &audit, &err), &err);
	sync_fails = true;
	assert_status(sc_audit_sync(audit, &decrypted, &err), SC_ERR_NOT_DURABLE, &err);
	sync_fails = false;
	assert_status(sc_audit_sync(audit, &decrypted, &err), SC_ERR_NOT_DURABLE, &err);
	assert_status(sc_audit_note(audit, &decrypted, &err), SC_ERR_NOT_DURABLE, &err);
	sc_audit_free(audit);
}

static void uses_are_on_disk_within_a_second(void **state)
{
	SC_CLEANUP(sc_audit) audit = NULL;
	struct sc_error err = { 0 };
	uint64_t lines = 0;
	int64_t begin;

	(void)state;
	assert_ok(sc_audit_open(path, &audit, &err), &err);
	begin = sc_clock_monotonic();
	assert_ok(sc_audit_note(audit, &decrypted, &err), &err);
	while (lines < 2 && sc_clock_monotonic() - begin < SC_SECOND) {
		assert_ok(sc_audit_verify(path, &lines, &err), &err);
		usleep(20000);
	}
	assert_int_equal(lines, 2);
}

static void what_came_from_outside_forges_no_line(void **state)
{
	struct sc_audit *audit = NULL;
	struct sc_audit_entry entry = decrypted;
	struct sc_error err = { 0 };
	char longest[2000];
	uint64_t lines = 0;

	(void)state;
	memset(longest, 0x01, sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_ok(sc_audit_open(path, &audit, &err), &err);
	entry.oid = "a\"}\n{\"seq\":1,\"prev\":\"";
	entry.key = "\xff\xfe";
	entry.request = entry.issuer = entry.operation = entry.tenant = entry.vault = entry.reason = longest;
	assert_ok(sc_audit_sync(audit, &entry, &err), &err);
	assert_ok(sc_audit_sync(audit, &decrypted, &err), &err);
	sc_audit_free(audit);
	assert_ok(sc_audit_verify(path, &lines, &err), &err);
	assert_int_equal(lines, 3);
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

static bool must_fail(enum failing kind)
{
	if (kind != fails || atomic_fetch_sub(&calls_left, 1) != 0)
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
	return must_fail(FAIL_READ) ? -1 : sc_os_system.read(fd, data, len);
}

static ssize_t failing_write(int fd, const void *data, size_t len)
{
	return must_fail(FAIL_WRITE) ? -1 : sc_os_system.write(fd, data, len);
}

static int failing_fsync(int fd)
{
	return must_fail(FAIL_FSYNC) ? -1 : sc_os_system.fsync(fd);
}

static int failing_ftruncate(int fd, off_t len)
{
	return must_fail(FAIL_FTRUNCATE) ? -1 : sc_os_system.ftruncate(fd, len);
}

/* Opens the log, adds lines and verifies it. *synced: the lines that were acknowledged. */
static sc_status use_log(uint64_t *synced)
{
	SC_CLEANUP(sc_audit) audit = NULL;
	struct sc_error err = { 0 };

	SC_TRY(sc_audit_open(path, &audit, &err));
	*synced = 1;
	for (int i = 0; i < 2; i++) {
		SC_TRY(sc_audit_sync(audit, &decrypted, &err));
		++*synced;
	}
	return sc_audit_verify(path, NULL, &err);
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
	sc_os = &table;
}

/* Whichever call fails, the failure is told, and the log has all that was acknowledged. */
static void a_system_call_that_fails_loses_no_acknowledged_line(void **state)
{
	SC_CLEANUP(sc_bytes) cut = { 0 };

	(void)state;
	write_lines(1);
	read_log(&cut);
	cut.len -= 7; /* so that the opening truncates, too */
	for (enum failing kind = 0; kind < FAIL_KINDS; kind++) {
		int number = 0;

		for (;; number++) {
			struct sc_error err = { 0 };
			uint64_t synced = 0;
			uint64_t lines = 0;
			sc_status status;

			replace_log(sc_bytes_view(&cut));
			fail_one(kind, number);
			status = use_log(&synced);
			sc_os = &sc_os_system;
			if (calls_left >= 0) {
				assert_int_equal(status, SC_OK);
				break;
			}
			assert_int_not_equal(status, SC_OK);
			write_lines(0);
			assert_ok(sc_audit_verify(path, &lines, &err), &err);
			assert_true(lines >= 1 + synced + 1); /* the uncut one, these, the opening's */
		}
		assert_true(number > 0); /* each kind of call was made */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_log_goes_on_where_it_ended, remove_log),
		cmocka_unit_test_teardown(every_flipped_byte_is_found, remove_log),
		cmocka_unit_test_teardown(a_missing_and_a_moved_line_are_found, remove_log),
		cmocka_unit_test_teardown(a_line_cut_off_by_a_crash_is_removed_and_told, remove_log),
		cmocka_unit_test_teardown(two_processes_do_not_write_one_log, remove_log),
		cmocka_unit_test_teardown(a_change_is_refused_while_the_disk_is_full_and_goes_on_afterwards,
					  remove_log),
		cmocka_unit_test_teardown(the_end_writes_what_waits, remove_log),
		cmocka_unit_test_teardown(a_failed_sync_is_never_retried_into_success, remove_log),
		cmocka_unit_test_teardown(uses_are_on_disk_within_a_second, remove_log),
		cmocka_unit_test_teardown(what_came_from_outside_forges_no_line, remove_log),
		cmocka_unit_test_teardown(a_system_call_that_fails_loses_no_acknowledged_line, remove_log),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
