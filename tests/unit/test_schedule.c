/* Turns go by socket, then user, then connection, and no user has every worker (M12). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hsmd/os/schedule.h"

#define QUICK SC_LANE_QUICK

static struct sc_schedule_turn root;
static struct sc_schedule_turn sockets[2];
static struct sc_schedule_turn users[3]; /* two of the first socket, one of the second */
static struct sc_schedule_turn peers[4]; /* two of the first user, one of each other */

static int setup(void **state)
{
	(void)state;
	sc_schedule_turn_start(&root, NULL);
	for (unsigned i = 0; i < 2; i++)
		sc_schedule_turn_start(&sockets[i], &root);
	for (unsigned i = 0; i < 3; i++)
		sc_schedule_turn_start(&users[i], &sockets[i / 2]);
	for (unsigned i = 0; i < 4; i++)
		sc_schedule_turn_start(&peers[i], &users[i ? i - 1 : 0]);
	return 0;
}

static void add(unsigned peer, uint64_t id, enum sc_lane lane)
{
	struct sc_schedule_entry *request = calloc(1, sizeof *request);

	assert_non_null(request);
	request->header.id = id;
	request->lane = lane;
	sc_schedule_add(&peers[peer], request);
}

/* Begins the next request. Returns its id; 0 if there is none. */
static uint64_t begin(enum sc_lane lane, struct sc_schedule_turn **turn)
{
	struct sc_schedule_entry *request = sc_schedule_next(&root, lane, turn);
	uint64_t id = request ? request->header.id : 0;

	free(request);
	return id;
}

/* Begins and ends it. */
static uint64_t perform(enum sc_lane lane)
{
	struct sc_schedule_turn *turn = NULL;
	uint64_t id = begin(lane, &turn);

	if (id)
		sc_schedule_done(turn, lane);
	return id;
}

static void sockets_then_users_then_connections_take_turns(void **state)
{
	static const uint64_t expected[] = { 1, 301, 201, 302, 101, 202, 2, 102, 3, 103, 0 };

	(void)state;
	for (unsigned i = 1; i <= 3; i++)
		add(0, i, QUICK);
	for (unsigned i = 1; i <= 3; i++)
		add(1, 100 + i, QUICK);
	for (unsigned i = 1; i <= 2; i++)
		add(2, 200 + i, QUICK);
	for (unsigned i = 1; i <= 2; i++)
		add(3, 300 + i, QUICK);
	for (unsigned i = 0; i < sizeof expected / sizeof expected[0]; i++)
		assert_int_equal(perform(QUICK), expected[i]);
}

static void lanes_know_nothing_of_each_other(void **state)
{
	(void)state;
	add(0, 1, SC_LANE_SLOW);
	add(0, 2, QUICK);
	assert_int_equal(perform(QUICK), 2);
	assert_int_equal(perform(QUICK), 0);
	assert_int_equal(perform(SC_LANE_SLOW), 1);
}

static void a_user_has_all_workers_but_one_at_most(void **state)
{
	struct sc_schedule_turn *first = NULL;
	struct sc_schedule_turn *second = NULL;
	struct sc_schedule_turn *turn = NULL;

	(void)state;
	users[0].lanes[QUICK].most = 2;
	for (unsigned i = 1; i <= 4; i++) {
		add(0, i, QUICK);
		add(1, 100 + i, QUICK);
	}
	assert_int_equal(begin(QUICK, &first), 1);
	assert_int_equal(begin(QUICK, &second), 101);
	assert_int_equal(begin(QUICK, &turn), 0);
	/* Another user of the socket, and another socket. */
	add(2, 201, QUICK);
	add(3, 301, QUICK);
	assert_int_equal(perform(QUICK), 201);
	assert_int_equal(perform(QUICK), 301);
	assert_int_equal(begin(QUICK, &turn), 0);
	sc_schedule_done(first, QUICK);
	assert_int_equal(begin(QUICK, &first), 2);
	assert_int_equal(begin(QUICK, &turn), 0);
	sc_schedule_done(first, QUICK);
	sc_schedule_done(second, QUICK);
	for (unsigned i = 0; i < 5; i++)
		assert_int_not_equal(perform(QUICK), 0);
	assert_int_equal(perform(QUICK), 0);
}

static void a_paused_connection_has_no_turn(void **state)
{
	(void)state;
	add(0, 1, QUICK);
	add(0, 2, QUICK);
	sc_schedule_pause(&peers[0]);
	assert_int_equal(perform(QUICK), 0);
	add(0, 3, QUICK);
	add(1, 101, QUICK);
	assert_int_equal(perform(QUICK), 101);
	assert_int_equal(perform(QUICK), 0);
	sc_schedule_resume(&peers[0]);
	assert_int_equal(perform(QUICK), 1);
	assert_int_equal(perform(QUICK), 2);
	assert_int_equal(perform(QUICK), 3);
	assert_int_equal(perform(QUICK), 0);
}

static void what_waits_can_be_taken_back(void **state)
{
	(void)state;
	add(0, 1, QUICK);
	add(0, 2, SC_LANE_SLOW);
	add(1, 101, QUICK);
	for (unsigned i = 1; i <= 2; i++) {
		struct sc_schedule_entry *request = sc_schedule_take_back(&peers[0]);

		assert_non_null(request);
		assert_int_equal(request->header.id, i);
		free(request);
	}
	assert_null(sc_schedule_take_back(&peers[0]));
	assert_int_equal(perform(QUICK), 101);
	assert_int_equal(perform(QUICK), 0);
	assert_int_equal(perform(SC_LANE_SLOW), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sockets_then_users_then_connections_take_turns),
		TEST(lanes_know_nothing_of_each_other),
		TEST(a_user_has_all_workers_but_one_at_most),
		TEST(a_paused_connection_has_no_turn),
		TEST(what_waits_can_be_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
