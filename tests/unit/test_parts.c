/* However large the arena and the machine, each part of the arena is of use, and they fit together (M12). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hsmd/os/arena.h"
#include "hsmd/os/limits.h"
#include "hsmd/os/parts.h"

#define BASE ((size_t)640 << 10) /* what libcrypto and the threads take */

static void every_arena_has_room_for_a_socket_and_keys(void **state)
{
	static const unsigned processors[] = { 1, 2, 8, 256 };

	(void)state;
	for (size_t arena = SC_ARENA_MIN; arena <= SC_ARENA_MAX; arena *= 2) {
		for (unsigned i = 0; i < sizeof processors / sizeof processors[0]; i++) {
			struct sc_hsmd_parts parts = sc_hsmd_parts_of(arena, processors[i], 0);
			size_t keys = 0;

			assert_true(parts.workers >= SC_HSMD_WORKERS_MIN);
			assert_true(parts.workers <= processors[i] + 1);
			assert_true(parts.connections > 0 && parts.connections <= SC_HSMD_CONNECTIONS);
			assert_true(parts.messages >= SC_HSMD_SOCKET_MEMORY_MIN);
			assert_int_equal(
			    sc_hsmd_parts_keys(&parts, arena, BASE + SC_HSMD_SOCKET_MEMORY_MIN, &keys, NULL),
			    SC_OK);
			assert_int_equal(keys, arena - BASE - SC_HSMD_SOCKET_MEMORY_MIN - parts.reserve);
		}
	}
}

/* However many sockets share it. Custody sockets need room for quorums, too. */
static void what_is_for_messages_leaves_room_for_keys(void **state)
{
	(void)state;
	for (size_t mib = SC_ARENA_MIN >> 20; mib <= 64; mib++) {
		for (unsigned custody = 0; custody <= 2; custody++) {
			struct sc_hsmd_parts parts = sc_hsmd_parts_of(mib << 20, 2, custody);
			size_t keys = 0;

			if (parts.messages)
				assert_int_equal(
				    sc_hsmd_parts_keys(&parts, mib << 20, BASE + parts.messages, &keys, NULL),
				    SC_OK);
			assert_true(mib < 2 + custody || parts.messages >= SC_HSMD_SOCKET_MEMORY_MIN);
			assert_true(mib < 8 || parts.messages >= 4 * SC_HSMD_SOCKET_MEMORY_MIN);
		}
	}
}

static void one_user_alone_uses_every_processor(void **state)
{
	(void)state;
	assert_int_equal(sc_hsmd_parts_of(SC_ARENA_DEFAULT, 2, 1).workers, 3);
	assert_int_equal(sc_hsmd_parts_of(SC_ARENA_DEFAULT, 1, 1).workers, 2);
}

static void an_arena_without_room_for_keys_is_refused_by_name(void **state)
{
	struct sc_hsmd_parts parts = sc_hsmd_parts_of(SC_ARENA_MIN, 2, 0);
	struct sc_error err = { 0 };
	size_t keys = 1;

	(void)state;
	assert_int_equal(sc_hsmd_parts_keys(&parts, SC_ARENA_MIN, SC_ARENA_MIN - parts.reserve, &keys, &err),
			 SC_ERR_MODULE_FULL);
	assert_non_null(strstr(err.message, "raise --arena"));
	assert_int_equal(keys, 1);
	assert_int_equal(
	    sc_hsmd_parts_keys(&parts, SC_ARENA_MIN, SC_ARENA_MIN - parts.reserve - (256 << 10), &keys, NULL),
	    SC_OK);
	assert_int_equal(keys, 256 << 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_arena_has_room_for_a_socket_and_keys),
		cmocka_unit_test(what_is_for_messages_leaves_room_for_keys),
		cmocka_unit_test(one_user_alone_uses_every_processor),
		cmocka_unit_test(an_arena_without_room_for_keys_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
