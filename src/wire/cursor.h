/*
 * The bounds-checked reader and its inverse, the writer, of everything that passes between processes on one
 * machine. Integers are big-endian. A failure is sticky: read all fields, then ask once.
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

/* Reads from a view, which must outlive the reader and the views that it gives. */
struct sc_reader sc_reader_of(struct sc_view view);

/* After a failure each gives 0 or the empty view. */
uint16_t sc_read_u16(struct sc_reader *reader);
uint32_t sc_read_u32(struct sc_reader *reader);
uint64_t sc_read_u64(struct sc_reader *reader);
struct sc_hash sc_read_hash(struct sc_reader *reader);

/* A u32 length, at most `max`, and that many bytes: a view into what is read. */
struct sc_view sc_read_bytes(struct sc_reader *reader, size_t max);

/* True if every read succeeded and nothing is left. */
bool sc_reader_is_done(const struct sc_reader *reader);

/* Grows as needed up to `max` bytes; wiped when freed. */
struct sc_writer {
	struct sc_bytes buffer; /* buffer.len is what has been allocated */
	size_t used;
	size_t max;
	bool failed; /* too long, or out of memory */
};

struct sc_writer sc_writer_new(size_t max);
void sc_writer_free(struct sc_writer *writer);
SC_CLEANUP_VALUE(sc_writer, sc_writer_free)

/* Makes room for `len` bytes, so that writing them takes no memory. False, and failed, where there is none. */
bool sc_writer_reserve(struct sc_writer *writer, size_t len);

void sc_write_u16(struct sc_writer *writer, uint16_t value);
void sc_write_u32(struct sc_writer *writer, uint32_t value);
void sc_write_u64(struct sc_writer *writer, uint64_t value);
void sc_write_hash(struct sc_writer *writer, const struct sc_hash *hash);
/* A u32 length and the bytes; more than `max` of them is a failure. */
void sc_write_bytes(struct sc_writer *writer, struct sc_view view, size_t max);
/* The bytes alone. */
void sc_write_raw(struct sc_writer *writer, struct sc_view view);

/* What has been written; valid until the next write. */
struct sc_view sc_writer_view(const struct sc_writer *writer);

#endif
