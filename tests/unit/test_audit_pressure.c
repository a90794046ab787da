/*
 * The audit log when the disk is slow or full, or a flood arrives: what is kept, refused, counted and marked.
 */
#include "audit_fixture.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "fake_clock.h"

#define LOG "audit.log"

/* Bytes that one write may have; 0: the disk is full. */
static atomic_size_t room;
static atomic_uint writes_to_fail; /* so many, before those that only `room` limits */
static atomic_bool write_hangs;
static atomic_bool sync_hangs;
static atomic_uint writes;
static atomic_uint syncs;
static atomic_uint looks; /* at the monotonic clock */

static ssize_t write_into_room(int fd, const void *data, size_t len)
{
	if (!audit_is_file(fd))
		return write(fd, data, len);
	writes++;
	while (write_hangs)
		usleep(1000);
	if (writes_to_fail > 0)
		writes_to_fail--;
	else if (len <= room)
		return write(fd, data, len);
	errno = ENOSPC;
	return -1;
}

static int fsync_or_hang(int fd)
{
	syncs++;
	while (sync_hangs)
		usleep(1000);
	return fsync(fd);
}

static int (*fake_clock_gettime)(clockid_t, struct timespec *);

static int counted_clock_gettime(clockid_t clock, struct timespec *out)
{
	looks += clock == CLOCK_BOOTTIME;
	return fake_clock_gettime(clock, out);
}

/* A disk and a clock that the test moves. */
static int start(void **state)
{
	static struct sc_os table;

	(void)state;
	fake_clock_start();
	table = *sc_os;
	table.write = write_into_room;
	table.fsync = fsync_or_hang;
	fake_clock_gettime = table.clock_gettime;
	table.clock_gettime = counted_clock_gettime;
	sc_os = &table;
	room = SIZE_MAX;
	writes_to_fail = 0;
	write_hangs = sync_hangs = false;
	return 0;
}

static int stop(void **state)
{
	fake_clock_stop();
	return audit_clear(state);
}

static struct sc_audit *opened(void)
{
	struct sc_audit *audit = NULL;
	struct sc_error err = { 0 };

	assert_ok(audit_open(&audit, &err), &err);
	return audit;
}

static void note(struct sc_audit *audit)
{
	struct sc_error err = { 0 };

	assert_ok(sc_audit_note(audit, &audit_decrypted, &err), &err);
}

static void count(struct sc_audit *audit, const char *address, unsigned refusals)
{
	for (unsigned i = 0; i < refusals; i++)
		sc_audit_count_refusal(audit, address, "request", "it has expired");
}

static uint64_t lines_of(const char *kind)
{
	char text[64];

	snprintf(text, sizeof text, "\"kind\":\"%s\"", kind);
	return audit_occurrences(text);
}

struct expected {
	const char *kind;
	uint64_t lines;
};

static bool has_lines(void *expected)
{
	const struct expected *e = expected;

	return lines_of(e->kind) == e->lines;
}

static void await_lines(const char *kind, uint64_t lines)
{
	struct expected expected = { kind, lines };

	await_that(has_lines, &expected);
}

static bool has_more(void *before)
{
	return writes > *(const unsigned *)before;
}

/* Moves the clock, and waits until that has led to a write, which has failed. */
static void advance_into_a_failure(int64_t nanoseconds)
{
	unsigned before = writes;

	fake_clock_advance(nanoseconds);
	await_that(has_more, &before);
	fake_clock_await_sleeper(SC_SECOND / 2); /* before it tries again */
}

/* -- refusals without a valid token ------------------------------------------------------------ */

static void refusals_without_a_valid_token_are_one_line_per_address_and_minute(void **state)
{
	struct sc_audit *audit = opened();

	(void)state;
	count(audit, "192.0.2.1", 1000);
	count(audit, "2001:db8::1", 2);
	count(audit, "2001:db8::ffff", 3);
	count(audit, "2001:db8:0:1::1", 1);
	fake_clock_await_sleeper(60 * SC_SECOND);
	assert_int_equal(lines_of("refusals"), 0);
	fake_clock_advance(60 * SC_SECOND);
	await_lines("refusals", 3);
	count(audit, "192.0.2.1", 7);
	sc_audit_free(audit); /* without another minute */
	assert_int_equal(lines_of("refusals"), 4);
	assert_int_equal(audit_occurrences("\"address\":\"192.0.2.1\",\"count\":1000,"), 1);
	assert_int_equal(audit_occurrences("\"address\":\"192.0.2.1\",\"count\":7,"), 1);
	assert_int_equal(audit_occurrences("\"address\":\"2001:db8::/64\",\"count\":5,"), 1);
	assert_int_equal(audit_occurrences("\"address\":\"2001:db8:0:1::/64\",\"count\":1,"), 1);
	assert_int_equal(audit_occurrences("\"request\":\"request\",\"reason\":\"it has expired\""), 4);
	assert_int_equal(audit_report().gaps, 0);
}

static void more_addresses_than_there_are_places_share_a_line(void **state)
{
	struct sc_audit *audit = opened();
	char address[32];

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(address, sizeof address, "198.51.%u.%u", i / 250, i % 250);
		count(audit, address, 2);
	}
	sc_audit_free(audit);
	assert_int_equal(lines_of("refusals"), 257);
	assert_int_equal(audit_occurrences("\"address\":\"others\",\"count\":1488,"), 1);
	assert_int_equal(audit_report().last, 2 + 257);
}

/* They wait in their own table, and are counted on there. */
static void refusals_that_cannot_be_written_are_written_later(void **state)
{
	struct sc_audit *audit = opened();

	(void)state;
	room = 0;
	count(audit, "192.0.2.1", 1);
	fake_clock_await_sleeper(60 * SC_SECOND);
	advance_into_a_failure(60 * SC_SECOND);
	count(audit, "192.0.2.1", 5);
	note(audit); /* a refusal that could not be logged does not refuse a use */
	room = SIZE_MAX;
	sc_audit_free(audit);
	assert_int_equal(audit_occurrences("\"address\":\"192.0.2.1\",\"count\":1,"), 1);
	assert_int_equal(audit_occurrences("\"address\":\"192.0.2.1\",\"count\":5,"), 1);
	assert_int_equal(audit_report().last, 2 + 3);
}

static void a_missing_token_is_counted_with_those_that_are_refused_but_is_not_their_reason(void **state)
{
	struct sc_audit *audit = opened();

	(void)state;
	sc_audit_count_refusal(audit, "192.0.2.1", "first", NULL);
	count(audit, "192.0.2.1", 2);
	sc_audit_count_refusal(audit, "192.0.2.1", "last", NULL);
	sc_audit_count_refusal(audit, "192.0.2.2", "only", NULL);
	sc_audit_free(audit);
	assert_int_equal(audit_occurrences("\"address\":\"192.0.2.1\",\"count\":4,\"without_token\":2,"), 1);
	assert_int_equal(audit_occurrences("\"request\":\"request\",\"reason\":\"it has expired\""), 1);
	assert_int_equal(audit_occurrences("\"address\":\"192.0.2.2\",\"count\":1,\"without_token\":1,"), 1);
	assert_int_equal(audit_occurrences("\"request\":\"only\",\"reason\":\"it has no token\""), 1);
}

/* -- the age of what waits --------------------------------------------------------------------- */

static void uses_are_refused_once_the_oldest_waiting_line_is_two_seconds_old(void **state)
{
	struct sc_audit_entry refused = audit_decrypted;
	struct sc_audit *audit = opened();
	struct sc_error err = { 0 };

	(void)state;
	refused.result = SC_AUDIT_REFUSED;
	room = 0;
	note(audit);
	fake_clock_await_sleeper(SC_SECOND / 2);
	advance_into_a_failure(2 * SC_SECOND - SC_SECOND / 10);
	assert_ok(sc_audit_check(audit, &err), &err);
	note(audit); /* newer: it is the oldest one that counts */
	fake_clock_advance(SC_SECOND / 10);
	assert_status(sc_audit_check(audit, &err), SC_ERR_NOT_DURABLE, &err);
	assert_status(sc_audit_note(audit, &refused, &err), SC_ERR_NOT_DURABLE, &err);
	/* What began before has happened, and has its line, but is not answered. */
	assert_status(sc_audit_note(audit, &audit_decrypted, &err), SC_ERR_NOT_DURABLE, &err);
	room = SIZE_MAX;
	fake_clock_advance(SC_SECOND);
	await_lines("decision", 3);
	await_lines("gap", 1);
	/* What is in the file may still be being synced. After this it is not. */
	assert_ok(sc_audit_sync(audit, &audit_decrypted, &err), &err);
	assert_ok(sc_audit_check(audit, &err), &err);
	sc_audit_free(audit);
	assert_int_equal(audit_occurrences("\"kind\":\"gap\",\"count\":2,"), 1);
	assert_int_equal(audit_occurrences("\"result\":\"refused\""), 0);
	assert_int_equal(audit_report().last, 2 + 4 + 1);
}

/* The clock stands still: only their number leads to a write. */
static void many_lines_do_not_wait_for_their_time(void **state)
{
	struct sc_audit *audit = opened();
	unsigned before = writes;

	(void)state;
	for (unsigned i = 0; i < 4000; i++)
		note(audit);
	await_that(has_more, &before);
	sc_audit_free(audit);
}

/* A sync that takes long makes what it writes old, too. */
static void a_line_that_is_being_synced_still_waits(void **state)
{
	struct sc_audit *audit = opened();
	struct sc_error err = { 0 };
	unsigned before = syncs;

	(void)state;
	sync_hangs = true;
	note(audit);
	fake_clock_await_sleeper(SC_SECOND / 2);
	fake_clock_advance(SC_SECOND / 2);
	while (syncs == before)
		usleep(1000);
	assert_ok(sc_audit_check(audit, &err), &err);
	fake_clock_advance(SC_SECOND + SC_SECOND / 2);
	assert_status(sc_audit_check(audit, &err), SC_ERR_NOT_DURABLE, &err);
	sync_hangs = false;
	await_lines("gap", 1);
	assert_ok(sc_audit_sync(audit, &audit_decrypted, &err), &err);
	assert_ok(sc_audit_check(audit, &err), &err);
	sc_audit_free(audit);
}

/* -- room -------------------------------------------------------------------------------------- */

static void the_outcome_of_a_change_has_room_when_uses_have_none(void **state)
{
	struct sc_audit_entry import = audit_decrypted;
	struct sc_audit *audit = opened();
	struct sc_error err = { 0 };
	unsigned kept = 0;

	(void)state;
	import.operation = "keys/import";
	room = 0;
	while (sc_audit_note(audit, &audit_decrypted, &err) == SC_OK)
		kept++;
	assert_true(kept > 1000);
	import.result = SC_AUDIT_ALLOWED;
	assert_status(sc_audit_sync(audit, &import, &err), SC_ERR_NOT_DURABLE, &err);
	import.result = SC_AUDIT_DONE;
	assert_status(sc_audit_sync(audit, &import, &err), SC_ERR_NOT_DURABLE, &err); /* after it was tried */
	room = SIZE_MAX;
	sc_audit_free(audit);
	assert_int_equal(audit_occurrences("\"operation\":\"keys/import\""), 1);
	assert_int_equal(lines_of("decision"), kept + 1);
	assert_int_equal(audit_occurrences("\"kind\":\"gap\",\"count\":2,"),
			 1); /* the last use, and ALLOWED */
	assert_int_equal(audit_report().last, 2 + kept + 1 + 1);
}

/* A caller whose token is valid, but who may do nothing, leaves half of the room to the others. */
static void refusals_leave_room_for_what_is_allowed(void **state)
{
	struct sc_audit_entry refused = audit_decrypted;
	struct sc_audit *audit = opened();
	struct sc_error err = { 0 };
	unsigned refusals = 0;
	unsigned uses = 0;

	(void)state;
	refused.result = SC_AUDIT_REFUSED;
	room = 0;
	while (sc_audit_note(audit, &refused, &err) == SC_OK)
		refusals++;
	while (sc_audit_note(audit, &audit_decrypted, &err) == SC_OK)
		uses++;
	assert_in_range(uses, refusals - refusals / 10, refusals + refusals / 10);
	room = SIZE_MAX;
	sc_audit_free(audit);
	assert_int_equal(lines_of("decision"), refusals + uses);
	assert_int_equal(audit_report().gaps, 1);
}

static struct sc_audit *synced_by;

static bool has_looked(void *before)
{
	return looks > *(const unsigned *)before;
}

static void *sync_one(void *status)
{
	struct sc_error err = { 0 };

	*(sc_status *)status = sc_audit_sync(synced_by, &audit_decrypted, &err);
	return NULL;
}

/* Only one line of two is in the write that fails. */
static void a_change_is_not_refused_for_a_write_without_its_line(void **state)
{
	sc_status first = SC_OK;
	sc_status second = SC_OK;
	unsigned looks_before;
	unsigned before;
	pthread_t threads[2];

	(void)state;
	synced_by = opened();
	before = writes;
	write_hangs = true;
	writes_to_fail = 1;
	assert_int_equal(pthread_create(&threads[0], NULL, sync_one, &first), 0);
	await_that(has_more, &before);
	looks_before = looks;
	assert_int_equal(pthread_create(&threads[1], NULL, sync_one, &second), 0);
	/* The second looks at the clock when it adds its line, with the lock, which the write's end needs. */
	await_that(has_looked, &looks_before);
	write_hangs = false;
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	sc_audit_free(synced_by);
	assert_int_equal(first, SC_ERR_NOT_DURABLE);
	assert_int_equal(second, SC_OK);
}

/* -- memory ------------------------------------------------------------------------------------ */

static _Thread_local bool has_no_memory;

static void *allocate(size_t size)
{
	return has_no_memory ? NULL : malloc(size);
}

static void a_decision_for_which_there_is_no_memory_is_in_a_gap(void **state)
{
	struct sc_audit *audit;
	struct sc_error err = { 0 };

	(void)state;
	json_set_alloc_funcs(allocate, free);
	audit = opened();
	has_no_memory = true;
	assert_status(sc_audit_note(audit, &audit_decrypted, &err), SC_ERR_MEMORY, &err);
	assert_status(sc_audit_sync(audit, &audit_decrypted, &err), SC_ERR_MEMORY, &err);
	has_no_memory = false;
	sc_audit_free(audit);
	json_set_alloc_funcs(malloc, free);
	/* One line or two: the writing thread may have been between the two. */
	assert_int_equal(2 * audit_occurrences("\"kind\":\"gap\",\"count\":2,") +
			     audit_occurrences("\"kind\":\"gap\",\"count\":1,"),
			 2);
}

/* -- retention --------------------------------------------------------------------------------- */

static bool has_one_file(void *ignored)
{
	struct audit_files files;

	(void)ignored;
	audit_list(&files);
	return files.count == 1;
}

/* The line that says so goes before the lines that the disk has no room for. */
static void old_segments_make_room_on_a_full_disk(void **state)
{
	struct sc_audit *audit;

	(void)state;
	audit_settings.retention_days = 3;
	for (unsigned day = 0; day < 3; day++) {
		audit_write(1);
		fake_clock_advance(SC_DAY * SC_SECOND);
	}
	audit = opened();
	room = 1000;
	for (unsigned i = 0; i < 20; i++)
		note(audit);
	fake_clock_advance(5 * SC_DAY * SC_SECOND);
	await_that(has_one_file, NULL);
	assert_int_equal(lines_of("retention"), 1);
	assert_int_equal(lines_of("decision"), 0);
	room = SIZE_MAX;
	sc_audit_free(audit);
	assert_int_equal(lines_of("decision"), 20);
	assert_int_equal(audit_report().gaps, 0);
}

/* -- gaps -------------------------------------------------------------------------------------- */

/* A full disk often still has room for a line, in the block that the file has begun. */
static void lines_that_are_lost_when_the_log_is_closed_are_counted_in_it(void **state)
{
	struct sc_audit *audit = opened();

	(void)state;
	room = 1000;
	for (unsigned i = 0; i < 20; i++)
		note(audit);
	sc_audit_free(audit);
	assert_int_equal(lines_of("decision"), 0);
	assert_int_equal(audit_occurrences("\"kind\":\"gap\",\"count\":20,"), 1);
	room = SIZE_MAX;
	sc_audit_free(opened());
	assert_int_equal(audit_report().gaps, 1); /* so the next opening has nothing to add */
}

static void so_are_refusals_that_no_line_counts(void **state)
{
	struct sc_audit *audit = opened();

	(void)state;
	room = 0;
	count(audit, "192.0.2.1", 3);
	fake_clock_await_sleeper(60 * SC_SECOND);
	advance_into_a_failure(60 * SC_SECOND);
	count(audit, "192.0.2.1", 5); /* after the others were taken */
	count(audit, "192.0.2.2", 7);
	note(audit);
	/* The first write of the end fails, the second has the gap. */
	writes_to_fail = 1;
	room = SIZE_MAX;
	sc_audit_free(audit);
	assert_int_equal(lines_of("refusals"), 0);
	assert_int_equal(audit_occurrences("\"kind\":\"gap\",\"count\":16,"), 1);
	assert_int_equal(lines_of("close"), 1);
}

/* How many lines are lost is not known then, and stays unknown. */
static void an_opening_that_fails_leaves_the_log_as_it_was(void **state)
{
	struct sc_audit *audit = opened();
	struct sc_error err = { 0 };

	(void)state;
	room = 0;
	note(audit);
	sc_audit_free(audit);
	room = SIZE_MAX;
	writes_to_fail = 2; /* of the opening, and of its end */
	assert_status(audit_open(&audit, &err), SC_ERR_NOT_DURABLE, &err);
	assert_int_equal(audit_report().last, 1);
	sc_audit_free(opened());
	assert_int_equal(audit_occurrences("\"kind\":\"gap\",\"count\":null,\"since\":\""), 1);
	assert_int_equal(audit_report().gaps, 1);
}

/*
 * If a write in the middle of an opening could be the last, a log that had been closed would no longer say
 * so.
 */
static void an_opening_and_what_it_removes_are_one_write(void **state)
{
	struct sc_audit *audit;
	unsigned before;

	(void)state;
	audit_settings.retention_days = 1;
	audit_write(2);
	fake_clock_advance(5 * SC_DAY * SC_SECOND);
	before = writes;
	audit = opened();
	assert_int_equal(writes - before, 1);
	assert_int_equal(lines_of("retention"), 1);
	sc_audit_free(audit);
	assert_int_equal(audit_report().gaps, 0);
}

static void a_log_that_was_not_closed_has_its_gap_marked_when_it_is_opened(void **state)
{
	struct sc_audit *audit = opened();

	(void)state;
	room = 0;
	for (unsigned i = 0; i < 20; i++)
		note(audit);
	sc_audit_free(audit);
	assert_int_equal(lines_of("gap"), 0);
	room = SIZE_MAX;
	sc_audit_free(opened());
	assert_int_equal(audit_occurrences("\"kind\":\"gap\",\"count\":null,\"since\":\""), 1);
	sc_audit_free(opened());
	assert_int_equal(audit_report().gaps, 1);
}

static void so_has_one_whose_process_was_killed(void **state)
{
	SC_CLEANUP(sc_bytes) as_it_was = { 0 };
	struct sc_audit *audit = opened();
	struct sc_error err = { 0 };

	(void)state;
	assert_ok(sc_audit_sync(audit, &audit_decrypted, &err), &err);
	audit_read(LOG, &as_it_was);
	sc_audit_free(audit);
	audit_replace(LOG, sc_bytes_view(&as_it_was));
	sc_audit_free(opened());
	assert_int_equal(audit_occurrences("\"kind\":\"gap\",\"count\":null,\"since\":\""), 1);
	assert_int_equal(audit_report().gaps, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    refusals_without_a_valid_token_are_one_line_per_address_and_minute, start, stop),
		cmocka_unit_test_setup_teardown(more_addresses_than_there_are_places_share_a_line, start,
						stop),
		cmocka_unit_test_setup_teardown(refusals_that_cannot_be_written_are_written_later, start,
						stop),
		cmocka_unit_test_setup_teardown(
		    uses_are_refused_once_the_oldest_waiting_line_is_two_seconds_old, start, stop),
		cmocka_unit_test_setup_teardown(many_lines_do_not_wait_for_their_time, start, stop),
		cmocka_unit_test_setup_teardown(a_line_that_is_being_synced_still_waits, start, stop),
		cmocka_unit_test_setup_teardown(the_outcome_of_a_change_has_room_when_uses_have_none, start,
						stop),
		cmocka_unit_test_setup_teardown(lines_that_are_lost_when_the_log_is_closed_are_counted_in_it,
						start, stop),
		cmocka_unit_test_setup_teardown(
		    a_log_that_was_not_closed_has_its_gap_marked_when_it_is_opened, start, stop),
		cmocka_unit_test_setup_teardown(
		    a_missing_token_is_counted_with_those_that_are_refused_but_is_not_their_reason, start,
		    stop),
		cmocka_unit_test_setup_teardown(refusals_leave_room_for_what_is_allowed, start, stop),
		cmocka_unit_test_setup_teardown(a_change_is_not_refused_for_a_write_without_its_line, start,
						stop),
		cmocka_unit_test_setup_teardown(a_decision_for_which_there_is_no_memory_is_in_a_gap, start,
						stop),
		cmocka_unit_test_setup_teardown(old_segments_make_room_on_a_full_disk, start, stop),
		cmocka_unit_test_setup_teardown(so_are_refusals_that_no_line_counts, start, stop),
		cmocka_unit_test_setup_teardown(an_opening_that_fails_leaves_the_log_as_it_was, start, stop),
		cmocka_unit_test_setup_teardown(an_opening_and_what_it_removes_are_one_write, start, stop),
		cmocka_unit_test_setup_teardown(so_has_one_whose_process_was_killed, start, stop),
	};

	return cmocka_run_group_tests(tests, audit_make_directory, audit_remove_directory);
}
