/*
 * The one canonical wrapper of statements: CMS SignedData (RFC 5652) with SHA-256, exactly one signer named
 * by issuer and serial number, the two signed attributes content-type and message-digest, no unsigned
 * attributes, and the certificates of the chain without its root, in the order that DER requires.
 *
 * Stock openssl accepts a changed outer content type, a changed version, or trailing bytes. Here everything
 * but the content, certificates, signer and signature is fixed: what was read is rebuilt and compared byte
 * for byte (rule F6). Verifying the signature is left to evidence/.
 */
#ifndef SC_FORMATS_SIGNED_DATA_H
#define SC_FORMATS_SIGNED_DATA_H

#include <openssl/x509.h>

#include "base/libcrypto.h"
#include "formats/der.h"

#define SC_SIGNED_DATA_MAX          65536
#define SC_SIGNED_DATA_CERTIFICATES 8 /* at most */
#define SC_SIGNED_DATA_ELEMENTS     1024

struct sc_signed_data {
	char content_type[80]; /* OID in dotted form */
	struct sc_bytes content;
	STACK_OF(X509) *certificates; /* 1 to 8, each once */
	X509_NAME *issuer;            /* these two name the signer's certificate */
	ASN1_INTEGER *serial;
	struct sc_bytes signature; /* ECDSA with SHA-256 over the signed attributes */
};

/* New and empty; NULL when out of memory. */
struct sc_signed_data *sc_signed_data_new(void);
void sc_signed_data_free(struct sc_signed_data *signed_data);
SC_CLEANUP_POINTER(sc_signed_data, struct sc_signed_data, sc_signed_data_free)

/* The bytes that are signed: the DER of the SET OF the two attributes. */
sc_status sc_signed_data_attributes(const struct sc_signed_data *signed_data, struct sc_bytes *out,
				    struct sc_error *err) SC_WARN_UNUSED;

/*
 * SC_ERR_ENCODING and SC_ERR_TOO_LARGE for what could not be decoded: no certificate, a signature of 0 or
 * over 256 bytes, too many elements, …
 */
sc_status sc_signed_data_encode(const struct sc_signed_data *signed_data, struct sc_bytes *out,
				struct sc_error *err) SC_WARN_UNUSED;

/*
 * Refuses what sc_signed_data_encode would not write; the caller frees *out. SC_ERR_ENCODING,
 * SC_ERR_TOO_LARGE.
 */
sc_status sc_signed_data_decode(struct sc_view der, struct sc_signed_data **out,
				struct sc_error *err) SC_WARN_UNUSED;

/* Encloses a certificate (shared, not copied), unless it is already enclosed. */
sc_status sc_signed_data_enclose(struct sc_signed_data *signed_data, X509 *certificate,
				 struct sc_error *err) SC_WARN_UNUSED;

/* The enclosed certificate with the signer's issuer and serial number, or NULL. Owned by the statement. */
X509 *sc_signed_data_signer(const struct sc_signed_data *signed_data);

#define SC_CERTIFICATE_MAX      8192 /* bytes of DER */
#define SC_CERTIFICATE_ELEMENTS 128
#define SC_EXTENSION_ELEMENTS   16 /* in the value of each of its extensions */

/* True if a certificate inside another structure has a length that sc_x509_decode accepts. */
static inline bool sc_x509_fits(const struct sc_bytes *der)
{
	return der->len > 0 && der->len <= SC_CERTIFICATE_MAX;
}

/* The DER of a certificate. */
sc_status sc_x509_encode(X509 *certificate, struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

/*
 * Reads one certificate in DER, in exactly the form that OpenSSL writes. The caller frees *out.
 * SC_ERR_ENCODING, SC_ERR_TOO_LARGE.
 */
sc_status sc_x509_decode(struct sc_view der, X509 **out, struct sc_error *err) SC_WARN_UNUSED;

#endif
