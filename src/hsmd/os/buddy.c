/*
 * The buddy allocator: see buddy.h. Block i of order o begins at i * SC_BUDDY_BLOCK and is SC_BUDDY_BLOCK <<
 * o bytes long; its buddy is i with bit o flipped. Every smallest block has an entry, which is meaningful
 * only where a block begins. Such a block is free (in the list of its order), in use (size is not 0), or
 * neither.
 */
#include "hsmd/os/buddy.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#define ORDERS   25 /* SC_BUDDY_BLOCK << 24 is SC_BUDDY_MAX */
#define NO_BLOCK UINT32_MAX

struct block {
	uint32_t next; /* in the free list of its order */
	uint32_t previous;
	uint32_t size; /* bytes requested, while in use */
	uint8_t order;
	bool is_free;
};

struct sc_buddy {
	uint32_t count; /* smallest blocks */
	uint32_t lists; /* bit o: a block of order o is free */
	size_t used;
	uint32_t first[ORDERS];
	struct block blocks[];
};

static size_t order_bytes(unsigned order)
{
	return (size_t)SC_BUDDY_BLOCK << order;
}

/* The smallest order whose blocks hold `size` bytes; ORDERS or more if none does. */
static unsigned order_for(size_t size)
{
	size_t blocks = (size - 1) / SC_BUDDY_BLOCK;

	return blocks ? 64 - (unsigned)__builtin_clzll(blocks) : 0;
}

static void push(struct sc_buddy *buddy, uint32_t index, unsigned order)
{
	uint32_t head = buddy->first[order];

	buddy->blocks[index] = (struct block){ head, NO_BLOCK, 0, (uint8_t)order, true };
	if (head != NO_BLOCK)
		buddy->blocks[head].previous = index;
	buddy->first[order] = index;
	buddy->lists |= 1u << order;
}

/* Takes a free block out of its list. It is then neither free nor in use. */
static void unlink_free(struct sc_buddy *buddy, uint32_t index)
{
	struct block *block = &buddy->blocks[index];

	if (block->previous == NO_BLOCK)
		buddy->first[block->order] = block->next;
	else
		buddy->blocks[block->previous].next = block->next;
	if (block->next != NO_BLOCK)
		buddy->blocks[block->next].previous = block->previous;
	if (buddy->first[block->order] == NO_BLOCK)
		buddy->lists &= ~(1u << block->order);
	block->is_free = false;
}

/* Covers the whole area with the largest aligned blocks that fit. */
static void fill(struct sc_buddy *buddy)
{
	uint32_t index = 0;

	while (index < buddy->count) {
		unsigned order = index ? (unsigned)__builtin_ctz(index) : ORDERS - 1;

		while (order >= ORDERS || (1u << order) > buddy->count - index)
			order--;
		push(buddy, index, order);
		index += 1u << order;
	}
}

sc_status sc_buddy_new(size_t size, struct sc_buddy **out, struct sc_error *err)
{
	size_t count = size / SC_BUDDY_BLOCK;
	struct sc_buddy *buddy;

	assert(count > 0 && size % SC_BUDDY_BLOCK == 0 && size <= SC_BUDDY_MAX);
	/* Untouched entries cost nothing: the kernel allocates pages on first write. */
	buddy = calloc(1, sizeof *buddy + count * sizeof buddy->blocks[0]);
	SC_ENSURE(buddy, err, SC_ERR_MEMORY, "out of memory for the list of %zu blocks", count);
	buddy->count = (uint32_t)count;
	for (unsigned order = 0; order < ORDERS; order++)
		buddy->first[order] = NO_BLOCK;
	fill(buddy);
	*out = buddy;
	return SC_OK;
}

void sc_buddy_free(struct sc_buddy *buddy)
{
	free(buddy);
}

bool sc_buddy_fits(const struct sc_buddy *buddy, size_t size)
{
	unsigned wanted = order_for(size);

	return wanted < ORDERS && buddy->lists >> wanted;
}

size_t sc_buddy_take(struct sc_buddy *buddy, size_t size)
{
	unsigned wanted = order_for(size);
	unsigned order;
	uint32_t index;

	if (!sc_buddy_fits(buddy, size))
		return SC_BUDDY_NONE;
	order = wanted + (unsigned)__builtin_ctz(buddy->lists >> wanted);
	index = buddy->first[order];
	unlink_free(buddy, index);
	/* Keep the lower half, free the upper half. */
	while (order > wanted) {
		order--;
		push(buddy, index + (1u << order), order);
	}
	buddy->blocks[index] = (struct block){ NO_BLOCK, NO_BLOCK, (uint32_t)size, (uint8_t)order, false };
	buddy->used += order_bytes(order);
	return (size_t)index * SC_BUDDY_BLOCK;
}

/* Returns the block in use at an offset. Anything else is a double free or a wild pointer: abort. */
static const struct block *in_use(const struct sc_buddy *buddy, size_t offset)
{
	const struct block *block = &buddy->blocks[offset / SC_BUDDY_BLOCK];

	if (offset % SC_BUDDY_BLOCK || offset / SC_BUDDY_BLOCK >= buddy->count || block->is_free ||
	    !block->size)
		abort();
	return block;
}

void sc_buddy_release(struct sc_buddy *buddy, size_t offset)
{
	uint32_t index = (uint32_t)(offset / SC_BUDDY_BLOCK);
	unsigned order = in_use(buddy, offset)->order;

	buddy->used -= order_bytes(order);
	buddy->blocks[index].size = 0;
	for (; order < ORDERS - 1; order++) {
		uint32_t other = index ^ (1u << order);

		if (other >= buddy->count || !buddy->blocks[other].is_free ||
		    buddy->blocks[other].order != order)
			break;
		unlink_free(buddy, other);
		index &= other;
	}
	push(buddy, index, order);
}

size_t sc_buddy_size(const struct sc_buddy *buddy, size_t offset)
{
	return in_use(buddy, offset)->size;
}

size_t sc_buddy_room(const struct sc_buddy *buddy, size_t offset)
{
	return order_bytes(in_use(buddy, offset)->order);
}

bool sc_buddy_refit(struct sc_buddy *buddy, size_t offset, size_t size)
{
	if (in_use(buddy, offset)->order != order_for(size))
		return false;
	buddy->blocks[offset / SC_BUDDY_BLOCK].size = (uint32_t)size;
	return true;
}

size_t sc_buddy_used(const struct sc_buddy *buddy)
{
	return buddy->used;
}
