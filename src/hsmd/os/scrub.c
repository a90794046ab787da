/*
 * Scrubbing: see scrub.h. On x86-64, sc_scrub is in assembler, because no frame that a compiler makes is
 * wiped completely from within: what the compiler leaves between its variables (the padding of a stack
 * protector, of an alignment) is never written. The vector instructions are chosen at run time, since the
 * same program runs on machines with and without AVX. On other processors only the stack is wiped, but for
 * such padding.
 */
#include "hsmd/os/scrub.h"

#ifdef __x86_64__

/* Called by sc_scrub, by this name. */
__attribute__((used, visibility("hidden"))) void sc_scrub_registers(void);

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

void sc_scrub_registers(void)
{
	if (__builtin_cpu_supports("avx512f"))
		clear_avx512();
	if (__builtin_cpu_supports("avx"))
		clear_avx();
	else
		clear_sse();
}

#define TEXT_OF(macro) TEXT(macro)
#define TEXT(value)    #value
#define SIZE           TEXT_OF(SC_SCRUB_STACK)

/* The second line tells a debugger, or whatever else unwinds the stack, where the return address is. */
#ifdef __GCC_HAVE_DWARF2_CFI_ASM
#define MOVED(bytes) ".cfi_adjust_cfa_offset " bytes "\n\t"
#else
#define MOVED(bytes) ""
#endif
#define LOWER_STACK(bytes) "subq $" bytes ", %rsp\n\t" MOVED(bytes)
#define RAISE_STACK(bytes) "addq $" bytes ", %rsp\n\t" MOVED("-" bytes)

/*
 * The registers come first: what their function leaves on the stack is wiped afterwards. Then zeros, from
 * SC_SCRUB_STACK bytes below the return address up to it. The stack pointer is lowered meanwhile, so that a
 * signal handler works below. No other register than those of the calling convention is changed.
 *
 * A naked function and not assembler on its own, which link-time optimization does not see in a library.
 */
__attribute__((naked)) void sc_scrub(void)
{
	/* clang-format off */
	__asm__("endbr64\n\t"
		LOWER_STACK("8")
		"call sc_scrub_registers\n\t"
		RAISE_STACK("8")
		LOWER_STACK(SIZE)
		"movq %rsp, %rdi\n\t"
		"movl $(" SIZE " / 8), %ecx\n\t"
		"xorl %eax, %eax\n\t"
		"rep stosq\n\t"
		RAISE_STACK(SIZE)
		"ret");
	/* clang-format on */
}

#else

#include <stdint.h>
#include <string.h>

/* An array below the caller's frame, cleared so that the compiler cannot optimise the clearing away. */
__attribute__((noinline)) void sc_scrub(void)
{
	uint8_t frame[SC_SCRUB_STACK];

	explicit_bzero(frame, sizeof frame);
}

#endif
