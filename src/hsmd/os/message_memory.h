/*
 * One socket's part of the arena for messages. It is taken once, when the module starts, so no other socket
 * and no key can use it up, and messages never take the room of keys. There is no lock here: the exchange
 * holds its own.
 */
#ifndef SC_HSMD_OS_MESSAGE_MEMORY_H
#define SC_HSMD_OS_MESSAGE_MEMORY_H

#include "base/bytes.h"

struct sc_hsmd_memory;

/* A message, or no block if `data` is NULL. */
struct sc_hsmd_block {
	uint8_t *data;
	size_t len;  /* of the message */
	size_t room; /* that it takes */
};

/* `size` bytes from libcrypto's allocator, a power of two. SC_ERR_MEMORY. The caller frees *out. */
sc_status sc_hsmd_memory_new(size_t size, struct sc_hsmd_memory **out, struct sc_error *err) SC_WARN_UNUSED;

/* All its blocks have been released. Accepts NULL. */
void sc_hsmd_memory_free(struct sc_hsmd_memory *memory);

/* How much a message of that length takes. */
size_t sc_hsmd_memory_room(size_t len);

/* Bytes in no block. */
size_t sc_hsmd_memory_left(const struct sc_hsmd_memory *memory);

/*
 * True if there is a block of that room. If there is not, although as much is left, what is free is in
 * pieces.
 */
bool sc_hsmd_memory_fits(const struct sc_hsmd_memory *memory, size_t room);

/*
 * Moves a message to the smallest free block that it fits into, if there is one, so that what is free around
 * it becomes larger. Nobody may be using it.
 */
void sc_hsmd_memory_move(struct sc_hsmd_memory *memory, struct sc_hsmd_block *block);

/* Copies the message into a new block. False if there is no room, and *out is as it was. */
bool sc_hsmd_memory_keep(struct sc_hsmd_memory *memory, struct sc_view message,
			 struct sc_hsmd_block *out) SC_WARN_UNUSED;

/* Wipes and releases. *block is empty afterwards; an empty one is allowed. */
void sc_hsmd_memory_release(struct sc_hsmd_memory *memory, struct sc_hsmd_block *block);

#endif
