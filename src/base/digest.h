/*
 * SHA-256 with a separate domain for every use (rule F2): the context string, including its terminator, is
 * hashed before the content, so a hash of one kind is never valid as another.
 */
#ifndef SC_BASE_DIGEST_H
#define SC_BASE_DIGEST_H

#include "base/bytes.h"
#include "base/secret.h"

#define SC_HASH_SIZE 32

struct sc_hash {
	uint8_t b[SC_HASH_SIZE];
};

static inline struct sc_view sc_hash_view(const struct sc_hash *hash)
{
	return (struct sc_view){ hash->b, sizeof hash->b };
}

bool sc_hash_equals(const struct sc_hash *a, const struct sc_hash *b);
bool sc_hash_is_zero(const struct sc_hash *hash);

/* Plain SHA-256, for values defined by standards or compared by people: files, public keys, packages. */
sc_status sc_sha256(struct sc_view data, struct sc_hash *out, struct sc_error *err) SC_WARN_UNUSED;

/* SHA-256(context ‖ 0 ‖ part 1 ‖ part 2 …). The context fixes the length of every part but the last. */
sc_status sc_hash_parts(const char *context, const struct sc_view *parts, size_t count, struct sc_hash *out,
			struct sc_error *err) SC_WARN_UNUSED;

/* HMAC-SHA-256(key, context ‖ 0 ‖ parts): the MAC counterpart of sc_hash_parts. */
sc_status sc_hmac_parts(const struct sc_secret *key, const char *context, const struct sc_view *parts,
			size_t count, struct sc_hash *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * HKDF-SHA-256 (RFC 5869): derives `len` bytes from a secret and a salt, with context ‖ 0 ‖ parts as info (at
 * most 512 bytes).
 */
sc_status sc_derive(const struct sc_secret *key, struct sc_view salt, const char *context,
		    const struct sc_view *parts, size_t count, size_t len, struct sc_secret *out,
		    struct sc_error *err) SC_WARN_UNUSED;

/* "59178a47 de508c3f …": hexadecimal in groups of eight, as the article prints a root key's hash. */
#define SC_HASH_GROUPED_SIZE (SC_HASH_SIZE * 2 + SC_HASH_SIZE / 4)
void sc_hash_grouped(const struct sc_hash *hash, char text[SC_HASH_GROUPED_SIZE]);

/* Reads a hash, grouped or not, upper or lower case. False if the text is not a hash. */
bool sc_hash_read(const char *text, struct sc_hash *out);

#endif
