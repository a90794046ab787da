/*
 * What comes from outside takes little of the arena before it is checked (rule M12). libcrypto's decoder
 * allocates for each element, so each decoder of the module counts the elements first. Each case is a valid
 * structure stuffed with as many small elements as its length allows.
 */
#include "support/test.h"

#include <openssl/cms.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/libcrypto.h"
#include "core_module.h"
#include "failing_memory.h"
#include "formats/der_elements.h"
#include "formats/key_blob.h"
#include "formats/signed_data.h"
#include "formats/world_file.h"
#include "hsmd/core/keygen.h"

/*
 * Bytes of the arena for a message of that length: two copies, in blocks of the next power of two, and some
 * more.
 */
#define ALLOWED(len) (4 * (len) + 16384)

static struct core core;

static int setup(void **state)
{
	(void)state;
	core_start(&core);
	core_make_world(&core);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	core_end(&core);
	return 0;
}

/* Encodes without the checks of sc_der_encode. */
static void encode_unchecked(const void *value, const ASN1_ITEM *item, struct sc_bytes *out)
{
	unsigned char *der = NULL;
	int len = ASN1_item_i2d(value, &der, item);

	assert_true(len > 0);
	assert_ok(sc_bytes_copy(sc_view_of(der, (size_t)len), out, NULL), NULL);
	OPENSSL_free(der);
}

static void is_refused_for(struct sc_view der, sc_status status, sc_status expected)
{
	assert_status(status, expected, NULL);
	if (failing_memory_peak() > ALLOWED(der.len))
		fail_msg("%zu bytes took %zu of the arena", der.len, failing_memory_peak());
}

/* -- without the constructed bit, which libcrypto does not look at for lists --------------------- */

static sc_status check(const char *bytes, size_t len, size_t max)
{
	return sc_der_check_implicit_elements(sc_view_of(bytes, len), max, "a list", NULL);
}
#define CHECK(bytes, max) check(bytes, sizeof bytes - 1, max)

static void a_list_that_does_not_say_so_is_refused_or_counted(void **state)
{
	(void)state;
	assert_int_equal(CHECK("\x30\x06\x05\x00\x05\x00\x05\x00", 4), SC_OK);
	assert_int_equal(CHECK("\x30\x06\x05\x00\x05\x00\x05\x00", 3), SC_ERR_TOO_LARGE);
	assert_int_equal(CHECK("\x10\x06\x05\x00\x05\x00\x05\x00", 4), SC_ERR_ENCODING);
	assert_int_equal(CHECK("\x11\x06\x05\x00\x05\x00\x05\x00", 4), SC_ERR_ENCODING);
	assert_int_equal(CHECK("\x80\x06\x05\x00\x05\x00\x05\x00", 4), SC_OK);
	assert_int_equal(CHECK("\x80\x06\x05\x00\x05\x00\x05\x00", 3), SC_ERR_TOO_LARGE);
	/* Octets that are not an element end the count within their parent only. */
	assert_int_equal(CHECK("\x80\x0a\xa1\x02\xff\xff\x05\x00\x05\x00\x05\x00", 4), SC_ERR_TOO_LARGE);
	assert_int_equal(CHECK("\x80\x08\x10\x06\x05\x00\x05\x00\x05\x00", 4), SC_ERR_TOO_LARGE);
	/* Octets without any element count as one element. */
	assert_int_equal(CHECK("\x80\x04\xff\xff\xff\xff", 1), SC_OK);
	/* Of a structure that has no such list, octets are one element whatever they look like. */
	assert_ok(sc_der_check_elements(sc_view_of("\x80\x06\x05\x00\x05\x00\x05\x00", 8), 1, "octets", NULL),
		  NULL);
}

/* -- a key blob ---------------------------------------------------------------------------------- */

static void make_blob(struct sc_bytes *out)
{
	SC_CLEANUP(sc_acl) acl = sc_acl_new();
	struct sc_permission_group *group = NULL;

	assert_ok(sc_acl_add_group(acl, 1, SC_AUTHORITY_NONE, &group, NULL), NULL);
	assert_ok(sc_acl_add_use(group, SC_USE_SIGN, NULL), NULL);
	core_seal(&core, core_rsa_key(), SC_APPLICATION_SIMPLE, NULL, acl, out);
}

static void stuff_blob(struct sc_view blob, struct sc_bytes *out)
{
	SC_CLEANUP(sc_key_blob) stuffed = NULL;
	struct sc_permission_group *group;

	assert_ok(sc_key_blob_decode(blob, &stuffed, NULL), NULL);
	group = sk_sc_permission_group_value(stuffed->header->acl->groups, 0);
	for (size_t len = blob.len; len < SC_KEY_BLOB_MAX - 64; len += 2)
		assert_ok(sc_acl_add_plain(group, SC_ACTION_REDUCE_ACL, NULL), NULL);
	encode_unchecked(stuffed, ASN1_ITEM_rptr(sc_key_blob), out);
	assert_true(out->len <= SC_KEY_BLOB_MAX);
}

/* Takes the constructed bit from the list with the stuffing: the innermost one that has most of the bytes. */
static void hide_list(struct sc_bytes *der)
{
	uint8_t *innermost = NULL;

	for (size_t i = 0; i + 4 < 1024; i++) {
		uint8_t *p = der->data + i;

		if (p[0] == 0x30 && p[1] == 0x82 && (size_t)(p[2] << 8 | p[3]) > der->len / 2)
			innermost = p;
	}
	assert_non_null(innermost);
	*innermost = 0x10;
}

static void a_blob_full_of_permissions_takes_little_memory_and_is_refused(void **state)
{
	SC_CLEANUP(sc_bytes) blob = { 0 };
	SC_CLEANUP(sc_bytes) stuffed = { 0 };
	struct sc_hash key;
	sc_status status;

	(void)state;
	make_blob(&blob);
	assert_ok(core_load(core.custody, sc_bytes_view(&blob), &key), NULL);
	stuff_blob(sc_bytes_view(&blob), &stuffed);
	failing_memory_measure();
	status = core_load(core.custody, sc_bytes_view(&stuffed), &key);
	/* The message itself is in the test's memory, twice. */
	is_refused_for(sc_bytes_view(&stuffed), status, SC_ERR_TOO_LARGE);
	hide_list(&stuffed);
	failing_memory_measure();
	status = core_load(core.custody, sc_bytes_view(&stuffed), &key);
	is_refused_for(sc_bytes_view(&stuffed), status, SC_ERR_ENCODING);
}

/* -- a world file -------------------------------------------------------------------------------- */

static void a_world_file_full_of_revoked_modules_takes_little_memory_and_is_refused(void **state)
{
	SC_CLEANUP(sc_world_file) file = NULL;
	SC_CLEANUP(sc_bytes) stuffed = { 0 };
	struct sc_world_file *read = NULL;
	sc_status status;

	(void)state;
	assert_ok(sc_world_file_decode(sc_bytes_view(&core.world_file), &file, NULL), NULL);
	for (size_t len = core.world_file.len; len < SC_WORLD_MAX - 64; len += 4) {
		struct sc_revoked_esn *esn =
		    (struct sc_revoked_esn *)ASN1_item_new(ASN1_ITEM_rptr(sc_revoked_esn));

		assert_true(sk_sc_revoked_esn_push(file->body->revoked, esn) > 0);
	}
	encode_unchecked(file, ASN1_ITEM_rptr(sc_world_file), &stuffed);
	failing_memory_measure();
	status = sc_world_file_decode(sc_bytes_view(&stuffed), &read, NULL);
	is_refused_for(sc_bytes_view(&stuffed), status, SC_ERR_TOO_LARGE);
}

static void a_world_file_may_have_all_roots_and_revoked_modules(void **state)
{
	SC_CLEANUP(sc_world_file) file = NULL;
	SC_CLEANUP(sc_world_file) again = NULL;
	SC_CLEANUP(sc_bytes) full = { 0 };

	(void)state;
	assert_ok(sc_world_file_decode(sc_bytes_view(&core.world_file), &file, NULL), NULL);
	for (int i = 0; i < SC_REVOKED_MAX; i++) {
		struct sc_revoked_esn *esn =
		    (struct sc_revoked_esn *)ASN1_item_new(ASN1_ITEM_rptr(sc_revoked_esn));

		assert_ok(sc_text_set(&esn->esn, "ABCD-EFGH-IJKL", "esn", NULL), NULL);
		assert_true(sk_sc_revoked_esn_push(file->body->revoked, esn) > 0);
	}
	for (int i = 0; i < SC_ROOTS_MAX; i++) {
		struct sc_source_root *root =
		    (struct sc_source_root *)ASN1_item_new(ASN1_ITEM_rptr(sc_source_root));

		assert_ok(sc_octets_set(&root->certificate, sc_view_text("certificate"), NULL), NULL);
		assert_true(sk_sc_source_root_push(file->body->roots, root) > 0);
	}
	assert_ok(sc_world_file_encode(file, &full, NULL), NULL);
	assert_ok(sc_world_file_decode(sc_bytes_view(&full), &again, NULL), NULL);
}

/* -- certificates and statements ----------------------------------------------------------------- */

static X509 *stuff_name(int entries)
{
	X509 *certificate = X509_dup(core.root);
	X509_NAME *name = X509_NAME_new();

	for (int i = 0; i < entries; i++)
		assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
							    (const unsigned char *)"x", 1, -1, 0),
				 1);
	assert_int_equal(X509_set_subject_name(certificate, name), 1);
	X509_NAME_free(name);
	return certificate;
}

static X509 *stuff_extension(int usages)
{
	X509 *certificate = X509_dup(core.root);
	EXTENDED_KEY_USAGE *list = sk_ASN1_OBJECT_new_null();

	for (int i = 0; i < usages; i++)
		assert_true(sk_ASN1_OBJECT_push(list, OBJ_txt2obj("2.100.3", 1)) > 0);
	assert_int_equal(X509_add1_ext_i2d(certificate, NID_ext_key_usage, list, 1, 0), 1);
	sk_ASN1_OBJECT_pop_free(list, ASN1_OBJECT_free);
	return certificate;
}

static void certificate_is_refused(X509 *stuffed)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_x509) owned = stuffed;
	X509 *read = NULL;
	sc_status status;

	assert_true(i2d_re_X509_tbs(owned, NULL) > 0);
	encode_unchecked(owned, ASN1_ITEM_rptr(X509), &der);
	assert_true(der.len <= SC_CERTIFICATE_MAX);
	failing_memory_measure();
	status = sc_x509_decode(sc_bytes_view(&der), &read, NULL);
	is_refused_for(sc_bytes_view(&der), status, SC_ERR_TOO_LARGE);
}

static void a_certificate_full_of_names_or_usages_takes_little_memory_and_is_refused(void **state)
{
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_x509) read = NULL;

	(void)state;
	assert_ok(sc_x509_encode(core.root, &der, NULL), NULL);
	assert_ok(sc_x509_decode(sc_bytes_view(&der), &read, NULL), NULL);
	certificate_is_refused(stuff_name(400));
	certificate_is_refused(stuff_extension(1300));
}

static struct sc_signed_data *statement_with(X509 *certificate)
{
	struct sc_signed_data *statement = sc_signed_data_new();

	strcpy(statement->content_type, "1.2.3.4");
	assert_ok(sc_octets_set(&statement->content, sc_view_text("content"), NULL), NULL);
	assert_ok(sc_octets_set(&statement->signature, sc_view_text("signature"), NULL), NULL);
	assert_ok(sc_signed_data_enclose(statement, certificate, NULL), NULL);
	return statement;
}

/* A statement with one more certificate, which our encoder would not write. */
static void add_unchecked(X509 *certificate, struct sc_bytes *out)
{
	SC_CLEANUP(sc_signed_data) statement = statement_with(core.root);
	SC_CLEANUP(sc_bytes) der = { 0 };
	CMS_ContentInfo *cms;
	const unsigned char *p;

	assert_ok(sc_signed_data_encode(statement, &der, NULL), NULL);
	p = der.data;
	cms = d2i_CMS_ContentInfo(NULL, &p, (long)der.len);
	assert_non_null(cms);
	assert_int_equal(CMS_add1_cert(cms, certificate), 1);
	encode_unchecked(cms, ASN1_ITEM_rptr(CMS_ContentInfo), out);
	CMS_ContentInfo_free(cms);
}

static void statement_is_refused(X509 *stuffed)
{
	SC_CLEANUP(sc_x509) owned = stuffed;
	SC_CLEANUP(sc_signed_data) statement = statement_with(owned);
	SC_CLEANUP(sc_bytes) der = { 0 };
	struct sc_signed_data *read = NULL;
	sc_status status;

	assert_true(i2d_re_X509_tbs(owned, NULL) > 0);
	assert_int_equal(sc_signed_data_encode(statement, &der, NULL), SC_ERR_TOO_LARGE);
	add_unchecked(owned, &der);
	assert_true(der.len <= SC_SIGNED_DATA_MAX);
	failing_memory_measure();
	status = sc_signed_data_decode(sc_bytes_view(&der), &read, NULL);
	is_refused_for(sc_bytes_view(&der), status, SC_ERR_TOO_LARGE);
}

static void a_statement_whose_certificate_is_stuffed_takes_little_memory_and_is_refused(void **state)
{
	(void)state;
	statement_is_refused(stuff_name(4000));
	statement_is_refused(stuff_extension(10000));
}

/* Its signer's name is longer by the four elements of an entry each time. */
static void a_statement_is_not_written_if_it_could_not_be_read(void **state)
{
	SC_CLEANUP(sc_signed_data) statement = statement_with(core.root);
	struct sc_error err = { 0 };
	sc_status status;
	unsigned written = 0;

	(void)state;
	for (;; written++) {
		SC_CLEANUP(sc_bytes) der = { 0 };
		SC_CLEANUP(sc_signed_data) read = NULL;

		assert_int_equal(X509_NAME_add_entry_by_NID(statement->issuer, NID_commonName, MBSTRING_UTF8,
							    (const unsigned char *)"x", 1, -1, 0),
				 1);
		status = sc_signed_data_encode(statement, &der, &err);
		if (status != SC_OK)
			break;
		assert_ok(sc_signed_data_decode(sc_bytes_view(&der), &read, &err), &err);
	}
	assert_int_equal(status, SC_ERR_TOO_LARGE);
	assert_string_equal(err.message, "statement: more than 1024 elements");
	assert_true(written > SC_SIGNED_DATA_ELEMENTS / 5);
}

/* -- private keys -------------------------------------------------------------------------------- */

static void key_is_refused(struct sc_view der)
{
	EVP_PKEY *key = NULL;
	sc_status status;

	failing_memory_measure();
	status = sc_pkcs8_decode(der, &key, NULL);
	is_refused_for(der, status, SC_ERR_KEY_INVALID);
}

/* RSAPrivateKey, RFC 8017 appendix A.1.2, with many further primes. Its other numbers are 1. */
static void many_primes(uint8_t *out, size_t count)
{
	static const uint8_t one[] = { 0x02, 0x01, 0x01 };
	static const uint8_t prime[] = { 0x30, 0x09, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01 };
	size_t primes = count * sizeof prime;
	size_t body = 9 * sizeof one + 4 + primes;
	uint8_t *p = out;

	memcpy(p, (uint8_t[]){ 0x30, 0x82, (uint8_t)(body >> 8), (uint8_t)body }, 4);
	p += 4;
	for (int i = 0; i < 9; i++, p += sizeof one)
		memcpy(p, one, sizeof one);
	memcpy(p, (uint8_t[]){ 0x30, 0x82, (uint8_t)(primes >> 8), (uint8_t)primes }, 4);
	p += 4;
	for (size_t i = 0; i < count; i++, p += sizeof prime)
		memcpy(p, prime, sizeof prime);
}

#define PRIMES 1500

static void a_private_key_full_of_attributes_or_primes_takes_little_memory_and_is_refused(void **state)
{
	SC_CLEANUP(sc_pkcs8) info = EVP_PKEY2PKCS8(core_rsa_key());
	SC_CLEANUP(sc_pkcs8) primes = PKCS8_PRIV_KEY_INFO_new();
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_bytes) inside = { 0 };
	SC_CLEANUP(sc_bytes) outside = { 0 };
	SC_CLEANUP(sc_pkey) key = NULL;
	uint8_t *copy = OPENSSL_malloc(PRIMES * 11 + 35);

	(void)state;
	encode_unchecked(info, ASN1_ITEM_rptr(PKCS8_PRIV_KEY_INFO), &der);
	assert_ok(sc_pkcs8_decode(sc_bytes_view(&der), &key, NULL), NULL);
	/* One of each type that libcrypto knows. */
	for (int nid = 1; nid < 1200; nid++)
		(void)PKCS8_pkey_add1_attr_by_NID(info, nid, V_ASN1_OCTET_STRING, (const unsigned char *)"x",
						  1);
	encode_unchecked(info, ASN1_ITEM_rptr(PKCS8_PRIV_KEY_INFO), &outside);
	assert_true(outside.len > 10000);
	key_is_refused(sc_bytes_view(&outside));
	many_primes(copy, PRIMES);
	assert_int_equal(PKCS8_pkey_set0(primes, OBJ_nid2obj(NID_rsaEncryption), 0, V_ASN1_NULL, NULL, copy,
					 PRIMES * 11 + 35),
			 1);
	encode_unchecked(primes, ASN1_ITEM_rptr(PKCS8_PRIV_KEY_INFO), &inside);
	key_is_refused(sc_bytes_view(&inside));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		cmocka_unit_test(a_list_that_does_not_say_so_is_refused_or_counted),
		TEST(a_blob_full_of_permissions_takes_little_memory_and_is_refused),
		TEST(a_world_file_full_of_revoked_modules_takes_little_memory_and_is_refused),
		TEST(a_world_file_may_have_all_roots_and_revoked_modules),
		TEST(a_certificate_full_of_names_or_usages_takes_little_memory_and_is_refused),
		TEST(a_statement_whose_certificate_is_stuffed_takes_little_memory_and_is_refused),
		TEST(a_statement_is_not_written_if_it_could_not_be_read),
		TEST(a_private_key_full_of_attributes_or_primes_takes_little_memory_and_is_refused),
	};

	if (!failing_memory_start())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
