/* An allocator that fails: see failing_memory.h. */
#include "support/test.h"

#include "failing_memory.h"

#include <stdlib.h>

#include <openssl/crypto.h>

static long fail_at; /* counts down; 0: never */
static bool has_run_out;

static bool fails_now(void)
{
	bool fails = fail_at > 0 && --fail_at == 0;

	has_run_out = has_run_out || fails;
	return fails;
}

static void *failing_malloc(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return fails_now() ? NULL : malloc(size);
}

static void *failing_realloc(void *block, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	if (size == 0) {
		free(block);
		return NULL;
	}
	return fails_now() ? NULL : realloc(block, size);
}

static void plain_free(void *block, const char *file, int line)
{
	(void)file, (void)line;
	free(block);
}

bool failing_memory_start(void)
{
	return CRYPTO_set_mem_functions(failing_malloc, failing_realloc, plain_free) == 1;
}

void failing_memory_at(long n)
{
	fail_at = n;
}

long failing_memory_pause(void)
{
	long n = fail_at;

	fail_at = 0;
	return n;
}

bool failing_memory_ran_out(void)
{
	bool answer = has_run_out;

	has_run_out = false;
	return answer;
}

void the_nth_allocation_fails(const char *name, long step, sc_status (*ask)(void))
{
	bool all_passed = false;
	int full = 0;

	assert_ok(ask(), NULL);
	for (long n = 1; !all_passed; n += step) {
		sc_status status;

		fail_at = n;
		status = ask();
		all_passed = failing_memory_pause() > 0;
		if (status != SC_OK && status != SC_ERR_MODULE_FULL)
			fail_msg("%s: allocation %ld: %s", name, n, sc_status_name(status));
		if (all_passed)
			assert_int_equal(status, SC_OK);
		full += status == SC_ERR_MODULE_FULL;
		assert_true(n < 100000);
	}
	assert_int_not_equal(full, 0);
	assert_ok(ask(), NULL);
}
