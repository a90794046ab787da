/* Reader and writer: see cursor.h. */
#include "wire/cursor.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/big_endian.h"

#define FIRST_SIZE                                                                                           \
	255 /* with the byte that sc_bytes_new adds, a power of two, and so are the sizes after it */

struct sc_reader sc_reader_of(struct sc_view view)
{
	return (struct sc_reader){ view.data, view.data ? view.data + view.len : NULL, false };
}

/* The next `len` bytes, or NULL. */
static const uint8_t *take(struct sc_reader *reader, size_t len)
{
	const uint8_t *at = reader->next;

	if (reader->failed || len > (size_t)(reader->end - reader->next)) {
		reader->failed = true;
		return NULL;
	}
	reader->next += len;
	return at;
}

static uint64_t read_number(struct sc_reader *reader, size_t size)
{
	const uint8_t *p = take(reader, size);

	return p ? sc_big_endian_read(p, size) : 0;
}

uint16_t sc_read_u16(struct sc_reader *reader)
{
	return (uint16_t)read_number(reader, 2);
}

uint32_t sc_read_u32(struct sc_reader *reader)
{
	return (uint32_t)read_number(reader, 4);
}

uint64_t sc_read_u64(struct sc_reader *reader)
{
	return read_number(reader, 8);
}

struct sc_hash sc_read_hash(struct sc_reader *reader)
{
	struct sc_hash hash = { 0 };
	const uint8_t *p = take(reader, sizeof hash.b);

	if (p)
		memcpy(hash.b, p, sizeof hash.b);
	return hash;
}

struct sc_view sc_read_bytes(struct sc_reader *reader, size_t max)
{
	size_t len = sc_read_u32(reader);
	const uint8_t *p;

	if (len > max)
		reader->failed = true;
	p = take(reader, len);
	return p ? sc_view_of(p, len) : (struct sc_view){ 0 };
}

bool sc_reader_is_done(const struct sc_reader *reader)
{
	return !reader->failed && reader->next == reader->end;
}

struct sc_writer sc_writer_new(size_t max)
{
	return (struct sc_writer){ .max = max };
}

void sc_writer_free(struct sc_writer *writer)
{
	sc_bytes_free(&writer->buffer);
	*writer = (struct sc_writer){ 0 };
}

/* Returns the place for `len` more bytes, or NULL. */
static uint8_t *grow(struct sc_writer *writer, size_t len)
{
	uint8_t *at;

	if (writer->failed || len > writer->max - writer->used) {
		writer->failed = true;
		return NULL;
	}
	if (len > writer->buffer.len - writer->used) {
		struct sc_bytes larger;
		size_t size = writer->buffer.len ? writer->buffer.len : FIRST_SIZE;

		while (size - writer->used < len)
			size = 2 * size + 1;
		if (sc_bytes_new(size < writer->max ? size : writer->max, &larger, NULL) != SC_OK) {
			writer->failed = true;
			return NULL;
		}
		if (writer->used)
			memcpy(larger.data, writer->buffer.data, writer->used);
		sc_bytes_free(&writer->buffer);
		writer->buffer = larger;
	}
	at = writer->buffer.data + writer->used;
	writer->used += len;
	return at;
}

bool sc_writer_reserve(struct sc_writer *writer, size_t len)
{
	if (!grow(writer, len))
		return false;
	writer->used -= len;
	return true;
}

static void write_number(struct sc_writer *writer, uint64_t value, size_t size)
{
	uint8_t *p = grow(writer, size);

	if (p)
		sc_big_endian_write(value, p, size);
}

void sc_write_u16(struct sc_writer *writer, uint16_t value)
{
	write_number(writer, value, 2);
}

void sc_write_u32(struct sc_writer *writer, uint32_t value)
{
	write_number(writer, value, 4);
}

void sc_write_u64(struct sc_writer *writer, uint64_t value)
{
	write_number(writer, value, 8);
}

void sc_write_raw(struct sc_writer *writer, struct sc_view view)
{
	uint8_t *p = grow(writer, view.len);

	if (p && view.len)
		memcpy(p, view.data, view.len);
}

void sc_write_hash(struct sc_writer *writer, const struct sc_hash *hash)
{
	sc_write_raw(writer, sc_hash_view(hash));
}

void sc_write_bytes(struct sc_writer *writer, struct sc_view view, size_t max)
{
	if (view.len > max)
		writer->failed = true;
	sc_write_u32(writer, (uint32_t)view.len);
	sc_write_raw(writer, view);
}

struct sc_view sc_writer_view(const struct sc_writer *writer)
{
	return sc_view_of(writer->buffer.data, writer->used);
}
