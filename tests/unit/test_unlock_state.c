/*
 * Only one process can use a state directory. It keeps what it acknowledged, and opens only with the unlock
 * key.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/os.h"
#include "hsmd/core/module.h"
#include "hsmd/os/sockets.h"
#include "hsmd/os/state_directory.h"
#include "hsmd/os/unlock.h"

static char directory[64];
static struct sc_hsmd_state *store;

static const struct sc_view old_state = { (const uint8_t *)"old state", 9 };
static const struct sc_view new_state = { (const uint8_t *)"new state", 9 };
static const struct sc_view newer_state = { (const uint8_t *)"newer state", 11 };
static const struct sc_view mark = { (const uint8_t *)"mark", 4 };

/* -- a directory for each test ----------------------------------------------------------------- */

static int setup(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/safeconduct-state-XXXXXX");
	return !mkdtemp(directory) || sc_hsmd_state_open(directory, false, &store, NULL) != SC_OK;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	sc_os = &sc_os_system;
	sc_hsmd_state_close(store);
	store = NULL;
	snprintf(command, sizeof command, "rm -rf %s", directory);
	return system(command);
}

static void assert_saved(struct sc_view expected)
{
	SC_CLEANUP(sc_bytes) content = { 0 };
	SC_CLEANUP(sc_bytes) acknowledged = { 0 };

	assert_int_equal(sc_hsmd_state_load(store, &content, &acknowledged, NULL), SC_OK);
	assert_true(sc_view_equals(sc_bytes_view(&content), expected));
	assert_true(sc_view_equals(sc_bytes_view(&acknowledged), mark));
}

/* -- the state --------------------------------------------------------------------------------- */

static void what_was_saved_is_loaded(void **state)
{
	SC_CLEANUP(sc_bytes) content = { 0 };
	SC_CLEANUP(sc_bytes) acknowledged = { 0 };

	(void)state;
	assert_false(sc_hsmd_state_exists(store));
	assert_int_equal(sc_hsmd_state_load(store, &content, &acknowledged, NULL), SC_ERR_NOT_FOUND);
	assert_int_equal(sc_hsmd_state_save(store, old_state, mark, NULL), SC_OK);
	assert_true(sc_hsmd_state_exists(store));
	assert_saved(old_state);
	assert_int_equal(sc_hsmd_state_save(store, new_state, mark, NULL), SC_OK);
	assert_saved(new_state);
}

static void a_second_process_is_refused(void **state)
{
	struct sc_hsmd_state *second = NULL;
	struct sc_error err = { 0 };
	int status = 0;
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(sc_hsmd_state_open(directory, false, &second, NULL) == SC_ERR_LOCKED ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(sc_hsmd_state_open(directory, false, &second, &err), SC_ERR_LOCKED);
	assert_non_null(strstr(err.message, "in use by another process"));
	sc_hsmd_state_close(store);
	store = NULL;
	assert_int_equal(sc_hsmd_state_open(directory, false, &store, NULL), SC_OK);
}

static void a_directory_open_to_others_is_refused(void **state)
{
	struct sc_error err = { 0 };

	(void)state;
	sc_hsmd_state_close(store);
	store = NULL;
	assert_int_equal(chmod(directory, 0750), 0);
	assert_int_equal(sc_hsmd_state_open(directory, false, &store, &err), SC_ERR_ARGUMENT);
	assert_non_null(strstr(err.message, "chmod 700"));
	assert_int_equal(chmod(directory, 0700), 0);
	assert_int_equal(sc_hsmd_state_open(directory, false, &store, NULL), SC_OK);
}

/* sc_file_exists does not accept hidden names. */
static bool is_there(const struct sc_dir *dir, const char *name)
{
	return faccessat(dir->fd, name, F_OK, 0) == 0;
}

static void what_an_interrupted_writing_left_is_swept_away_and_nothing_else(void **state)
{
	static const char *const left_over[] = { ".state.0011223344556677", ".mark.89abcdef01234567",
						 ".unlock.key.0011223344556677",
						 ".warrant-request.der.0011223344556677" };
	static const char *const others[] = { ".stateful",
					      ".state.orig",
					      ".state.",
					      ".state.00112233",
					      ".state.0011223344556677.bak",
					      ".state.00112233445566778",
					      ".mark.001122334455667G",
					      ".unlock.key.bak",
					      ".lock.0011223344556677",
					      "state.0011223344556677",
					      "unlock.key" };
	const struct sc_dir *dir = sc_hsmd_state_dir(store);

	(void)state;
	assert_int_equal(sc_hsmd_state_save(store, old_state, mark, NULL), SC_OK);
	for (size_t i = 0; i < sizeof left_over / sizeof left_over[0]; i++)
		assert_true(close(openat(dir->fd, left_over[i], O_CREAT | O_WRONLY, 0600)) == 0);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_true(close(openat(dir->fd, others[i], O_CREAT | O_WRONLY, 0600)) == 0);
	sc_hsmd_state_close(store);
	assert_int_equal(sc_hsmd_state_open(directory, false, &store, NULL), SC_OK);
	dir = sc_hsmd_state_dir(store);
	for (size_t i = 0; i < sizeof left_over / sizeof left_over[0]; i++)
		assert_false(is_there(dir, left_over[i]));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_true(is_there(dir, others[i]));
	assert_saved(old_state);
}

/* -- failing calls (rule P4) ------------------------------------------------------------------- */

static struct sc_os failing;
static int fail_at; /* the n-th call fails, counting down; 0: none */
static int failing_errno;

static bool fails_now(void)
{
	if (fail_at == 0 || --fail_at > 0)
		return false;
	errno = failing_errno;
	return true;
}

static int failing_openat(int dir, const char *name, int flags, mode_t mode)
{
	return fails_now() ? -1 : sc_os_system.openat(dir, name, flags, mode);
}

static ssize_t failing_write(int fd, const void *data, size_t len)
{
	return fails_now() ? -1 : sc_os_system.write(fd, data, len);
}

static int failing_fsync(int fd)
{
	return fails_now() ? -1 : sc_os_system.fsync(fd);
}

static int failing_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	return fails_now() ? -1 : sc_os_system.renameat2(from_dir, from, to_dir, to, flags);
}

static int failing_fstat(int fd, struct stat *out)
{
	return fails_now() ? -1 : sc_os_system.fstat(fd, out);
}

static int failing_flock(int fd, int operation)
{
	return fails_now() ? -1 : sc_os_system.flock(fd, operation);
}

static DIR *failing_fdopendir(int fd)
{
	return fails_now() ? NULL : sc_os_system.fdopendir(fd);
}

static struct dirent *failing_readdir(DIR *list)
{
	return fails_now() ? NULL : sc_os_system.readdir(list);
}

/* Descriptors that this process has open. */
static int open_descriptors(void)
{
	DIR *list = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(list);
	while (readdir(list))
		count++;
	closedir(list);
	return count;
}

static void opening_fails_by_name_at_every_call_and_leaves_nothing(void **state)
{
	sc_status status = SC_ERR_SYSTEM;
	int failures = 0;
	int before;

	(void)state;
	assert_int_equal(sc_hsmd_state_save(store, old_state, mark, NULL), SC_OK);
	sc_hsmd_state_close(store);
	store = NULL;
	before = open_descriptors();
	failing = sc_os_system;
	failing.openat = failing_openat;
	failing.fstat = failing_fstat;
	failing.flock = failing_flock;
	failing.fdopendir = failing_fdopendir;
	failing.readdir = failing_readdir;
	failing_errno = EIO;
	sc_os = &failing;
	while (status != SC_OK && failures < 100) {
		struct sc_error err = { 0 };

		fail_at = failures + 1;
		status = sc_hsmd_state_open(directory, false, &store, &err);
		if (status == SC_OK)
			break;
		assert_int_equal(fail_at, 0);
		assert_non_null(strstr(err.message, directory));
		assert_null(store);
		assert_int_equal(open_descriptors(), before);
		failures++;
	}
	sc_os = &sc_os_system;
	/*
	 * The directory, its owner, the lock file, the lock; the directory again, as a list; in it, an entry
	 * each for itself, its parent, lock, state and mark, and the end.
	 */
	assert_int_equal(failures, 4 + 2 + 6);
	assert_saved(old_state);
}

/* The path of a file in the directory. */
static const char *at(const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

static void a_full_disk_is_an_error_until_there_is_room_again(void **state)
{
	(void)state;
	failing = sc_os_system;
	failing.write = failing_write;
	failing_errno = ENOSPC;
	sc_os = &failing;
	assert_int_equal(sc_hsmd_state_save(store, old_state, mark, NULL), SC_OK);
	fail_at = 1;
	assert_int_equal(sc_hsmd_state_save(store, new_state, mark, NULL), SC_ERR_SYSTEM);
	assert_saved(old_state);
	assert_int_equal(sc_hsmd_state_save(store, new_state, mark, NULL), SC_OK);
	assert_saved(new_state);
}

static void every_failing_call_is_told_and_no_file_is_torn(void **state)
{
	bool all_passed = false;
	int without_mark = 0;

	(void)state;
	failing = sc_os_system;
	failing.openat = failing_openat;
	failing.write = failing_write;
	failing.renameat2 = failing_renameat2;
	failing_errno = EIO;
	assert_int_equal(sc_hsmd_state_save(store, old_state, mark, NULL), SC_OK);
	for (int n = 1; !all_passed; n++) {
		SC_CLEANUP(sc_bytes) content = { 0 };
		sc_status status;

		fail_at = n;
		sc_os = &failing;
		status = sc_hsmd_state_save(store, new_state, mark, NULL);
		all_passed = fail_at > 0;
		fail_at = 0;
		sc_os = &sc_os_system;
		assert_int_equal(status == SC_OK, all_passed);
		assert_int_equal(sc_file_read(sc_hsmd_state_dir(store), "state", 100, &content, NULL), SC_OK);
		assert_true(sc_view_equals(sc_bytes_view(&content), old_state) ||
			    sc_view_equals(sc_bytes_view(&content), new_state));
		/* A caller told that nothing has changed must find the old state after a restart. */
		if (status != SC_OK && status != SC_ERR_NOT_DURABLE)
			assert_true(sc_view_equals(sc_bytes_view(&content), old_state));
		without_mark += status == SC_ERR_NOT_DURABLE;
		if (!all_passed)
			assert_int_equal(sc_hsmd_state_save(store, old_state, mark, NULL), SC_OK);
		assert_true(n < 100);
	}
	assert_int_not_equal(without_mark, 0);
	assert_saved(new_state);
}

/*
 * --initialise continues with a state that opens, and makes one if there is none. No third case may be left
 * behind.
 */
static void a_first_state_never_stands_without_its_mark(void **state)
{
	bool all_passed = false;
	int stood = 0;

	(void)state;
	failing = sc_os_system;
	failing.openat = failing_openat;
	failing.write = failing_write;
	failing.fsync = failing_fsync;
	failing.renameat2 = failing_renameat2;
	failing_errno = EIO;
	for (int n = 1; !all_passed; n++) {
		SC_CLEANUP(sc_bytes) content = { 0 };
		SC_CLEANUP(sc_bytes) acknowledged = { 0 };

		fail_at = n;
		sc_os = &failing;
		(void)!sc_hsmd_state_save(store, new_state, mark, NULL);
		all_passed = fail_at > 0;
		fail_at = 0;
		sc_os = &sc_os_system;
		if (sc_hsmd_state_exists(store)) {
			assert_int_equal(sc_hsmd_state_load(store, &content, &acknowledged, NULL), SC_OK);
			stood++;
		}
		/* Restarted, with an empty directory. */
		sc_hsmd_state_close(store);
		store = NULL;
		(void)unlink(at("state"));
		(void)unlink(at("mark"));
		assert_int_equal(sc_hsmd_state_open(directory, false, &store, NULL), SC_OK);
		assert_true(n < 100);
	}
	assert_int_not_equal(stood, 0);
}

static void after_a_failed_sync_nothing_is_written_any_more(void **state)
{
	(void)state;
	failing = sc_os_system;
	failing.fsync = failing_fsync;
	failing_errno = EIO;
	assert_int_equal(sc_hsmd_state_save(store, old_state, mark, NULL), SC_OK);
	/* state and mark, which have no names yet; then the directory with the one, and with the other */
	for (int n = 1; n <= 4; n++) {
		const bool is_replaced = n > 2;

		fail_at = n;
		sc_os = &failing;
		assert_int_equal(sc_hsmd_state_save(store, new_state, mark, NULL),
				 is_replaced ? SC_ERR_NOT_DURABLE : SC_ERR_SYSTEM);
		sc_os = &sc_os_system;
		assert_saved(is_replaced ? new_state : old_state);
		assert_int_equal(sc_hsmd_state_save(store, newer_state, mark, NULL), SC_ERR_SYSTEM);
		assert_saved(is_replaced ? new_state : old_state);
		sc_hsmd_state_close(store);
		assert_int_equal(sc_hsmd_state_open(directory, false, &store, NULL), SC_OK);
		assert_int_equal(sc_hsmd_state_save(store, old_state, mark, NULL), SC_OK);
		assert_saved(old_state);
	}
	fail_at = 5;
	sc_os = &failing;
	assert_int_equal(sc_hsmd_state_save(store, new_state, mark, NULL), SC_OK);
}

/* -- the unlock key ---------------------------------------------------------------------------- */

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"

static uint8_t raw[SC_UNLOCK_KEY_SIZE];

static void write_key(const char *name, const void *content, size_t len, mode_t mode)
{
	int fd = openat(sc_hsmd_state_dir(store)->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, len), (ssize_t)len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static sc_status read_key(const char *file, const char *fd, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) key = { 0 };
	const struct sc_hsmd_unlock_source source = { file, fd };
	sc_status status = sc_hsmd_unlock_read(&source, sc_hsmd_state_dir(store), &key, err);

	if (status == SC_OK) {
		assert_int_equal(key.len, SC_UNLOCK_KEY_SIZE);
		assert_memory_equal(key.data, raw, sizeof raw);
	}
	return status;
}

static void a_key_is_raw_or_hexadecimal_and_nothing_else(void **state)
{
	static const char hex[] = HEX "\n\n";

	(void)state;
	for (size_t len = 0; len < sizeof hex; len++) {
		write_key(SC_HSMD_UNLOCK_FILE, hex, len, 0600);
		assert_int_equal(read_key(NULL, NULL, NULL), len == 64 || len == 65 ? SC_OK : SC_ERR_FORMAT);
	}
	for (size_t len = 0; len <= sizeof raw; len++) {
		write_key(SC_HSMD_UNLOCK_FILE, raw, len, 0600);
		assert_int_equal(read_key(NULL, NULL, NULL), len == sizeof raw ? SC_OK : SC_ERR_FORMAT);
	}
	write_key(SC_HSMD_UNLOCK_FILE, "g" HEX, 64, 0600);
	assert_int_equal(read_key(NULL, NULL, NULL), SC_ERR_FORMAT);
}

static void a_key_that_others_can_read_is_refused(void **state)
{
	static const mode_t open_modes[] = { 0640, 0604, 0620, 0602, 0610, 0601 };
	struct sc_error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof open_modes / sizeof open_modes[0]; i++) {
		write_key(SC_HSMD_UNLOCK_FILE, raw, sizeof raw, open_modes[i]);
		assert_int_equal(read_key(NULL, NULL, &err), SC_ERR_ARGUMENT);
		assert_non_null(strstr(err.message, "chmod 600"));
	}
	write_key(SC_HSMD_UNLOCK_FILE, raw, sizeof raw, 0400);
	assert_int_equal(read_key(NULL, NULL, NULL), SC_OK);
}

static void a_key_is_no_link_and_no_pipe(void **state)
{
	int dir = sc_hsmd_state_dir(store)->fd;

	(void)state;
	assert_int_equal(read_key(NULL, NULL, NULL), SC_ERR_NOT_FOUND);
	write_key("elsewhere", raw, sizeof raw, 0600);
	assert_int_equal(symlinkat("elsewhere", dir, SC_HSMD_UNLOCK_FILE), 0);
	assert_int_equal(read_key(NULL, NULL, NULL), SC_ERR_SYSTEM);
	assert_int_equal(unlinkat(dir, SC_HSMD_UNLOCK_FILE, 0), 0);
	assert_int_equal(mkfifoat(dir, SC_HSMD_UNLOCK_FILE, 0600), 0);
	assert_int_equal(read_key(NULL, NULL, NULL), SC_ERR_ARGUMENT);
}

static void a_key_comes_from_where_it_is_said_to(void **state)
{
	const struct sc_hsmd_unlock_source none = { NULL, NULL };
	const struct sc_hsmd_unlock_source by_file = { "f", NULL };
	char path[128];
	char text[16];
	int ends[2];

	(void)state;
	assert_false(sc_hsmd_unlock_is_given(&none));
	assert_true(sc_hsmd_unlock_is_given(&by_file));
	write_key("given", raw, sizeof raw, 0600);
	snprintf(path, sizeof path, "%s/given", directory);
	assert_int_equal(read_key(path, NULL, NULL), SC_OK);
	assert_int_equal(read_key(path, "0", NULL), SC_ERR_ARGUMENT);
	assert_int_equal(read_key(NULL, "x", NULL), SC_ERR_ARGUMENT);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], HEX, 40), 40);
	assert_int_equal(write(ends[1], &HEX[40], 24), 24);
	close(ends[1]);
	snprintf(text, sizeof text, "%d", ends[0]);
	assert_int_equal(read_key(NULL, text, NULL), SC_OK);
	assert_int_equal(fcntl(ends[0], F_GETFD), -1);
}

static void a_new_module_gets_a_key_that_is_then_kept(void **state)
{
	const struct sc_hsmd_unlock_source none = { NULL, NULL };
	SC_CLEANUP(sc_secret) first = { 0 };
	SC_CLEANUP(sc_secret) second = { 0 };
	SC_CLEANUP(sc_secret) third = { 0 };
	struct stat status;

	(void)state;
	assert_int_equal(sc_hsmd_unlock_read_or_make(&none, sc_hsmd_state_dir(store), &first, NULL), SC_OK);
	assert_int_equal(fstatat(sc_hsmd_state_dir(store)->fd, SC_HSMD_UNLOCK_FILE, &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(sc_hsmd_unlock_read_or_make(&none, sc_hsmd_state_dir(store), &second, NULL), SC_OK);
	assert_int_equal(sc_hsmd_unlock_read(&none, sc_hsmd_state_dir(store), &third, NULL), SC_OK);
	assert_true(sc_secret_equals(&first, &second) && sc_secret_equals(&first, &third));
}

/* -- sockets ----------------------------------------------------------------------------------- */

static void assert_bad_spec(const char *text, const char *named)
{
	struct sc_hsmd_socket_spec spec;
	struct sc_error err = { 0 };

	assert_int_equal(sc_hsmd_socket_spec_read(text, &spec, &err), SC_ERR_ARGUMENT);
	if (!strstr(err.message, named))
		fail_msg("%s: \"%s\" does not name %s", text, err.message, named);
}

static void a_socket_is_described_completely_or_refused(void **state)
{
	struct sc_hsmd_socket_spec spec;
	char text[512];

	(void)state;
	assert_int_equal(sc_hsmd_socket_spec_read("role=use,path=/run/a", &spec, NULL), SC_OK);
	assert_int_equal(spec.policy.role, SC_ROLE_USE);
	assert_int_equal(spec.mode, 0600);
	assert_int_equal(spec.group, (gid_t)-1);
	assert_int_equal(
	    sc_hsmd_socket_spec_read(
		"path=/run/b,owner=vaultd,make=vault,load=vault+simple,mode=0660,group=root,role=service",
		&spec, NULL),
	    SC_OK);
	assert_int_equal(spec.policy.make, SC_APPLICATION_VAULT);
	assert_int_equal(spec.policy.load, SC_APPLICATION_VAULT | SC_APPLICATION_SIMPLE);
	assert_string_equal(spec.policy.daemon.s, "vaultd");
	assert_string_equal(spec.path, "/run/b");
	assert_int_equal(spec.mode, 0660);
	assert_int_equal(spec.group, 0);
	assert_bad_spec("", "KEY=VALUE");
	assert_bad_spec("role=use", "path=");
	assert_bad_spec("path=/run/a", "role=");
	assert_bad_spec("role=use,path=", "path");
	assert_bad_spec("role=admin,path=/run/a", "admin");
	assert_bad_spec("role=use,path=/run/a,colour=red", "colour");
	assert_bad_spec("role=use,path=/run/a,", "KEY=VALUE");
	assert_bad_spec("role=use,role=use,path=/run/a", "twice");
	assert_bad_spec("role=use,path=/run/a,mode=0888", "0888");
	assert_bad_spec("role=use,path=/run/a,mode=0777", "0777");
	assert_bad_spec("role=use,path=/run/a,mode=", "mode");
	assert_bad_spec("role=use,path=/run/a,group=no-such-group", "no-such-group");
	assert_bad_spec("role=use,path=/run/a,make=vault", "service");
	assert_bad_spec("role=custody,path=/run/a,owner=x", "service");
	assert_bad_spec("role=service,path=/run/a,owner=x,make=vault+", "not an application");
	assert_bad_spec("role=service,path=/run/a,owner=x,make=cheese", "cheese");
	assert_bad_spec("role=service,path=/run/a,make=vault,load=vault", "daemon");
	snprintf(text, sizeof text, "role=use,path=/%0*d", SC_HSMD_SOCKET_PATH_MAX, 0);
	assert_bad_spec(text, "path");
	snprintf(text, sizeof text, "role=use,path=/run/%0*d", 480, 0);
	assert_bad_spec(text, "socket");
}

static void a_socket_takes_the_place_of_a_dead_one_only(void **state)
{
	struct sc_hsmd_socket_spec spec = { .policy.role = SC_ROLE_USE, .mode = 0640, .group = (gid_t)-1 };
	struct stat status;
	int first = -1;
	int second = -1;

	(void)state;
	snprintf(spec.path, sizeof spec.path, "%s/socket", directory);
	assert_int_equal(sc_hsmd_socket_listen(&spec, &first, NULL), SC_OK);
	assert_int_equal(stat(spec.path, &status), 0);
	assert_true(S_ISSOCK(status.st_mode));
	assert_int_equal(status.st_mode & 07777, 0640);
	assert_int_equal(sc_hsmd_socket_listen(&spec, &second, NULL), SC_ERR_EXISTS);
	close(first);
	assert_int_equal(sc_hsmd_socket_listen(&spec, &second, NULL), SC_OK);
	close(second);
	assert_int_equal(unlink(spec.path), 0);
	write_key("socket", "file", 4, 0600);
	assert_int_equal(sc_hsmd_socket_listen(&spec, &second, NULL), SC_ERR_EXISTS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_saved_is_loaded),
		TEST(a_second_process_is_refused),
		TEST(a_directory_open_to_others_is_refused),
		TEST(what_an_interrupted_writing_left_is_swept_away_and_nothing_else),
		TEST(a_full_disk_is_an_error_until_there_is_room_again),
		TEST(opening_fails_by_name_at_every_call_and_leaves_nothing),
		TEST(every_failing_call_is_told_and_no_file_is_torn),
		TEST(a_first_state_never_stands_without_its_mark),
		TEST(after_a_failed_sync_nothing_is_written_any_more),
		TEST(a_key_is_raw_or_hexadecimal_and_nothing_else),
		TEST(a_key_that_others_can_read_is_refused),
		TEST(a_key_is_no_link_and_no_pipe),
		TEST(a_key_comes_from_where_it_is_said_to),
		TEST(a_new_module_gets_a_key_that_is_then_kept),
		TEST(a_socket_is_described_completely_or_refused),
		TEST(a_socket_takes_the_place_of_a_dead_one_only),
	};

	for (size_t i = 0; i < sizeof raw; i++)
		raw[i] = (uint8_t)i;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
