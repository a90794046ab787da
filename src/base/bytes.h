/*
 * Two kinds of byte string: a view borrows, a struct sc_bytes owns. Owned bytes come from libcrypto's
 * allocator, which in hsmd is the protected arena (rule M9). Every buffer is wiped when it is released, so no
 * caller has to decide whether its content was secret.
 */
#ifndef SC_BASE_BYTES_H
#define SC_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

/* Borrowed, read-only; valid as long as the memory it points into. {NULL, 0} is the empty view. */
struct sc_view {
	const uint8_t *data;
	size_t len;
};

/* Owned. Zero-initialise; release with sc_bytes_free or SC_CLEANUP(sc_bytes). */
struct sc_bytes {
	uint8_t *data;
	size_t len;
};

/* Wipes and releases; the struct is empty afterwards. */
void sc_bytes_free(struct sc_bytes *bytes);
SC_CLEANUP_VALUE(sc_bytes, sc_bytes_free)

/* Allocates len zero bytes. *out is overwritten, not released. SC_ERR_MEMORY. */
sc_status sc_bytes_new(size_t len, struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

/* Copies a view into new bytes. SC_ERR_MEMORY. */
sc_status sc_bytes_copy(struct sc_view view, struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

/* Random bytes that are not secret: salts, ids, nonces. SC_ERR_CRYPTO. */
sc_status sc_random(void *out, size_t len, struct sc_error *err) SC_WARN_UNUSED;

/* The bytes as a view, valid until they are released. */
static inline struct sc_view sc_bytes_view(const struct sc_bytes *bytes)
{
	return (struct sc_view){ bytes->data, bytes->len };
}

static inline struct sc_view sc_view_of(const void *data, size_t len)
{
	return (struct sc_view){ data, len };
}

/* A NUL-terminated string, without its terminator. */
struct sc_view sc_view_text(const char *text);

/* Equality of public values. Secrets are compared with sc_secret_equals or sc_memory_equals. */
bool sc_view_equals(struct sc_view a, struct sc_view b);

/* True for valid UTF-8 without control characters (C0, DEL, C1), overlong forms and surrogates. */
bool sc_view_is_text(struct sc_view view);

/*
 * How many characters are in UTF-8 text: its bytes without the continuation bytes. For other bytes, at most
 * their number.
 */
size_t sc_view_characters(struct sc_view view);

/* Lower-case hexadecimal, NUL-terminated. `text` must have room for 2 * len + 1 characters. */
void sc_hex(struct sc_view view, char *text);

/* Reads exactly 2 * len hexadecimal digits, upper or lower case. False for anything else. */
bool sc_hex_read(const char *text, uint8_t *out, size_t len);

#endif
