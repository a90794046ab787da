/* Single fields of a certificate, and names derived from ids and hashes: see certificate.h. */
#include "evidence/certificate.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>

#include "base/libcrypto.h"
#include "formats/key_type.h"
#include "formats/oid.h"

#define KNSO_PREFIX "KNSO "
#define KEK_PREFIX  "KEK "

void sc_certificate_knso_name(const struct sc_hash *world, char name[SC_KNSO_NAME_SIZE])
{
	memcpy(name, KNSO_PREFIX, strlen(KNSO_PREFIX));
	sc_hex(sc_hash_view(world), name + strlen(KNSO_PREFIX));
}

bool sc_certificate_knso_name_is_valid(const char *name)
{
	struct sc_hash world;
	char again[SC_KNSO_NAME_SIZE];

	if (strncmp(name, KNSO_PREFIX, strlen(KNSO_PREFIX)) != 0 ||
	    !sc_hex_read(name + strlen(KNSO_PREFIX), world.b, sizeof world.b))
		return false;
	sc_certificate_knso_name(&world, again); /* in lower case, so capitals are refused */
	return strcmp(name, again) == 0;
}

void sc_certificate_kek_name(const struct sc_hash *key_hash, char name[SC_KEK_NAME_SIZE])
{
	memcpy(name, KEK_PREFIX, strlen(KEK_PREFIX));
	sc_hex(sc_hash_view(key_hash), name + strlen(KEK_PREFIX));
}

bool sc_certificate_esn_is_valid(const char *esn)
{
	static const char shape[] = "XXXX-XXXX-XXXX";

	if (strlen(esn) != sizeof shape - 1)
		return false;
	for (size_t i = 0; i < sizeof shape - 1; i++)
		if (shape[i] == '-' ? esn[i] != '-' : !strchr("0123456789ABCDEF", esn[i]))
			return false;
	return true;
}

sc_status sc_certificate_name_cn(const X509_NAME *name, const char *whose, struct sc_text *out,
				 struct sc_error *err)
{
	const X509_NAME_ENTRY *entry = X509_NAME_entry_count(name) == 1 ? X509_NAME_get_entry(name, 0) : NULL;
	const ASN1_STRING *value = entry ? X509_NAME_ENTRY_get_data(entry) : NULL;

	SC_ENSURE(value && OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) == NID_commonName &&
		      ASN1_STRING_type(value) == V_ASN1_UTF8STRING && ASN1_STRING_length(value) > 0,
		  err, SC_ERR_EVIDENCE_USAGE, "the %s does not consist of exactly one CN", whose);
	SC_ENSURE(
	    sc_text_set_view(out, sc_view_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)),
			     "", NULL) == SC_OK,
	    err, SC_ERR_EVIDENCE_USAGE, "the %s is not a CN of at most %d bytes of plain text", whose,
	    SC_TEXT_MAX);
	return SC_OK;
}

sc_status sc_certificate_subject(X509 *certificate, struct sc_text *out, struct sc_error *err)
{
	return sc_certificate_name_cn(X509_get_subject_name(certificate), "certificate's subject", out, err);
}

sc_status sc_certificate_issuer(X509 *certificate, struct sc_text *out, struct sc_error *err)
{
	return sc_certificate_name_cn(X509_get_issuer_name(certificate), "certificate's issuer", out, err);
}

sc_status sc_certificate_region(X509 *certificate, struct sc_region_info **out, struct sc_error *err)
{
	SC_CLEANUP(sc_asn1_object) type = OBJ_txt2obj(SC_OID_REGION_INFO, 1);
	int at = type ? X509_get_ext_by_OBJ(certificate, type, -1) : -1;
	const ASN1_OCTET_STRING *value;

	SC_ENSURE(at >= 0, err, SC_ERR_EVIDENCE_USAGE, "certificate: does not name a region");
	value = X509_EXTENSION_get_data(X509_get_ext(certificate, at));
	if (sc_region_info_decode(sc_view_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)),
				  out, err) != SC_OK)
		return sc_fail_context(err, SC_ERR_EVIDENCE_USAGE, "certificate");
	return SC_OK;
}

sc_status sc_certificate_spki(X509 *certificate, struct sc_bytes *out, struct sc_error *err)
{
	unsigned char *der = NULL;

	return sc_bytes_of_der(i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der), &der,
			       "certificate: public key", out, err);
}

sc_status sc_certificate_key_hash(X509 *certificate, struct sc_hash *out, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) spki = { 0 };

	SC_TRY(sc_certificate_spki(certificate, &spki, err));
	return sc_key_hash(sc_bytes_view(&spki), out, err);
}

static bool seconds_of(const ASN1_TIME *time, int64_t *out)
{
	struct tm tm = { 0 };

	if (!time || ASN1_TIME_to_tm(time, &tm) != 1)
		return false;
	*out = (int64_t)timegm(&tm);
	return true;
}

sc_status sc_certificate_validity(X509 *certificate, int64_t *not_before, int64_t *not_after,
				  struct sc_error *err)
{
	int64_t from = 0;
	int64_t until = 0;
	bool ok = seconds_of(X509_get0_notBefore(certificate), &from) &&
		  seconds_of(X509_get0_notAfter(certificate), &until);

	ERR_clear_error();
	SC_ENSURE(ok, err, SC_ERR_EVIDENCE_USAGE, "certificate: a date is not valid");
	*not_before = from;
	*not_after = until;
	return SC_OK;
}
