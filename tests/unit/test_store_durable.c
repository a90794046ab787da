/*
 * Acknowledged means synced (rule P2, invariant 7). What the store acknowledged with SC_OK is there after a
 * full disk, a failing disk and kill -9, and what it refused has left nothing half-written.
 */
#include "support/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "fault_vfs.h"
#include "store_fixture.h"

#define CALLS_MAX 200 /* more than one import makes */
#define KILLS     12

static sc_status import(struct fixture *f, unsigned number, struct sc_error *err)
{
	char version[SC_KEY_VERSION_SIZE];

	return sample_import(f->store, "Contoso", "k", number, number, version, err);
}

static bool has_key(struct fixture *f, unsigned number)
{
	SC_CLEANUP(sc_store_key_row) key = { 0 };
	sc_status status =
	    sc_store_key_find(f->store, TENANT, "Contoso", "k", sample_version(number), &key, NULL);

	assert_true(status == SC_OK || status == SC_ERR_NOT_FOUND);
	return status == SC_OK;
}

static bool has_package(struct fixture *f, unsigned number)
{
	const struct sc_store_package_claim claim = sample_claim(number);
	SC_CLEANUP(sc_store_key_row) key = { 0 };
	sc_status status = sc_store_package_find(f->store, TENANT, "Contoso", "k", &claim, &key, NULL);

	assert_true(status == SC_OK || status == SC_ERR_NOT_FOUND);
	return status == SC_OK;
}

/* Keeps the single value of a statement that SQLite itself runs on the file. */
static int keep_text(void *out, int columns, char **texts, char **names)
{
	(void)columns, (void)names;
	snprintf(out, 64, "%s", texts[0]);
	return 0;
}

static void assert_sql(const struct fixture *f, const char *sql, const char *expected)
{
	sqlite3 *handle = NULL;
	char text[64] = "";

	assert_int_equal(sqlite3_open(path_of(f), &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, sql, keep_text, text, NULL), SQLITE_OK);
	assert_string_equal(text, expected);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

/* Every version has its key and its package's id, and every id its version; the file itself is sound. */
static void assert_whole(const struct fixture *f)
{
	assert_sql(f, "PRAGMA integrity_check", "ok");
	assert_sql(f, "SELECT count(*) FROM pragma_foreign_key_check", "0");
	assert_sql(f,
		   "SELECT count(*) FROM (SELECT tenant, vault_key, name_key FROM keys"
		   " EXCEPT SELECT tenant, vault_key, name_key FROM key_versions)",
		   "0");
	assert_sql(f,
		   "SELECT count(*) FROM (SELECT tenant, vault_key, name_key, version FROM key_versions"
		   " EXCEPT SELECT tenant, vault_key, name_key, version FROM packages)",
		   "0");
	assert_sql(f,
		   "SELECT count(*) FROM (SELECT tenant, vault_key, name_key, version FROM packages"
		   " EXCEPT SELECT tenant, vault_key, name_key, version FROM key_versions)",
		   "0");
}

/* -- a full disk ------------------------------------------------------------------------------- */

static void limit_files(rlim_t size)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static rlim_t size_of_log(const struct fixture *f)
{
	struct stat status;

	assert_int_equal(stat(scratch_path(&f->scratch, "vault.db-wal"), &status), 0);
	return (rlim_t)status.st_size;
}

static void a_full_disk_refuses_and_loses_nothing_and_room_is_found_again(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };
	sc_status status = SC_OK;
	unsigned stored = 0;

	/* The log grows past the limit, as it would past the end of a disk. */
	limit_files(size_of_log(f) + 100000);
	while (stored < 1000 && (status = import(f, stored, &err)) == SC_OK)
		stored++;
	/* The test's own reports go to a file, too. */
	limit_files(RLIM_INFINITY);
	assert_status(status, SC_ERR_NOT_DURABLE, &err);
	assert_true(stored > 0);
	assert_false(has_key(f, stored));
	assert_false(has_package(f, stored));
	assert_ok(import(f, stored, &err), &err);
	assert_ok(import(f, stored + 1, &err), &err);
	reopen(f);
	for (unsigned i = 0; i <= stored + 1; i++)
		assert_true(has_key(f, i));
	assert_whole(f);
}

/* -- a failing disk ---------------------------------------------------------------------------- */

/* Nobody sees any part of a failed write, and the next one succeeds without a restart. */
static void a_write_that_fails(struct fixture *f, unsigned number)
{
	struct sc_error err = { 0 };

	assert_false(has_key(f, number));
	assert_false(has_package(f, number));
	assert_ok(import(f, number, &err), &err);
	assert_true(has_key(f, number));
}

static void whichever_write_fails_nothing_is_seen_and_the_next_goes_through(void **state)
{
	struct fixture *f = *state;
	const enum fault faults[] = { FAULT_WRITE, FAULT_FULL };
	unsigned number = 0;

	for (size_t i = 0; i < 2; i++)
		for (int nth = 1;; nth++) {
			struct sc_error err = { 0 };
			sc_status status;

			assert_true(nth < CALLS_MAX);
			fault_arm(faults[i], nth);
			status = import(f, ++number, &err);
			if (!fault_disarm()) {
				assert_ok(status, &err);
				break;
			}
			/* The last writes copy the log back; the key was already safe. */
			if (status != SC_OK) {
				assert_status(status, SC_ERR_NOT_DURABLE, &err);
				a_write_that_fails(f, number);
			}
			assert_true(has_key(f, number));
		}
	assert_true(number > 4);
	reopen(f);
	for (unsigned n = 1; n <= number; n++)
		assert_true(has_key(f, n));
	assert_whole(f);
}

static void a_failed_sync_stops_all_writing_until_a_restart(void **state)
{
	struct fixture *f = *state;
	unsigned number = 100;

	for (int nth = 1;; nth++) {
		struct sc_error err = { 0 };
		sc_status status;

		assert_true(nth < CALLS_MAX);
		assert_ok(import(f, number, &err), &err);
		fault_arm(FAULT_SYNC, nth);
		status = import(f, ++number, &err);
		if (!fault_disarm()) {
			assert_ok(status, &err);
			assert_true(nth > 1);
			break;
		}
		assert_status(status, SC_ERR_NOT_DURABLE, &err);
		assert_false(has_key(f, number));
		/* The disk works again, but nobody knows what it has lost: never retried into success. */
		assert_status(import(f, number, &err), SC_ERR_NOT_DURABLE, &err);
		assert_non_null(strstr(err.message, "restart"));
		assert_true(has_key(f, number - 1));
		reopen(f);
		assert_ok(import(f, number, &err), &err);
		number++;
	}
	assert_whole(f);
}

/*
 * A sync that fails while the log is copied back cannot be reported to the caller whose key is safe in the
 * log.
 */
static void a_failed_sync_of_the_logs_carrying_over_stops_writing_too(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };
	unsigned number = 0;
	bool has_struck = false;

	/* Each commit makes one sync; the second one is that of copying the log back. */
	while (!has_struck && number < 1000) {
		fault_arm(FAULT_SYNC, 2);
		assert_ok(import(f, ++number, &err), &err);
		has_struck = fault_disarm();
	}
	assert_true(has_struck);
	assert_status(import(f, number + 1, &err), SC_ERR_NOT_DURABLE, &err);
	reopen(f);
	for (unsigned i = 1; i <= number; i++)
		assert_true(has_key(f, i));
	assert_ok(import(f, number + 1, &err), &err);
	assert_whole(f);
}

static void a_disk_that_is_full_at_the_first_start_leaves_no_half_made_tables(void **state)
{
	struct fixture *f = *state;
	const char *path = scratch_path(&f->scratch, "new.db");
	struct sc_store_vault_db *store = NULL;
	struct sc_error err = { 0 };
	int failed = 0;

	for (int nth = 1;; nth++) {
		sc_status status;

		assert_true(nth < CALLS_MAX);
		fault_arm(FAULT_FULL, nth);
		status = sc_store_vault_db_open(path, &store, &err);
		if (!fault_disarm())
			break;
		if (status == SC_OK) {
			sc_store_vault_db_close(store);
			break;
		}
		failed++;
		assert_status(status, SC_ERR_NOT_DURABLE, &err);
	}
	assert_true(failed > 1);
	sc_store_vault_db_close(store);
	assert_ok(sc_store_vault_db_open(path, &store, &err), &err);
	sc_store_vault_db_close(store);
}

/* -- kill -9 ----------------------------------------------------------------------------------- */

/* Imports forever, and reports each acknowledged number. */
static void import_until_killed(const char *path, unsigned first, int tell)
{
	struct sc_store_vault_db *store = NULL;
	char version[SC_KEY_VERSION_SIZE];

	if (sc_store_vault_db_open(path, &store, NULL) != SC_OK)
		_exit(1);
	for (unsigned number = first;; number++)
		if (sample_import(store, "Contoso", "k", number, number, version, NULL) != SC_OK ||
		    write(tell, &number, sizeof number) != sizeof number)
			_exit(2);
}

/* How many numbers, from `first` on, the child had acknowledged when it was killed. */
static unsigned kill_in_the_middle(const char *path, unsigned first, useconds_t after)
{
	int told[2];
	unsigned number, count = 0;
	int status = 0;
	pid_t child;

	assert_int_equal(pipe(told), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(told[0]);
		import_until_killed(path, first, told[1]);
	}
	close(told[1]);
	/* The first number shows that the child is working. */
	while (read(told[0], &number, sizeof number) == sizeof number) {
		assert_int_equal(number, first + count);
		if (count++ == 0) {
			usleep(after);
			assert_int_equal(kill(child, SIGKILL), 0);
		}
	}
	close(told[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return count;
}

static void what_was_acknowledged_is_there_after_kill_9(void **state)
{
	struct fixture *f = *state;
	unsigned first[KILLS], count[KILLS];
	unsigned next = 1;

	sc_store_vault_db_close(f->store);
	f->store = NULL;
	srand((unsigned)getpid());
	for (unsigned i = 0; i < KILLS; i++) {
		first[i] = next;
		count[i] = kill_in_the_middle(path_of(f), next, (useconds_t)(rand() % 60000));
		assert_true(count[i] > 0);
		/* One more may have been written but not reported. */
		next += count[i] + 1;
	}
	assert_ok(sc_store_vault_db_open(path_of(f), &f->store, NULL), NULL);
	for (unsigned i = 0; i < KILLS; i++)
		for (unsigned j = 0; j < count[i]; j++)
			assert_true(has_key(f, first[i] + j) && has_package(f, first[i] + j));
	assert_whole(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_full_disk_refuses_and_loses_nothing_and_room_is_found_again),
		TEST(whichever_write_fails_nothing_is_seen_and_the_next_goes_through),
		TEST(a_failed_sync_stops_all_writing_until_a_restart),
		TEST(a_failed_sync_of_the_logs_carrying_over_stops_writing_too),
		TEST(a_disk_that_is_full_at_the_first_start_leaves_no_half_made_tables),
		TEST(what_was_acknowledged_is_there_after_kill_9),
	};

	/* With the signal ignored, a write past the limit is an error, as on a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	fault_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
