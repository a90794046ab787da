/* The one that holds the most of a socket makes room: users compared first, connections then (M12). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hsmd/os/holder.h"
#include "hsmd/os/limits.h"

#define NOW (INT64_C(1000) * SC_SECOND)

/* One socket with two users: `a` has the first three connections, `b` the other two. */
static struct sc_hsmd_holder listener;
static struct sc_hsmd_holder a;
static struct sc_hsmd_holder b;
static struct sc_hsmd_holder of_a[3];
static struct sc_hsmd_holder of_b[2];

static int setup(void **state)
{
	(void)state;
	sc_hsmd_holder_start(&listener, NULL);
	sc_hsmd_holder_start(&a, &listener);
	sc_hsmd_holder_start(&b, &listener);
	for (unsigned i = 0; i < 3; i++)
		sc_hsmd_holder_join(&of_a[i], &a, NOW);
	for (unsigned i = 0; i < 2; i++)
		sc_hsmd_holder_join(&of_b[i], &b, NOW);
	return 0;
}

static void what_a_connection_holds_its_user_and_socket_hold(void **state)
{
	(void)state;
	sc_hsmd_holder_take(&of_a[0], 64);
	sc_hsmd_holder_take(&of_a[1], 128);
	sc_hsmd_holder_take(&of_b[0], 256);
	assert_int_equal(a.held, 192);
	assert_int_equal(b.held, 256);
	assert_int_equal(listener.held, 448);
	sc_hsmd_holder_give(&of_a[1], 128);
	assert_int_equal(a.held, 64);
	assert_int_equal(listener.held, 320);
	assert_int_equal(a.connections, 3);
	assert_int_equal(listener.connections, 5);
	sc_hsmd_holder_leave(&of_a[0]);
	assert_int_equal(a.connections, 2);
	assert_int_equal(listener.connections, 4);
	/* A request in progress when its connection ended. */
	assert_int_equal(listener.held, 320);
	sc_hsmd_holder_give(&of_a[0], 64);
	assert_int_equal(listener.held, 256);
	sc_hsmd_holder_leave(&of_b[0]);
	sc_hsmd_holder_leave(&of_b[1]);
	assert_int_equal(b.connections, 0);
}

static void the_user_that_holds_most_makes_room_with_its_biggest_connection(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		sc_hsmd_holder_take(&of_a[i], 1024 + 64 * i);
	/* b's connection holds more than each of a's, but b less than a. */
	sc_hsmd_holder_take(&of_b[0], 2048);
	assert_ptr_equal(sc_hsmd_holder_to_close(&of_b[1], 64, NOW), &of_a[2]);
	assert_ptr_equal(sc_hsmd_holder_to_close(&of_b[0], 64, NOW), &of_a[2]);
	assert_ptr_equal(sc_hsmd_holder_to_close(&of_a[0], 64, NOW), &of_a[2]);
}

static void who_would_hold_as_much_as_any_goes_without(void **state)
{
	(void)state;
	sc_hsmd_holder_take(&of_a[0], 1024);
	sc_hsmd_holder_take(&of_a[1], 512);
	sc_hsmd_holder_take(&of_b[0], 512);
	/* The biggest itself; one of its user's that would be as big; one of a user that would be. */
	assert_null(sc_hsmd_holder_to_close(&of_a[0], 64, NOW));
	assert_null(sc_hsmd_holder_to_close(&of_a[1], 512, NOW));
	assert_ptr_equal(sc_hsmd_holder_to_close(&of_a[1], 511, NOW), &of_a[0]);
	assert_null(sc_hsmd_holder_to_close(&of_b[1], 1024, NOW));
	assert_ptr_equal(sc_hsmd_holder_to_close(&of_b[1], 256, NOW), &of_a[0]);
}

static void who_has_not_read_for_long_goes_first(void **state)
{
	(void)state;
	sc_hsmd_holder_take(&of_a[0], 1024);
	sc_hsmd_holder_take(&of_a[1], 64);
	sc_hsmd_holder_take(&of_a[2], 128);
	of_a[1].unread_since = of_a[2].unread_since = NOW;
	/* An honest reader that pauses is not among them. */
	assert_ptr_equal(sc_hsmd_holder_to_close(&of_b[0], 64, NOW + SC_HSMD_ANSWER_AGE), &of_a[0]);
	assert_ptr_equal(sc_hsmd_holder_to_close(&of_b[0], 64, NOW + SC_HSMD_ANSWER_AGE + 1), &of_a[2]);
	assert_ptr_equal(sc_hsmd_holder_to_close(&of_a[0], 64, NOW + SC_HSMD_ANSWER_AGE + 1), &of_a[2]);
	/* Those of a user that holds less are left alone. */
	of_b[1].unread_since = 1;
	sc_hsmd_holder_leave(&of_a[2]);
	sc_hsmd_holder_leave(&of_a[1]);
	assert_ptr_equal(sc_hsmd_holder_to_close(&of_b[0], 64, NOW), &of_a[0]);
}

static void the_user_with_most_connections_gives_a_place(void **state)
{
	struct sc_hsmd_holder c;

	(void)state;
	sc_hsmd_holder_start(&c, &listener);
	of_a[0].idle_since = NOW - 1;
	of_a[1].idle_since = NOW - 2;
	of_b[0].idle_since = NOW - 100;
	assert_ptr_equal(sc_hsmd_holder_to_make_place(&c, NOW), &of_a[1]);
	/* One that is busy, if none is idle. */
	for (unsigned i = 0; i < 3; i++)
		of_a[i].idle_since = 0;
	sc_hsmd_holder_take(&of_a[2], 64);
	assert_ptr_equal(sc_hsmd_holder_to_make_place(&c, NOW), &of_a[2]);
	assert_int_equal(c.connections, 0);
}

static void among_equals_only_who_has_been_idle_long_gives_a_place(void **state)
{
	(void)state;
	of_a[1].idle_since = NOW - 2;
	assert_null(sc_hsmd_holder_to_make_place(&a, NOW - 2 + SC_HSMD_IDLE_AGE));
	assert_ptr_equal(sc_hsmd_holder_to_make_place(&a, NOW - 1 + SC_HSMD_IDLE_AGE), &of_a[1]);
	/* b has one less, and would then have as many. */
	assert_null(sc_hsmd_holder_to_make_place(&b, NOW - 2 + SC_HSMD_IDLE_AGE));
	assert_ptr_equal(sc_hsmd_holder_to_make_place(&b, NOW - 1 + SC_HSMD_IDLE_AGE), &of_a[1]);
}

static void a_user_whose_connections_hold_nothing_loses_none(void **state)
{
	(void)state;
	sc_hsmd_holder_take(&of_a[0], 4096);
	sc_hsmd_holder_take(&of_a[1], 64);
	sc_hsmd_holder_take(&of_b[0], 512);
	/* Its request is still in progress. */
	sc_hsmd_holder_leave(&of_a[0]);
	assert_ptr_equal(sc_hsmd_holder_to_close(&of_b[1], 64, NOW), &of_a[1]);
	sc_hsmd_holder_give(&of_a[1], 64);
	assert_null(sc_hsmd_holder_to_close(&of_b[1], 64, NOW));
}

static void who_has_not_read_for_long_gives_its_place(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		of_a[i].idle_since = 0;
	of_a[1].unread_since = NOW + 1;
	of_a[2].unread_since = NOW;
	assert_null(sc_hsmd_holder_to_make_place(&a, NOW + SC_HSMD_ANSWER_AGE));
	assert_ptr_equal(sc_hsmd_holder_to_make_place(&a, NOW + SC_HSMD_ANSWER_AGE + 1), &of_a[2]);
	assert_ptr_equal(sc_hsmd_holder_to_make_place(&a, NOW + SC_HSMD_ANSWER_AGE + 2), &of_a[2]);
	/* One that has been idle for longer goes first. */
	of_a[0].idle_since = NOW - 1;
	assert_ptr_equal(sc_hsmd_holder_to_make_place(&a, NOW + SC_HSMD_ANSWER_AGE + 2), &of_a[0]);
}

static void a_user_may_always_give_a_place_of_its_own(void **state)
{
	const int64_t later = NOW + SC_HSMD_IDLE_AGE + 1;
	struct sc_hsmd_holder third;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		of_a[i].idle_since = 0;
	of_b[0].idle_since = 0;
	/* With one less than a, and with as many. */
	assert_ptr_equal(sc_hsmd_holder_to_make_place(&b, later), &of_b[1]);
	assert_null(sc_hsmd_holder_to_make_place(&b, later - 1));
	sc_hsmd_holder_join(&third, &b, NOW);
	assert_ptr_equal(sc_hsmd_holder_to_make_place(&b, later), &of_b[1]);
	/* Of all users with the most, not of the first. */
	assert_ptr_equal(sc_hsmd_holder_to_make_place(&a, later), &of_b[1]);
	of_b[1].idle_since = 0;
	third.idle_since = 0;
	assert_null(sc_hsmd_holder_to_make_place(&b, later));
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_a_connection_holds_its_user_and_socket_hold),
		TEST(the_user_that_holds_most_makes_room_with_its_biggest_connection),
		TEST(who_would_hold_as_much_as_any_goes_without),
		TEST(who_has_not_read_for_long_goes_first),
		TEST(the_user_with_most_connections_gives_a_place),
		TEST(among_equals_only_who_has_been_idle_long_gives_a_place),
		TEST(a_user_whose_connections_hold_nothing_loses_none),
		TEST(who_has_not_read_for_long_gives_its_place),
		TEST(a_user_may_always_give_a_place_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
