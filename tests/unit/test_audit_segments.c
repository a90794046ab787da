/* The segments of the audit log: when they end, when they go, and that the chain runs across them. */
#include "audit_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "fake_clock.h"

#define LOG   "audit.log"
#define SMALL 2000 /* bytes: a few lines */

static sc_status verify(struct sc_error *err)
{
	return sc_audit_verify(audit_settings.path, NULL, err);
}

static void assert_broken(const char *why)
{
	struct sc_error err = { 0 };

	assert_status(verify(&err), SC_ERR_INTEGRITY, &err);
	assert_non_null(strstr(err.message, why));
}

static void rename_file(const char *from, const char *to)
{
	char old[128];
	char new[128];

	snprintf(old, sizeof old, "%s/%s", audit_directory, from);
	snprintf(new, sizeof new, "%s/%s", audit_directory, to);
	assert_int_equal(rename(old, new), 0);
}

static void a_segment_ends_with_its_size_and_the_chain_goes_on(void **state)
{
	struct audit_files files;

	(void)state;
	audit_settings.segment_bytes = SMALL;
	audit_write(20);
	audit_list(&files);
	assert_true(files.count >= 4);
	assert_string_equal(files.name[0], "audit.log.00000000000000000001");
	assert_string_equal(files.name[files.count - 1], LOG);
	for (size_t i = 0; i + 1 < files.count; i++) {
		SC_CLEANUP(sc_bytes) content = { 0 };

		audit_read(files.name[i], &content);
		assert_in_range(content.len, SMALL, 2 * SMALL);
	}
	audit_write(20); /* continues in the middle of a segment */
	assert_int_equal(audit_report().first, 1);
	assert_int_equal(audit_report().last, 2 * 22);
	assert_true(audit_report().segments > files.count);
}

static void every_segment_is_readable_for_its_group(void **state)
{
	struct audit_files files;
	struct stat info;
	char path[128];

	(void)state;
	audit_settings.segment_bytes = SMALL;
	audit_write(20);
	audit_list(&files);
	for (size_t i = 0; i < files.count; i++) {
		snprintf(path, sizeof path, "%s/%s", audit_directory, files.name[i]);
		assert_int_equal(stat(path, &info), 0);
		assert_int_equal(info.st_mode & 0777, 0640);
	}
}

/* Every byte of every segment, but those of the last line of all, whose hash is not in any line yet. */
static void a_flipped_byte_is_found_in_any_segment(void **state)
{
	struct audit_files files;

	(void)state;
	audit_settings.segment_bytes = SMALL;
	audit_write(12);
	audit_list(&files);
	assert_true(files.count >= 3);
	for (size_t i = 0; i < files.count; i++) {
		SC_CLEANUP(sc_bytes) content = { 0 };
		size_t end;

		audit_read(files.name[i], &content);
		end = content.len;
		if (i + 1 == files.count)
			end =
			    (size_t)((uint8_t *)memrchr(content.data, '\n', content.len - 1) - content.data);
		for (size_t at = 0; at < end; at++) {
			audit_flip(files.name[i], at);
			assert_int_not_equal(verify(NULL), SC_OK);
			audit_flip(files.name[i], at);
		}
		assert_int_equal(verify(NULL), SC_OK);
	}
}

static void a_missing_a_renamed_and_a_cut_segment_are_found(void **state)
{
	SC_CLEANUP(sc_bytes) content = { 0 };
	struct audit_files files;
	struct sc_error err = { 0 };

	(void)state;
	audit_settings.segment_bytes = SMALL;
	audit_write(20);
	audit_list(&files);
	rename_file(files.name[0], "elsewhere");
	assert_broken("segments are missing");
	rename_file("elsewhere", files.name[0]);
	rename_file(files.name[1], "elsewhere");
	assert_broken("lines are missing or out of order");
	rename_file("elsewhere", files.name[1]);
	rename_file(files.name[1], "audit.log.00000000000000000002");
	assert_broken("does not begin with line 2");
	rename_file("audit.log.00000000000000000002", files.name[1]);
	audit_read(files.name[1], &content);
	audit_replace(files.name[1], sc_view_of(content.data, content.len - 7));
	assert_broken("is cut off");
	audit_replace(files.name[1], sc_bytes_view(&content));
	audit_replace("audit.log.99999999999999999999", sc_view_text("")); /* greater than any number */
	assert_ok(verify(&err), &err);
	audit_remove("audit.log.99999999999999999999");
}

static bool is_in_two_files(void *ignored)
{
	struct audit_files files;

	(void)ignored;
	audit_list(&files);
	return files.count == 2;
}

/* Even if nobody writes: personal data must not stay for want of work. */
static void a_segment_ends_with_the_day(void **state)
{
	SC_CLEANUP(sc_bytes) content = { 0 };
	struct sc_audit *audit = NULL;
	struct sc_error err = { 0 };

	(void)state;
	fake_clock_start();
	audit_settings.segment_bytes = 1 << 20;
	assert_ok(audit_open(&audit, &err), &err);
	assert_ok(sc_audit_sync(audit, &audit_decrypted, &err), &err);
	fake_clock_advance(SC_DAY * SC_SECOND);
	await_that(is_in_two_files, NULL);
	audit_read(LOG, &content);
	assert_int_equal(content.len, 0);
	sc_audit_free(audit);
	fake_clock_stop();
	assert_int_equal(audit_report().last, 3);
}

static void segments_older_than_the_retention_are_removed_and_the_log_says_so(void **state)
{
	struct sc_audit_report report;
	struct audit_files files;

	(void)state;
	fake_clock_start();
	audit_settings.retention_days = 3;
	for (unsigned day = 0; day < 6; day++) {
		audit_write(2);
		fake_clock_advance(SC_DAY * SC_SECOND);
	}
	audit_write(2);
	fake_clock_stop();
	audit_list(&files);
	report = audit_report();
	assert_int_equal(files.count, 4); /* of today and of the three days before */
	assert_int_equal(report.segments, 4);
	assert_true(report.first > 1);
	assert_int_equal(audit_occurrences("\"kind\":\"retention\",\"through\":"), 3);
	assert_int_equal(report.gaps, 0);
	/* One more is missing, which no line names. */
	rename_file(files.name[0], "elsewhere");
	assert_broken("segments are missing");
	rename_file("elsewhere", files.name[0]);
	/* A segment of which a line says that it may be removed is still part of the chain. */
	assert_int_equal(verify(NULL), SC_OK);
}

/* The lines of the one after it are younger than those that cannot be read. */
static void a_segment_that_cannot_be_read_is_removed_with_the_next(void **state)
{
	struct audit_files files;

	(void)state;
	fake_clock_start();
	audit_settings.retention_days = 3;
	audit_write(2);
	fake_clock_advance(SC_DAY * SC_SECOND);
	audit_write(2);
	audit_list(&files);
	audit_replace(files.name[0], sc_view_of("not a line", 10));
	fake_clock_advance(SC_DAY * SC_SECOND);
	audit_write(2);
	fake_clock_advance(5 * SC_DAY * SC_SECOND);
	audit_write(2);
	fake_clock_stop();
	audit_list(&files);
	assert_int_equal(files.count, 1);
	assert_true(audit_report().first > 1);
}

/* -- verifying a log that is being written ------------------------------------------------------ */

static unsigned disturbances;

/*
 * A disk that is full takes a part of a line, which is removed again: both happen between two looks at the
 * size of the file.
 */
static ssize_t disturbed_read(int fd, void *data, size_t len)
{
	struct stat info;
	ssize_t n;

	if (disturbances == 0 || !audit_is_file(fd) || fstat(fd, &info))
		return read(fd, data, len);
	if (lseek(fd, 0, SEEK_CUR) == 0) {
		FILE *file = fopen(audit_settings.path, "a");

		assert_non_null(file);
		fputs("{\"seq\":", file);
		fclose(file);
		return read(fd, data, len);
	}
	n = read(fd, data, len);
	if (n == 0) {
		disturbances--;
		assert_int_equal(truncate(audit_settings.path, info.st_size - 7), 0);
	}
	return n;
}

static void disturb(unsigned times)
{
	static struct sc_os table;

	table = sc_os_system;
	table.read = disturbed_read;
	disturbances = times;
	sc_os = &table;
}

static void a_log_that_is_being_written_is_not_called_altered(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	audit_write(3);
	disturb(1);
	assert_ok(verify(&err), &err);
	disturb(3);
	assert_ok(verify(&err), &err);
	/* Nor is it called whole. */
	disturb(1000);
	assert_status(verify(&err), SC_ERR_BUSY, &err);
	sc_os = &sc_os_system;
	assert_ok(verify(&err), &err);
}

/* Whatever is read, the segment that is being written has grown meanwhile. */
static ssize_t read_beside_a_writer(int fd, void *data, size_t len)
{
	FILE *file = fopen(audit_settings.path, "a");

	assert_non_null(file);
	fputs(" ", file);
	fclose(file);
	return read(fd, data, len);
}

static void an_altered_ended_segment_is_named_while_the_log_is_written(void **state)
{
	static struct sc_os table;
	struct audit_files files;
	struct sc_error err = { 0 };

	(void)state;
	audit_settings.segment_bytes = SMALL;
	audit_write(12);
	audit_list(&files);
	assert_true(files.count >= 3);
	audit_flip(files.name[1], 100);
	table = sc_os_system;
	table.read = read_beside_a_writer;
	sc_os = &table;
	assert_status(verify(&err), SC_ERR_INTEGRITY, &err);
	sc_os = &sc_os_system;
	assert_non_null(strstr(err.message, files.name[1]));
}

/* -- what is said when it breaks --------------------------------------------------------------- */

static char said[4096];

static ssize_t heard_write(int fd, const void *data, size_t len)
{
	if (fd != STDERR_FILENO)
		return write(fd, data, len);
	snprintf(said + strlen(said), sizeof said - strlen(said), "%.*s", (int)len, (const char *)data);
	return (ssize_t)len;
}

static atomic_bool breaks;
static atomic_int renames;

static int rename_once(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	if (renames++ == 0)
		return sc_os_system.renameat2(from_dir, from, to_dir, to, flags);
	errno = EACCES;
	return -1;
}

static int create_nothing(int dir, const char *name, int flags, mode_t mode)
{
	if (!breaks || !(flags & O_EXCL))
		return sc_os_system.openat(dir, name, flags, mode);
	errno = ENOSPC;
	return -1;
}

static ssize_t write_half(int fd, const void *data, size_t len)
{
	if (!breaks || !audit_is_file(fd))
		return heard_write(fd, data, len);
	errno = ENOSPC;
	return len > 20 ? write(fd, data, 20) : -1;
}

static int truncate_nothing(int fd, off_t size)
{
	if (!breaks)
		return ftruncate(fd, size);
	errno = EACCES;
	return -1;
}

static unsigned times_said(const char *text)
{
	unsigned times = 0;

	for (const char *at = said; (at = strstr(at, text)); at++)
		times++;
	return times;
}

static void a_log_that_breaks_says_why_and_once(void **state)
{
	struct sc_os table = sc_os_system;
	struct sc_audit *audit = NULL;
	struct sc_error err = { 0 };

	(void)state;
	table.write = heard_write;
	table.renameat2 = rename_once;
	table.openat = create_nothing;
	sc_os = &table;
	audit_settings.segment_bytes = SMALL;
	renames = 0;
	breaks = false;
	said[0] = '\0';
	assert_ok(audit_open(&audit, &err), &err);
	breaks = true;
	while (sc_audit_sync(audit, &audit_decrypted, &err) == SC_OK)
		;
	sc_audit_free(audit);
	assert_int_equal(times_said("it cannot get its name back, so no more is written: Permission denied"),
			 1);
	assert_int_equal(times_said("no more is written"), 1);

	table = sc_os_system;
	table.write = write_half;
	table.ftruncate = truncate_nothing;
	audit_settings.segment_bytes = 0;
	breaks = false;
	said[0] = '\0';
	assert_ok(audit_open(&audit, &err), &err);
	breaks = true;
	assert_status(sc_audit_sync(audit, &audit_decrypted, &err), SC_ERR_NOT_DURABLE, &err);
	sc_audit_free(audit);
	assert_int_equal(
	    times_said("a part of a line cannot be removed, so no more is written: Permission denied"), 1);
	assert_int_equal(times_said("no more is written"), 1);
	assert_int_equal(times_said("synced"), 0);
	sc_os = &sc_os_system;
}

/* -- crashes ----------------------------------------------------------------------------------- */

enum call {
	CALL_RENAME,
	CALL_CREATE,
	CALL_CHMOD,
	CALL_FSYNC,
	CALL_UNLINK,
	CALL_LIST,
	CALLS,
};

static enum call fails;
static atomic_int calls_left;
static bool kills; /* in place of a failure */

static bool must_fail(enum call call)
{
	if (call != fails || atomic_fetch_sub(&calls_left, 1) != 0)
		return false;
	if (kills)
		_exit(9);
	errno = EIO;
	return true;
}

static int failing_rename(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	return must_fail(CALL_RENAME) ? -1 : sc_os_system.renameat2(from_dir, from, to_dir, to, flags);
}

static int failing_open(int dir, const char *name, int flags, mode_t mode)
{
	return (flags & O_EXCL) && must_fail(CALL_CREATE) ? -1 : sc_os_system.openat(dir, name, flags, mode);
}

static int failing_chmod(int dir, const char *name, mode_t mode, int flags)
{
	return must_fail(CALL_CHMOD) ? -1 : sc_os_system.fchmodat(dir, name, mode, flags);
}

static int failing_fsync(int fd)
{
	return must_fail(CALL_FSYNC) ? -1 : sc_os_system.fsync(fd);
}

static int failing_unlink(int dir, const char *name, int flags)
{
	return must_fail(CALL_UNLINK) ? -1 : sc_os_system.unlinkat(dir, name, flags);
}

static DIR *failing_list(int fd)
{
	return must_fail(CALL_LIST) ? NULL : sc_os_system.fdopendir(fd);
}

static void fail_one(enum call call, int number)
{
	static struct sc_os table;

	table = sc_os_system;
	table.renameat2 = failing_rename;
	table.openat = failing_open;
	table.fchmodat = failing_chmod;
	table.fsync = failing_fsync;
	table.unlinkat = failing_unlink;
	table.fdopendir = failing_list;
	fails = call;
	calls_left = number;
	sc_os = &table;
}

/* How many of the decisions were acknowledged. */
static void write_on(atomic_uint *acknowledged)
{
	SC_CLEANUP(sc_audit) audit = NULL;

	if (audit_open(&audit, NULL) != SC_OK)
		return;
	for (unsigned i = 0; i < 12; i++)
		if (sc_audit_sync(audit, &audit_decrypted, NULL) == SC_OK)
			++*acknowledged;
}

/* The log as it is before each try: two segments, and a current one that is about to end. */
static void begin_log(void)
{
	struct sc_audit_settings kept = audit_settings;

	assert_int_equal(audit_clear(NULL), 0);
	audit_settings = kept;
	audit_write(12);
}

static void check_what_is_left(unsigned acknowledged)
{
	sc_os = &sc_os_system;
	audit_write(1); /* goes on */
	assert_int_equal(verify(NULL), SC_OK);
	assert_true(audit_occurrences("\"kind\":\"decision\"") >= 12 + acknowledged + 1);
}

static void a_call_that_fails_in_a_cut_loses_no_acknowledged_line(void **state)
{
	(void)state;
	kills = false;
	audit_settings.segment_bytes = SMALL;
	for (enum call call = 0; call < CALLS; call++) {
		for (int number = 0;; number++) {
			atomic_uint acknowledged = 0;
			bool has_failed;

			begin_log();
			fail_one(call, number);
			write_on(&acknowledged);
			has_failed = calls_left < 0;
			check_what_is_left(acknowledged);
			if (!has_failed)
				break;
			if (call == CALL_RENAME || call == CALL_CREATE || call == CALL_CHMOD)
				assert_int_equal(acknowledged, 12); /* the segment goes on */
		}
	}
}

static void a_kill_in_a_cut_loses_no_acknowledged_line(void **state)
{
	atomic_uint *acknowledged =
	    mmap(NULL, sizeof *acknowledged, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(acknowledged != MAP_FAILED);
	kills = true;
	audit_settings.segment_bytes = SMALL;
	for (enum call call = 0; call < CALLS; call++) {
		for (int number = 0;; number++) {
			int status = 0;
			pid_t child;

			begin_log();
			*acknowledged = 0;
			child = fork();
			if (child == 0) {
				fail_one(call, number);
				write_on(acknowledged);
				_exit(0);
			}
			assert_int_equal(waitpid(child, &status, 0), child);
			assert_true(WIFEXITED(status));
			check_what_is_left(*acknowledged);
			if (WEXITSTATUS(status) == 0)
				break;
		}
	}
	munmap(acknowledged, sizeof *acknowledged);
}

/* Between the two steps of a cut there is no segment under the configured name. */
static void a_log_without_its_current_segment_goes_on_after_the_newest(void **state)
{
	struct audit_files files;

	(void)state;
	audit_write(3);
	rename_file(LOG, "audit.log.00000000000000000001");
	assert_int_equal(verify(NULL), SC_OK);
	audit_write(3);
	audit_list(&files);
	assert_int_equal(files.count, 2);
	assert_int_equal(audit_report().last, 10);
	assert_int_equal(audit_report().gaps, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_segment_ends_with_its_size_and_the_chain_goes_on, audit_clear),
		cmocka_unit_test_teardown(every_segment_is_readable_for_its_group, audit_clear),
		cmocka_unit_test_teardown(a_flipped_byte_is_found_in_any_segment, audit_clear),
		cmocka_unit_test_teardown(a_missing_a_renamed_and_a_cut_segment_are_found, audit_clear),
		cmocka_unit_test_teardown(a_segment_ends_with_the_day, audit_clear),
		cmocka_unit_test_teardown(segments_older_than_the_retention_are_removed_and_the_log_says_so,
					  audit_clear),
		cmocka_unit_test_teardown(a_segment_that_cannot_be_read_is_removed_with_the_next,
					  audit_clear),
		cmocka_unit_test_teardown(a_log_that_is_being_written_is_not_called_altered, audit_clear),
		cmocka_unit_test_teardown(an_altered_ended_segment_is_named_while_the_log_is_written,
					  audit_clear),
		cmocka_unit_test_teardown(a_log_that_breaks_says_why_and_once, audit_clear),
		cmocka_unit_test_teardown(a_call_that_fails_in_a_cut_loses_no_acknowledged_line, audit_clear),
		cmocka_unit_test_teardown(a_kill_in_a_cut_loses_no_acknowledged_line, audit_clear),
		cmocka_unit_test_teardown(a_log_without_its_current_segment_goes_on_after_the_newest,
					  audit_clear),
	};

	return cmocka_run_group_tests(tests, audit_make_directory, audit_remove_directory);
}
