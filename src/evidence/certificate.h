/*
 * Certificates (rule F6): a root and four kinds below it. Each kind has its own critical extended key usage:
 *
 *   warrant  root → module's statement key    subject CN = ESN                    this is a genuine module
 *   region   root → KNSO, CA, path length 0   subject CN = "KNSO <world id>"      this world is a region
 *   member   KNSO → module's statement key    subject CN = ESN                    brought in by K custodians
 *   kek      KNSO → Key Exchange Key          subject CN = "KEK <key hash>"       made a KEK by K custodians
 *
 * Keys: root P-384, statement P-256, KNSO P-521 (or DSA if the world is not a region), KEK RSA-4096.
 */
#ifndef SC_EVIDENCE_CERTIFICATE_H
#define SC_EVIDENCE_CERTIFICATE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "formats/region_request.h"
#include "formats/signed_data.h"

enum sc_certificate_kind {
	SC_CERTIFICATE_ROOT,
	SC_CERTIFICATE_WARRANT,
	SC_CERTIFICATE_REGION,
	SC_CERTIFICATE_MEMBER,
	SC_CERTIFICATE_KEK,
};

/* How long a certificate is valid, in seconds: root 30 years, warrant 10, region 3, member 10, KEK 2. */
int64_t sc_certificate_lifetime(enum sc_certificate_kind kind);

/* "warrant", "region certificate", … for messages. */
const char *sc_certificate_kind_name(enum sc_certificate_kind kind);

struct sc_certificate_request {
	enum sc_certificate_kind kind;
	EVP_PKEY *subject_key; /* only its public half is used */
	const char *subject;   /* the CN, at most 127 bytes; for a root, the manufacturer's name */
	const char *issuer;    /* the CN of the issuer; NULL: the subject itself, for a root */
	EVP_PKEY *issuer_key;  /* signs: P-384 with SHA-384, P-521 with SHA-512, DSA with SHA-256 */
	int64_t not_before;
	int64_t not_after;
	const struct sc_region_info *region; /* for kind REGION, else NULL */
};

/*
 * Makes a certificate with exactly the extensions of its kind, in this order: basicConstraints and keyUsage
 * (critical), the extended key usage (critical; not in a root), subject and authority key identifiers (a root
 * has only the first), the region extension. The serial number is 159 random bits. The signature is verified
 * (rule M8): SC_ERR_CRYPTO. The caller frees *out. SC_ERR_KEY_TYPE or SC_ERR_EVIDENCE_USAGE if the fields do
 * not fit the kind.
 */
sc_status sc_certificate_make(const struct sc_certificate_request *request, X509 **out,
			      struct sc_error *err) SC_WARN_UNUSED;

/* The CN of a world's KNSO, "KNSO <world id in hex>", which it has even before any region certificate. */
#define SC_KNSO_NAME_SIZE (5 + 2 * SC_HASH_SIZE + 1)
void sc_certificate_knso_name(const struct sc_hash *world, char name[SC_KNSO_NAME_SIZE]);

/* True for a name of that form. */
bool sc_certificate_knso_name_is_valid(const char *name);

/* True for an electronic serial number: "XXXX-XXXX-XXXX", where each X is 0 to 9 or A to F. */
bool sc_certificate_esn_is_valid(const char *esn);

/* The CN of a KEK, "KEK <key hash in hex>". */
#define SC_KEK_NAME_SIZE (4 + 2 * SC_HASH_SIZE + 1)
void sc_certificate_kek_name(const struct sc_hash *key_hash, char name[SC_KEK_NAME_SIZE]);

/*
 * Determines the kind, and checks that the certificate has exactly the extensions, key type and usages of
 * that kind, and a subject and an issuer of exactly one CN each, in the form above. It accepts nothing that
 * sc_certificate_make would not write from the same fields, byte for byte. The signature is not checked: see
 * sc_chain_verify. SC_ERR_EVIDENCE_USAGE.
 */
sc_status sc_certificate_kind_of(X509 *certificate, enum sc_certificate_kind *out,
				 struct sc_error *err) SC_WARN_UNUSED;

/* The CN of a name that contains nothing else; messages call it "the <whose>". SC_ERR_EVIDENCE_USAGE. */
sc_status sc_certificate_name_cn(const X509_NAME *name, const char *whose, struct sc_text *out,
				 struct sc_error *err) SC_WARN_UNUSED;

/* The CN of the subject or the issuer. SC_ERR_EVIDENCE_USAGE if there is not exactly one. */
sc_status sc_certificate_subject(X509 *certificate, struct sc_text *out, struct sc_error *err) SC_WARN_UNUSED;
sc_status sc_certificate_issuer(X509 *certificate, struct sc_text *out, struct sc_error *err) SC_WARN_UNUSED;

/* The region code and operator in a region certificate. The caller frees *out. */
sc_status sc_certificate_region(X509 *certificate, struct sc_region_info **out,
				struct sc_error *err) SC_WARN_UNUSED;

/* The certificate's SubjectPublicKeyInfo in DER. */
sc_status sc_certificate_spki(X509 *certificate, struct sc_bytes *out, struct sc_error *err) SC_WARN_UNUSED;

/* SHA-256 of the certificate's SubjectPublicKeyInfo. Roots are pinned by it, and keys named by it. */
sc_status sc_certificate_key_hash(X509 *certificate, struct sc_hash *out,
				  struct sc_error *err) SC_WARN_UNUSED;

/* Start and end of validity, in seconds since 1970. */
sc_status sc_certificate_validity(X509 *certificate, int64_t *not_before, int64_t *not_after,
				  struct sc_error *err) SC_WARN_UNUSED;

/*
 * Verifies chain[0] ← chain[1] ← … ← root at the given time: names, signatures, validity, CA and path length,
 * by X509_verify_cert with exactly these certificates and no others. SC_ERR_EVIDENCE_TIME if only the time is
 * wrong, SC_ERR_EVIDENCE_CHAIN otherwise.
 */
sc_status sc_chain_verify(X509 *const *chain, size_t count, X509 *root, int64_t at,
			  struct sc_error *err) SC_WARN_UNUSED;

#endif
