/* Secrets: see secret.h. */
#include "base/secret.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/os.h"

void sc_secret_free(struct sc_secret *secret)
{
	OPENSSL_clear_free(secret->data, secret->len);
	*secret = (struct sc_secret){ 0 };
}

sc_status sc_secret_new(size_t len, struct sc_secret *out, struct sc_error *err)
{
	uint8_t *data = OPENSSL_zalloc(len ? len : 1);

	SC_ENSURE(data, err, SC_ERR_MEMORY, "out of memory for a secret of %zu bytes", len);
	*out = (struct sc_secret){ data, len };
	return SC_OK;
}

sc_status sc_secret_random(size_t len, struct sc_secret *out, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) secret = { 0 };

	SC_TRY(sc_secret_new(len, &secret, err));
	if (sc_os->random_secret(secret.data, len) != 0)
		return sc_fail_crypto(err, "no random bytes");
	*out = sc_steal(secret);
	return SC_OK;
}

sc_status sc_secret_copy(struct sc_view view, struct sc_secret *out, struct sc_error *err)
{
	SC_TRY(sc_secret_new(view.len, out, err));
	if (view.len)
		memcpy(out->data, view.data, view.len);
	return SC_OK;
}

bool sc_memory_equals(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

bool sc_secret_equals(const struct sc_secret *a, const struct sc_secret *b)
{
	return a->len == b->len && sc_memory_equals(a->data, b->data, a->len);
}
