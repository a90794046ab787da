/* For every unit test: cmocka with the headers that it needs, and assertions about our own results. */
#ifndef SC_TESTS_SUPPORT_TEST_H
#define SC_TESTS_SUPPORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"

/* The call must return exactly this status. Otherwise shows both by name and, if filled, the message. */
#define assert_status(call, expected, error)                                                                 \
	do {                                                                                                 \
		const struct sc_error *assert_error = (error);                                               \
		sc_status assert_got = (call);                                                               \
		if (assert_got != (expected))                                                                \
			fail_msg("%s: %s (%s), expected %s", #call, sc_status_name(assert_got),              \
				 assert_error ? assert_error->message : "", sc_status_name(expected));       \
	} while (0)

#define assert_ok(call, error) assert_status(call, SC_OK, error)

/* Two views hold the same bytes. */
#define assert_view_equal(a, b)                                                                              \
	do {                                                                                                 \
		struct sc_view assert_a = (a);                                                               \
		struct sc_view assert_b = (b);                                                               \
		assert_int_equal(assert_a.len, assert_b.len);                                                \
		if (assert_a.len)                                                                            \
			assert_memory_equal(assert_a.data, assert_b.data, assert_a.len);                     \
	} while (0)

#endif
