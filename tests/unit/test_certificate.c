/* Certificates: what is made can be read back, and nothing else can (evidence/certificate.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/param_build.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "formats/oid.h"
#include "forge.h"
#include "support/mismatched_key.h"

#define NOW INT64_C(1800000000) /* 2027-01-15 */

static struct sc_forge *f;

static int set_up(void **state)
{
	(void)state;
	f = sc_forge_new(NOW, "EU");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sc_forge_free(f);
	return 0;
}

static sc_status kind_of(X509 *certificate, enum sc_certificate_kind *kind)
{
	struct sc_error err = { 0 };
	sc_status status = sc_certificate_kind_of(certificate, kind, &err);

	if (status != SC_OK)
		assert_true(strlen(err.message) > 0);
	return status;
}

static void assert_kind(X509 *certificate, enum sc_certificate_kind wanted)
{
	enum sc_certificate_kind kind = SC_CERTIFICATE_ROOT;

	assert_int_equal(kind_of(certificate, &kind), SC_OK);
	assert_int_equal(kind, wanted);
}

static void each_kind_is_read_as_what_it_was_made(void **state)
{
	(void)state;
	assert_kind(f->root, SC_CERTIFICATE_ROOT);
	assert_kind(f->warrant, SC_CERTIFICATE_WARRANT);
	assert_kind(f->region_certificate, SC_CERTIFICATE_REGION);
	assert_kind(f->member, SC_CERTIFICATE_MEMBER);
	assert_kind(f->kek_certificate, SC_CERTIFICATE_KEK);
}

static void a_dsa_security_officer_key_can_certify_members(void **state)
{
	SC_CLEANUP(sc_pkey) dsa = sc_forge_dsa_key();
	SC_CLEANUP(sc_x509) member = NULL;
	char knso[SC_KNSO_NAME_SIZE];

	(void)state;
	sc_certificate_knso_name(&f->world->world, knso);
	member = sc_forge_certificate(f, &(struct sc_certificate_request){ .kind = SC_CERTIFICATE_MEMBER,
									   .subject_key = f->module_key,
									   .subject = f->esn.s,
									   .issuer = knso,
									   .issuer_key = dsa });
	assert_kind(member, SC_CERTIFICATE_MEMBER);
	assert_int_equal(X509_get_signature_nid(member), NID_dsa_with_SHA256);
	assert_int_equal(X509_verify(member, dsa), 1);
	assert_int_not_equal(X509_verify(member, f->knso), 1);
}

/* A certificate by `damaged` is refused, and one by the sound key is made (rule M8). */
static void only_a_sound_key_certifies(EVP_PKEY *issuer_key, EVP_PKEY *damaged,
				       struct sc_certificate_request request)
{
	SC_CLEANUP(sc_x509) made = NULL;
	struct sc_error err = { 0 };

	request.not_before = NOW;
	request.not_after = NOW + SC_DAY;
	request.issuer_key = damaged;
	assert_int_equal(sc_certificate_make(&request, &made, &err), SC_ERR_CRYPTO);
	assert_null(made);
	request.issuer_key = issuer_key;
	assert_int_equal(sc_certificate_make(&request, &made, &err), SC_OK);
	EVP_PKEY_free(damaged);
}

static void a_damaged_key_never_yields_a_certificate(void **state)
{
	SC_CLEANUP(sc_pkey) dsa = sc_forge_dsa_key();
	char knso[SC_KNSO_NAME_SIZE];

	(void)state;
	sc_certificate_knso_name(&f->world->world, knso);
	only_a_sound_key_certifies(f->root_key, mismatched_ec_key(f->root_key),
				   (struct sc_certificate_request){ .kind = SC_CERTIFICATE_WARRANT,
								    .subject_key = f->module_key,
								    .subject = f->esn.s,
								    .issuer = "Tests Root" });
	only_a_sound_key_certifies(f->knso, mismatched_ec_key(f->knso),
				   (struct sc_certificate_request){ .kind = SC_CERTIFICATE_MEMBER,
								    .subject_key = f->module_key,
								    .subject = f->esn.s,
								    .issuer = knso });
	only_a_sound_key_certifies(dsa, mismatched_dsa_key(dsa),
				   (struct sc_certificate_request){ .kind = SC_CERTIFICATE_MEMBER,
								    .subject_key = f->module_key,
								    .subject = f->esn.s,
								    .issuer = knso });
}

static void survives_its_own_encoding(void **state)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_x509) again = NULL;

	(void)state;
	assert_int_equal(sc_x509_encode(f->region_certificate, &der, NULL), SC_OK);
	assert_int_equal(sc_x509_decode(sc_bytes_view(&der), &again, NULL), SC_OK);
	assert_kind(again, SC_CERTIFICATE_REGION);
}

static void dates_take_the_form_that_rfc_5280_gives_them(void **state)
{
	const int64_t last_of_2049 = INT64_C(2524607999);
	struct sc_certificate_request request = { .kind = SC_CERTIFICATE_ROOT,
						  .subject_key = f->root_key,
						  .subject = "R",
						  .issuer_key = f->root_key,
						  .not_before = last_of_2049,
						  .not_after = last_of_2049 + 1 };
	SC_CLEANUP(sc_x509) root = sc_forge_certificate(f, &request);
	int64_t from = 0;
	int64_t until = 0;

	(void)state;
	assert_int_equal(ASN1_STRING_type(X509_get0_notBefore(root)), V_ASN1_UTCTIME);
	assert_int_equal(ASN1_STRING_type(X509_get0_notAfter(root)), V_ASN1_GENERALIZEDTIME);
	assert_int_equal(sc_certificate_validity(root, &from, &until, NULL), SC_OK);
	assert_int_equal(from, last_of_2049);
	assert_int_equal(until, last_of_2049 + 1);
}

static void serial_numbers_are_positive_and_differ(void **state)
{
	BIGNUM *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(f->warrant), NULL);

	(void)state;
	assert_int_not_equal(
	    ASN1_INTEGER_cmp(X509_get0_serialNumber(f->warrant), X509_get0_serialNumber(f->member)), 0);
	assert_false(BN_is_negative(serial));
	assert_in_range(BN_num_bits(serial), 100, 159);
	BN_free(serial);
}

static void a_certificate_names_region_and_operator(void **state)
{
	SC_CLEANUP(sc_region_info) region = NULL;

	(void)state;
	assert_int_equal(sc_certificate_region(f->region_certificate, &region, NULL), SC_OK);
	assert_string_equal(region->region.s, "EU");
	assert_string_equal(region->operator_name.s, "Test Operator");
	assert_int_equal(sc_certificate_region(f->warrant, &region, NULL), SC_ERR_EVIDENCE_USAGE);
}

/* -- what is not made -------------------------------------------------------------------------- */

static sc_status make(struct sc_certificate_request request)
{
	SC_CLEANUP(sc_x509) certificate = NULL;

	request.not_before = request.not_before ? request.not_before : NOW;
	request.not_after = request.not_after ? request.not_after : NOW + SC_YEAR;
	return sc_certificate_make(&request, &certificate, NULL);
}

static void a_kind_is_made_for_its_own_keys_and_names_only(void **state)
{
	const struct sc_certificate_request good = { .kind = SC_CERTIFICATE_WARRANT,
						     .subject_key = f->module_key,
						     .subject = f->esn.s,
						     .issuer = "Test Manufacturer",
						     .issuer_key = f->root_key };
	struct sc_certificate_request bad;
	SC_CLEANUP(sc_pkey) p256 = sc_forge_ec_key("P-256");

	(void)state;
	assert_int_equal(make(good), SC_OK);
	bad = good;
	bad.subject_key = f->knso;
	assert_int_equal(make(bad), SC_ERR_EVIDENCE_USAGE);
	bad = good;
	bad.issuer_key = f->knso;
	assert_int_equal(make(bad), SC_ERR_EVIDENCE_USAGE);
	bad = good;
	bad.issuer_key = p256;
	assert_int_equal(make(bad), SC_ERR_KEY_TYPE);
	bad = good;
	bad.subject = "7e57-0000-0001";
	assert_int_equal(make(bad), SC_ERR_EVIDENCE_USAGE);
	bad = good;
	bad.subject = "";
	assert_int_not_equal(make(bad), SC_OK);
	bad = good;
	bad.region = f->region;
	assert_int_equal(make(bad), SC_ERR_EVIDENCE_USAGE);
	bad = good;
	bad.not_after = NOW - 1;
	assert_int_equal(make(bad), SC_ERR_EVIDENCE_USAGE);
}

/* -- what is not read: each is signed by the right key, so that only its content is wrong ------- */

static void change_nothing(X509 *copy, void *context)
{
	(void)copy, (void)context;
}

static void set_usage_bit(X509 *copy, int bit)
{
	ASN1_BIT_STRING *usage = ASN1_BIT_STRING_new();

	ASN1_BIT_STRING_set_bit(usage, bit, 1);
	assert_int_equal(X509_add1_ext_i2d(copy, NID_key_usage, usage, 1, X509V3_ADD_REPLACE), 1);
	ASN1_BIT_STRING_free(usage);
}

static void another_key_usage(X509 *copy, void *context)
{
	(void)context;
	set_usage_bit(copy, 1);
}

static void one_more_extension(X509 *copy, void *context)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_netscape_comment, "hello");

	(void)context;
	assert_int_equal(X509_add_ext(copy, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void one_extension_less(X509 *copy, void *context)
{
	(void)context;
	X509_EXTENSION_free(X509_delete_ext(copy, X509_get_ext_by_NID(copy, NID_subject_key_identifier, -1)));
}

static void extensions_in_another_order(X509 *copy, void *context)
{
	X509_EXTENSION *first = X509_delete_ext(copy, 0);

	(void)context;
	assert_int_equal(X509_add_ext(copy, first, -1), 1);
	X509_EXTENSION_free(first);
}

static void an_uncritical_usage(X509 *copy, void *context)
{
	int at = X509_get_ext_by_NID(copy, NID_ext_key_usage, -1);
	X509_EXTENSION *extension = X509_delete_ext(copy, at);

	(void)context;
	X509_EXTENSION_set_critical(extension, 0);
	assert_int_equal(X509_add_ext(copy, extension, at), 1);
	X509_EXTENSION_free(extension);
}

static void set_purposes(X509 *copy, const char *first, const char *second)
{
	EXTENDED_KEY_USAGE *usage = sk_ASN1_OBJECT_new_null();

	sk_ASN1_OBJECT_push(usage, OBJ_txt2obj(first, 1));
	if (second)
		sk_ASN1_OBJECT_push(usage, OBJ_txt2obj(second, 1));
	assert_int_equal(X509_add1_ext_i2d(copy, NID_ext_key_usage, usage, 1, X509V3_ADD_REPLACE), 1);
	EXTENDED_KEY_USAGE_free(usage);
}

static void two_purposes(X509 *copy, void *context)
{
	(void)context;
	set_purposes(copy, SC_OID_WARRANT, SC_OID_MEMBER);
}

static void an_unknown_purpose(X509 *copy, void *context)
{
	(void)context;
	set_purposes(copy, "1.3.6.1.5.5.7.3.1", NULL);
}

static void another_kinds_purpose(X509 *copy, void *context)
{
	(void)context;
	set_purposes(copy, SC_OID_KEK, NULL);
}

static void a_ca_flag(X509 *copy, void *context)
{
	BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new();

	(void)context;
	constraints->ca = 0xff;
	assert_int_equal(X509_add1_ext_i2d(copy, NID_basic_constraints, constraints, 1, X509V3_ADD_REPLACE),
			 1);
	BASIC_CONSTRAINTS_free(constraints);
}

static void a_second_name(X509 *copy, void *context)
{
	(void)context;
	X509_NAME_add_entry_by_txt(X509_get_subject_name(copy), "O", V_ASN1_UTF8STRING, (const uint8_t *)"x",
				   1, -1, 0);
}

static void a_printable_name(X509 *copy, void *context)
{
	X509_NAME *name = X509_NAME_new();

	(void)context;
	X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_PRINTABLESTRING, (const uint8_t *)f->esn.s,
				   -1, -1, 0);
	X509_set_subject_name(copy, name);
	X509_NAME_free(name);
}

static void an_older_version(X509 *copy, void *context)
{
	(void)context;
	X509_set_version(copy, X509_VERSION_2);
}

static void a_negative_serial(X509 *copy, void *context)
{
	(void)context;
	ASN1_INTEGER_set(X509_get_serialNumber(copy), -5);
}

static void a_serial_of_21_octets(X509 *copy, void *context)
{
	BIGNUM *number = BN_new();

	(void)context;
	BN_set_bit(number, 160);
	BN_to_ASN1_INTEGER(number, X509_get_serialNumber(copy));
	BN_free(number);
}

static void a_generalized_date(X509 *copy, void *context)
{
	ASN1_TIME *time = ASN1_GENERALIZEDTIME_set(NULL, (time_t)NOW);

	(void)context;
	X509_set1_notBefore(copy, time);
	ASN1_TIME_free(time);
}

/* Sets the key and its key identifier, so that only the key is wrong. */
static void set_key(X509 *copy, EVP_PKEY *key)
{
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
	const ASN1_BIT_STRING *bits;
	struct sc_hash hash = { 0 };
	int at = X509_get_ext_by_NID(copy, NID_subject_key_identifier, -1);

	assert_int_equal(X509_set_pubkey(copy, key), 1);
	bits = X509_get0_pubkey_bitstr(copy);
	assert_int_equal(sc_sha256(sc_view_of(bits->data, (size_t)bits->length), &hash, NULL), SC_OK);
	ASN1_OCTET_STRING_set(id, hash.b, 20);
	assert_true(at >= 0);
	assert_int_equal(X509_add1_ext_i2d(copy, NID_subject_key_identifier, id, 0, X509V3_ADD_REPLACE), 1);
	ASN1_OCTET_STRING_free(id);
}

static void a_fresh_key(X509 *copy, void *context)
{
	set_key(copy, context);
}

static void a_key_on_another_curve(X509 *copy, void *context)
{
	(void)context;
	set_key(copy, f->root_key);
}

static void set_point_format(X509 *copy, const char *format)
{
	EVP_PKEY *key = EVP_PKEY_dup(X509_get0_pubkey(copy));

	assert_int_equal(EVP_PKEY_set_utf8_string_param(key, "point-format", format), 1);
	set_key(copy, key);
	EVP_PKEY_free(key);
}

static void a_compressed_point(X509 *copy, void *context)
{
	(void)context;
	set_point_format(copy, "compressed");
}

static void a_hybrid_point(X509 *copy, void *context)
{
	(void)context;
	set_point_format(copy, "hybrid");
}

static void what_is_not_exactly_a_warrant_is_none(void **state)
{
	static void (*const changes[])(X509 *, void *) = {
		another_key_usage,   one_more_extension,    one_extension_less, extensions_in_another_order,
		an_uncritical_usage, two_purposes,          an_unknown_purpose, another_kinds_purpose,
		a_ca_flag,           a_second_name,         a_printable_name,   an_older_version,
		a_negative_serial,   a_serial_of_21_octets, a_generalized_date, a_key_on_another_curve,
		a_compressed_point,  a_hybrid_point,
	};
	SC_CLEANUP(sc_x509) same = sc_forge_changed(f->warrant, f->root_key, change_nothing, NULL);
	SC_CLEANUP(sc_pkey) key = sc_forge_ec_key("P-256");
	SC_CLEANUP(sc_x509) fresh = sc_forge_changed(f->warrant, f->root_key, a_fresh_key, key);

	(void)state;
	assert_kind(same, SC_CERTIFICATE_WARRANT);
	assert_kind(fresh, SC_CERTIFICATE_WARRANT);
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		SC_CLEANUP(sc_x509) changed = sc_forge_changed(f->warrant, f->root_key, changes[i], NULL);
		enum sc_certificate_kind kind;
		sc_status status = kind_of(changed, &kind);

		if (status != SC_ERR_EVIDENCE_USAGE)
			fail_msg("change %zu: %s", i, sc_status_name(status));
	}
}

/* Named after that key, as a KEK is. */
static void another_kek(X509 *copy, void *context)
{
	X509_NAME *name = X509_NAME_new();
	struct sc_hash hash = { 0 };
	char cn[SC_KEK_NAME_SIZE];

	set_key(copy, context);
	assert_int_equal(sc_certificate_key_hash(copy, &hash, NULL), SC_OK);
	sc_certificate_kek_name(&hash, cn);
	X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING, (const uint8_t *)cn, -1, -1, 0);
	X509_set_subject_name(copy, name);
	X509_NAME_free(name);
}

static void a_kek_has_the_exponent_65537(void **state)
{
	SC_CLEANUP(sc_pkey) another = sc_forge_rsa_key(1);
	SC_CLEANUP(sc_x509) same = sc_forge_changed(f->kek_certificate, f->knso, another_kek, another);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *modulus = NULL;
	BIGNUM *exponent = BN_new();
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params;
	SC_CLEANUP(sc_pkey) key = NULL;
	SC_CLEANUP(sc_x509) changed = NULL;
	enum sc_certificate_kind kind;

	(void)state;
	assert_kind(same, SC_CERTIFICATE_KEK);
	BN_set_word(exponent, 65539);
	assert_int_equal(EVP_PKEY_get_bn_param(f->kek, "n", &modulus), 1);
	OSSL_PARAM_BLD_push_BN(build, "n", modulus);
	OSSL_PARAM_BLD_push_BN(build, "e", exponent);
	params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_fromdata_init(ctx);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	changed = sc_forge_changed(f->kek_certificate, f->knso, another_kek, key);
	assert_int_equal(kind_of(changed, &kind), SC_ERR_EVIDENCE_USAGE);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(modulus);
	BN_free(exponent);
	EVP_PKEY_CTX_free(ctx);
}

/* -- chains ------------------------------------------------------------------------------------ */

static sc_status verify(X509 *first, X509 *second, X509 *root, int64_t at)
{
	X509 *const chain[] = { first, second };
	struct sc_error err = { 0 };

	return sc_chain_verify(chain, second ? 2 : 1, root, at, &err);
}

static void chains_of_one_and_two_verify(void **state)
{
	(void)state;
	assert_int_equal(verify(f->warrant, NULL, f->root, NOW), SC_OK);
	assert_int_equal(verify(f->region_certificate, NULL, f->root, NOW), SC_OK);
	assert_int_equal(verify(f->member, f->region_certificate, f->root, NOW), SC_OK);
	assert_int_equal(verify(f->kek_certificate, f->region_certificate, f->root, NOW), SC_OK);
}

static void a_chain_holds_only_while_all_of_it_is_valid(void **state)
{
	int64_t from = NOW - SC_DAY;
	int64_t until = NOW + sc_certificate_lifetime(SC_CERTIFICATE_REGION);

	(void)state;
	assert_int_equal(verify(f->member, f->region_certificate, f->root, from), SC_OK);
	assert_int_equal(verify(f->member, f->region_certificate, f->root, from - 1), SC_ERR_EVIDENCE_TIME);
	assert_int_equal(verify(f->member, f->region_certificate, f->root, until - 1), SC_OK);
	assert_int_equal(verify(f->member, f->region_certificate, f->root, until), SC_ERR_EVIDENCE_TIME);
}

static void a_chain_with_more_against_it_than_time_is_broken(void **state)
{
	SC_CLEANUP(sc_forge) other = sc_forge_new(NOW, "NA");
	int64_t late = NOW + 100 * SC_YEAR;

	(void)state;
	assert_int_equal(verify(f->warrant, NULL, f->root, late), SC_ERR_EVIDENCE_TIME);
	assert_int_equal(verify(other->warrant, NULL, f->root, late), SC_ERR_EVIDENCE_CHAIN);
}

static void a_chain_ends_at_its_own_root(void **state)
{
	SC_CLEANUP(sc_forge) other = sc_forge_new(NOW, "EU");

	(void)state;
	assert_int_equal(verify(f->warrant, NULL, f->root, NOW), SC_OK);
	assert_int_equal(verify(f->warrant, NULL, other->root, NOW), SC_ERR_EVIDENCE_CHAIN);
	assert_int_equal(verify(f->member, other->region_certificate, f->root, NOW), SC_ERR_EVIDENCE_CHAIN);
	/* No partial chain: the region certificate is trusted only because of its root. */
	assert_int_equal(verify(f->member, NULL, f->region_certificate, NOW), SC_ERR_EVIDENCE_CHAIN);
}

static void a_chain_has_exactly_the_certificates_given(void **state)
{
	(void)state;
	assert_int_equal(verify(f->member, f->region_certificate, f->root, NOW), SC_OK);
	assert_int_equal(verify(f->warrant, f->region_certificate, f->root, NOW), SC_ERR_EVIDENCE_CHAIN);
	assert_int_equal(verify(f->member, NULL, f->root, NOW), SC_ERR_EVIDENCE_CHAIN);
}

static void only_a_certificate_authority_issues(void **state)
{
	char knso[SC_KNSO_NAME_SIZE];
	SC_CLEANUP(sc_x509) below = NULL;
	struct sc_certificate_request request = { .kind = SC_CERTIFICATE_REGION,
						  .subject_key = f->knso,
						  .subject = knso,
						  .issuer = knso,
						  .issuer_key = f->root_key,
						  .region = f->region };

	(void)state;
	/*
	 * A region certifies a region, against its path length 0. The root's key signs, so only that is
	 * wrong.
	 */
	sc_certificate_knso_name(&f->world->world, knso);
	below = sc_forge_certificate(f, &request);
	assert_int_equal(verify(f->member, f->region_certificate, f->root, NOW), SC_OK);
	assert_int_equal(verify(below, f->region_certificate, f->root, NOW), SC_ERR_EVIDENCE_CHAIN);
}

static void a_root_signed_by_another_is_none(void **state)
{
	SC_CLEANUP(sc_pkey) stranger = sc_forge_ec_key("P-384");
	SC_CLEANUP(sc_x509) same = sc_forge_changed(f->root, f->root_key, change_nothing, NULL);
	SC_CLEANUP(sc_x509) forged = sc_forge_changed(f->root, stranger, change_nothing, NULL);

	(void)state;
	assert_int_equal(verify(f->warrant, NULL, same, NOW), SC_OK);
	assert_int_equal(verify(f->warrant, NULL, forged, NOW), SC_ERR_EVIDENCE_CHAIN);
}

static void issuers_are_named_to_the_letter(void **state)
{
	struct sc_certificate_request request = { .kind = SC_CERTIFICATE_WARRANT,
						  .subject_key = f->module_key,
						  .subject = f->esn.s,
						  .issuer = "Test Manufacturer",
						  .issuer_key = f->root_key };
	SC_CLEANUP(sc_x509) right = sc_forge_certificate(f, &request);
	SC_CLEANUP(sc_x509) wrong = NULL;

	(void)state;
	request.issuer = "test manufacturer";
	wrong = sc_forge_certificate(f, &request);
	assert_int_equal(verify(right, NULL, f->root, NOW), SC_OK);
	assert_int_equal(verify(wrong, NULL, f->root, NOW), SC_ERR_EVIDENCE_CHAIN);
}

static void names_have_one_form(void **state)
{
	char name[SC_KNSO_NAME_SIZE];

	(void)state;
	sc_certificate_knso_name(&f->world->world, name);
	assert_true(sc_certificate_knso_name_is_valid(name));
	name[5] = 'A';
	assert_false(sc_certificate_knso_name_is_valid(name));
	assert_true(sc_certificate_esn_is_valid("0123-4567-89AF"));
	assert_false(sc_certificate_esn_is_valid("0123-4567-89AG"));
	assert_false(sc_certificate_esn_is_valid("0123-4567-89a0"));
	assert_false(sc_certificate_esn_is_valid("0123-4567-89A"));
	assert_false(sc_certificate_esn_is_valid("0123-4567-89A0 "));
	assert_false(sc_certificate_esn_is_valid("0123456789ABCD"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_is_read_as_what_it_was_made),
		cmocka_unit_test(a_dsa_security_officer_key_can_certify_members),
		cmocka_unit_test(a_damaged_key_never_yields_a_certificate),
		cmocka_unit_test(survives_its_own_encoding),
		cmocka_unit_test(dates_take_the_form_that_rfc_5280_gives_them),
		cmocka_unit_test(serial_numbers_are_positive_and_differ),
		cmocka_unit_test(a_certificate_names_region_and_operator),
		cmocka_unit_test(a_kind_is_made_for_its_own_keys_and_names_only),
		cmocka_unit_test(what_is_not_exactly_a_warrant_is_none),
		cmocka_unit_test(a_kek_has_the_exponent_65537),
		cmocka_unit_test(chains_of_one_and_two_verify),
		cmocka_unit_test(a_chain_holds_only_while_all_of_it_is_valid),
		cmocka_unit_test(a_chain_with_more_against_it_than_time_is_broken),
		cmocka_unit_test(a_chain_ends_at_its_own_root),
		cmocka_unit_test(a_chain_has_exactly_the_certificates_given),
		cmocka_unit_test(only_a_certificate_authority_issues),
		cmocka_unit_test(a_root_signed_by_another_is_none),
		cmocka_unit_test(issuers_are_named_to_the_letter),
		cmocka_unit_test(names_have_one_form),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
