/* Authenticated encryption with single-use keys: see seal.h. */
#include "hsmd/core/seal.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/libcrypto.h"
#include "formats/key_blob.h"

#define IV_SIZE 12

static const uint8_t zero_iv[IV_SIZE];

sc_status sc_seal(const struct sc_secret *key, struct sc_view associated, struct sc_view plaintext,
		  struct sc_bytes *ciphertext, struct sc_bytes *tag, struct sc_error *err)
{
	SC_CLEANUP(sc_cipher_ctx) ctx = EVP_CIPHER_CTX_new();
	SC_CLEANUP(sc_bytes) sealed = { 0 };
	SC_CLEANUP(sc_bytes) made_tag = { 0 };
	int len = 0;

	SC_ENSURE(key->len == SC_SEAL_KEY_SIZE, err, SC_ERR_CRYPTO, "seal: the key has the wrong length");
	SC_TRY(sc_bytes_new(plaintext.len, &sealed, err));
	SC_TRY(sc_bytes_new(SC_GCM_TAG_SIZE, &made_tag, err));
	if (!ctx || EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->data, zero_iv) != 1 ||
	    EVP_EncryptUpdate(ctx, NULL, &len, associated.data, (int)associated.len) != 1 ||
	    EVP_EncryptUpdate(ctx, sealed.data, &len, plaintext.data, (int)plaintext.len) != 1 ||
	    EVP_EncryptFinal_ex(ctx, sealed.data + len, &len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, SC_GCM_TAG_SIZE, made_tag.data) != 1)
		return sc_fail_crypto(err, "AES-256-GCM");
	sc_bytes_free(ciphertext);
	sc_bytes_free(tag);
	*ciphertext = sc_steal(sealed);
	*tag = sc_steal(made_tag);
	return SC_OK;
}

sc_status sc_unseal(const struct sc_secret *key, struct sc_view associated, struct sc_view ciphertext,
		    struct sc_view tag, struct sc_secret *plaintext, struct sc_error *err)
{
	SC_CLEANUP(sc_cipher_ctx) ctx = EVP_CIPHER_CTX_new();
	SC_CLEANUP(sc_secret) opened = { 0 };
	uint8_t expected[SC_GCM_TAG_SIZE];
	int len = 0;
	int ok;

	SC_ENSURE(key->len == SC_SEAL_KEY_SIZE && tag.len == sizeof expected, err, SC_ERR_INTEGRITY,
		  "unseal: the key or the tag has the wrong length");
	memcpy(expected, tag.data, sizeof expected);
	SC_TRY(sc_secret_new(ciphertext.len, &opened, err));
	if (!ctx || EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->data, zero_iv) != 1 ||
	    EVP_DecryptUpdate(ctx, NULL, &len, associated.data, (int)associated.len) != 1 ||
	    EVP_DecryptUpdate(ctx, opened.data, &len, ciphertext.data, (int)ciphertext.len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof expected, expected) != 1)
		return sc_fail_crypto(err, "AES-256-GCM");
	ok = EVP_DecryptFinal_ex(ctx, opened.data + len, &len) == 1;
	ERR_clear_error();
	SC_ENSURE(ok, err, SC_ERR_INTEGRITY, "altered, or sealed under another key");
	*plaintext = sc_steal(opened);
	return SC_OK;
}
