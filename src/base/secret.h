/*
 * A secret has its own type: it can be created, compared and wiped, never printed. In hsmd its bytes are in
 * the protected arena (rule M9), because libcrypto's allocator uses it. Other programs use this type only for
 * a PIN or password on its way to the module.
 */
#ifndef SC_BASE_SECRET_H
#define SC_BASE_SECRET_H

#include "base/bytes.h"

struct sc_secret {
	uint8_t *data;
	size_t len;
};

/* Wipes and releases; the secret is empty afterwards. */
void sc_secret_free(struct sc_secret *secret);
SC_CLEANUP_VALUE(sc_secret, sc_secret_free)

/* len zero bytes. SC_ERR_MEMORY. */
sc_status sc_secret_new(size_t len, struct sc_secret *out, struct sc_error *err) SC_WARN_UNUSED;

/* len random bytes. SC_ERR_MEMORY, SC_ERR_CRYPTO. */
sc_status sc_secret_random(size_t len, struct sc_secret *out, struct sc_error *err) SC_WARN_UNUSED;

/* Copies the view's bytes into a secret. The caller must still wipe the original. */
sc_status sc_secret_copy(struct sc_view view, struct sc_secret *out, struct sc_error *err) SC_WARN_UNUSED;

/* For a cryptographic call that needs the bytes. Valid until the secret is released. */
static inline struct sc_view sc_secret_view(const struct sc_secret *secret)
{
	return (struct sc_view){ secret->data, secret->len };
}

/* Constant time: the time depends only on the length. */
bool sc_memory_equals(const void *a, const void *b, size_t len);
bool sc_secret_equals(const struct sc_secret *a, const struct sc_secret *b);

#endif
