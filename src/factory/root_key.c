/* The root's private key under its passphrase: see root_key.h. */
#include "factory/root_key.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "base/libcrypto.h"
#include "formats/key_type.h"

/*
 * scrypt, RFC 7914. libcrypto refuses to read a file that needs more than 32 MiB, so it uses 16 MiB:
 * N = 2^14, r = 8. p makes the work 10 times that of one pass: about as much as N = 2^17 with p = 1.
 */
#define SCRYPT_N  (1u << 14)
#define SCRYPT_R  8
#define SCRYPT_P  10
#define SALT_SIZE 16

sc_status sc_factory_root_key_new(EVP_PKEY **out, struct sc_error *err)
{
	EVP_PKEY *key = EVP_EC_gen("P-384");

	if (!key)
		return sc_fail_crypto(err, "root key");
	*out = key;
	return SC_OK;
}

sc_status sc_factory_root_key_encrypt(EVP_PKEY *key, const struct sc_secret *passphrase, struct sc_bytes *out,
				      struct sc_error *err)
{
	SC_CLEANUP(sc_x509_algor)
	how = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, SALT_SIZE, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
	SC_CLEANUP(sc_pkcs8) clear = EVP_PKEY2PKCS8(key);
	SC_CLEANUP(sc_pkcs8_encrypted) encrypted = NULL;
	SC_CLEANUP(sc_bio) bio = BIO_new(BIO_s_mem());

	if (how && clear)
		encrypted = PKCS8_set0_pbe((const char *)passphrase->data, (int)passphrase->len, clear, how);
	if (!encrypted)
		return sc_fail_crypto(err, "root key: cannot be encrypted");
	how = NULL; /* now owned by `encrypted` */
	if (!bio || PEM_write_bio_PKCS8(bio, encrypted) != 1)
		return sc_fail_crypto(err, "root key: cannot be written");
	return sc_bytes_of_bio(bio, out, err);
}

sc_status sc_factory_root_key_decrypt(struct sc_view pem, const struct sc_secret *passphrase, EVP_PKEY **out,
				      struct sc_error *err)
{
	SC_CLEANUP(sc_bio) bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	/* "": the only passphrase is that of the PKCS#8 structure, below; libcrypto must not ask for one. */
	SC_CLEANUP(sc_pkcs8_encrypted) encrypted = bio ? PEM_read_bio_PKCS8(bio, NULL, NULL, "") : NULL;
	SC_CLEANUP(sc_pkcs8) clear = NULL;
	SC_CLEANUP(sc_pkey) key = NULL;

	ERR_clear_error();
	SC_ENSURE(encrypted, err, SC_ERR_ENCODING, "not an encrypted private key in PEM");
	clear = PKCS8_decrypt(encrypted, (const char *)passphrase->data, (int)passphrase->len);
	key = clear ? EVP_PKCS82PKEY(clear) : NULL;
	ERR_clear_error();
	SC_ENSURE(key, err, SC_ERR_DECRYPT, "cannot be decrypted: wrong passphrase, or the file was altered");
	*out = sc_steal(key);
	return SC_OK;
}
