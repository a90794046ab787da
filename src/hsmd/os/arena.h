/*
 * The protected arena (rule M9). In hsmd, every allocation of libcrypto comes from here, and with it every
 * sc_bytes and sc_secret. OpenSSL's own secure heap leaves primes on the ordinary heap, so nothing is sorted
 * into secret and public: everything is protected, and every block is wiped when it is freed.
 *
 * What each kind guarantees:
 *   SC_ARENA_SECRET  memfd_secret: not readable through /proc, ptrace or a core dump, not even by root. The
 *                    descriptor is closed as soon as it is mapped, because pidfd_getfd could copy it.
 *   SC_ARENA_LOCKED  locked in memory, never in a core dump
 *   both             never inherited by a child, an inaccessible page at each end, a fixed size
 */
#ifndef SC_HSMD_OS_ARENA_H
#define SC_HSMD_OS_ARENA_H

#include "base/error.h"

#include <stdbool.h>

#include "base/cleanup.h"
#include "hsmd/os/sanitizer.h"

#define SC_ARENA_MIN (UINT64_C(2) << 20) /* libcrypto and the worker threads need half of it */
#ifdef SC_SANITIZED
#define SC_ARENA_DEFAULT (UINT64_C(8) << 20) /* LeakSanitizer scans all of it on exit */
#else
#define SC_ARENA_DEFAULT (UINT64_C(64) << 20)
#endif
#define SC_ARENA_MAX (UINT64_C(1) << 30)

enum sc_arena_kind {
	SC_ARENA_SECRET,
	SC_ARENA_LOCKED,
};

struct sc_arena;

/*
 * Maps `size` bytes (rounded down to 64 KiB). SC_ERR_UNAVAILABLE: the kernel has no memfd_secret;
 * SC_ERR_MODULE_FULL: the limit on locked memory (RLIMIT_MEMLOCK) does not allow that size. The caller frees
 * *out.
 */
sc_status sc_arena_new(enum sc_arena_kind kind, size_t size, struct sc_arena **out,
		       struct sc_error *err) SC_WARN_UNUSED;

/*
 * The best kind available. With size 0: SC_ARENA_DEFAULT, or as much less as the limit on locked memory
 * allows. If memory cannot be locked, this fails; it never falls back to unprotected memory. Errors as above.
 */
sc_status sc_arena_new_best(size_t size, struct sc_arena **out, struct sc_error *err) SC_WARN_UNUSED;

/* Wipes and unmaps it. Pointers into it are invalid afterwards. */
void sc_arena_free(struct sc_arena *arena);
SC_CLEANUP_POINTER(sc_arena, struct sc_arena, sc_arena_free)

/*
 * Like malloc: zeroed, 64-byte aligned. NULL if the arena is full or size is 0. Thread-safe, as are resize
 * and release.
 */
void *sc_arena_take(struct sc_arena *arena, size_t size);

/* True if an allocation by this thread, from any arena, has failed since this was last called. */
bool sc_arena_ran_out(void);

/* Bytes in blocks that this thread has taken from any arena, less those that it has released. */
int64_t sc_arena_held(void);

/* How many allocations, by any thread and from any arena, have failed so far. */
uint64_t sc_arena_failures(void);

/*
 * Like realloc: wipes what is left behind. NULL if full; the old block is then still valid. Size 0 releases
 * it.
 */
void *sc_arena_resize(struct sc_arena *arena, void *old, size_t size);

/* Like free: wipes first. NULL is allowed; a pointer that is not a block in use aborts the program. */
void sc_arena_release(struct sc_arena *arena, void *block);

struct sc_arena_numbers {
	enum sc_arena_kind kind;
	size_t size; /* bytes */
	size_t used;
};
struct sc_arena_numbers sc_arena_count(struct sc_arena *arena);

/*
 * Makes libcrypto allocate from an arena. sc_arena_claim_libcrypto must be the very first call in main: it
 * aborts if libcrypto has already allocated anything. An allocation between the two calls aborts.
 */
void sc_arena_claim_libcrypto(void);
void sc_arena_give_libcrypto(struct sc_arena *arena);

#endif
