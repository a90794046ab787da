/*
 * A binary buddy allocator that never touches the memory it manages: it returns offsets and keeps its
 * bookkeeping in ordinary memory of its own. An overflow in the protected memory (arena.h) therefore cannot
 * reach the free lists, and a pointer that is not a block in use is detected and aborts the program.
 *
 * It neither locks nor wipes: the arena does both.
 */
#ifndef SC_HSMD_OS_BUDDY_H
#define SC_HSMD_OS_BUDDY_H

#include "base/error.h"

#include <stdbool.h>

#include "base/cleanup.h"

#define SC_BUDDY_BLOCK 64                  /* bytes of the smallest block; every block has this alignment */
#define SC_BUDDY_MAX   (UINT64_C(1) << 30) /* bytes one allocator can manage */
#define SC_BUDDY_NONE  SIZE_MAX            /* no block is large enough */

struct sc_buddy;

/*
 * Manages `size` bytes, a multiple of SC_BUDDY_BLOCK up to SC_BUDDY_MAX. SC_ERR_MEMORY. The caller frees
 * *out.
 */
sc_status sc_buddy_new(size_t size, struct sc_buddy **out, struct sc_error *err) SC_WARN_UNUSED;
void sc_buddy_free(struct sc_buddy *buddy);
SC_CLEANUP_POINTER(sc_buddy, struct sc_buddy, sc_buddy_free)

/* The offset of a block of at least `size` bytes (1 or more), or SC_BUDDY_NONE. */
size_t sc_buddy_take(struct sc_buddy *buddy, size_t size);

/* True if sc_buddy_take would find a block of at least `size` bytes (1 or more). */
bool sc_buddy_fits(const struct sc_buddy *buddy, size_t size);

/* Releases a block. Like the two below, aborts if the block at that offset is not in use. */
void sc_buddy_release(struct sc_buddy *buddy, size_t offset);

/* The size last requested by take or refit, and the size the block actually has. */
size_t sc_buddy_size(const struct sc_buddy *buddy, size_t offset);
size_t sc_buddy_room(const struct sc_buddy *buddy, size_t offset);

/*
 * If a block for `size` bytes would be equally large, records the new size and returns true. Else changes
 * nothing.
 */
bool sc_buddy_refit(struct sc_buddy *buddy, size_t offset, size_t size);

/* The total size of all blocks in use, in bytes. */
size_t sc_buddy_used(const struct sc_buddy *buddy);

#endif
