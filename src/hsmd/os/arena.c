/* The protected arena: see arena.h. */
#include "hsmd/os/arena.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/log.h"
#include "hsmd/os/buddy.h"
#include "hsmd/os/sanitizer.h"

#define PAGE  4096u
#define GRAIN 65536u

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

struct sc_arena {
	enum sc_arena_kind kind;
	uint8_t *base;
	size_t size;
	pthread_mutex_t lock; /* protects buddy */
	struct sc_buddy *buddy;
	atomic_bool has_complained;
};

/* -- the mapping ------------------------------------------------------------------------------- */

static unsigned mebibytes(size_t size)
{
	return (unsigned)(size >> 20);
}

static sc_status over_limit(size_t size, struct sc_error *err)
{
	return sc_fail_errno(
	    err, SC_ERR_MODULE_FULL,
	    "cannot lock %u MiB of memory: raise RLIMIT_MEMLOCK (ulimit -l, LimitMEMLOCK=) or give a "
	    "smaller --arena",
	    mebibytes(size));
}

static sc_status map_secret(uint8_t *base, size_t size, struct sc_error *err)
{
	int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
	void *mapped;

	if (fd < 0)
		return sc_fail_errno(err, SC_ERR_UNAVAILABLE, "the kernel has no memfd_secret");
	if (ftruncate(fd, (off_t)size)) {
		(void)close(fd);
		return sc_fail_errno(err, SC_ERR_UNAVAILABLE, "cannot set the size of memfd_secret");
	}
	mapped = mmap(base, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	(void)close(fd);
	return mapped == base ? SC_OK : over_limit(size, err);
}

static sc_status map_locked(uint8_t *base, size_t size, struct sc_error *err)
{
	if (mmap(base, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != base)
		return sc_fail_errno(err, SC_ERR_MEMORY, "cannot allocate %u MiB of memory", mebibytes(size));
	/* Each page is locked on first use, so a large arena costs nothing at startup. */
	if (mlock2(base, size, MLOCK_ONFAULT))
		return over_limit(size, err);
	if (madvise(base, size, MADV_DONTDUMP))
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot keep the arena out of core dumps");
	return SC_OK;
}

/* Maps the arena between two inaccessible pages. */
static sc_status map(enum sc_arena_kind kind, size_t size, uint8_t **out, struct sc_error *err)
{
	sc_status status;
	uint8_t *outer =
	    mmap(NULL, size + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (outer == MAP_FAILED)
		return sc_fail_errno(err, SC_ERR_MEMORY, "no address space for %u MiB", mebibytes(size));
	status = kind == SC_ARENA_SECRET ? map_secret(outer + PAGE, size, err)
					 : map_locked(outer + PAGE, size, err);
	if (status == SC_OK && madvise(outer + PAGE, size, MADV_DONTFORK))
		status = sc_fail_errno(err, SC_ERR_SYSTEM, "cannot keep the arena out of child processes");
	if (status != SC_OK) {
		(void)munmap(outer, size + 2 * PAGE);
		return status;
	}
	*out = outer + PAGE;
	return SC_OK;
}

sc_status sc_arena_new(enum sc_arena_kind kind, size_t size, struct sc_arena **out, struct sc_error *err)
{
	SC_CLEANUP(sc_buddy) buddy = NULL;
	pthread_mutexattr_t adaptive;
	struct sc_arena *arena;
	sc_status status;

	size -= size % GRAIN;
	SC_ENSURE(size >= SC_ARENA_MIN && size <= SC_ARENA_MAX, err, SC_ERR_ARGUMENT,
		  "an arena must be %u to %u MiB", mebibytes(SC_ARENA_MIN), mebibytes(SC_ARENA_MAX));
	SC_TRY(sc_buddy_new(size, &buddy, err));
	arena = calloc(1, sizeof *arena);
	SC_ENSURE(arena, err, SC_ERR_MEMORY, "out of memory for an arena");
	arena->kind = kind;
	arena->size = size;
	status = map(kind, size, &arena->base, err);
	if (status != SC_OK) {
		free(arena);
		return status;
	}
	arena->buddy = sc_steal(buddy);
	/* Held for less time than it takes to sleep, so spin first. */
	pthread_mutexattr_init(&adaptive);
	pthread_mutexattr_settype(&adaptive, PTHREAD_MUTEX_ADAPTIVE_NP);
	pthread_mutex_init(&arena->lock, &adaptive);
	pthread_mutexattr_destroy(&adaptive);
	sc_sanitizer_hide(arena->base, size);
	sc_sanitizer_adopt(arena->base, size);
	*out = arena;
	return SC_OK;
}

/* Tries memfd_secret first, then locked memory of the same size. */
static sc_status new_of_best_kind(size_t size, struct sc_arena **out, struct sc_error *err)
{
	sc_status status = sc_arena_new(SC_ARENA_SECRET, size, out, err);

	return status == SC_ERR_UNAVAILABLE ? sc_arena_new(SC_ARENA_LOCKED, size, out, err) : status;
}

/* Raises the soft limit to the hard limit. Returns how much may be locked. */
static size_t locked_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit))
		return 0;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_MEMLOCK, &limit);
	return limit.rlim_cur < SC_ARENA_DEFAULT ? (size_t)limit.rlim_cur : SC_ARENA_DEFAULT;
}

sc_status sc_arena_new_best(size_t size, struct sc_arena **out, struct sc_error *err)
{
	size_t limit = locked_limit();
	sc_status status = new_of_best_kind(size ? size : SC_ARENA_DEFAULT, out, err);

	/* A process that may exceed the limit (CAP_IPC_LOCK) has succeeded by now. */
	if (size || status != SC_ERR_MODULE_FULL)
		return status;
	SC_ENSURE(
	    limit >= SC_ARENA_MIN, err, SC_ERR_MODULE_FULL,
	    "only %zu KiB of memory can be locked, but %u MiB are needed: raise RLIMIT_MEMLOCK (ulimit -l, "
	    "LimitMEMLOCK=)",
	    limit >> 10, mebibytes(SC_ARENA_MIN));
	return new_of_best_kind(limit, out, err);
}

void sc_arena_free(struct sc_arena *arena)
{
	if (!arena)
		return;
	sc_sanitizer_disown(arena->base, arena->size);
	sc_sanitizer_show(arena->base, arena->size);
	/*
	 * Freed blocks are already wiped; this wipes those still in use. The kernel clears secret memory
	 * itself.
	 */
	if (arena->kind == SC_ARENA_LOCKED)
		explicit_bzero(arena->base, arena->size);
	(void)munmap(arena->base - PAGE, arena->size + 2 * PAGE);
	pthread_mutex_destroy(&arena->lock);
	sc_buddy_free(arena->buddy);
	free(arena);
}

/* -- blocks ------------------------------------------------------------------------------------ */

static _Thread_local bool has_run_out;
static _Thread_local int64_t held;
static atomic_uint_fast64_t failures;

bool sc_arena_ran_out(void)
{
	bool answer = has_run_out;

	has_run_out = false;
	return answer;
}

int64_t sc_arena_held(void)
{
	return held;
}

uint64_t sc_arena_failures(void)
{
	return atomic_load(&failures);
}

/* Logged once, so that the operator learns why requests are refused. */
static void complain(struct sc_arena *arena, size_t size)
{
	if (!atomic_exchange(&arena->has_complained, true))
		sc_log(SC_LOG_WARNING,
		       "the arena of %u MiB has no room for %zu bytes: to hold more keys, raise --arena",
		       mebibytes(arena->size), size);
}

void *sc_arena_take(struct sc_arena *arena, size_t size)
{
	size_t offset;
	size_t room = 0;

	if (!size)
		return NULL;
	pthread_mutex_lock(&arena->lock);
	offset = sc_buddy_take(arena->buddy, size);
	if (offset != SC_BUDDY_NONE)
		room = sc_buddy_room(arena->buddy, offset);
	pthread_mutex_unlock(&arena->lock);
	held += (int64_t)room;
	if (offset == SC_BUDDY_NONE) {
		has_run_out = true;
		atomic_fetch_add(&failures, 1);
		complain(arena, size);
		return NULL;
	}
	sc_sanitizer_show(arena->base + offset, size);
	return arena->base + offset;
}

/* Aborts if the pointer is outside the arena. The buddy allocator aborts if it is not a block in use. */
static size_t offset_of(const struct sc_arena *arena, const void *block)
{
	uintptr_t offset = (uintptr_t)block - (uintptr_t)arena->base;

	if (offset >= arena->size)
		abort();
	return offset;
}

void sc_arena_release(struct sc_arena *arena, void *block)
{
	size_t offset;
	size_t room;

	if (!block)
		return;
	offset = offset_of(arena, block);
	pthread_mutex_lock(&arena->lock);
	room = sc_buddy_room(arena->buddy, offset);
	pthread_mutex_unlock(&arena->lock);
	held -= (int64_t)room;
	/* The block is still ours here: the lock is not held while it is wiped. */
	sc_sanitizer_show(block, room);
	explicit_bzero(block, room);
	sc_sanitizer_hide(block, room);
	pthread_mutex_lock(&arena->lock);
	sc_buddy_release(arena->buddy, offset);
	pthread_mutex_unlock(&arena->lock);
}

/* True if the block already has the right size class. *had is set to the old size in either case. */
static bool refit(struct sc_arena *arena, uint8_t *block, size_t size, size_t *had)
{
	size_t offset = offset_of(arena, block);
	size_t room;
	bool fits;

	pthread_mutex_lock(&arena->lock);
	*had = sc_buddy_size(arena->buddy, offset);
	room = sc_buddy_room(arena->buddy, offset);
	fits = sc_buddy_refit(arena->buddy, offset, size);
	pthread_mutex_unlock(&arena->lock);
	if (!fits)
		return false;
	sc_sanitizer_show(block, room);
	if (size < *had)
		explicit_bzero(block + size, *had - size);
	sc_sanitizer_hide(block, room);
	sc_sanitizer_show(block, size);
	return true;
}

void *sc_arena_resize(struct sc_arena *arena, void *old, size_t size)
{
	void *block;
	size_t had;

	if (!old)
		return sc_arena_take(arena, size);
	if (!size) {
		sc_arena_release(arena, old);
		return NULL;
	}
	if (refit(arena, old, size, &had))
		return old;
	block = sc_arena_take(arena, size);
	if (!block)
		return NULL;
	memcpy(block, old, size < had ? size : had);
	sc_arena_release(arena, old);
	return block;
}

struct sc_arena_numbers sc_arena_count(struct sc_arena *arena)
{
	struct sc_arena_numbers numbers = { arena->kind, arena->size, 0 };

	pthread_mutex_lock(&arena->lock);
	numbers.used = sc_buddy_used(arena->buddy);
	pthread_mutex_unlock(&arena->lock);
	return numbers;
}

/* -- libcrypto --------------------------------------------------------------------------------- */

/* libcrypto's hooks take no context argument, so this one is global to the process. */
static struct sc_arena *of_libcrypto;

static void *hook_malloc(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	assert(of_libcrypto);
	return sc_arena_take(of_libcrypto, size);
}

static void *hook_realloc(void *block, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	assert(of_libcrypto);
	return sc_arena_resize(of_libcrypto, block, size);
}

static void hook_free(void *block, const char *file, int line)
{
	(void)file, (void)line;
	if (block)
		sc_arena_release(of_libcrypto, block);
}

void sc_arena_claim_libcrypto(void)
{
	if (CRYPTO_set_mem_functions(hook_malloc, hook_realloc, hook_free) != 1)
		abort();
}

void sc_arena_give_libcrypto(struct sc_arena *arena)
{
	of_libcrypto = arena;
}
