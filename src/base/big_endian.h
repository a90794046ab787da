/* Numbers as bytes, the most significant first: how they enter a message, a hash and a derivation. */
#ifndef SC_BASE_BIG_ENDIAN_H
#define SC_BASE_BIG_ENDIAN_H

#include "base/bytes.h"

/* Writes the low `size` bytes of a number; `size` is at most 8. */
static inline void sc_big_endian_write(uint64_t value, uint8_t *out, size_t size)
{
	for (size_t i = size; i > 0; i--) {
		out[i - 1] = (uint8_t)value;
		value >>= 8;
	}
}

/* Reads a number of `size` bytes, at most 8. */
static inline uint64_t sc_big_endian_read(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

/* A number of 32 bits as four bytes that a view can point to. */
struct sc_big_endian32 {
	uint8_t b[4];
};

static inline struct sc_big_endian32 sc_big_endian32_of(uint32_t value)
{
	struct sc_big_endian32 number;

	sc_big_endian_write(value, number.b, sizeof number.b);
	return number;
}

static inline struct sc_view sc_big_endian32_view(const struct sc_big_endian32 *number)
{
	return (struct sc_view){ number->b, sizeof number->b };
}

/* The same for 64 bits. */
struct sc_big_endian64 {
	uint8_t b[8];
};

static inline struct sc_big_endian64 sc_big_endian64_of(uint64_t value)
{
	struct sc_big_endian64 number;

	sc_big_endian_write(value, number.b, sizeof number.b);
	return number;
}

static inline struct sc_view sc_big_endian64_view(const struct sc_big_endian64 *number)
{
	return (struct sc_view){ number->b, sizeof number->b };
}

#endif
