/*
 * libcrypto's types, made usable with SC_CLEANUP, and its outputs as bytes. Every folder takes them from
 * here, so that a number that may be secret is cleared wherever it is released.
 */
#ifndef SC_BASE_LIBCRYPTO_H
#define SC_BASE_LIBCRYPTO_H

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"
#include "base/secret.h"

/* Numbers, keys and contexts. */
SC_CLEANUP_POINTER(sc_bn, BIGNUM, BN_clear_free)
SC_CLEANUP_POINTER(sc_bn_ctx, BN_CTX, BN_CTX_free)
SC_CLEANUP_POINTER(sc_pkey, EVP_PKEY, EVP_PKEY_free)
SC_CLEANUP_POINTER(sc_pkey_ctx, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
SC_CLEANUP_POINTER(sc_cipher_ctx, EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
SC_CLEANUP_POINTER(sc_md_ctx, EVP_MD_CTX, EVP_MD_CTX_free)
SC_CLEANUP_POINTER(sc_mac, EVP_MAC, EVP_MAC_free)
SC_CLEANUP_POINTER(sc_mac_ctx, EVP_MAC_CTX, EVP_MAC_CTX_free)
SC_CLEANUP_POINTER(sc_kdf, EVP_KDF, EVP_KDF_free)
SC_CLEANUP_POINTER(sc_kdf_ctx, EVP_KDF_CTX, EVP_KDF_CTX_free)
SC_CLEANUP_POINTER(sc_param_bld, OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
SC_CLEANUP_POINTER(sc_params, OSSL_PARAM, OSSL_PARAM_free)
SC_CLEANUP_POINTER(sc_bio, BIO, BIO_free_all)

/* ASN.1. */
SC_CLEANUP_POINTER(sc_asn1_integer, ASN1_INTEGER, ASN1_INTEGER_free)
SC_CLEANUP_POINTER(sc_asn1_object, ASN1_OBJECT, ASN1_OBJECT_free)
SC_CLEANUP_POINTER(sc_asn1_time, ASN1_TIME, ASN1_TIME_free)
SC_CLEANUP_POINTER(sc_asn1_octet_string, ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)
SC_CLEANUP_POINTER(sc_asn1_bit_string, ASN1_BIT_STRING, ASN1_BIT_STRING_free)

/* PKCS#8. Freeing a PKCS8_PRIV_KEY_INFO wipes the key in it. */
SC_CLEANUP_POINTER(sc_pkcs8, PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)
SC_CLEANUP_POINTER(sc_pkcs8_encrypted, X509_SIG, X509_SIG_free)
SC_CLEANUP_POINTER(sc_x509_algor, X509_ALGOR, X509_ALGOR_free)

/* Certificates. */
SC_CLEANUP_POINTER(sc_x509, X509, X509_free)
SC_CLEANUP_POINTER(sc_x509_req, X509_REQ, X509_REQ_free)
SC_CLEANUP_POINTER(sc_x509_name, X509_NAME, X509_NAME_free)
SC_CLEANUP_POINTER(sc_x509_pubkey, X509_PUBKEY, X509_PUBKEY_free)
SC_CLEANUP_POINTER(sc_x509_extension, X509_EXTENSION, X509_EXTENSION_free)
SC_CLEANUP_POINTER(sc_x509_store, X509_STORE, X509_STORE_free)
SC_CLEANUP_POINTER(sc_x509_store_ctx, X509_STORE_CTX, X509_STORE_CTX_free)
SC_CLEANUP_POINTER(sc_x509_borrowed, STACK_OF(X509), sk_X509_free) /* the stack, not what is in it */
SC_CLEANUP_POINTER(sc_basic_constraints, BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free)
SC_CLEANUP_POINTER(sc_extended_key_usage, EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free)
SC_CLEANUP_POINTER(sc_authority_keyid, AUTHORITY_KEYID, AUTHORITY_KEYID_free)

/*
 * What an i2d function of libcrypto returned, as bytes: its result `len` and the buffer that it allocated,
 * which is wiped and released. `what` begins the message if len is not positive. SC_ERR_CRYPTO,
 * SC_ERR_MEMORY.
 *
 *	unsigned char *der = NULL;
 *
 *	return sc_bytes_of_der(i2d_PUBKEY(key, &der), &der, "public key", out, err);
 */
sc_status sc_bytes_of_der(int len, unsigned char **der, const char *what, struct sc_bytes *out,
			  struct sc_error *err) SC_WARN_UNUSED;

/* The same for a private key. */
sc_status sc_secret_of_der(int len, unsigned char **der, const char *what, struct sc_secret *out,
			   struct sc_error *err) SC_WARN_UNUSED;

/* What has been written into a memory BIO. SC_ERR_MEMORY. */
sc_status sc_bytes_of_bio(BIO *bio, struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

#endif
