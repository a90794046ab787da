/*
 * The protected arena (rule M9): where all of libcrypto's allocations, and with them every sc_bytes and
 * sc_secret, live in hsmd. OpenSSL's own secure heap leaves primes on the ordinary one, so nothing is sorted
 * into secret and public: all of it is protected, and every block is wiped when it is freed.
 *
 * What it promises, by its kind:
 *   SC_ARENA_SECRET  memfd_secret: not readable through /proc, ptrace or a core, by root either; the
 * descriptor is closed as soon as it is mapped, for pidfd_getfd would open it again SC_ARENA_LOCKED  locked
 * in memory, never in a core Both: never inherited by a child, an inaccessible page at either end, no size
 * that grows.
 */
#ifndef SC_HSMD_OS_ARENA_H
#define SC_HSMD_OS_ARENA_H

#include "base/error.h"

#include <stdbool.h>

#include "base/cleanup.h"
#include "hsmd/os/sanitizer.h"

#define SC_ARENA_MIN (UINT64_C(2) << 20) /* libcrypto and the threads' work need half of it */
#ifdef SC_SANITIZED
#define SC_ARENA_DEFAULT (UINT64_C(8) << 20) /* at the end, LeakSanitizer reads it all */
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
 * SC_ERR_MODULE_FULL: the limit of locked memory (RLIMIT_MEMLOCK) does not allow that size. The caller frees
 * *out.
 */
sc_status sc_arena_new(enum sc_arena_kind kind, size_t size, struct sc_arena **out,
		       struct sc_error *err) SC_WARN_UNUSED;

/*
 * The best kind that there is. With size 0: SC_ARENA_DEFAULT, or as much less as the limit of locked memory
 * allows. Memory that cannot be locked is refused, never taken unprotected. Errors as above.
 */
sc_status sc_arena_new_best(size_t size, struct sc_arena **out, struct sc_error *err) SC_WARN_UNUSED;

/* Wipes and unmaps; whatever was taken from it is gone. */
void sc_arena_free(struct sc_arena *arena);
SC_CLEANUP_POINTER(sc_arena, struct sc_arena, sc_arena_free)

/* malloc: zero bytes, aligned to 64; NULL when full or for size 0. From any thread, as the two below. */
void *sc_arena_take(struct sc_arena *arena, size_t size);

/* True if an allocation of this thread, from any arena, has failed since the last time that it was asked. */
bool sc_arena_ran_out(void);

/* realloc: what is left behind is wiped; NULL when full, the old block then stands. Size 0 releases. */
void *sc_arena_resize(struct sc_arena *arena, void *old, size_t size);

/* free: wiped first. NULL is nothing; a pointer that is no block in use aborts the program. */
void sc_arena_release(struct sc_arena *arena, void *block);

struct sc_arena_numbers {
	enum sc_arena_kind kind;
	size_t size; /* bytes */
	size_t used;
};
struct sc_arena_numbers sc_arena_count(struct sc_arena *arena);

/*
 * Makes libcrypto allocate from an arena. The first must be the very first call of main: it aborts if
 * libcrypto has allocated anything. Between the two, an allocation aborts.
 */
void sc_arena_claim_libcrypto(void);
void sc_arena_give_libcrypto(struct sc_arena *arena);

#endif
