/*
 * Wipes what an operation leaves behind outside the arena (rule M9): its stack frames, and the vector
 * registers in which libcrypto's fast code keeps parts of keys.
 */
#ifndef SC_HSMD_OS_SCRUB_H
#define SC_HSMD_OS_SCRUB_H

/* bytes; the deepest operation measured, RSA-2048 with AVX-512, uses 19,000 */
#define SC_SCRUB_STACK 65536 /* a multiple of 8; used in assembler, so without a suffix */

/*
 * Wipes this thread's vector registers, and SC_SCRUB_STACK bytes of stack below the caller's frame: all of
 * them on x86-64, whatever the compiler and its options: its test passes with -flto, too, built by gcc 12 and
 * clang 14. It can be unwound at each instruction. A worker calls it after every request, from the function
 * that called the module.
 */
void sc_scrub(void);

#endif
