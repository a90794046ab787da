/* An allocator that fails: see failing_memory.h. */
#include "support/test.h"

#include "failing_memory.h"

#include <stddef.h>
#include <stdlib.h>

#include <openssl/crypto.h>

static long fail_at; /* counts down; 0: never */
static bool has_run_out;

static bool is_full;
static size_t used; /* bytes */
static size_t peak;
static size_t measured_from;
static size_t limit;

/* Before each block, how much of the arena it would take. */
union header {
	size_t size;
	max_align_t align;
};

static size_t size_in_arena(size_t size)
{
	size_t taken = 64;

	while (taken < size)
		taken *= 2;
	return taken;
}

static bool fails_now(size_t more)
{
	bool fails = fail_at > 0 && --fail_at == 0;

	fails = fails || (is_full && used + more > limit);
	has_run_out = has_run_out || fails;
	return fails;
}

static void take(size_t size)
{
	used += size;
	peak = used > peak ? used : peak;
}

static union header *header_of(void *block)
{
	return (union header *)block - 1;
}

static void plain_free(void *block, const char *file, int line)
{
	(void)file, (void)line;
	if (!block)
		return;
	used -= header_of(block)->size;
	free(header_of(block));
}

static void *failing_malloc(size_t size, const char *file, int line)
{
	size_t taken = size_in_arena(size);
	union header *header;

	(void)file, (void)line;
	header = fails_now(taken) ? NULL : malloc(sizeof *header + size);
	if (!header)
		return NULL;
	header->size = taken;
	take(taken);
	return header + 1;
}

static void *failing_realloc(void *block, size_t size, const char *file, int line)
{
	size_t taken = size_in_arena(size);
	union header *header;

	if (!block)
		return failing_malloc(size, file, line);
	if (size == 0) {
		plain_free(block, file, line);
		return NULL;
	}
	used -= header_of(block)->size;
	header = fails_now(taken) ? NULL : realloc(header_of(block), sizeof *header + size);
	if (!header) {
		used += header_of(block)->size;
		return NULL;
	}
	header->size = taken;
	take(taken);
	return header + 1;
}

bool failing_memory_start(void)
{
	return CRYPTO_set_mem_functions(failing_malloc, failing_realloc, plain_free) == 1;
}

void failing_memory_full(bool now_full)
{
	is_full = now_full;
	limit = used;
}

void failing_memory_measure(void)
{
	measured_from = used;
	peak = used;
}

size_t failing_memory_peak(void)
{
	return peak - measured_from;
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
