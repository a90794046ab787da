/*
 * A binary buddy allocator that never touches what it hands out: it deals in offsets, and all that it knows
 * about blocks lies in ordinary memory of its own. So an overflow in the protected memory (arena.h) cannot
 * reach the lists, and a pointer that is no block in use is noticed and stops the program.
 *
 * Not locked, not wiped: that is the arena's work.
 */
#ifndef SC_HSMD_OS_BUDDY_H
#define SC_HSMD_OS_BUDDY_H

#include "base/error.h"

#include <stdbool.h>

#include "base/cleanup.h"

#define SC_BUDDY_BLOCK 64                  /* bytes of the smallest block; every block is aligned to that */
#define SC_BUDDY_MAX   (UINT64_C(1) << 30) /* bytes that one allocator may rule */
#define SC_BUDDY_NONE  SIZE_MAX            /* no block is large enough */

struct sc_buddy;

/* Rules `size` bytes, a multiple of SC_BUDDY_BLOCK up to SC_BUDDY_MAX. SC_ERR_MEMORY. The caller frees *out.
 */
sc_status sc_buddy_new(size_t size, struct sc_buddy **out, struct sc_error *err) SC_WARN_UNUSED;
void sc_buddy_free(struct sc_buddy *buddy);
SC_CLEANUP_POINTER(sc_buddy, struct sc_buddy, sc_buddy_free)

/* The offset of a block of at least `size` bytes (1 or more), or SC_BUDDY_NONE. */
size_t sc_buddy_take(struct sc_buddy *buddy, size_t size);

/* Gives a block back. Aborts, as the two below, if there is no block in use at that offset. */
void sc_buddy_release(struct sc_buddy *buddy, size_t offset);

/* What was asked for at the last take or refit, and what the block really holds. */
size_t sc_buddy_size(const struct sc_buddy *buddy, size_t offset);
size_t sc_buddy_room(const struct sc_buddy *buddy, size_t offset);

/* True if a block for `size` bytes would be just as large: its size is then `size`. Else nothing happens. */
bool sc_buddy_refit(struct sc_buddy *buddy, size_t offset, size_t size);

/* The sum of all blocks in use, in bytes. */
size_t sc_buddy_used(const struct sc_buddy *buddy);

#endif
