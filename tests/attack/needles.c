/*
 * Prints what a search of a process's memory looks for (invariant 1): the private numbers of keys that only a
 * module knows.
 *
 *   needles STATE-DIRECTORY BLOB-OR-KEY-FILE…
 *
 * Opens the sealed state of a stopped or running module with the unlock key next to it, as anyone who copied
 * that directory could, and opens the blobs with KM from it. Prints one line in hexadecimal for each prime of
 * an RSA key and for the value of an EC key. It is written from docs/formats.md and links nothing of hsmd. So
 * hsmd stays the only program with the module in it, and what the document says about sealing is compared
 * with the module.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "base/file.h"
#include "base/libcrypto.h"
#include "formats/key_blob.h"
#include "formats/key_file.h"
#include "formats/module_state.h"

#define KEY_SIZE 32 /* of every symmetric key here: unlock key, KM, AES-256 */
#define IV_SIZE  12

/* AES-256-GCM with an all-zero nonce: each key is used once. */
static sc_status unseal(const uint8_t key[KEY_SIZE], struct sc_view associated,
			const struct sc_bytes *ciphertext, const struct sc_bytes *tag, struct sc_bytes *out,
			struct sc_error *err)
{
	static const uint8_t iv[IV_SIZE];
	SC_CLEANUP(sc_cipher_ctx) ctx = EVP_CIPHER_CTX_new();
	SC_CLEANUP(sc_bytes) plain = { 0 };
	int len = 0;

	SC_TRY(sc_bytes_new(ciphertext->len, &plain, err));
	SC_ENSURE(ctx && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, iv) == 1 &&
		      EVP_DecryptUpdate(ctx, NULL, &len, associated.data, (int)associated.len) == 1 &&
		      EVP_DecryptUpdate(ctx, plain.data, &len, ciphertext->data, (int)ciphertext->len) == 1 &&
		      EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)tag->len, tag->data) == 1 &&
		      EVP_DecryptFinal_ex(ctx, plain.data + len, &len) == 1,
		  err, SC_ERR_INTEGRITY, "not sealed as docs/formats.md says");
	*out = sc_steal(plain);
	return SC_OK;
}

static struct sc_view big_endian(uint64_t value, size_t len, uint8_t bytes[8])
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(value >> 8 * (len - 1 - i));
	return sc_view_of(bytes, len);
}

/* Reads the world's key from the module's state. */
static sc_status read_km(const char *path, struct sc_secret *km, struct sc_error *err)
{
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;
	SC_CLEANUP(sc_bytes) file = { 0 };
	SC_CLEANUP(sc_bytes) unlock = { 0 };
	SC_CLEANUP(sc_secret) unlock_key = { 0 };
	SC_CLEANUP(sc_secret) key = { 0 };
	SC_CLEANUP(sc_bytes) plain = { 0 };
	SC_CLEANUP(sc_sealed_state) sealed = NULL;
	SC_CLEANUP(sc_module_state) state = NULL;
	uint8_t counter[8];

	SC_TRY(sc_dir_open(path, &dir, err));
	SC_TRY(sc_file_read(&dir, "state", SC_STATE_MAX, &file, err));
	SC_TRY(sc_file_read(&dir, "unlock.key", KEY_SIZE, &unlock, err));
	SC_TRY(sc_secret_copy(sc_bytes_view(&unlock), &unlock_key, err));
	SC_TRY(sc_sealed_state_decode(sc_bytes_view(&file), &sealed, err));
	SC_TRY(sc_derive(&unlock_key, sc_hash_view(&sealed->salt), "safeconduct state 1", NULL, 0, KEY_SIZE,
			 &key, err));
	SC_TRY(unseal(key.data, big_endian(sealed->counter, sizeof counter, counter), &sealed->ciphertext,
		      &sealed->tag, &plain, err));
	SC_TRY(sc_module_state_decode(sc_bytes_view(&plain), &state, err));
	SC_ENSURE(state->world, err, SC_ERR_NO_WORLD, "%s: the module is not in a world", path);
	return sc_secret_copy(sc_bytes_view(&state->world->km), km, err);
}

static sc_status open_blob(const struct sc_secret *km, struct sc_view der, EVP_PKEY **out,
			   struct sc_error *err)
{
	SC_CLEANUP(sc_key_blob) blob = NULL;
	SC_CLEANUP(sc_bytes) header = { 0 };
	SC_CLEANUP(sc_secret) keys = { 0 };
	SC_CLEANUP(sc_secret) commit = { 0 };
	SC_CLEANUP(sc_bytes) plain = { 0 };
	struct sc_hash digest;
	struct sc_hash commitment;
	uint8_t generation[8];
	const unsigned char *at;

	SC_TRY(sc_key_blob_decode(der, &blob, err));
	const struct sc_view place[] = { sc_hash_view(&blob->header->world),
					 big_endian(blob->header->km_generation, 4, generation),
					 sc_hash_view(&blob->header->key_hash) };

	SC_TRY(sc_derive(km, sc_hash_view(&blob->header->salt), "safeconduct blob 1", place, 3, 2 * KEY_SIZE,
			 &keys, err));
	SC_TRY(sc_key_blob_header_encode(blob->header, &header, err));
	SC_TRY(unseal(keys.data, sc_bytes_view(&header), &blob->ciphertext, &blob->tag, &plain, err));
	SC_TRY(sc_sha256(sc_bytes_view(&header), &digest, err));
	const struct sc_view sealed[] = { sc_hash_view(&digest), sc_bytes_view(&blob->tag) };

	SC_TRY(sc_secret_copy(sc_view_of(keys.data + KEY_SIZE, KEY_SIZE), &commit, err));
	SC_TRY(sc_hmac_parts(&commit, "safeconduct blob commitment 1", sealed, 2, &commitment, err));
	SC_ENSURE(sc_hash_equals(&commitment, &blob->commitment), err, SC_ERR_INTEGRITY,
		  "the blob's commitment differs from docs/formats.md");
	at = plain.data;
	*out = d2i_AutoPrivateKey(NULL, &at, (long)plain.len);
	SC_ENSURE(*out, err, SC_ERR_KEY_TYPE, "no private key in the blob");
	return SC_OK;
}

static bool print_number(const EVP_PKEY *key, const char *name)
{
	SC_CLEANUP(sc_bn) number = NULL;
	char *hex;

	if (EVP_PKEY_get_bn_param(key, name, &number) != 1)
		return false;
	hex = BN_bn2hex(number);
	printf("%s\n", hex);
	OPENSSL_free(hex);
	return true;
}

static sc_status print_key(const struct sc_secret *km, const char *path, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) content = { 0 };
	SC_CLEANUP(sc_key_file) file = NULL;
	SC_CLEANUP(sc_pkey) key = NULL;
	struct sc_view blob;
	bool printed;

	SC_TRY(sc_file_read_path(path, SC_KEY_FILE_MAX, &content, err));
	blob = sc_bytes_view(&content);
	if (sc_key_file_decode(blob, &file, NULL) == SC_OK)
		blob = sc_bytes_view(&file->blob);
	SC_TRY(open_blob(km, blob, &key, err));
	printed = EVP_PKEY_is_a(key, "RSA") ? print_number(key, OSSL_PKEY_PARAM_RSA_FACTOR1) &&
						  print_number(key, OSSL_PKEY_PARAM_RSA_FACTOR2)
					    : print_number(key, OSSL_PKEY_PARAM_PRIV_KEY);
	SC_ENSURE(printed, err, SC_ERR_KEY_TYPE, "%s: no private numbers in it", path);
	return SC_OK;
}

static sc_status print_all(int argc, char **argv, struct sc_error *err)
{
	SC_CLEANUP(sc_secret) km = { 0 };

	SC_ENSURE(argc > 2, err, SC_ERR_USAGE, "usage: needles STATE-DIRECTORY FILE…");
	SC_TRY(read_km(argv[1], &km, err));
	for (int i = 2; i < argc; i++)
		SC_TRY(print_key(&km, argv[i], err));
	return SC_OK;
}

int main(int argc, char **argv)
{
	struct sc_error err = { 0 };
	sc_status status = print_all(argc, argv, &err);

	if (status != SC_OK)
		fprintf(stderr, "needles: %s\n", err.message);
	return sc_status_exit(status);
}
