/* The one-use TLS authority: see tls_authority.h. */
#include "tools/safeconduct/tls_authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/libcrypto.h"
#include "formats/key_type.h"

#define SERIAL_SIZE  20       /* RFC 5280 section 4.1.2.2: positive, at most 20 octets */
#define BACKDATE     (5 * 60) /* seconds: clients' clocks differ */
#define SUBJECT_SIZE 65       /* RFC 5280: ub-common-name */
#define NAMES_SIZE   1024

struct sc_tls_authority {
	EVP_PKEY *key;
	X509 *certificate;
};

static bool set_serial(X509 *certificate)
{
	SC_CLEANUP(sc_bn) number = NULL;
	uint8_t serial[SERIAL_SIZE];

	if (sc_random(serial, sizeof serial, NULL) != SC_OK)
		return false;
	serial[0] &= 0x7f;
	number = BN_bin2bn(serial, sizeof serial, NULL);
	return number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
}

static bool set_times(X509 *certificate)
{
	time_t now = (time_t)sc_clock_now();

	return ASN1_TIME_set(X509_getm_notBefore(certificate), now - BACKDATE) &&
	       ASN1_TIME_set(X509_getm_notAfter(certificate), now + SC_TLS_YEARS * SC_YEAR);
}

static bool set_subject(X509 *certificate, const char *name)
{
	return X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName, MBSTRING_UTF8,
					  (const unsigned char *)name, -1, -1, 0) == 1;
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	SC_CLEANUP(sc_x509_extension) extension = NULL;
	X509V3_CTX context;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	return extension && X509_add_ext(certificate, extension, -1) == 1;
}

static bool sign_authority(const struct sc_tls_authority *authority, const char *domain)
{
	X509 *c = authority->certificate;
	char subject[SUBJECT_SIZE];
	char permitted[NAMES_SIZE];

	snprintf(subject, sizeof subject, "Safeconduct, used once: %.40s", domain);
	snprintf(permitted, sizeof permitted, "critical,permitted;DNS:%s", domain);
	return X509_set_version(c, X509_VERSION_3) == 1 && set_serial(c) && set_times(c) &&
	       set_subject(c, subject) && X509_set_issuer_name(c, X509_get_subject_name(c)) == 1 &&
	       X509_set_pubkey(c, authority->key) == 1 &&
	       add_extension(c, c, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	       add_extension(c, c, NID_key_usage, "critical,keyCertSign") &&
	       add_extension(c, c, NID_name_constraints, permitted) &&
	       add_extension(c, c, NID_subject_key_identifier, "hash") &&
	       X509_sign(c, authority->key, EVP_sha256()) > 0 &&
	       X509_verify(c, authority->key) == 1; /* rule M8 */
}

sc_status sc_tls_authority_new(const char *domain, struct sc_tls_authority **out, struct sc_error *err)
{
	SC_CLEANUP(sc_tls_authority) authority = calloc(1, sizeof *authority);

	SC_TRY(sc_check_allocated(authority, err));
	authority->key = EVP_EC_gen("P-256");
	authority->certificate = X509_new();
	if (!authority->key || !authority->certificate || !sign_authority(authority, domain))
		return sc_fail_crypto(err, "TLS authority");
	*out = sc_steal(authority);
	return SC_OK;
}

void sc_tls_authority_free(struct sc_tls_authority *authority)
{
	if (!authority)
		return;
	EVP_PKEY_free(authority->key); /* libcrypto wipes the private key */
	X509_free(authority->certificate);
	free(authority);
}

static sc_status write_pem(X509 *certificate, struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(sc_bio) memory = BIO_new(BIO_s_mem());

	if (!memory || PEM_write_bio_X509(memory, certificate) != 1)
		return sc_fail_crypto(err, "certificate");
	return sc_bytes_of_bio(memory, out, err);
}

sc_status sc_tls_authority_certificate(const struct sc_tls_authority *authority, struct sc_bytes *out,
				       struct sc_error *err)
{
	return write_pem(authority->certificate, out, err);
}

/* "DNS:login.localhost,DNS:graph.localhost" */
static sc_status make_names(const char *const *names, size_t count, char out[NAMES_SIZE],
			    struct sc_error *err)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		int len = snprintf(out + used, NAMES_SIZE - used, "%sDNS:%s", i ? "," : "", names[i]);

		SC_ENSURE(len > 0 && (size_t)len < NAMES_SIZE - used, err, SC_ERR_TOO_LARGE,
			  "the server's names are too long for a certificate");
		used += (size_t)len;
	}
	return SC_OK;
}

sc_status sc_tls_authority_issue(const struct sc_tls_authority *authority, struct sc_view spki,
				 const char *const *names, size_t count, struct sc_bytes *out,
				 struct sc_error *err)
{
	SC_CLEANUP(sc_pkey) key = NULL;
	SC_CLEANUP(sc_x509) certificate = X509_new();
	X509 *issuer = authority->certificate;
	char subject[SUBJECT_SIZE];
	char alternatives[NAMES_SIZE];

	SC_TRY(sc_spki_read(spki, &key, err));
	SC_TRY(make_names(names, count, alternatives, err));
	snprintf(subject, sizeof subject, "%.64s", names[0]);
	if (!certificate || X509_set_version(certificate, X509_VERSION_3) != 1 || !set_serial(certificate) ||
	    !set_times(certificate) || !set_subject(certificate, subject) ||
	    X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) != 1 ||
	    X509_set_pubkey(certificate, key) != 1 ||
	    !add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") ||
	    !add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") ||
	    !add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth") ||
	    !add_extension(certificate, issuer, NID_subject_alt_name, alternatives) ||
	    !add_extension(certificate, issuer, NID_subject_key_identifier, "hash") ||
	    !add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always") ||
	    X509_sign(certificate, authority->key, EVP_sha256()) <= 0 ||
	    X509_verify(certificate, authority->key) != 1) /* rule M8 */
		return sc_fail_crypto(err, "server certificate");
	return write_pem(certificate, out, err);
}
