/* Keys in the clear: see clear_key.h. */
#include "world/clear_key.h"

#include <errno.h>

#include <openssl/decoder.h>
#include <openssl/err.h>

#include "base/libcrypto.h"
#include "base/os.h"

SC_CLEANUP_POINTER(decoder_ctx, OSSL_DECODER_CTX, OSSL_DECODER_CTX_free)

void sc_clear_key_free(struct sc_clear_key *key)
{
	sc_secret_free(&key->material);
}

/* Reads to the end. out->len is what was read. */
static sc_status read_all(int fd, struct sc_secret *buffer, size_t *len, struct sc_error *err)
{
	size_t done = 0;
	ssize_t got;

	while (done < buffer->len) {
		got = sc_os->read(fd, buffer->data + done, buffer->len - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return sc_fail_errno(err, SC_ERR_SYSTEM, "the key: cannot be read from descriptor %d",
					     fd);
		if (got == 0)
			break;
		done += (size_t)got;
	}
	SC_ENSURE(done < buffer->len, err, SC_ERR_TOO_LARGE, "the key: longer than %d bytes",
		  SC_CLEAR_KEY_MAX);
	SC_ENSURE(done > 0, err, SC_ERR_FORMAT, "the key: descriptor %d is empty", fd);
	*len = done;
	return SC_OK;
}

/* Never asks for a passphrase. */
static int refuse_passphrase(char *pass, size_t size, size_t *len, const OSSL_PARAM params[], void *context)
{
	(void)pass, (void)size, (void)len, (void)params, (void)context;
	return 0;
}

static sc_status decode(struct sc_view text, EVP_PKEY **out, struct sc_error *err)
{
	SC_CLEANUP(sc_pkey) key = NULL;
	const unsigned char *p = text.data;
	size_t rest = text.len;
	SC_CLEANUP(decoder_ctx)
	ctx = OSSL_DECODER_CTX_new_for_pkey(&key, NULL, NULL, NULL, OSSL_KEYMGMT_SELECT_PRIVATE_KEY, NULL,
					    NULL);
	bool ok;

	if (!ctx || OSSL_DECODER_CTX_set_passphrase_cb(ctx, refuse_passphrase, NULL) != 1)
		return sc_fail_crypto(err, "the key");
	ok = OSSL_DECODER_from_data(ctx, &p, &rest) == 1;
	ERR_clear_error();
	SC_ENSURE(ok && key, err, SC_ERR_FORMAT,
		  "the key: not a private key in PEM or DER without a passphrase: write it with "
		  "`openssl pkcs8 -topk8 -nocrypt`");
	*out = sc_steal(key);
	return SC_OK;
}

static bool is_wanted(const struct sc_key_type *type, const struct sc_key_type *wanted)
{
	bool is_any_curve = wanted->algorithm == SC_ALGORITHM_EC && !wanted->bits;

	if (is_any_curve)
		return sc_key_type_curve(type);
	return type->algorithm == wanted->algorithm && (!wanted->bits || type->bits == wanted->bits);
}

/* The one form of PKCS#8 that the module takes. */
static sc_status read_private(struct sc_view text, const struct sc_key_type *type, struct sc_clear_key *out,
			      struct sc_error *err)
{
	SC_CLEANUP(sc_pkey) key = NULL;
	SC_CLEANUP(sc_pkcs8) info = NULL;
	unsigned char *der = NULL;

	SC_TRY(decode(text, &key, err));
	SC_TRY(sc_key_type_of(key, &out->type, err));
	SC_ENSURE(is_wanted(&out->type, type), err, SC_ERR_KEY_TYPE,
		  "the key is %s, which is not what was asked for", sc_key_type_name(&out->type));
	info = EVP_PKEY2PKCS8(key);
	return sc_secret_of_der(info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1, &der, "the key",
				&out->material, err);
}

static sc_status read_secret(struct sc_view bytes, const struct sc_key_type *type, struct sc_clear_key *out,
			     struct sc_error *err)
{
	out->type = (struct sc_key_type){ type->algorithm, (uint32_t)bytes.len * 8 };
	SC_ENSURE(sc_key_type_is_known(&out->type) && is_wanted(&out->type, type), err, SC_ERR_KEY_TYPE,
		  "the key: %zu bytes: %s", bytes.len,
		  type->algorithm == SC_ALGORITHM_AES
		      ? "an AES key has 16, 24 or 32, of the size that was asked for"
		      : "an HMAC key has 32, 48 or 64, of the size that was asked for");
	return sc_secret_copy(bytes, &out->material, err);
}

sc_status sc_clear_key_read(int fd, const struct sc_key_type *type, struct sc_clear_key *out,
			    struct sc_error *err)
{
	SC_CLEANUP(sc_secret) buffer = { 0 };
	SC_CLEANUP(sc_clear_key) key = { 0 };
	struct sc_view content;
	size_t len = 0;

	SC_TRY(sc_secret_new(SC_CLEAR_KEY_MAX + 1, &buffer, err));
	SC_TRY(read_all(fd, &buffer, &len, err));
	content = sc_view_of(buffer.data, len);
	if (sc_key_type_is_secret(type))
		SC_TRY(read_secret(content, type, &key, err));
	else
		SC_TRY(read_private(content, type, &key, err));
	*out = sc_steal(key);
	return SC_OK;
}
