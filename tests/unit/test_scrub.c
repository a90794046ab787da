/* What an operation leaves on the stack and in the vector registers is gone after sc_scrub. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "hsmd/os/scrub.h"

/* ThreadSanitizer keeps its own thread data in there. */
#define STACK (4 * 1024 * 1024)
#define DEEP  49152 /* bytes of stack used by the operation */
#define MARK  0xa7

/* An operation with a deep frame full of secrets, which AddressSanitizer must not move to the heap. */
static __attribute__((noinline, no_sanitize("address"))) void operate(void)
{
	volatile uint8_t frame[DEEP];

	for (size_t i = 0; i < sizeof frame; i++)
		frame[i] = MARK;
}

static void *operate_only(void *argument)
{
	operate();
	return argument;
}

static void *operate_and_scrub(void *argument)
{
	operate();
	sc_scrub();
	return argument;
}

/* Counts the words of four bytes that are left in the stack of a thread that ran the function. */
static size_t left_by(void *(*function)(void *))
{
	uint8_t *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attributes;
	pthread_t thread;
	size_t left = 0;

	assert_ptr_not_equal(stack, MAP_FAILED);
	pthread_attr_init(&attributes);
	assert_int_equal(pthread_attr_setstack(&attributes, stack, STACK), 0);
	assert_int_equal(pthread_create(&thread, &attributes, function, NULL), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attributes);
	for (size_t i = 0; i + 4 <= STACK; i += 4)
		left += memcmp(stack + i, (uint8_t[4]){ MARK, MARK, MARK, MARK }, 4) == 0;
	munmap(stack, STACK);
	return left;
}

static void the_used_stack_is_wiped(void **state)
{
	(void)state;
	assert_true(left_by(operate_only) > DEEP / 16);
	assert_int_equal(left_by(operate_and_scrub), 0);
}

#ifdef __x86_64__

/*
 * Fills the registers, runs `between`, and reads back one register of each kind. No C code in between could
 * use them.
 */
static __attribute__((target("avx512f"))) void registers_avx512(void (*between)(void), uint64_t low[8],
								uint64_t high[8])
{
	const uint64_t marks[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	__asm__ volatile("vmovdqu64 (%1), %%zmm5\n\t"
			 "vmovdqu64 (%1), %%zmm29\n\t"
			 /* outside the red zone, and aligned as the ABI requires */
			 "mov %%rsp, %%r15\n\t"
			 "sub $128, %%rsp\n\t"
			 "and $-64, %%rsp\n\t"
			 "call *%0\n\t"
			 "mov %%r15, %%rsp\n\t"
			 "vmovdqu64 %%zmm5, (%2)\n\t"
			 "vmovdqu64 %%zmm29, (%3)\n\t"
			 :
			 : "r"(between), "b"(marks), "r"(low), "r"(high)
			 : "memory", "cc", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r15",
			   "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
			   "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "xmm16", "xmm29");
}

static void nothing(void)
{
}

static void vector_registers_are_cleared(void **state)
{
	const uint64_t marks[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	const uint64_t zero[8] = { 0 };
	uint64_t low[8];
	uint64_t high[8];

	(void)state;
	if (!__builtin_cpu_supports("avx512f"))
		skip();
	registers_avx512(nothing, low, high);
	assert_memory_equal(low, marks, sizeof marks);
	assert_memory_equal(high, marks, sizeof marks);
	registers_avx512(sc_scrub, low, high);
	assert_memory_equal(low, zero, sizeof zero);
	assert_memory_equal(high, zero, sizeof zero);
}

#else

static void vector_registers_are_cleared(void **state)
{
	(void)state;
	skip();
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_used_stack_is_wiped),
		cmocka_unit_test(vector_registers_are_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
