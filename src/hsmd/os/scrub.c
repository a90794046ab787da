/*
 * Scrubbing: see scrub.h. On x86-64 the instructions are chosen at run time, since the same program runs on
 * machines with and without AVX. On other processors only the stack is wiped.
 */
#include "hsmd/os/scrub.h"

#include <stdint.h>
#include <string.h>

/* An array below the caller's frame, cleared so that the compiler cannot optimise the clearing away. */
static __attribute__((noinline)) void wipe_stack(void)
{
	uint8_t frame[SC_SCRUB_STACK];

	explicit_bzero(frame, sizeof frame);
}

#ifdef __x86_64__

/* The upper sixteen registers and the masks, which vzeroall does not clear. */
static __attribute__((target("avx512f"))) void clear_avx512(void)
{
	__asm__ volatile("vpxord %%zmm16, %%zmm16, %%zmm16\n\t"
			 "vmovdqa64 %%zmm16, %%zmm17\n\t"
			 "vmovdqa64 %%zmm16, %%zmm18\n\t"
			 "vmovdqa64 %%zmm16, %%zmm19\n\t"
			 "vmovdqa64 %%zmm16, %%zmm20\n\t"
			 "vmovdqa64 %%zmm16, %%zmm21\n\t"
			 "vmovdqa64 %%zmm16, %%zmm22\n\t"
			 "vmovdqa64 %%zmm16, %%zmm23\n\t"
			 "vmovdqa64 %%zmm16, %%zmm24\n\t"
			 "vmovdqa64 %%zmm16, %%zmm25\n\t"
			 "vmovdqa64 %%zmm16, %%zmm26\n\t"
			 "vmovdqa64 %%zmm16, %%zmm27\n\t"
			 "vmovdqa64 %%zmm16, %%zmm28\n\t"
			 "vmovdqa64 %%zmm16, %%zmm29\n\t"
			 "vmovdqa64 %%zmm16, %%zmm30\n\t"
			 "vmovdqa64 %%zmm16, %%zmm31\n\t"
			 "kxorw %%k0, %%k0, %%k0\n\t"
			 "kmovw %%k0, %%k1\n\t"
			 "kmovw %%k0, %%k2\n\t"
			 "kmovw %%k0, %%k3\n\t"
			 "kmovw %%k0, %%k4\n\t"
			 "kmovw %%k0, %%k5\n\t"
			 "kmovw %%k0, %%k6\n\t"
			 "kmovw %%k0, %%k7\n\t"
			 :
			 :
			 : "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24",
			   "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k0", "k1", "k2",
			   "k3", "k4", "k5", "k6", "k7");
}

/* xmm, ymm and zmm 0 to 15 in one instruction. */
static __attribute__((target("avx"))) void clear_avx(void)
{
	__asm__ volatile("vzeroall"
			 :
			 :
			 : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
			   "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

static void clear_sse(void)
{
	__asm__ volatile("pxor %%xmm0, %%xmm0\n\t"
			 "movdqa %%xmm0, %%xmm1\n\t"
			 "movdqa %%xmm0, %%xmm2\n\t"
			 "movdqa %%xmm0, %%xmm3\n\t"
			 "movdqa %%xmm0, %%xmm4\n\t"
			 "movdqa %%xmm0, %%xmm5\n\t"
			 "movdqa %%xmm0, %%xmm6\n\t"
			 "movdqa %%xmm0, %%xmm7\n\t"
			 "movdqa %%xmm0, %%xmm8\n\t"
			 "movdqa %%xmm0, %%xmm9\n\t"
			 "movdqa %%xmm0, %%xmm10\n\t"
			 "movdqa %%xmm0, %%xmm11\n\t"
			 "movdqa %%xmm0, %%xmm12\n\t"
			 "movdqa %%xmm0, %%xmm13\n\t"
			 "movdqa %%xmm0, %%xmm14\n\t"
			 "movdqa %%xmm0, %%xmm15\n\t"
			 :
			 :
			 : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
			   "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

static void clear_vectors(void)
{
	if (__builtin_cpu_supports("avx512f"))
		clear_avx512();
	if (__builtin_cpu_supports("avx"))
		clear_avx();
	else
		clear_sse();
}

#else

static void clear_vectors(void)
{
}

#endif

void sc_scrub(void)
{
	wipe_stack();
	clear_vectors();
}
