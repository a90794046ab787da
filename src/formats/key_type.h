/* Types and origins of keys: their encodings and names. */
#ifndef SC_FORMATS_KEY_TYPE_H
#define SC_FORMATS_KEY_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "base/libcrypto.h"
#include "formats/der.h"

enum sc_algorithm {
	SC_ALGORITHM_RSA = 1,
	SC_ALGORITHM_EC = 2, /* on a curve of NIST */
	SC_ALGORITHM_AES = 3,
	SC_ALGORITHM_HMAC = 4,
	SC_ALGORITHM_EC_K = 5, /* on a Koblitz curve of SEC 2: secp256k1, which Azure calls P-256K */
};

/*
 * KeyType ::= SEQUENCE { algorithm INTEGER, bits INTEGER }: RSA 2048, 3072, 4096; EC 256, 384, 521 (P-256,
 * P-384, P-521); EC_K 256; AES 128, 192, 256; HMAC 256, 384, 512.
 */
struct sc_key_type {
	uint32_t algorithm;
	uint32_t bits;
};
DECLARE_ASN1_ITEM(sc_key_type)

/* True for the types listed above. */
bool sc_key_type_is_known(const struct sc_key_type *type);

/* "RSA-2048", "EC-P-256", "EC-P-256K", "AES-128", "HMAC-256". */
const char *sc_key_type_name(const struct sc_key_type *type);

/* True for AES and HMAC. A secret key has no public half: where one would be, the octets are empty. */
bool sc_key_type_is_secret(const struct sc_key_type *type);

/* libcrypto's name of an EC type's curve; NULL for other types. */
const char *sc_key_type_curve(const struct sc_key_type *type);

/* True if the octets, a public key or none, are as long as the type allows. */
bool sc_spki_fits(const struct sc_bytes *spki, const struct sc_key_type *type);

/* The type of a public or private key, RSA or EC. SC_ERR_KEY_TYPE if it is not one of those above. */
sc_status sc_key_type_of(const EVP_PKEY *key, struct sc_key_type *out, struct sc_error *err) SC_WARN_UNUSED;

/* Where key material comes from. Permanently recorded in the key's blob and statements. */
enum sc_origin {
	SC_ORIGIN_GENERATED = 1,
	SC_ORIGIN_BYOK = 2,              /* transfer package, from a module that a trusted root certifies */
	SC_ORIGIN_BYOK_UNPROVEN = 3,     /* transfer package without proof of that */
	SC_ORIGIN_BYOK_NEUTRAL = 4,      /* the vendor-neutral blob */
	SC_ORIGIN_IMPORTED_IN_CLEAR = 5, /* sent in the clear by its owner */
};

/* "generated", "byok", …; "unknown" for a number that is not an origin. */
const char *sc_origin_name(uint32_t origin);
bool sc_origin_is_known(uint32_t origin);

#define SC_SPKI_MAX      1024
#define SC_SPKI_ELEMENTS 16

/* The SubjectPublicKeyInfo (DER) of a public or private key. */
sc_status sc_spki_of(const EVP_PKEY *key, struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

/* Reads a SubjectPublicKeyInfo in its one canonical form. The caller frees *out. SC_ERR_ENCODING. */
sc_status sc_spki_read(struct sc_view der, EVP_PKEY **out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * The key hash: SHA-256 of the SubjectPublicKeyInfo, as by `openssl pkey -pubin -outform DER | sha256sum`.
 * That of a secret key is made in the module (hsmd/core/material.h).
 */
sc_status sc_key_hash(struct sc_view spki, struct sc_hash *out, struct sc_error *err) SC_WARN_UNUSED;

#endif
