/* One socket's part of the arena for messages: see message_memory.h. */
#include "hsmd/os/message_memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "hsmd/os/buddy.h"

struct sc_hsmd_memory {
	uint8_t *base;
	size_t size;
	struct sc_buddy *buddy;
};

sc_status sc_hsmd_memory_new(size_t size, struct sc_hsmd_memory **out, struct sc_error *err)
{
	SC_CLEANUP(sc_buddy) buddy = NULL;
	struct sc_hsmd_memory *memory;

	SC_TRY(sc_buddy_new(size, &buddy, err));
	memory = calloc(1, sizeof *memory);
	SC_TRY(sc_check_allocated(memory, err));
	/* Not cleared, which would lock every page of it in memory before there is anything to protect. */
	memory->base = OPENSSL_malloc(size);
	if (!memory->base) {
		free(memory);
		return sc_fail(err, SC_ERR_MEMORY, "the arena has no %zu KiB left for a socket's messages",
			       size >> 10);
	}
	memory->size = size;
	memory->buddy = sc_steal(buddy);
	*out = memory;
	return SC_OK;
}

void sc_hsmd_memory_free(struct sc_hsmd_memory *memory)
{
	if (!memory)
		return;
	assert(sc_buddy_used(memory->buddy) == 0);
	OPENSSL_free(memory->base);
	sc_buddy_free(memory->buddy);
	free(memory);
}

size_t sc_hsmd_memory_room(size_t len)
{
	size_t room = SC_BUDDY_BLOCK;

	while (room < len)
		room *= 2;
	return room;
}

size_t sc_hsmd_memory_left(const struct sc_hsmd_memory *memory)
{
	return memory->size - sc_buddy_used(memory->buddy);
}

bool sc_hsmd_memory_fits(const struct sc_hsmd_memory *memory, size_t room)
{
	return sc_buddy_fits(memory->buddy, room);
}

bool sc_hsmd_memory_keep(struct sc_hsmd_memory *memory, struct sc_view message, struct sc_hsmd_block *out)
{
	size_t offset = sc_buddy_take(memory->buddy, message.len ? message.len : 1);

	if (offset == SC_BUDDY_NONE)
		return false;
	*out = (struct sc_hsmd_block){ memory->base + offset, message.len,
				       sc_buddy_room(memory->buddy, offset) };
	if (message.len)
		memcpy(out->data, message.data, message.len);
	return true;
}

void sc_hsmd_memory_release(struct sc_hsmd_memory *memory, struct sc_hsmd_block *block)
{
	if (!block->data)
		return;
	OPENSSL_cleanse(block->data, block->len);
	sc_buddy_release(memory->buddy, (size_t)(block->data - memory->base));
	*block = (struct sc_hsmd_block){ 0 };
}

void sc_hsmd_memory_move(struct sc_hsmd_memory *memory, struct sc_hsmd_block *block)
{
	struct sc_hsmd_block moved;

	if (!sc_hsmd_memory_keep(memory, sc_view_of(block->data, block->len), &moved))
		return;
	sc_hsmd_memory_release(memory, block);
	*block = moved;
}
