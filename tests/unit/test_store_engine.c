/*
 * What the engine of the stores promises (store/db.h): parameters by number, any number of statements, a
 * bounded wait for a connection, and a number that says whether anything was committed.
 */
#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "scratch.h"
#include "store/db.h"

#define STATEMENTS 100  /* more than a connection keeps */
#define START      1000 /* seconds: the clock of the test stands still until it is moved */

struct fixture {
	struct scratch scratch;
	struct sc_db *db;
};

static const char *const steps[] = {
	"CREATE TABLE things (id INTEGER NOT NULL PRIMARY KEY, name TEXT) STRICT"
};
static const struct sc_db_schema schema = {
	"the test", "making it", 0x53437430, 1, steps, SC_DB_COUNT(steps)
};

static const char *path_of(const struct fixture *f)
{
	return scratch_path(&f->scratch, "things.db");
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	f->scratch = scratch_make();
	assert_ok(sc_db_open(path_of(f), &schema, &f->db, NULL), NULL);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	sc_db_close(f->db);
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

/* Keeps a whole row. */
static void fill_row(void *out, struct sc_db_row *row)
{
	*(struct sc_db_row *)out = sc_steal(*row);
}

static sc_status add(struct sc_db *db, int64_t id, struct sc_error *err)
{
	const struct sc_db_value values[] = { sc_db_integer(id), sc_db_text("a thing") };

	return sc_db_write(db, "INSERT INTO things (id, name) VALUES (?1, ?2)", values, SC_DB_COUNT(values),
			   NULL, err);
}

static sc_status count(struct sc_db *db, int64_t *out, struct sc_error *err)
{
	SC_CLEANUP(sc_db_row) row = { 0 };

	SC_TRY(sc_db_find(db, "SELECT count(*) FROM things", NULL, 0, fill_row, &row, err));
	*out = row.column[0].integer;
	return SC_OK;
}

/* -- parameters and rows ----------------------------------------------------------------------- */

static void parameters_are_bound_by_their_number_in_any_order(void **state)
{
	struct fixture *f = *state;
	const struct sc_db_value values[] = { sc_db_text("one"), sc_db_integer(2), sc_db_folded("THREE") };
	SC_CLEANUP(sc_db_row) row = { 0 };

	assert_ok(
	    sc_db_find(f->db, "SELECT ?3, ?1, ?2, ?1", values, SC_DB_COUNT(values), fill_row, &row, NULL),
	    NULL);
	assert_string_equal(sc_db_row_text(&row, 0), "three");
	assert_string_equal(sc_db_row_text(&row, 1), "one");
	assert_int_equal(row.column[2].integer, 2);
	assert_string_equal(sc_db_row_text(&row, 3), "one");
}

static void a_row_keeps_its_columns_after_the_statement(void **state)
{
	struct fixture *f = *state;
	struct sc_hash hash = { { 1, 2, 3 } };
	const struct sc_db_value values[] = { sc_db_bytes(sc_hash_view(&hash)),
					      sc_db_bytes(sc_view_of("", 0)), sc_db_integer_or_null(7, 7),
					      sc_db_integer_or_null(8, 7) };
	SC_CLEANUP(sc_db_row) row = { 0 };
	struct sc_hash found;
	int64_t number = 0;

	assert_ok(sc_db_find(f->db, "SELECT ?1, ?2, ?3, ?4, 'text'", values, SC_DB_COUNT(values), fill_row,
			     &row, NULL),
		  NULL);
	assert_ok(count(f->db, &number, NULL), NULL);
	found = sc_db_row_hash(&row, 0);
	assert_true(sc_hash_equals(&found, &hash));
	/* Zero bytes are not a hash, but they are not NULL either. */
	found = sc_db_row_hash(&row, 1);
	assert_true(sc_hash_is_zero(&found));
	assert_false(row.column[1].is_null);
	assert_true(row.column[2].is_null);
	assert_string_equal(sc_db_row_text(&row, 2), "");
	assert_int_equal(row.column[3].integer, 8);
	assert_string_equal(sc_db_row_text(&row, 4), "text");
}

static void more_statements_run_than_a_connection_keeps(void **state)
{
	struct fixture *f = *state;
	static char sql[STATEMENTS][64];
	SC_CLEANUP(sc_db_transaction) transaction = SC_DB_NO_TRANSACTION;
	int64_t written = 0;

	for (int i = 0; i < STATEMENTS; i++)
		snprintf(sql[i], sizeof sql[i], "INSERT INTO things (id, name) VALUES (?1 + %d, ?2)", i);
	assert_ok(sc_db_begin(f->db, &transaction, NULL), NULL);
	/* Twice, so that those that are not kept are prepared again. */
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < STATEMENTS; i++) {
			const struct sc_db_value values[] = { sc_db_integer(round * STATEMENTS),
							      sc_db_text("a thing") };

			assert_ok(sc_db_run(&transaction, sql[i], values, SC_DB_COUNT(values), NULL, NULL),
				  NULL);
		}
	assert_ok(sc_db_commit(&transaction, NULL), NULL);
	assert_ok(count(f->db, &written, NULL), NULL);
	assert_int_equal(written, 2 * STATEMENTS);
}

/* -- the wait for a connection ----------------------------------------------------------------- */

static _Atomic int64_t now; /* seconds */
static atomic_int looks;    /* at the clock */

static int clock_of_test(clockid_t clock, struct timespec *out)
{
	(void)clock;
	*out = (struct timespec){ .tv_sec = (time_t)now };
	looks++;
	return 0;
}

/* A thread that holds a connection for as long as its visit waits. */
struct reader {
	struct sc_db *db;
	pthread_barrier_t *taken;
	pthread_barrier_t *go_on;
	pthread_t thread;
	sc_status status;
};

static sc_status hold(void *context, struct sc_db_row *row, struct sc_error *err)
{
	const struct reader *reader = context;

	(void)row, (void)err;
	pthread_barrier_wait(reader->taken);
	pthread_barrier_wait(reader->go_on);
	return SC_OK;
}

static void *read_slowly(void *context)
{
	struct reader *reader = context;

	reader->status = sc_db_list(reader->db, "SELECT 1", NULL, 0, hold, reader, NULL);
	return NULL;
}

struct crowd {
	struct reader reader[SC_DB_READERS];
	pthread_barrier_t taken, go_on;
};

static void take_all(struct crowd *crowd, struct sc_db *db)
{
	pthread_barrier_init(&crowd->taken, NULL, SC_DB_READERS + 1);
	pthread_barrier_init(&crowd->go_on, NULL, SC_DB_READERS + 1);
	for (unsigned i = 0; i < SC_DB_READERS; i++) {
		struct reader *reader = &crowd->reader[i];

		*reader = (struct reader){ .db = db, .taken = &crowd->taken, .go_on = &crowd->go_on };
		assert_int_equal(pthread_create(&reader->thread, NULL, read_slowly, reader), 0);
	}
	pthread_barrier_wait(&crowd->taken);
}

static void give_all_back(struct crowd *crowd)
{
	pthread_barrier_wait(&crowd->go_on);
	for (unsigned i = 0; i < SC_DB_READERS; i++) {
		pthread_join(crowd->reader[i].thread, NULL);
		assert_int_equal(crowd->reader[i].status, SC_OK);
	}
	pthread_barrier_destroy(&crowd->taken);
	pthread_barrier_destroy(&crowd->go_on);
}

struct waiter {
	struct sc_db *db;
	pthread_t thread;
	atomic_bool has_ended;
	sc_status status;
	int64_t found;
	struct sc_error err;
};

static void *wait_for_connection(void *context)
{
	struct waiter *waiter = context;

	waiter->status = count(waiter->db, &waiter->found, &waiter->err);
	waiter->has_ended = true;
	return NULL;
}

/* Starts one that waits, and returns when it has seen the clock. */
static void start(struct waiter *waiter, struct sc_db *db)
{
	*waiter = (struct waiter){ .db = db, .found = -1 };
	looks = 0;
	assert_int_equal(pthread_create(&waiter->thread, NULL, wait_for_connection, waiter), 0);
	while (looks < 3 && !waiter->has_ended)
		usleep(1000);
}

static void a_read_waits_a_bounded_time_for_a_connection_and_says_what_to_do(void **state)
{
	struct fixture *f = *state;
	struct sc_os os = sc_os_system;
	struct crowd crowd;
	struct waiter waiter;
	int64_t things = -1;

	os.clock_gettime = clock_of_test;
	now = START;
	sc_os = &os;
	take_all(&crowd, f->db);
	start(&waiter, f->db);
	now = START + SC_DB_READER_SECONDS - 1;
	looks = 0;
	while (looks < 3 && !waiter.has_ended)
		usleep(1000);
	assert_false(waiter.has_ended);
	now = START + SC_DB_READER_SECONDS;
	pthread_join(waiter.thread, NULL);
	give_all_back(&crowd);
	sc_os = &sc_os_system;
	assert_status(waiter.status, SC_ERR_BUSY, &waiter.err);
	assert_non_null(strstr(waiter.err.message, "things.db"));
	assert_non_null(strstr(waiter.err.message, "try again"));
	assert_int_equal(waiter.found, -1);
	assert_ok(count(f->db, &things, NULL), NULL);
	assert_int_equal(things, 0);
}

static void a_read_that_waits_goes_on_when_a_connection_is_returned(void **state)
{
	struct fixture *f = *state;
	struct sc_os os = sc_os_system;
	struct crowd crowd;
	struct waiter waiter;

	os.clock_gettime = clock_of_test;
	now = START;
	sc_os = &os;
	take_all(&crowd, f->db);
	start(&waiter, f->db);
	assert_false(waiter.has_ended);
	give_all_back(&crowd);
	pthread_join(waiter.thread, NULL);
	sc_os = &sc_os_system;
	assert_ok(waiter.status, &waiter.err);
	assert_int_equal(waiter.found, 0);
}

/* -- the version ------------------------------------------------------------------------------- */

static int64_t version_of(struct sc_db *db)
{
	int64_t version = 0;

	assert_ok(sc_db_version(db, &version, NULL), NULL);
	return version;
}

static void the_version_changes_with_every_commit_of_any_process_and_with_nothing_else(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_db) other = NULL;
	SC_CLEANUP(sc_db_transaction) transaction = SC_DB_NO_TRANSACTION;
	int64_t before, things;

	assert_ok(sc_db_open(path_of(f), &schema, &other, NULL), NULL);
	before = version_of(f->db);
	assert_ok(count(f->db, &things, NULL), NULL);
	assert_ok(sc_db_begin(other, &transaction, NULL), NULL);
	assert_ok(sc_db_run(&transaction, "INSERT INTO things (id) VALUES (1)", NULL, 0, NULL, NULL), NULL);
	/* Not while a transaction is open, and not when it is rolled back. */
	assert_int_equal(version_of(f->db), before);
	sc_db_rollback(&transaction);
	assert_int_equal(version_of(f->db), before);
	assert_ok(add(other, 2, NULL), NULL);
	assert_int_not_equal(version_of(f->db), before);
	before = version_of(f->db);
	assert_int_equal(version_of(f->db), before);
	assert_ok(add(f->db, 3, NULL), NULL);
	assert_int_not_equal(version_of(f->db), before);
}

static void the_version_waits_for_no_reader_and_no_writer(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_db_transaction) transaction = SC_DB_NO_TRANSACTION;
	struct crowd crowd;
	int64_t before = version_of(f->db);

	take_all(&crowd, f->db);
	assert_ok(sc_db_begin(f->db, &transaction, NULL), NULL);
	assert_int_equal(version_of(f->db), before);
	give_all_back(&crowd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parameters_are_bound_by_their_number_in_any_order),
		TEST(a_row_keeps_its_columns_after_the_statement),
		TEST(more_statements_run_than_a_connection_keeps),
		TEST(a_read_waits_a_bounded_time_for_a_connection_and_says_what_to_do),
		TEST(a_read_that_waits_goes_on_when_a_connection_is_returned),
		TEST(the_version_changes_with_every_commit_of_any_process_and_with_nothing_else),
		TEST(the_version_waits_for_no_reader_and_no_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
