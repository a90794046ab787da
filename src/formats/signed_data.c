/* The canonical CMS SignedData, RFC 5652 section 5: see signed_data.h. */
#include "formats/signed_data.h"

#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/safestack.h>

#include "base/libcrypto.h"

#define SIGNATURE_MAX 256

/* -- the templates: RFC 5652 sections 3, 5.1, 5.2, 5.3 ----------------------------------------- */

struct signer_id { /* IssuerAndSerialNumber */
	X509_NAME *issuer;
	ASN1_INTEGER *serial;
};

struct signer_info {
	uint32_t version;
	struct signer_id *sid;
	X509_ALGOR *digest_algorithm;
	STACK_OF(X509_ATTRIBUTE) *signed_attributes;
	X509_ALGOR *signature_algorithm;
	struct sc_bytes signature;
};
typedef struct signer_info signer_info;
DEFINE_STACK_OF(signer_info)

struct encapsulated {
	ASN1_OBJECT *type;
	ASN1_OCTET_STRING *content;
};

struct signed_data {
	uint32_t version;
	STACK_OF(X509_ALGOR) *digest_algorithms;
	struct encapsulated *encapsulated;
	STACK_OF(X509) *certificates;
	STACK_OF(signer_info) *signers;
};

struct content_info {
	ASN1_OBJECT *type;
	struct signed_data *content;
};

ASN1_SEQUENCE(signer_id) = {
	ASN1_SIMPLE(struct signer_id, issuer, X509_NAME),
	ASN1_SIMPLE(struct signer_id, serial, ASN1_INTEGER),
} static_ASN1_SEQUENCE_END_name(struct signer_id, signer_id)

ASN1_SEQUENCE(signer_info) = {
	ASN1_EMBED(struct signer_info, version, UINT32),
	ASN1_SIMPLE(struct signer_info, sid, signer_id),
	ASN1_SIMPLE(struct signer_info, digest_algorithm, X509_ALGOR),
	ASN1_IMP_SET_OF(struct signer_info, signed_attributes, X509_ATTRIBUTE, 0),
	ASN1_SIMPLE(struct signer_info, signature_algorithm, X509_ALGOR),
	ASN1_EMBED(struct signer_info, signature, SC_DER_OCTETS),
} static_ASN1_SEQUENCE_END_name(struct signer_info, signer_info)

ASN1_SEQUENCE(encapsulated) = {
	ASN1_SIMPLE(struct encapsulated, type, ASN1_OBJECT),
	ASN1_EXP(struct encapsulated, content, ASN1_OCTET_STRING, 0),
} static_ASN1_SEQUENCE_END_name(struct encapsulated, encapsulated)

ASN1_SEQUENCE(signed_data) = {
	ASN1_EMBED(struct signed_data, version, UINT32),
	ASN1_SET_OF(struct signed_data, digest_algorithms, X509_ALGOR),
	ASN1_SIMPLE(struct signed_data, encapsulated, encapsulated),
	ASN1_IMP_SET_OF(struct signed_data, certificates, X509, 0),
	ASN1_SET_OF(struct signed_data, signers, signer_info),
} static_ASN1_SEQUENCE_END_name(struct signed_data, signed_data)

ASN1_SEQUENCE(content_info) = {
	ASN1_SIMPLE(struct content_info, type, ASN1_OBJECT),
	ASN1_EXP(struct content_info, content, signed_data, 0),
} static_ASN1_SEQUENCE_END_name(struct content_info, content_info)

/* What the signature covers: the attributes as a separate SET OF (section 5.4). */
ASN1_ITEM_TEMPLATE(signed_attributes) =
	ASN1_EX_TEMPLATE_TYPE(ASN1_TFLG_SET_OF, 0, signed_attributes, X509_ATTRIBUTE)
static_ASN1_ITEM_TEMPLATE_END(signed_attributes)

static struct content_info *content_info_new(void)
{
	return (struct content_info *)ASN1_item_new(ASN1_ITEM_rptr(content_info));
}

static void content_info_free(struct content_info *info)
{
	ASN1_item_free((ASN1_VALUE *)info, ASN1_ITEM_rptr(content_info));
}
SC_CLEANUP_POINTER(content_info, struct content_info, content_info_free)

/* -- the plain struct -------------------------------------------------------------------------- */

struct sc_signed_data *sc_signed_data_new(void)
{
	struct sc_signed_data *s = OPENSSL_zalloc(sizeof *s);

	if (!s)
		return NULL;
	s->certificates = sk_X509_new_null();
	s->issuer = X509_NAME_new();
	s->serial = ASN1_INTEGER_new();
	if (s->certificates && s->issuer && s->serial)
		return s;
	sc_signed_data_free(s);
	return NULL;
}

void sc_signed_data_free(struct sc_signed_data *s)
{
	if (!s)
		return;
	sc_bytes_free(&s->content);
	sc_bytes_free(&s->signature);
	sk_X509_pop_free(s->certificates, X509_free);
	X509_NAME_free(s->issuer);
	ASN1_INTEGER_free(s->serial);
	OPENSSL_free(s);
}

sc_status sc_signed_data_enclose(struct sc_signed_data *s, X509 *certificate, struct sc_error *err)
{
	for (int i = 0; i < sk_X509_num(s->certificates); i++)
		if (X509_cmp(sk_X509_value(s->certificates, i), certificate) == 0)
			return SC_OK;
	SC_ENSURE(sk_X509_num(s->certificates) < SC_SIGNED_DATA_CERTIFICATES, err, SC_ERR_TOO_LARGE,
		  "statement: more than %d certificates", SC_SIGNED_DATA_CERTIFICATES);
	SC_ENSURE(X509_up_ref(certificate) == 1, err, SC_ERR_CRYPTO, "statement: certificate reference");
	if (sk_X509_push(s->certificates, certificate) <= 0) {
		X509_free(certificate);
		return sc_fail_plain(err, SC_ERR_MEMORY);
	}
	return SC_OK;
}

X509 *sc_signed_data_signer(const struct sc_signed_data *s)
{
	return X509_find_by_issuer_and_serial(s->certificates, s->issuer, s->serial);
}

/* -- encoding ---------------------------------------------------------------------------------- */

/* For an OBJECT IDENTIFIER, `data` is the ASN1_OBJECT and `len` is -1. Otherwise `data` is `len` bytes. */
static bool add_attribute(STACK_OF(X509_ATTRIBUTE) *attributes, int nid, int type, const void *data, int len)
{
	X509_ATTRIBUTE *attribute = X509_ATTRIBUTE_create_by_NID(NULL, nid, type, data, len);

	if (attribute && sk_X509_ATTRIBUTE_push(attributes, attribute) > 0)
		return true;
	X509_ATTRIBUTE_free(attribute);
	return false;
}

static sc_status content_type_of(const struct sc_signed_data *s, ASN1_OBJECT **out, struct sc_error *err)
{
	ASN1_OBJECT *type = OBJ_txt2obj(s->content_type, 1);

	ERR_clear_error();
	SC_ENSURE(type, err, SC_ERR_ENCODING, "statement: the content type is not an object identifier");
	*out = type;
	return SC_OK;
}

/* Sections 5.3 and 11: content-type, whose value equals the outer type (F6), and message-digest. */
static sc_status add_signed_attributes(STACK_OF(X509_ATTRIBUTE) *attributes, const struct sc_signed_data *s,
				       struct sc_error *err)
{
	SC_CLEANUP(sc_asn1_object) type = NULL;
	struct sc_hash digest;

	SC_TRY(content_type_of(s, &type, err));
	SC_TRY(sc_sha256(sc_bytes_view(&s->content), &digest, err));
	if (!add_attribute(attributes, NID_pkcs9_contentType, V_ASN1_OBJECT, type, -1) ||
	    !add_attribute(attributes, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING, digest.b,
			   sizeof digest.b))
		return sc_fail_crypto(err, "statement: signed attributes");
	return SC_OK;
}

static void free_attributes(STACK_OF(X509_ATTRIBUTE) *attributes)
{
	sk_X509_ATTRIBUTE_pop_free(attributes, X509_ATTRIBUTE_free);
}
SC_CLEANUP_POINTER(sc_attributes, STACK_OF(X509_ATTRIBUTE), free_attributes)

static sc_status encode_item(const void *value, const ASN1_ITEM *item, struct sc_bytes *out,
			     struct sc_error *err)
{
	unsigned char *der = NULL;
	int len = ASN1_item_i2d(value, &der, item);
	sc_status status;

	if (len <= 0)
		return sc_fail_crypto(err, "statement: cannot be encoded");
	status = sc_bytes_copy(sc_view_of(der, (size_t)len), out, err);
	OPENSSL_free(der);
	return status;
}

sc_status sc_signed_data_attributes(const struct sc_signed_data *s, struct sc_bytes *out,
				    struct sc_error *err)
{
	SC_CLEANUP(sc_attributes) attributes = sk_X509_ATTRIBUTE_new_null();

	SC_TRY(sc_check_allocated(attributes, err));
	SC_TRY(add_signed_attributes(attributes, s, err));
	return encode_item(attributes, ASN1_ITEM_rptr(signed_attributes), out, err);
}

/* AlgorithmIdentifiers without parameters: RFC 5754 section 2 (SHA-256), RFC 5758 section 3.2 (ECDSA). */
static bool set_algorithm(X509_ALGOR *algorithm, int nid)
{
	return X509_ALGOR_set0(algorithm, OBJ_nid2obj(nid), V_ASN1_UNDEF, NULL) == 1;
}

static bool add_digest_algorithm(STACK_OF(X509_ALGOR) *algorithms)
{
	X509_ALGOR *algorithm = X509_ALGOR_new();

	if (algorithm && set_algorithm(algorithm, NID_sha256) &&
	    sk_X509_ALGOR_push(algorithms, algorithm) > 0)
		return true;
	X509_ALGOR_free(algorithm);
	return false;
}

static bool set_signer_id(struct signer_id *sid, const struct sc_signed_data *s)
{
	ASN1_INTEGER *serial = ASN1_INTEGER_dup(s->serial);

	if (!serial || X509_NAME_set(&sid->issuer, s->issuer) != 1) {
		ASN1_INTEGER_free(serial);
		return false;
	}
	ASN1_INTEGER_free(sid->serial);
	sid->serial = serial;
	return true;
}

static sc_status add_signer(STACK_OF(signer_info) *signers, const struct sc_signed_data *s,
			    struct sc_error *err)
{
	struct signer_info *info = (struct signer_info *)ASN1_item_new(ASN1_ITEM_rptr(signer_info));

	if (!info || sk_signer_info_push(signers, info) <= 0) {
		ASN1_item_free((ASN1_VALUE *)info, ASN1_ITEM_rptr(signer_info));
		return sc_fail_plain(err, SC_ERR_MEMORY);
	}
	info->version = 1; /* the signer is named by issuer and serial number */
	if (!set_signer_id(info->sid, s) || !set_algorithm(info->digest_algorithm, NID_sha256) ||
	    !set_algorithm(info->signature_algorithm, NID_ecdsa_with_SHA256))
		return sc_fail_crypto(err, "statement: signer");
	SC_TRY(sc_octets_set(&info->signature, sc_bytes_view(&s->signature), err));
	return add_signed_attributes(info->signed_attributes, s, err);
}

static bool add_certificate(STACK_OF(X509) *certificates, X509 *certificate)
{
	if (X509_up_ref(certificate) != 1)
		return false;
	if (sk_X509_push(certificates, certificate) > 0)
		return true;
	X509_free(certificate);
	return false;
}

static sc_status fill(struct content_info *info, const struct sc_signed_data *s, struct sc_error *err)
{
	struct signed_data *data = info->content;

	info->type = OBJ_nid2obj(NID_pkcs7_signed);
	data->version = 3; /* section 5.1: the content is not id-data */
	ASN1_OBJECT_free(data->encapsulated->type);
	data->encapsulated->type = NULL;
	SC_TRY(content_type_of(s, &data->encapsulated->type, err));
	if (!add_digest_algorithm(data->digest_algorithms) ||
	    ASN1_OCTET_STRING_set(data->encapsulated->content, s->content.data, (int)s->content.len) != 1)
		return sc_fail_crypto(err, "statement: content");
	for (int i = 0; i < sk_X509_num(s->certificates); i++)
		if (!add_certificate(data->certificates, sk_X509_value(s->certificates, i)))
			return sc_fail_crypto(err, "statement: certificates");
	return add_signer(data->signers, s, err);
}

/* Limits that apply to both reading and writing. */
static sc_status check_counts(int certificates, size_t signature, struct sc_error *err)
{
	SC_ENSURE(certificates >= 1 && certificates <= SC_SIGNED_DATA_CERTIFICATES, err, SC_ERR_ENCODING,
		  "statement: not 1 to %d certificates", SC_SIGNED_DATA_CERTIFICATES);
	SC_ENSURE(signature > 0 && signature <= SIGNATURE_MAX, err, SC_ERR_ENCODING,
		  "statement: the signature's length is not allowed");
	return SC_OK;
}

/* Limits of the whole, for reading and writing alike: nothing is written that cannot be read. */
static sc_status check_size(struct sc_view der, struct sc_error *err)
{
	SC_ENSURE(der.len <= SC_SIGNED_DATA_MAX, err, SC_ERR_TOO_LARGE, "statement: longer than %d bytes",
		  SC_SIGNED_DATA_MAX);
	return sc_der_check_implicit_elements(der, SC_SIGNED_DATA_ELEMENTS, "statement", err);
}

/*
 * libcrypto decodes the extensions, which are octet strings in the certificate, when it is first asked about
 * one of them.
 */
static sc_status check_extensions(const X509 *certificate, struct sc_error *err)
{
	for (int i = 0; i < X509_get_ext_count(certificate); i++) {
		const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(certificate, i));

		SC_TRY(sc_der_check_implicit_elements(
		    sc_view_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)),
		    SC_EXTENSION_ELEMENTS, "certificate extension", err));
	}
	return SC_OK;
}

sc_status sc_signed_data_encode(const struct sc_signed_data *s, struct sc_bytes *out, struct sc_error *err)
{
	SC_CLEANUP(content_info) info = content_info_new();
	SC_CLEANUP(sc_bytes) der = { 0 };

	SC_TRY(sc_check_allocated(info, err));
	SC_TRY(check_counts(sk_X509_num(s->certificates), s->signature.len, err));
	for (int i = 0; i < sk_X509_num(s->certificates); i++)
		SC_TRY(check_extensions(sk_X509_value(s->certificates, i), err));
	SC_TRY(fill(info, s, err));
	SC_TRY(encode_item(info, ASN1_ITEM_rptr(content_info), &der, err));
	SC_TRY(check_size(sc_bytes_view(&der), err));
	*out = sc_steal(der);
	return SC_OK;
}

/* -- decoding ---------------------------------------------------------------------------------- */

static sc_status take(struct content_info *info, struct sc_signed_data *s, struct sc_error *err)
{
	struct signed_data *data = info->content;
	const struct encapsulated *encapsulated = data->encapsulated;
	struct signer_info *signer;
	int type_len;

	SC_ENSURE(sk_signer_info_num(data->signers) == 1, err, SC_ERR_ENCODING,
		  "statement: not exactly one signer");
	signer = sk_signer_info_value(data->signers, 0);
	SC_TRY(check_counts(sk_X509_num(data->certificates), signer->signature.len, err));
	type_len = OBJ_obj2txt(s->content_type, sizeof s->content_type, encapsulated->type, 1);
	SC_ENSURE(type_len > 0 && type_len < (int)sizeof s->content_type, err, SC_ERR_ENCODING,
		  "statement: the content type is not allowed");
	SC_TRY(sc_octets_set(&s->content,
			     sc_view_of(ASN1_STRING_get0_data(encapsulated->content),
					(size_t)ASN1_STRING_length(encapsulated->content)),
			     err));
	s->signature = sc_steal(signer->signature);
	for (int i = 0; i < sk_X509_num(data->certificates); i++) {
		X509 *certificate = sk_X509_value(data->certificates, i);

		SC_TRY(check_extensions(certificate, err));
		SC_TRY(sc_signed_data_enclose(s, certificate, err));
	}
	X509_NAME_free(s->issuer);
	s->issuer = sc_steal(signer->sid->issuer);
	ASN1_INTEGER_free(s->serial);
	s->serial = sc_steal(signer->sid->serial);
	return SC_OK;
}

sc_status sc_signed_data_decode(struct sc_view der, struct sc_signed_data **out, struct sc_error *err)
{
	SC_CLEANUP(content_info) info = NULL;
	SC_CLEANUP(sc_signed_data) s = sc_signed_data_new();
	SC_CLEANUP(sc_bytes) again = { 0 };
	const unsigned char *p = der.data;

	SC_TRY(sc_check_allocated(s, err));
	SC_ENSURE(der.len > 0, err, SC_ERR_ENCODING, "statement: empty");
	SC_TRY(check_size(der, err));
	info = (struct content_info *)ASN1_item_d2i(NULL, &p, (long)der.len, ASN1_ITEM_rptr(content_info));
	ERR_clear_error();
	SC_ENSURE(info, err, SC_ERR_ENCODING, "statement: not CMS SignedData");
	SC_TRY(take(info, s, err));
	SC_TRY(sc_signed_data_encode(s, &again, err));
	SC_ENSURE(sc_view_equals(der, sc_bytes_view(&again)), err, SC_ERR_ENCODING,
		  "statement: its wrapper is not in canonical form");
	*out = sc_steal(s);
	return SC_OK;
}

/* -- certificates ------------------------------------------------------------------------------ */

sc_status sc_x509_encode(X509 *certificate, struct sc_bytes *out, struct sc_error *err)
{
	return encode_item(certificate, ASN1_ITEM_rptr(X509), out, err);
}

/*
 * libcrypto keeps the signed body's bytes as read, since the signature covers them. The rest is compared
 * here.
 */
sc_status sc_x509_decode(struct sc_view der, X509 **out, struct sc_error *err)
{
	const unsigned char *p = der.data;
	SC_CLEANUP(sc_x509) certificate = NULL;
	SC_CLEANUP(sc_bytes) again = { 0 };

	SC_ENSURE(der.len > 0, err, SC_ERR_ENCODING, "certificate: empty");
	SC_ENSURE(der.len <= SC_CERTIFICATE_MAX, err, SC_ERR_TOO_LARGE, "certificate: longer than %d bytes",
		  SC_CERTIFICATE_MAX);
	SC_TRY(sc_der_check_implicit_elements(der, SC_CERTIFICATE_ELEMENTS, "certificate", err));
	certificate = d2i_X509(NULL, &p, (long)der.len);
	ERR_clear_error();
	SC_ENSURE(certificate, err, SC_ERR_ENCODING, "certificate: not an X.509 certificate in DER");
	SC_TRY(check_extensions(certificate, err));
	SC_TRY(sc_x509_encode(certificate, &again, err));
	SC_ENSURE(sc_view_equals(der, sc_bytes_view(&again)), err, SC_ERR_ENCODING,
		  "certificate: not in canonical form");
	*out = sc_steal(certificate);
	return SC_OK;
}
