/*
 * The arena keeps the promises of rule M9: protected, wiped, bounded, and used for all of libcrypto's memory.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/bytes.h"
#include "hsmd/os/arena.h"
#include "hsmd/os/buddy.h"
#include "hsmd/os/sanitizer.h"

#define MIB (UINT64_C(1) << 20)

/* Copies its bytes, even where they are poisoned. */
static void look(const void *block, size_t size, uint8_t *copy)
{
	sc_sanitizer_show(block, size);
	memcpy(copy, block, size);
	sc_sanitizer_hide(block, size);
}

static bool is_all(const uint8_t *bytes, size_t len, uint8_t value)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != value)
			return false;
	return true;
}

static struct sc_arena *new_arena(enum sc_arena_kind kind, size_t size)
{
	struct sc_arena *arena = NULL;
	struct sc_error err = { 0 };

	if (sc_arena_new(kind, size, &arena, &err) != SC_OK)
		fail_msg("%s", err.message);
	return arena;
}

static void blocks_never_overlap_and_keep_their_bytes(void **state)
{
	struct sc_arena *arena = new_arena(SC_ARENA_LOCKED, 2 * MIB);
	struct {
		uint8_t *data;
		size_t size;
		uint8_t value;
	} slots[200] = { 0 };

	(void)state;
	srandom(7);
	for (unsigned round = 0; round < 50000; round++) {
		unsigned i = (unsigned)random() % 200;
		size_t size = 1 + (size_t)random() % (random() % 20 ? 300 : 30000);

		if (slots[i].data && random() % 3 == 0) {
			uint8_t *moved = sc_arena_resize(arena, slots[i].data, size);
			size_t kept = size < slots[i].size ? size : slots[i].size;

			assert_non_null(moved);
			assert_true(is_all(moved, kept, slots[i].value));
			assert_true(is_all(moved + kept, size - kept, 0));
			slots[i].data = moved;
		} else {
			if (slots[i].data)
				assert_true(is_all(slots[i].data, slots[i].size, slots[i].value));
			sc_arena_release(arena, slots[i].data);
			slots[i].data = sc_arena_take(arena, size);
			assert_non_null(slots[i].data);
			assert_true(is_all(slots[i].data, size, 0));
		}
		assert_int_equal((uintptr_t)slots[i].data % SC_BUDDY_BLOCK, 0);
		slots[i].size = size;
		slots[i].value = (uint8_t)(1 + random() % 255);
		memset(slots[i].data, slots[i].value, size);
	}
	for (unsigned i = 0; i < 200; i++)
		sc_arena_release(arena, slots[i].data);
	assert_int_equal(sc_arena_count(arena).used, 0);
	sc_arena_free(arena);
}

static void a_full_arena_says_no_and_is_whole_again_when_emptied(void **state)
{
	struct sc_arena *arena = new_arena(SC_ARENA_LOCKED, 3 * MIB);
	void **blocks = calloc(3 * MIB / 64, sizeof *blocks);
	size_t count = 0;
	void *block;

	(void)state;
	(void)sc_arena_ran_out();
	assert_null(sc_arena_take(arena, 3 * MIB));
	assert_true(sc_arena_ran_out());
	assert_false(sc_arena_ran_out());
	while ((block = sc_arena_take(arena, 1 + count % 64)))
		blocks[count++] = block;
	assert_int_equal(count, 3 * MIB / 64);
	assert_int_equal(sc_arena_count(arena).used, 3 * MIB);
	(void)sc_arena_ran_out();
	assert_null(sc_arena_resize(arena, blocks[0], 65));
	assert_true(sc_arena_ran_out());
	for (size_t i = 0; i < count; i += 2)
		sc_arena_release(arena, blocks[i]);
	assert_null(sc_arena_take(arena, 65));
	for (size_t i = 1; i < count; i += 2)
		sc_arena_release(arena, blocks[i]);
	block = sc_arena_take(arena, 2 * MIB);
	assert_non_null(block);
	assert_non_null(sc_arena_take(arena, MIB));
	assert_null(sc_arena_take(arena, 1));
	free(blocks);
	sc_arena_free(arena);
}

static void nothing_is_taken_for_no_bytes_or_for_too_many(void **state)
{
	struct sc_arena *arena = new_arena(SC_ARENA_LOCKED, 2 * MIB);

	(void)state;
	assert_null(sc_arena_take(arena, 0));
	assert_null(sc_arena_take(arena, SIZE_MAX));
	assert_null(sc_arena_take(arena, SC_BUDDY_MAX + 1));
	sc_arena_release(arena, NULL);
	assert_null(sc_arena_resize(arena, sc_arena_take(arena, 10), 0));
	assert_int_equal(sc_arena_count(arena).used, 0);
	sc_arena_free(arena);
}

static void what_is_freed_shrunk_or_moved_is_wiped(void **state)
{
	struct sc_arena *arena = new_arena(SC_ARENA_LOCKED, 2 * MIB);
	uint8_t copy[256];
	uint8_t *block = sc_arena_take(arena, 256);
	uint8_t *moved;

	(void)state;
	memset(block, 0x5a, 256);
	assert_ptr_equal(sc_arena_resize(arena, block, 150), block);
	look(block + 152, 104, copy);
	assert_true(is_all(copy, 104, 0));
	moved = sc_arena_resize(arena, block, 1000);
	assert_ptr_not_equal(moved, block);
	look(block, 256, copy);
	assert_true(is_all(copy, 256, 0));
	assert_true(is_all(moved, 150, 0x5a));
	sc_arena_release(arena, moved);
	look(moved, 150, copy);
	assert_true(is_all(copy, 150, 0));
	sc_arena_free(arena);
}

/* Runs a function in a child. Returns the signal that ended it, or 0. */
static int signal_of(void (*function)(struct sc_arena *arena, uint8_t *block), struct sc_arena *arena)
{
	const struct rlimit no_core = { 0, 0 };
	int status = 0;
	pid_t child;

	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		/* The child does not inherit the parent's arena, so it makes its own. */
		struct sc_arena *own = NULL;

		(void)setrlimit(RLIMIT_CORE, &no_core);
		(void)!freopen("/dev/null", "w", stderr);
		if (arena)
			function(arena, NULL);
		else if (sc_arena_new(SC_ARENA_LOCKED, 2 * MIB, &own, NULL) == SC_OK)
			function(own, sc_arena_take(own, 100));
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void free_once(struct sc_arena *arena, uint8_t *block)
{
	sc_arena_release(arena, block);
}

static void free_twice(struct sc_arena *arena, uint8_t *block)
{
	sc_arena_release(arena, block);
	sc_arena_release(arena, block);
}

static void free_inside(struct sc_arena *arena, uint8_t *block)
{
	sc_arena_release(arena, block + SC_BUDDY_BLOCK);
}

static void free_askew(struct sc_arena *arena, uint8_t *block)
{
	sc_arena_release(arena, block + 1);
}

static void free_foreign(struct sc_arena *arena, uint8_t *block)
{
	(void)block;
	sc_arena_release(arena, &arena);
}

static void a_wrong_free_stops_the_program(void **state)
{
	(void)state;
	assert_int_equal(signal_of(free_once, NULL), 0);
	assert_int_equal(signal_of(free_twice, NULL), SIGABRT);
	assert_int_equal(signal_of(free_inside, NULL), SIGABRT);
	assert_int_equal(signal_of(free_askew, NULL), SIGABRT);
	assert_int_equal(signal_of(free_foreign, NULL), SIGABRT);
}

static uint8_t *touched;

static void touch(struct sc_arena *arena, uint8_t *block)
{
	(void)arena, (void)block;
	/* Asks the kernel whether anything is mapped, so that no sanitizer gets in the way. */
	if (mincore((void *)((uintptr_t)touched & ~UINT64_C(4095)), 1, (unsigned char[1]){ 0 }) < 0)
		abort();
}

static void a_child_does_not_inherit_it(void **state)
{
	struct sc_arena *arena = new_arena(SC_ARENA_LOCKED, 2 * MIB);
	void *plain = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	touched = plain;
	assert_int_equal(signal_of(touch, arena), 0);
	touched = sc_arena_take(arena, 64);
	assert_int_equal(signal_of(touch, arena), SIGABRT);
	munmap(plain, 4096);
	sc_arena_free(arena);
}

static void a_page_beyond_either_end_is_closed(void **state)
{
	struct sc_arena *arena = new_arena(SC_ARENA_LOCKED, 2 * MIB);
	/* The whole arena as one block, so that the block's ends are the arena's. */
	uint8_t *base = sc_arena_take(arena, 2 * MIB);
	int ends[2];

	(void)state;
	assert_non_null(base);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], base, 1), 1);
	assert_int_equal(write(ends[1], base + 2 * MIB - 1, 1), 1);
	assert_int_equal(write(ends[1], base - 1, 1), -1);
	assert_int_equal(write(ends[1], base + 2 * MIB, 1), -1);
	close(ends[0]);
	close(ends[1]);
	sc_arena_free(arena);
}

static unsigned open_descriptors(void)
{
	DIR *list = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(list);
	while (readdir(list))
		count++;
	closedir(list);
	return count;
}

/* Anyone who may trace the process could map it again through pidfd_getfd. */
static void no_descriptor_of_secret_memory_stays_open(void **state)
{
	unsigned before = open_descriptors();
	struct sc_arena *arena = NULL;

	(void)state;
	if (sc_arena_new(SC_ARENA_SECRET, 2 * MIB, &arena, NULL) != SC_OK)
		skip();
	assert_int_equal(open_descriptors(), before);
	sc_arena_free(arena);
}

static void secret_memory_cannot_be_read_through_proc(void **state)
{
	struct sc_arena *arena = NULL;
	struct sc_arena *locked = new_arena(SC_ARENA_LOCKED, 2 * MIB);
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	uint8_t *plain = sc_arena_take(locked, 64);
	uint8_t *secret;
	uint8_t byte;

	(void)state;
	if (sc_arena_new(SC_ARENA_SECRET, 2 * MIB, &arena, NULL) != SC_OK) {
		sc_arena_free(locked);
		close(memory);
		skip();
	}
	secret = sc_arena_take(arena, 64);
	memset(secret, 1, 64);
	memset(plain, 1, 64);
	assert_int_equal(pread(memory, &byte, 1, (off_t)(uintptr_t)plain), 1);
	assert_int_equal(pread(memory, &byte, 1, (off_t)(uintptr_t)secret), -1);
	close(memory);
	sc_arena_free(arena);
	sc_arena_free(locked);
}

static void the_limit_of_locked_memory_is_named(void **state)
{
	struct rlimit limit;
	struct sc_error err = { 0 };
	struct sc_arena *arena = NULL;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
	if (geteuid() == 0 || limit.rlim_max > 512 * MIB)
		skip(); /* root may lock any amount */
	assert_int_equal(sc_arena_new_best(1024 * MIB, &arena, &err), SC_ERR_MODULE_FULL);
	assert_non_null(strstr(err.message, "RLIMIT_MEMLOCK"));
}

static struct sc_arena *of_process;

static void libcrypto_lives_in_the_arena_and_leaves_nothing(void **state)
{
	size_t before = sc_arena_count(of_process).used;
	EVP_PKEY *key = EVP_RSA_gen(2048);
	struct sc_bytes bytes;

	(void)state;
	assert_non_null(key);
	assert_true(sc_arena_count(of_process).used > before);
	EVP_PKEY_free(key);
	before = sc_arena_count(of_process).used;
	for (int i = 0; i < 3; i++)
		EVP_PKEY_free(EVP_RSA_gen(2048));
	assert_int_equal(sc_arena_count(of_process).used, before);
	assert_int_equal(sc_bytes_new(1000, &bytes, NULL), SC_OK);
	assert_int_equal(sc_arena_count(of_process).used, before + 1024);
	sc_bytes_free(&bytes);
}

static void a_full_arena_is_an_error_of_libcrypto_and_no_crash(void **state)
{
	void **blocks = calloc(4 * MIB / 64, sizeof *blocks);
	size_t count = 0;
	EVP_PKEY *key;

	(void)state;
	for (size_t size = MIB; size >= 64; size /= 2)
		while ((blocks[count] = OPENSSL_malloc(size)))
			count++;
	assert_null(EVP_RSA_gen(2048));
	while (count)
		OPENSSL_free(blocks[--count]);
	key = EVP_RSA_gen(2048);
	assert_non_null(key);
	EVP_PKEY_free(key);
	free(blocks);
}

static void *churn(void *argument)
{
	struct sc_arena *arena = argument;
	uint8_t *blocks[32] = { 0 };
	unsigned seed = (unsigned)(uintptr_t)&blocks;

	for (unsigned round = 0; round < 20000; round++) {
		unsigned i = (unsigned)rand_r(&seed) % 32;

		if (blocks[i] && *blocks[i] != i + 1)
			return arena;
		sc_arena_release(arena, blocks[i]);
		blocks[i] = sc_arena_take(arena, 1 + (size_t)rand_r(&seed) % 2000);
		if (!blocks[i] || *blocks[i])
			return arena;
		*blocks[i] = (uint8_t)(i + 1);
	}
	for (unsigned i = 0; i < 32; i++)
		sc_arena_release(arena, blocks[i]);
	return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
	struct sc_arena *arena = new_arena(SC_ARENA_LOCKED, 2 * MIB);
	pthread_t threads[4];
	void *failed;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, churn, arena), 0);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	assert_int_equal(sc_arena_count(arena).used, 0);
	sc_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_never_overlap_and_keep_their_bytes),
		cmocka_unit_test(a_full_arena_says_no_and_is_whole_again_when_emptied),
		cmocka_unit_test(nothing_is_taken_for_no_bytes_or_for_too_many),
		cmocka_unit_test(what_is_freed_shrunk_or_moved_is_wiped),
		cmocka_unit_test(a_wrong_free_stops_the_program),
		cmocka_unit_test(a_child_does_not_inherit_it),
		cmocka_unit_test(a_page_beyond_either_end_is_closed),
		cmocka_unit_test(no_descriptor_of_secret_memory_stays_open),
		cmocka_unit_test(secret_memory_cannot_be_read_through_proc),
		cmocka_unit_test(the_limit_of_locked_memory_is_named),
		cmocka_unit_test(libcrypto_lives_in_the_arena_and_leaves_nothing),
		cmocka_unit_test(a_full_arena_is_an_error_of_libcrypto_and_no_crash),
		cmocka_unit_test(threads_do_not_disturb_each_other),
	};

	sc_arena_claim_libcrypto();
	if (sc_arena_new_best(4 * MIB, &of_process, NULL) != SC_OK)
		return 1;
	sc_arena_give_libcrypto(of_process);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
