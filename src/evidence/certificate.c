/*
 * Certificates are made from a handful of fields, and read by making them again: a certificate is refused
 * unless sc_certificate_make could have written it, byte for byte (rule F1). So no list of possible oddities
 * is needed: an unknown extension, another order, a BER length, a NULL parameter, a Teletex name or a time in
 * the wrong form all differ from the one canonical body.
 *
 * The signature is not checked here: see chain.c.
 */
#include "evidence/certificate.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/libcrypto.h"
#include "evidence/key_shape.h"
#include "formats/key_type.h"
#include "formats/oid.h"

#define SERIAL_BITS 159 /* RFC 5280 section 4.1.2.2: positive, at most 20 octets */
#define KEY_ID_SIZE 20
#define ASN1_TRUE   0xff
#define NO_PATH     (-1)

/* Bits of KeyUsage, RFC 5280 section 4.2.1.3. */
enum key_usage {
	USAGE_DIGITAL_SIGNATURE = 0,
	USAGE_KEY_ENCIPHERMENT = 2,
	USAGE_KEY_CERT_SIGN = 5,
};

/* What all certificates of a kind have in common. */
struct profile {
	const char *name;
	int64_t years;
	const char *usage; /* extended key usage; NULL for a root, which has none */
	enum key_usage key_usage;
	int path_length;       /* of a CA; NO_PATH: not a CA */
	enum sc_key_shape key; /* of the subject */
	int signature;         /* algorithm of the issuer's signature */
	int other_signature;   /* a second allowed algorithm, or NID_undef */
};

static const struct profile profiles[] = {
	[SC_CERTIFICATE_ROOT] = { "root certificate", 30, NULL, USAGE_KEY_CERT_SIGN, 1, SC_KEY_SHAPE_P384,
				  NID_ecdsa_with_SHA384, NID_undef },
	[SC_CERTIFICATE_WARRANT] = { "warrant", 10, SC_OID_WARRANT, USAGE_DIGITAL_SIGNATURE, NO_PATH,
				     SC_KEY_SHAPE_P256, NID_ecdsa_with_SHA384, NID_undef },
	[SC_CERTIFICATE_REGION] = { "region certificate", 3, SC_OID_REGION, USAGE_KEY_CERT_SIGN, 0,
				    SC_KEY_SHAPE_P521, NID_ecdsa_with_SHA384, NID_undef },
	/* DSA: in a world of suite DLf1024s160mRijndael. */
	[SC_CERTIFICATE_MEMBER] = { "member certificate", 10, SC_OID_MEMBER, USAGE_DIGITAL_SIGNATURE, NO_PATH,
				    SC_KEY_SHAPE_P256, NID_ecdsa_with_SHA512, NID_dsa_with_SHA256 },
	[SC_CERTIFICATE_KEK] = { "KEK certificate", 2, SC_OID_KEK, USAGE_KEY_ENCIPHERMENT, NO_PATH,
				 SC_KEY_SHAPE_RSA_4096, NID_ecdsa_with_SHA512, NID_undef },
};
#define PROFILES (sizeof profiles / sizeof profiles[0])

int64_t sc_certificate_lifetime(enum sc_certificate_kind kind)
{
	return profiles[kind].years * 365 * 24 * 60 * 60;
}

const char *sc_certificate_kind_name(enum sc_certificate_kind kind)
{
	return profiles[kind].name;
}

/* The fields that a certificate is made from. */
struct fields {
	enum sc_certificate_kind kind;
	const ASN1_INTEGER *serial;
	const char *subject;
	const char *issuer;
	int64_t not_before;
	int64_t not_after;
	uint8_t issuer_key_id[KEY_ID_SIZE];  /* not in a root */
	const struct sc_region_info *region; /* of kind REGION, else NULL */
};

/* -- filling in -------------------------------------------------------------------------------- */

/* RFC 7093 section 2, method 1: the first 160 bits of SHA-256 over the public key's bits. */
static sc_status key_id_of(const X509_PUBKEY *key, uint8_t id[KEY_ID_SIZE], struct sc_error *err)
{
	const unsigned char *bits = NULL;
	struct sc_hash hash = { 0 };
	int len = 0;

	if (!key || X509_PUBKEY_get0_param(NULL, &bits, &len, NULL, key) != 1)
		return sc_fail_crypto(err, "certificate: key identifier");
	SC_TRY(sc_sha256(sc_view_of(bits, (size_t)len), &hash, err));
	memcpy(id, hash.b, KEY_ID_SIZE);
	return SC_OK;
}

/* A name of exactly one CN, as UTF8String (RFC 5280 section 4.1.2.4). */
static X509_NAME *name_of(const char *cn)
{
	SC_CLEANUP(sc_x509_name) name = X509_NAME_new();

	if (!name || X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING, (const uint8_t *)cn,
						(int)strlen(cn), -1, 0) != 1)
		return NULL;
	return sc_steal(name);
}

static bool set_names(X509 *certificate, const struct fields *f)
{
	SC_CLEANUP(sc_x509_name) subject = name_of(f->subject);
	SC_CLEANUP(sc_x509_name) issuer = name_of(f->issuer);

	return subject && issuer && X509_set_subject_name(certificate, subject) == 1 &&
	       X509_set_issuer_name(certificate, issuer) == 1;
}

/* ASN1_TIME_set writes UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280 section 4.1.2.5). */
static bool set_validity(X509 *certificate, const struct fields *f)
{
	SC_CLEANUP(sc_asn1_time) not_before = ASN1_TIME_set(NULL, (time_t)f->not_before);
	SC_CLEANUP(sc_asn1_time) not_after = ASN1_TIME_set(NULL, (time_t)f->not_after);

	return not_before && not_after && X509_set1_notBefore(certificate, not_before) == 1 &&
	       X509_set1_notAfter(certificate, not_after) == 1;
}

static bool add_extension(X509 *certificate, int nid, void *value, int critical)
{
	return X509_add1_ext_i2d(certificate, nid, value, critical, X509V3_ADD_APPEND) == 1;
}

static bool add_basic_constraints(X509 *certificate, const struct profile *profile)
{
	SC_CLEANUP(sc_basic_constraints) constraints = BASIC_CONSTRAINTS_new();

	if (constraints && profile->path_length != NO_PATH) {
		constraints->ca = ASN1_TRUE;
		constraints->pathlen = ASN1_INTEGER_new();
		if (!constraints->pathlen ||
		    ASN1_INTEGER_set(constraints->pathlen, profile->path_length) != 1)
			return false;
	}
	return constraints && add_extension(certificate, NID_basic_constraints, constraints, 1);
}

static bool add_key_usage(X509 *certificate, const struct profile *profile)
{
	SC_CLEANUP(sc_asn1_bit_string) usage = ASN1_BIT_STRING_new();

	return usage && ASN1_BIT_STRING_set_bit(usage, (int)profile->key_usage, 1) == 1 &&
	       add_extension(certificate, NID_key_usage, usage, 1);
}

static bool add_extended_key_usage(X509 *certificate, const struct profile *profile)
{
	SC_CLEANUP(sc_extended_key_usage) usage = sk_ASN1_OBJECT_new_null();
	SC_CLEANUP(sc_asn1_object) purpose = OBJ_txt2obj(profile->usage, 1);

	if (!usage || !purpose || sk_ASN1_OBJECT_push(usage, purpose) <= 0)
		return false;
	purpose = NULL;
	return add_extension(certificate, NID_ext_key_usage, usage, 1);
}

static bool add_subject_key_id(X509 *certificate, const uint8_t id[KEY_ID_SIZE])
{
	SC_CLEANUP(sc_asn1_octet_string) value = ASN1_OCTET_STRING_new();

	return value && ASN1_OCTET_STRING_set(value, id, KEY_ID_SIZE) == 1 &&
	       add_extension(certificate, NID_subject_key_identifier, value, 0);
}

static bool add_authority_key_id(X509 *certificate, const uint8_t id[KEY_ID_SIZE])
{
	SC_CLEANUP(sc_authority_keyid) value = AUTHORITY_KEYID_new();

	if (!value)
		return false;
	value->keyid = ASN1_OCTET_STRING_new();
	return value->keyid && ASN1_OCTET_STRING_set(value->keyid, id, KEY_ID_SIZE) == 1 &&
	       add_extension(certificate, NID_authority_key_identifier, value, 0);
}

/* Not critical, so that verifiers that know nothing of regions, such as stock openssl, ignore it. */
static sc_status add_region(X509 *certificate, const struct sc_region_info *region, struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_asn1_object) type = OBJ_txt2obj(SC_OID_REGION_INFO, 1);
	SC_CLEANUP(sc_asn1_octet_string) value = ASN1_OCTET_STRING_new();
	SC_CLEANUP(sc_x509_extension) extension = NULL;

	SC_TRY(sc_region_info_encode(region, &der, err));
	if (type && value && ASN1_OCTET_STRING_set(value, der.data, (int)der.len) == 1)
		extension = X509_EXTENSION_create_by_OBJ(NULL, type, 0, value);
	if (!extension || X509_add_ext(certificate, extension, -1) != 1)
		return sc_fail_crypto(err, "certificate: region extension");
	return SC_OK;
}

/* Fills in everything but the public key, which is already there, and the signature. */
static sc_status fill(X509 *certificate, const struct fields *f, struct sc_error *err)
{
	const struct profile *profile = &profiles[f->kind];
	uint8_t key_id[KEY_ID_SIZE];
	bool ok;

	SC_TRY(key_id_of(X509_get_X509_PUBKEY(certificate), key_id, err));
	ok = X509_set_version(certificate, X509_VERSION_3) == 1 &&
	     X509_set_serialNumber(certificate, (ASN1_INTEGER *)(uintptr_t)f->serial) == 1 &&
	     set_names(certificate, f) && set_validity(certificate, f) &&
	     add_basic_constraints(certificate, profile) && add_key_usage(certificate, profile);
	if (ok && profile->usage)
		ok = add_extended_key_usage(certificate, profile);
	ok = ok && add_subject_key_id(certificate, key_id);
	if (ok && profile->usage)
		ok = add_authority_key_id(certificate, f->issuer_key_id);
	if (!ok)
		return sc_fail_crypto(err, "certificate: cannot be assembled");
	return f->region ? add_region(certificate, f->region, err) : SC_OK;
}

/* -- making ------------------------------------------------------------------------------------ */

static ASN1_INTEGER *random_serial(void)
{
	SC_CLEANUP(sc_bn) number = BN_new();

	if (!number || BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) != 1)
		return NULL;
	return BN_to_ASN1_INTEGER(number, NULL);
}

/* The hash that goes with the issuer's key, or NULL for a key that must not issue certificates. */
static const EVP_MD *digest_for(const EVP_PKEY *key)
{
	char group[32] = "";
	size_t len = 0;

	if (EVP_PKEY_is_a(key, "DSA"))
		return EVP_sha256();
	if (EVP_PKEY_get_group_name(key, group, sizeof group, &len) == 1 && strcmp(group, SN_secp384r1) == 0)
		return EVP_sha384();
	return strcmp(group, SN_secp521r1) == 0 ? EVP_sha512() : NULL;
}

static sc_status sign(X509 *certificate, EVP_PKEY *key, struct sc_error *err)
{
	const EVP_MD *digest = digest_for(key);

	SC_ENSURE(digest, err, SC_ERR_KEY_TYPE, "certificate: the issuer's key is not P-384, P-521 or DSA");
	if (X509_sign(certificate, key, digest) <= 0)
		return sc_fail_crypto(err, "certificate: cannot be signed");
	/* Verified before it leaves (rule M8). */
	if (X509_verify(certificate, key) != 1)
		return sc_fail_crypto(err, "certificate: the new signature does not verify");
	return SC_OK;
}

static sc_status issuer_key_id(EVP_PKEY *key, uint8_t id[KEY_ID_SIZE], struct sc_error *err)
{
	SC_CLEANUP(sc_x509_pubkey) public_key = NULL;

	if (X509_PUBKEY_set(&public_key, key) != 1)
		return sc_fail_crypto(err, "certificate: the issuer's key");
	return key_id_of(public_key, id, err);
}

/* Nothing is returned that the reader below would refuse. */
static sc_status check_made(X509 *certificate, enum sc_certificate_kind wanted, struct sc_error *err)
{
	enum sc_certificate_kind kind = wanted;

	SC_TRY(sc_certificate_kind_of(certificate, &kind, err));
	SC_ENSURE(kind == wanted, err, SC_ERR_EVIDENCE_USAGE, "certificate: made as %s, read as %s",
		  sc_certificate_kind_name(wanted), sc_certificate_kind_name(kind));
	return SC_OK;
}

sc_status sc_certificate_make(const struct sc_certificate_request *request, X509 **out, struct sc_error *err)
{
	SC_CLEANUP(sc_asn1_integer) serial = random_serial();
	SC_CLEANUP(sc_x509) certificate = X509_new();
	struct fields fields = {
		.kind = request->kind,
		.serial = serial,
		.subject = request->subject,
		.issuer = request->issuer ? request->issuer : request->subject,
		.not_before = request->not_before,
		.not_after = request->not_after,
		.region = request->region,
	};

	if (!serial || !certificate || X509_set_pubkey(certificate, request->subject_key) != 1)
		return sc_fail_crypto(err, "certificate: serial number and key");
	if (request->kind != SC_CERTIFICATE_ROOT)
		SC_TRY(issuer_key_id(request->issuer_key, fields.issuer_key_id, err));
	SC_TRY(fill(certificate, &fields, err));
	SC_TRY(sign(certificate, request->issuer_key, err));
	SC_TRY(check_made(certificate, request->kind, err));
	*out = sc_steal(certificate);
	return SC_OK;
}

/* -- reading ----------------------------------------------------------------------------------- */

static sc_status refuse(struct sc_error *err, const char *what)
{
	ERR_clear_error();
	return sc_fail(err, SC_ERR_EVIDENCE_USAGE, "certificate: %s", what);
}

/* The kind follows from the one extended key usage. Without any it can only be a root. */
static sc_status kind_by_usage(const X509 *certificate, enum sc_certificate_kind *out, struct sc_error *err)
{
	int critical = 0;
	char usage[80];
	SC_CLEANUP(sc_extended_key_usage)
	usages = X509_get_ext_d2i(certificate, NID_ext_key_usage, &critical, NULL);

	ERR_clear_error();
	if (!usages && critical == -1) {
		*out = SC_CERTIFICATE_ROOT;
		return SC_OK;
	}
	if (!usages || sk_ASN1_OBJECT_num(usages) != 1)
		return refuse(err, "not exactly one extended key usage");
	OBJ_obj2txt(usage, sizeof usage, sk_ASN1_OBJECT_value(usages, 0), 1);
	for (size_t i = 0; i < PROFILES; i++) {
		if (profiles[i].usage && strcmp(profiles[i].usage, usage) == 0) {
			*out = (enum sc_certificate_kind)i;
			return SC_OK;
		}
	}
	return refuse(err, "an unknown extended key usage");
}

static bool key_fits(const X509 *certificate, struct sc_view spki, const struct profile *profile)
{
	bool is_key = X509_get0_pubkey(certificate) != NULL;

	ERR_clear_error();
	return is_key && sc_key_shape_fits(profile->key, spki);
}

static bool is_signed_with(const X509_ALGOR *algorithm, const struct profile *profile)
{
	const ASN1_OBJECT *type = NULL;
	int parameters = 0;
	int nid;

	X509_ALGOR_get0(&type, &parameters, NULL, algorithm);
	nid = OBJ_obj2nid(type);
	return parameters == V_ASN1_UNDEF && nid != NID_undef &&
	       (nid == profile->signature || nid == profile->other_signature);
}

/* The same algorithm inside and outside of the signed body (RFC 5280 section 4.1.1.2). */
static bool signature_fits(const X509 *certificate, const struct profile *profile)
{
	const X509_ALGOR *inside = X509_get0_tbs_sigalg(certificate);
	const X509_ALGOR *outside = NULL;

	X509_get0_signature(NULL, &outside, certificate);
	return is_signed_with(inside, profile) && X509_ALGOR_cmp(inside, outside) == 0;
}

static bool is_positive_serial(const ASN1_INTEGER *serial, ASN1_INTEGER **again)
{
	SC_CLEANUP(sc_bn) number = ASN1_INTEGER_to_BN(serial, NULL);

	if (!number || BN_is_negative(number) || BN_is_zero(number) || BN_num_bits(number) > SERIAL_BITS)
		return false;
	*again = BN_to_ASN1_INTEGER(number, NULL);
	return *again != NULL;
}

/*
 * The names that a kind may have: an ESN for a module, the name derived from world or key for a KNSO or KEK.
 */
static bool names_fit(const struct fields *f, struct sc_view spki)
{
	char kek_name[SC_KEK_NAME_SIZE] = "";
	struct sc_hash hash = { 0 };

	switch (f->kind) {
	case SC_CERTIFICATE_ROOT:
		return strcmp(f->subject, f->issuer) == 0;
	case SC_CERTIFICATE_WARRANT:
		return sc_certificate_esn_is_valid(f->subject);
	case SC_CERTIFICATE_REGION:
		return sc_certificate_knso_name_is_valid(f->subject);
	case SC_CERTIFICATE_MEMBER:
		return sc_certificate_esn_is_valid(f->subject) &&
		       sc_certificate_knso_name_is_valid(f->issuer);
	case SC_CERTIFICATE_KEK:
		if (sc_key_hash(spki, &hash, NULL) != SC_OK)
			return false;
		sc_certificate_kek_name(&hash, kek_name);
		return strcmp(f->subject, kek_name) == 0 && sc_certificate_knso_name_is_valid(f->issuer);
	default:
		return false;
	}
}

static sc_status read_issuer_key_id(X509 *certificate, uint8_t id[KEY_ID_SIZE], struct sc_error *err)
{
	const ASN1_OCTET_STRING *value = X509_get0_authority_key_id(certificate);

	if (!value || ASN1_STRING_length(value) != KEY_ID_SIZE)
		return refuse(err, "the authority key identifier is missing or has the wrong length");
	memcpy(id, ASN1_STRING_get0_data(value), KEY_ID_SIZE);
	return SC_OK;
}

/* Assembles a copy of the certificate from its fields, with the same signature, and compares the two. */
static sc_status compare_with_canonical(X509 *certificate, const struct fields *f, struct sc_error *err)
{
	SC_CLEANUP(sc_x509) again = X509_dup(certificate);
	SC_CLEANUP(sc_bytes) given = { 0 };
	SC_CLEANUP(sc_bytes) canonical = { 0 };

	if (!again)
		return refuse(err, "cannot be copied");
	while (X509_get_ext_count(again) > 0)
		X509_EXTENSION_free(X509_delete_ext(again, 0));
	SC_TRY(fill(again, f, err));
	if (i2d_re_X509_tbs(again, NULL) <= 0)
		return sc_fail_crypto(err, "certificate: cannot be encoded");
	SC_TRY(sc_x509_encode(certificate, &given, err));
	SC_TRY(sc_x509_encode(again, &canonical, err));
	SC_ENSURE(sc_view_equals(sc_bytes_view(&given), sc_bytes_view(&canonical)), err,
		  SC_ERR_EVIDENCE_USAGE, "%s of \"%s\": does not contain exactly what this kind must contain",
		  profiles[f->kind].name, f->subject);
	return SC_OK;
}

sc_status sc_certificate_kind_of(X509 *certificate, enum sc_certificate_kind *out, struct sc_error *err)
{
	SC_CLEANUP(sc_asn1_integer) serial = NULL;
	SC_CLEANUP(sc_region_info) region = NULL;
	const ASN1_BIT_STRING *issuer_id = NULL;
	const ASN1_BIT_STRING *subject_id = NULL;
	struct sc_text subject = { 0 };
	struct sc_text issuer = { 0 };
	struct fields f = { .subject = subject.s, .issuer = issuer.s };
	SC_CLEANUP(sc_bytes) spki = { 0 };

	SC_TRY(kind_by_usage(certificate, &f.kind, err));
	SC_TRY(sc_certificate_subject(certificate, &subject, err));
	SC_TRY(sc_certificate_issuer(certificate, &issuer, err));
	SC_TRY(sc_certificate_validity(certificate, &f.not_before, &f.not_after, err));
	SC_TRY(sc_certificate_spki(certificate, &spki, err));
	X509_get0_uids(certificate, &issuer_id, &subject_id);
	if (issuer_id || subject_id)
		return refuse(err, "has a unique identifier");
	if (!key_fits(certificate, sc_bytes_view(&spki), &profiles[f.kind]))
		return refuse(err, "wrong type of key for its kind");
	if (!signature_fits(certificate, &profiles[f.kind]))
		return refuse(err, "wrong signature algorithm for its kind");
	if (!is_positive_serial(X509_get0_serialNumber(certificate), &serial))
		return refuse(err, "the serial number is not positive, or too long");
	if (!names_fit(&f, sc_bytes_view(&spki)))
		return refuse(err, "wrong subject or issuer for its kind");
	if (f.not_after < f.not_before)
		return refuse(err, "its validity ends before it begins");
	if (f.kind != SC_CERTIFICATE_ROOT)
		SC_TRY(read_issuer_key_id(certificate, f.issuer_key_id, err));
	if (f.kind == SC_CERTIFICATE_REGION)
		SC_TRY(sc_certificate_region(certificate, &region, err));
	f.serial = serial;
	f.region = region;
	SC_TRY(compare_with_canonical(certificate, &f, err));
	*out = f.kind;
	return SC_OK;
}
