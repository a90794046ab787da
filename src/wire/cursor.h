/*
 * The bounds-checked reader, and its inverse, the writer, for everything that passes between processes on one
 * machine. Integers are big-endian. Failures are sticky: read all fields, then check once.
 */
#ifndef SC_WIRE_CURSOR_H
#define SC_WIRE_CURSOR_H

#include "base/bytes.h"
#include "base/digest.h"

struct sc_reader {
	const uint8_t *next;
	const uint8_t *end;
	bool failed;
};

/* Reads from a view, which must outlive the reader and the views that it returns. */
struct sc_reader sc_reader_of(struct sc_view view);

/* After a failure each of these returns 0 or the empty view. */
uint16_t sc_read_u16(struct sc_reader *reader);
uint32_t sc_read_u32(struct sc_reader *reader);
uint64_t sc_read_u64(struct sc_reader *reader);
struct sc_hash sc_read_hash(struct sc_reader *reader);

/* Reads a u32 length, at most `max`, and that many bytes. Returns a view into the input. */
struct sc_view sc_read_bytes(struct sc_reader *reader, size_t max);

/* True if every read succeeded and nothing is left. */
bool sc_reader_is_done(const struct sc_reader *reader);

/* Grows as needed, up to `max` bytes. Wiped when freed. */
struct sc_writer {
	struct sc_bytes buffer; /* buffer.len is the allocated size */
	size_t used;
	size_t max;
	bool failed; /* too long, or out of memory */
};

struct sc_writer sc_writer_new(size_t max);
void sc_writer_free(struct sc_writer *writer);
SC_CLEANUP_VALUE(sc_writer, sc_writer_free)

/* Reserves `len` bytes, so that writing them allocates nothing. Returns false and fails if it cannot. */
bool sc_writer_reserve(struct sc_writer *writer, size_t len);

void sc_write_u16(struct sc_writer *writer, uint16_t value);
void sc_write_u32(struct sc_writer *writer, uint32_t value);
void sc_write_u64(struct sc_writer *writer, uint64_t value);
void sc_write_hash(struct sc_writer *writer, const struct sc_hash *hash);
/* A u32 length and the bytes; fails if there are more than `max`. */
void sc_write_bytes(struct sc_writer *writer, struct sc_view view, size_t max);
/* The bytes alone. */
void sc_write_raw(struct sc_writer *writer, struct sc_view view);

/* The bytes written so far; valid until the next write. */
struct sc_view sc_writer_view(const struct sc_writer *writer);

#endif
