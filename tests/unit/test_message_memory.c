/* A socket's messages take the blocks that they are counted for, and leave nothing behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hsmd/os/limits.h"
#include "hsmd/os/message_memory.h"
#include "wire/message.h"

static struct sc_hsmd_memory *memory;

static int setup(void **state)
{
	(void)state;
	return sc_hsmd_memory_new(SC_HSMD_SOCKET_MEMORY_MIN, &memory, NULL) == SC_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	sc_hsmd_memory_free(memory);
	return 0;
}

static void a_message_takes_the_room_that_is_counted(void **state)
{
	static const size_t lengths[] = { 0, 1, 64, 65, 4096, 4097, SC_WIRE_BODY_MAX };
	static const size_t rooms[] = { 64, 64, 64, 128, 4096, 8192, SC_WIRE_BODY_MAX };
	static const uint8_t message[SC_WIRE_BODY_MAX];

	(void)state;
	for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct sc_hsmd_block block = { 0 };

		assert_int_equal(sc_hsmd_memory_room(lengths[i]), rooms[i]);
		assert_true(sc_hsmd_memory_keep(memory, sc_view_of(message, lengths[i]), &block));
		assert_int_equal(block.room, rooms[i]);
		assert_int_equal(block.len, lengths[i]);
		assert_int_equal(sc_hsmd_memory_left(memory), SC_HSMD_SOCKET_MEMORY_MIN - rooms[i]);
		sc_hsmd_memory_release(memory, &block);
		assert_null(block.data);
		assert_int_equal(sc_hsmd_memory_left(memory), SC_HSMD_SOCKET_MEMORY_MIN);
	}
}

static void the_least_part_has_room_for_four_of_the_largest(void **state)
{
	static const uint8_t message[SC_WIRE_BODY_MAX];
	struct sc_view view = sc_view_of(message, sizeof message);
	struct sc_hsmd_block blocks[5] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		assert_true(sc_hsmd_memory_keep(memory, view, &blocks[i]));
	assert_false(sc_hsmd_memory_keep(memory, view, &blocks[4]));
	assert_null(blocks[4].data);
	for (unsigned i = 0; i < 4; i++)
		sc_hsmd_memory_release(memory, &blocks[i]);
	sc_hsmd_memory_release(memory, &blocks[4]);
}

static void a_released_message_is_wiped(void **state)
{
	struct sc_hsmd_block block = { 0 };
	uint8_t *data;

	(void)state;
	assert_true(sc_hsmd_memory_keep(memory, sc_view_text("a PIN"), &block));
	data = block.data;
	assert_memory_equal(data, "a PIN", 5);
	sc_hsmd_memory_release(memory, &block);
	assert_memory_equal(data, ((const uint8_t[5]){ 0 }), 5);
}

static void a_message_that_is_moved_joins_what_was_free_around_it(void **state)
{
	enum { COUNT = SC_HSMD_SOCKET_MEMORY_MIN / 64, KEPT_EACH = 128 };
	static struct sc_hsmd_block blocks[COUNT];
	static const uint8_t large[KEPT_EACH * 64];
	const struct sc_view view = sc_view_of(large, sizeof large);
	struct sc_hsmd_block block = { 0 };

	(void)state;
	for (unsigned i = 0; i < COUNT; i++)
		assert_true(sc_hsmd_memory_keep(memory, sc_view_text("a PIN"), &blocks[i]));
	for (unsigned i = 0; i < COUNT; i++)
		if (i % KEPT_EACH)
			sc_hsmd_memory_release(memory, &blocks[i]);
	/* Less than a hundredth is in use, but some of it everywhere. */
	assert_true(sc_hsmd_memory_left(memory) > SC_HSMD_SOCKET_MEMORY_MIN / 100 * 99);
	assert_false(sc_hsmd_memory_fits(memory, sizeof large));
	assert_false(sc_hsmd_memory_keep(memory, view, &block));
	for (unsigned i = 0; i < COUNT; i += KEPT_EACH)
		sc_hsmd_memory_move(memory, &blocks[i]);
	assert_true(sc_hsmd_memory_fits(memory, sizeof large));
	assert_true(sc_hsmd_memory_keep(memory, view, &block));
	sc_hsmd_memory_release(memory, &block);
	for (unsigned i = 0; i < COUNT; i += KEPT_EACH) {
		assert_int_equal(blocks[i].len, 5);
		assert_memory_equal(blocks[i].data, "a PIN", 5);
		sc_hsmd_memory_release(memory, &blocks[i]);
	}
	assert_int_equal(sc_hsmd_memory_left(memory), SC_HSMD_SOCKET_MEMORY_MIN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_message_takes_the_room_that_is_counted),
		TEST(the_least_part_has_room_for_four_of_the_largest),
		TEST(a_released_message_is_wiped),
		TEST(a_message_that_is_moved_joins_what_was_free_around_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
