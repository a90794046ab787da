/*
 * Files are written completely or not at all (rules P2, P3, P4). Each system call made to write a file is
 * failed in turn, for every n. After each failure the old content is unchanged, nothing is left next to it,
 * and no success was reported.
 */
#include "support/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/os.h"

/* -- a table whose n-th call fails ------------------------------------------------------------- */

enum call {
	CALL_OPENAT,
	CALL_READ,
	CALL_WRITE,
	CALL_FSYNC,
	CALL_CLOSE,
	CALL_FLOCK,
	CALL_FSTAT,
	CALL_RENAME,
	CALL_LINK,
	CALL_UNLINK,
	CALL_MKDIR,
	CALL_RANDOM,
	CALL_KINDS,
};

static struct {
	enum call kind;
	int countdown; /* the call that brings it to 0 fails; below 0, none does */
	int error;
	bool hit;
} fault;

static bool is_hit(enum call kind)
{
	if (kind != fault.kind || fault.countdown <= 0 || --fault.countdown > 0)
		return false;
	fault.hit = true;
	errno = fault.error;
	return true;
}

static int fault_openat(int directory, const char *name, int flags, mode_t mode)
{
	return is_hit(CALL_OPENAT) ? -1 : openat(directory, name, flags, mode);
}

/* Reads and writes at most 7 bytes at a time, so callers must continue after a short read or write. */
static ssize_t fault_read(int fd, void *data, size_t len)
{
	return is_hit(CALL_READ) ? -1 : read(fd, data, len < 7 ? len : 7);
}

static ssize_t fault_write(int fd, const void *data, size_t len)
{
	return is_hit(CALL_WRITE) ? -1 : write(fd, data, len < 7 ? len : 7);
}

static int fault_fsync(int fd)
{
	return is_hit(CALL_FSYNC) ? -1 : fsync(fd);
}

/* A close that fails has still closed the descriptor, as on Linux. */
static int fault_close(int fd)
{
	bool hit = is_hit(CALL_CLOSE);
	int result = close(fd);

	if (!hit)
		return result;
	errno = fault.error;
	return -1;
}

static int fault_flock(int fd, int operation)
{
	return is_hit(CALL_FLOCK) ? -1 : flock(fd, operation);
}

static int fault_fstat(int fd, struct stat *out)
{
	return is_hit(CALL_FSTAT) ? -1 : fstat(fd, out);
}

/* What the file system of the test does not have. */
static bool has_exclusive_rename = true;
static bool has_links = true;
static int missing_error = EINVAL;

/* As on a share of Windows: a file that is open is not replaced. */
static bool is_open_here(int directory, const char *name)
{
	struct stat wanted;
	struct stat open_one;

	if (fstatat(directory, name, &wanted, AT_SYMLINK_NOFOLLOW))
		return false;
	for (int fd = 0; fd < 64; fd++)
		if (!fstat(fd, &open_one) && open_one.st_ino == wanted.st_ino &&
		    open_one.st_dev == wanted.st_dev)
			return true;
	return false;
}

static int fault_renameat2(int from_directory, const char *from, int to_directory, const char *to,
			   unsigned flags)
{
	if (!has_exclusive_rename && flags) {
		errno = missing_error;
		return -1;
	}
	if (!has_exclusive_rename && is_open_here(to_directory, to)) {
		errno = EBUSY;
		return -1;
	}
	return is_hit(CALL_RENAME) ? -1 : renameat2(from_directory, from, to_directory, to, flags);
}

static int fault_linkat(int from_directory, const char *from, int to_directory, const char *to, int flags)
{
	if (!has_links) {
		errno = EPERM; /* as on FAT */
		return -1;
	}
	return is_hit(CALL_LINK) ? -1 : linkat(from_directory, from, to_directory, to, flags);
}

static int fault_unlinkat(int directory, const char *name, int flags)
{
	return is_hit(CALL_UNLINK) ? -1 : unlinkat(directory, name, flags);
}

static int fault_mkdirat(int directory, const char *name, mode_t mode)
{
	return is_hit(CALL_MKDIR) ? -1 : mkdirat(directory, name, mode);
}

static int fault_random(uint8_t *out, size_t len)
{
	return is_hit(CALL_RANDOM) ? -1 : sc_os_system.random(out, len);
}

static struct sc_os fault_os;

static void fail_call(enum call kind, int n, int error)
{
	fault_os = sc_os_system;
	fault_os.openat = fault_openat;
	fault_os.read = fault_read;
	fault_os.write = fault_write;
	fault_os.fsync = fault_fsync;
	fault_os.close = fault_close;
	fault_os.flock = fault_flock;
	fault_os.fstat = fault_fstat;
	fault_os.renameat2 = fault_renameat2;
	fault_os.linkat = fault_linkat;
	fault_os.unlinkat = fault_unlinkat;
	fault_os.mkdirat = fault_mkdirat;
	fault_os.random = fault_random;
	fault.kind = kind;
	fault.countdown = n;
	fault.error = error;
	fault.hit = false;
	sc_os = &fault_os;
}

static void fail_nothing(void)
{
	sc_os = &sc_os_system;
}

/* -- a directory for each test ----------------------------------------------------------------- */

static char root[] = "/tmp/test_file.XXXXXX";
static struct sc_dir dir = SC_DIR_NONE;

static void clean(const char *path)
{
	char command[300];

	snprintf(command, sizeof command, "rm -rf '%s'", path);
	assert_int_equal(system(command), 0);
}

static int make_directory(void **state)
{
	(void)state;
	strcpy(root + sizeof root - 7, "XXXXXX");
	if (!mkdtemp(root))
		return 1;
	return sc_dir_open(root, &dir, NULL) != SC_OK;
}

static int remove_directory(void **state)
{
	(void)state;
	fail_nothing();
	has_exclusive_rename = has_links = true;
	sc_dir_close(&dir);
	clean(root);
	return 0;
}

/* How many names the directory holds, hidden ones included. */
static int count_names(void)
{
	DIR *stream = opendir(root);
	int count = -2; /* "." and ".." */

	assert_non_null(stream);
	while (readdir(stream))
		count++;
	closedir(stream);
	return count;
}

static void assert_content(const char *name, const char *expected)
{
	SC_CLEANUP(sc_bytes) content = { 0 };
	struct sc_error err = { 0 };

	assert_ok(sc_file_read(&dir, name, 1000, &content, &err), &err);
	assert_view_equal(sc_bytes_view(&content), sc_view_text(expected));
}

static int open_descriptors(void)
{
	DIR *stream = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(stream);
	while (readdir(stream))
		count++;
	closedir(stream);
	return count;
}

#define OLD "the old content, more than seven bytes"
#define NEW "the new content, longer than the old one was"

static sc_status write_file(const char *content, enum sc_file_mode mode, struct sc_error *err)
{
	return sc_file_write(&dir, "file", sc_view_text(content), mode, 0600, err);
}

/* -- faults ------------------------------------------------------------------------------------ */

/* Fails the n-th call of one kind while the old file is replaced. False once there is no n-th call. */
static bool replace_with_fault(enum call kind, int n, int error)
{
	struct sc_error err = { 0 };
	sc_status status;

	fail_call(kind, n, error);
	status = write_file(NEW, SC_FILE_REPLACE, &err);
	fail_nothing();
	assert_int_equal(count_names(), 1);
	if (!fault.hit) {
		assert_ok(status, &err);
		assert_content("file", NEW);
		return false;
	}
	assert_int_not_equal(status, SC_OK);
	assert_true(err.message[0]);
	/*
	 * Only the fsync of the directory follows the rename. If it fails, the new content is there, without
	 * success.
	 */
	assert_content("file", kind == CALL_FSYNC && n == 2 ? NEW : OLD);
	return true;
}

static void a_failed_call_leaves_the_old_file_whole_and_nothing_beside_it(void **state)
{
	(void)state;
	for (int kind = 0; kind < CALL_KINDS; kind++) {
		int n = 1;

		do {
			fail_nothing();
			assert_ok(write_file(OLD, SC_FILE_REPLACE, NULL), NULL);
		} while (replace_with_fault((enum call)kind, n++, EIO));
		if (kind == CALL_OPENAT || kind == CALL_CLOSE || kind == CALL_RENAME || kind == CALL_RANDOM)
			assert_int_equal(n, 3); /* there was exactly one call, which failed */
		if (kind == CALL_WRITE)
			assert_true(n > 5);
		if (kind == CALL_FSYNC)
			assert_int_equal(n, 4); /* the file's and the directory's */
	}
}

static void a_full_disk_is_named(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	fail_call(CALL_WRITE, 2, ENOSPC);
	assert_status(write_file(NEW, SC_FILE_NEW, &err), SC_ERR_SYSTEM, &err);
	fail_nothing();
	assert_non_null(strstr(err.message, "file: cannot be written: No space left on device"));
	assert_int_equal(count_names(), 0);
}

/* A new file does not exist after a failure, so the command can be repeated. */
static void a_new_file_is_not_there_after_any_failure(void **state)
{
	(void)state;
	for (int kind = 0; kind < CALL_KINDS; kind++) {
		for (int n = 1;; n++) {
			sc_status status;

			fail_call((enum call)kind, n, EIO);
			status = write_file(NEW, SC_FILE_NEW, NULL);
			fail_nothing();
			if (status == SC_OK) {
				/* The check whether it already exists may fail: the rename checks again. */
				assert_content("file", NEW);
				assert_ok(sc_file_remove(&dir, "file", NULL), NULL);
			}
			assert_int_equal(count_names(), 0);
			if (!fault.hit)
				break;
			if (status == SC_OK)
				assert_true(kind == CALL_OPENAT && n == 1);
		}
	}
}

/* Many FUSE drivers and network shares do not know RENAME_NOREPLACE, and FAT has no links either. */
static void assert_new_files_are_exclusive(void)
{
	struct sc_error err = { 0 };

	fail_call(CALL_KINDS, 1, 0);
	assert_ok(write_file(NEW, SC_FILE_NEW, &err), &err);
	assert_content("file", NEW);
	assert_int_equal(count_names(), 1);
	/* Somebody else has written the name since it was looked for: the n-th opening finds nothing. */
	for (int n = 1; n <= 3; n++) {
		sc_status status;

		fail_call(CALL_OPENAT, n, ENOENT);
		status = write_file(OLD, SC_FILE_NEW, &err);
		fail_nothing();
		assert_int_not_equal(status, SC_OK);
		if (n == 1)
			assert_status(status, SC_ERR_EXISTS, &err);
		assert_content("file", NEW);
		assert_int_equal(count_names(), 1);
	}
	assert_ok(sc_file_remove(&dir, "file", NULL), NULL);
}

static void a_stick_without_exclusive_rename_is_written_and_nothing_on_it_replaced(void **state)
{
	static const int errors[] = { EINVAL, ENOSYS, EOPNOTSUPP, EPERM };

	(void)state;
	has_exclusive_rename = false;
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		missing_error = errors[i];
		assert_true(sc_file_call_is_missing(missing_error));
		has_links = true;
		assert_new_files_are_exclusive();
		has_links = false;
		assert_new_files_are_exclusive();
	}
	missing_error = EINVAL;
	assert_false(sc_file_call_is_missing(EEXIST));
}

static void nothing_is_left_on_such_a_stick_after_a_failure(void **state)
{
	(void)state;
	has_exclusive_rename = false;
	for (int round = 0; round < 2; round++) {
		has_links = round == 0;
		for (int kind = 0; kind < CALL_KINDS; kind++) {
			sc_status status;

			if (kind == CALL_UNLINK) /* what cannot be removed stays */
				continue;
			for (int n = 1;; n++) {
				fail_call((enum call)kind, n, EIO);
				status = write_file(NEW, SC_FILE_NEW, NULL);
				fail_nothing();
				if (status == SC_OK) {
					assert_content("file", NEW);
					assert_ok(sc_file_remove(&dir, "file", NULL), NULL);
				}
				assert_int_equal(count_names(), 0);
				if (!fault.hit)
					break;
			}
		}
	}
}

static void an_interrupted_call_is_made_again(void **state)
{
	SC_CLEANUP(sc_bytes) content = { 0 };
	struct sc_error err = { 0 };

	(void)state;
	for (int n = 1; n <= 3; n++) {
		fail_call(CALL_WRITE, n, EINTR);
		assert_ok(write_file(NEW, SC_FILE_REPLACE, &err), &err);
		assert_true(fault.hit);
		fail_call(CALL_READ, n, EINTR);
		assert_ok(sc_file_read(&dir, "file", 1000, &content, &err), &err);
		assert_true(fault.hit);
		assert_view_equal(sc_bytes_view(&content), sc_view_text(NEW));
		sc_bytes_free(&content);
	}
}

static void a_failed_read_gives_nothing(void **state)
{
	static const enum call kinds[] = { CALL_OPENAT, CALL_FSTAT, CALL_READ };

	(void)state;
	assert_ok(write_file(OLD, SC_FILE_NEW, NULL), NULL);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		for (int n = 1;; n++) {
			SC_CLEANUP(sc_bytes) content = { 0 };
			sc_status status;

			fail_call(kinds[i], n, EIO);
			status = sc_file_read(&dir, "file", 1000, &content, NULL);
			fail_nothing();
			if (!fault.hit) {
				assert_ok(status, NULL);
				break;
			}
			assert_status(status, SC_ERR_SYSTEM, NULL);
			assert_null(content.data);
		}
	}
}

static void no_failure_leaks_a_descriptor(void **state)
{
	int before = open_descriptors();

	(void)state;
	for (int kind = 0; kind < CALL_KINDS; kind++)
		for (int n = 1; n < 12; n++) {
			SC_CLEANUP(sc_bytes) content = { 0 };
			char path[200];

			fail_call((enum call)kind, n, EIO);
			snprintf(path, sizeof path, "%s/file", root);
			(void)!sc_file_write_path(path, sc_view_text(NEW), SC_FILE_REPLACE, 0600, NULL);
			(void)!sc_file_read_path(path, 1000, &content, NULL);
			fail_nothing();
		}
	assert_int_equal(open_descriptors(), before);
}

static void a_directory_is_made_and_durable_or_refused(void **state)
{
	char path[200];

	(void)state;
	snprintf(path, sizeof path, "%s/a/b/c", root);
	for (int kind = 0; kind < CALL_KINDS; kind++) {
		for (int n = 1;; n++) {
			SC_CLEANUP(sc_dir) made = SC_DIR_NONE;
			char top[100];
			sc_status status;

			snprintf(top, sizeof top, "%s/a", root);
			clean(top);
			fail_call((enum call)kind, n, EIO);
			status = sc_dir_make(path, &made, NULL);
			fail_nothing();
			if (!fault.hit) {
				assert_ok(status, NULL);
				/* Three directories, each made durable by a sync of its parent. */
				if (kind == CALL_FSYNC)
					assert_int_equal(n, 4);
				break;
			}
			if (kind != CALL_CLOSE) {
				assert_int_not_equal(status, SC_OK);
				assert_int_equal(made.fd, -1);
			}
		}
	}
}

/* -- what is in a file's place ----------------------------------------------------------------- */

static void what_was_written_is_read(void **state)
{
	struct stat status;
	SC_CLEANUP(sc_bytes) content = { 0 };

	(void)state;
	assert_ok(write_file("", SC_FILE_NEW, NULL), NULL);
	assert_content("file", "");
	assert_ok(write_file(NEW, SC_FILE_REPLACE, NULL), NULL);
	assert_content("file", NEW);
	assert_int_equal(fstatat(dir.fd, "file", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_status(sc_file_read(&dir, "file", strlen(NEW) - 1, &content, NULL), SC_ERR_TOO_LARGE, NULL);
	assert_null(content.data);
	assert_ok(sc_file_read(&dir, "file", strlen(NEW), &content, NULL), NULL);
}

static void a_new_file_is_never_put_over_another(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(write_file(OLD, SC_FILE_NEW, NULL), NULL);
	assert_status(write_file(NEW, SC_FILE_NEW, &err), SC_ERR_EXISTS, &err);
	assert_non_null(strstr(err.message, "/file: already exists and is not overwritten"));
	/* If that check fails, the rename still refuses. */
	fail_call(CALL_OPENAT, 1, EIO);
	assert_status(write_file(NEW, SC_FILE_NEW, &err), SC_ERR_EXISTS, &err);
	fail_nothing();
	assert_content("file", OLD);
	assert_int_equal(count_names(), 1);
}

static void a_missing_file_is_told_from_one_that_cannot_be_read(void **state)
{
	SC_CLEANUP(sc_bytes) content = { 0 };
	SC_CLEANUP(sc_dir) other = SC_DIR_NONE;

	(void)state;
	assert_status(sc_file_read(&dir, "file", 10, &content, NULL), SC_ERR_NOT_FOUND, NULL);
	assert_status(sc_file_remove(&dir, "file", NULL), SC_ERR_NOT_FOUND, NULL);
	assert_status(sc_dir_open("/tmp/test_file.is-not-there", &other, NULL), SC_ERR_NOT_FOUND, NULL);
	assert_false(sc_file_exists(&dir, "file"));
	assert_ok(write_file(OLD, SC_FILE_NEW, NULL), NULL);
	assert_true(sc_file_exists(&dir, "file"));
	assert_ok(sc_file_remove(&dir, "file", NULL), NULL);
	assert_false(sc_file_exists(&dir, "file"));
}

static void links_are_not_followed(void **state)
{
	SC_CLEANUP(sc_bytes) content = { 0 };
	int lock = -1;

	(void)state;
	assert_ok(sc_file_write(&dir, "target", sc_view_text(OLD), SC_FILE_NEW, 0600, NULL), NULL);
	assert_int_equal(symlinkat("target", dir.fd, "file"), 0);
	assert_status(sc_file_read(&dir, "file", 1000, &content, NULL), SC_ERR_SYSTEM, NULL);
	assert_true(sc_file_exists(&dir, "file"));
	assert_status(write_file(NEW, SC_FILE_NEW, NULL), SC_ERR_EXISTS, NULL);
	assert_status(sc_file_lock(&dir, "file", &lock, NULL), SC_ERR_SYSTEM, NULL);
	/* Replacing replaces the link itself. */
	assert_ok(write_file(NEW, SC_FILE_REPLACE, NULL), NULL);
	assert_content("file", NEW);
	assert_content("target", OLD);
}

static void what_is_no_regular_file_is_refused_at_once(void **state)
{
	SC_CLEANUP(sc_bytes) content = { 0 };
	struct sc_error err = { 0 };
	char path[200];

	(void)state;
	assert_int_equal(mkfifoat(dir.fd, "fifo", 0600), 0);
	assert_int_equal(mkdirat(dir.fd, "directory", 0700), 0);
	alarm(10); /* ends the test if a read waits for the FIFO's writer */
	assert_status(sc_file_read(&dir, "fifo", 1000, &content, &err), SC_ERR_ARGUMENT, &err);
	assert_status(sc_file_read(&dir, "directory", 1000, &content, &err), SC_ERR_ARGUMENT, &err);
	snprintf(path, sizeof path, "%s/fifo", root);
	assert_status(sc_file_read_path(path, 1000, &content, &err), SC_ERR_ARGUMENT, &err);
	assert_status(sc_file_read_path("/dev/zero", 1000, &content, &err), SC_ERR_ARGUMENT, &err);
	alarm(0);
}

static void names_never_become_paths(void **state)
{
	static const char *const bad[] = { "",        ".",    "..",   "../file", "a/b", "/etc/passwd",
					   ".hidden", "a\nb", "a\x7f" };
	char longest[202];
	int lock = -1;

	(void)state;
	assert_ok(write_file(OLD, SC_FILE_NEW, NULL), NULL);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		SC_CLEANUP(sc_bytes) content = { 0 };

		assert_false(sc_file_name_is_safe(bad[i]));
		assert_status(sc_file_read(&dir, bad[i], 10, &content, NULL), SC_ERR_ARGUMENT, NULL);
		assert_status(sc_file_write(&dir, bad[i], sc_view_text("x"), SC_FILE_REPLACE, 0600, NULL),
			      SC_ERR_ARGUMENT, NULL);
		assert_status(sc_file_remove(&dir, bad[i], NULL), SC_ERR_ARGUMENT, NULL);
		assert_status(sc_file_lock(&dir, bad[i], &lock, NULL), SC_ERR_ARGUMENT, NULL);
		assert_false(sc_file_exists(&dir, bad[i]));
	}
	memset(longest, 'x', sizeof longest);
	longest[201] = '\0';
	assert_false(sc_file_name_is_safe(longest));
	longest[200] = '\0';
	assert_true(sc_file_name_is_safe(longest));
	assert_ok(sc_file_write(&dir, longest, sc_view_text("x"), SC_FILE_NEW, 0600, NULL), NULL);
	assert_true(sc_file_name_is_safe("key_simple_contosokey"));
	assert_true(sc_file_name_is_safe("BYOK-KEK-pkg-EU-1"));
}

static void a_lock_is_held_by_one_and_ends_with_its_descriptor(void **state)
{
	int first = -1;
	int second = -1;

	(void)state;
	assert_ok(sc_file_lock(&dir, "lock", &first, NULL), NULL);
	assert_status(sc_file_lock(&dir, "lock", &second, NULL), SC_ERR_LOCKED, NULL);
	assert_int_equal(second, -1);
	assert_int_equal(close(first), 0);
	assert_ok(sc_file_lock(&dir, "lock", &second, NULL), NULL);
	assert_int_equal(close(second), 0);
}

/* If the system refuses a lock, that does not mean another process holds it. No descriptor stays open. */
static void a_lock_that_cannot_be_taken_is_a_failure_and_leaks_nothing(void **state)
{
	struct sc_error err = { 0 };
	int before = open_descriptors();
	int lock = -1;

	(void)state;
	fail_call(CALL_FLOCK, 1, ENOLCK);
	assert_status(sc_file_lock(&dir, "lock", &lock, &err), SC_ERR_SYSTEM, &err);
	fail_nothing();
	assert_non_null(strstr(err.message, "/lock: cannot be locked: No locks available"));
	assert_int_equal(lock, -1);
	assert_int_equal(open_descriptors(), before);
	assert_ok(sc_file_lock(&dir, "lock", &lock, &err), &err);
	assert_int_equal(close(lock), 0);
}

static void a_path_is_written_beneath_its_directory(void **state)
{
	char path[200];
	struct sc_error err = { 0 };
	char here[4096];

	(void)state;
	snprintf(path, sizeof path, "%s/by-path", root);
	assert_ok(sc_file_write_path(path, sc_view_text(NEW), SC_FILE_NEW, 0600, NULL), NULL);
	assert_content("by-path", NEW);
	assert_non_null(getcwd(here, sizeof here));
	assert_int_equal(chdir(root), 0);
	assert_ok(sc_file_write_path("bare", sc_view_text(OLD), SC_FILE_NEW, 0600, NULL), NULL);
	assert_int_equal(chdir(here), 0);
	assert_content("bare", OLD);
	snprintf(path, sizeof path, "%s/nowhere/by-path", root);
	assert_status(sc_file_write_path(path, sc_view_text(NEW), SC_FILE_NEW, 0600, NULL), SC_ERR_NOT_FOUND,
		      NULL);
	snprintf(path, sizeof path, "%s/", root);
	assert_status(sc_file_write_path(path, sc_view_text(NEW), SC_FILE_NEW, 0600, &err), SC_ERR_ARGUMENT,
		      &err);
	assert_non_null(strstr(err.message, path)); /* the name alone would be empty */
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(what_was_written_is_read),
		IN_DIRECTORY(a_failed_call_leaves_the_old_file_whole_and_nothing_beside_it),
		IN_DIRECTORY(a_full_disk_is_named),
		IN_DIRECTORY(a_new_file_is_not_there_after_any_failure),
		IN_DIRECTORY(a_stick_without_exclusive_rename_is_written_and_nothing_on_it_replaced),
		IN_DIRECTORY(nothing_is_left_on_such_a_stick_after_a_failure),
		IN_DIRECTORY(an_interrupted_call_is_made_again),
		IN_DIRECTORY(a_failed_read_gives_nothing),
		IN_DIRECTORY(no_failure_leaks_a_descriptor),
		IN_DIRECTORY(a_directory_is_made_and_durable_or_refused),
		IN_DIRECTORY(a_new_file_is_never_put_over_another),
		IN_DIRECTORY(a_missing_file_is_told_from_one_that_cannot_be_read),
		IN_DIRECTORY(links_are_not_followed),
		IN_DIRECTORY(what_is_no_regular_file_is_refused_at_once),
		IN_DIRECTORY(names_never_become_paths),
		IN_DIRECTORY(a_lock_is_held_by_one_and_ends_with_its_descriptor),
		IN_DIRECTORY(a_lock_that_cannot_be_taken_is_a_failure_and_leaks_nothing),
		IN_DIRECTORY(a_path_is_written_beneath_its_directory),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
