/* The offline root: what it signs and what it refuses to sign (factory/factory_root.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>

#include "base/clock.h"
#include "base/os.h"
#include "evidence/warrant_answer.h"
#include "factory/factory_root.h"
#include "forge.h"

#define PASSPHRASE "correct horse battery staple"

static char directory[] = "/tmp/test_factory.XXXXXX";
static struct sc_factory factory = SC_FACTORY_NONE;
static EVP_PKEY *module_key;

static struct sc_secret secret_of(const char *text)
{
	struct sc_secret secret = { 0 };

	assert_int_equal(sc_secret_copy(sc_view_text(text), &secret, NULL), SC_OK);
	return secret;
}

static sc_status init(const char *path, const char *name, const char *passphrase)
{
	SC_CLEANUP(sc_secret) secret = secret_of(passphrase);
	SC_CLEANUP(sc_factory) made = SC_FACTORY_NONE;

	return sc_factory_init(path, name, &secret, &made, NULL);
}

static sc_status open_with(const char *passphrase, struct sc_factory *out)
{
	SC_CLEANUP(sc_secret) secret = secret_of(passphrase);

	return sc_factory_open(directory, &secret, out, NULL);
}

static int set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(init(directory, "Test Factory", PASSPHRASE), SC_OK);
	assert_int_equal(open_with(PASSPHRASE, &factory), SC_OK);
	module_key = sc_forge_ec_key("P-256");
	return 0;
}

static int tear_down(void **state)
{
	static const char *const files[] = { "root.key", "root.pem", "root.hash", "record", "lock" };

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		unlinkat(factory.dir.fd, files[i], 0);
	sc_factory_close(&factory);
	EVP_PKEY_free(module_key);
	return rmdir(directory);
}

/* -- the directory ----------------------------------------------------------------------------- */

static void a_root_is_never_made_over_another(void **state)
{
	(void)state;
	sc_factory_close(&factory);
	assert_int_equal(init(directory, "Second", PASSPHRASE), SC_ERR_EXISTS);
	assert_int_equal(open_with(PASSPHRASE, &factory), SC_OK);
	assert_string_equal(factory.name.s, "Test Factory");
}

/* What a kill between the two files leaves. The key has signed nothing, but only a person may decide that. */
static void a_key_without_its_certificate_is_named_and_kept(void **state)
{
	SC_CLEANUP(sc_secret) passphrase = secret_of(PASSPHRASE);
	SC_CLEANUP(sc_factory) again = SC_FACTORY_NONE;
	SC_CLEANUP(sc_dir) dir = SC_DIR_NONE;
	struct sc_error err = { 0 };
	char path[64];

	(void)state;
	snprintf(path, sizeof path, "%s/interrupted", directory);
	assert_int_equal(sc_dir_make(path, &dir, NULL), SC_OK);
	assert_int_equal(sc_file_write(&dir, "root.key", sc_view_text("a key"), SC_FILE_NEW, 0600, NULL),
			 SC_OK);
	assert_int_equal(sc_factory_init(path, "Second", &passphrase, &again, &err), SC_ERR_EXISTS);
	assert_non_null(strstr(err.message, "root.pem"));
	assert_true(sc_file_exists(&dir, "root.key"));
	unlinkat(dir.fd, "root.key", 0);
	unlinkat(dir.fd, "lock", 0);
	assert_int_equal(rmdir(path), 0);
}

static void the_key_opens_under_its_passphrase_only(void **state)
{
	SC_CLEANUP(sc_factory) again = SC_FACTORY_NONE;

	(void)state;
	sc_factory_close(&factory);
	assert_int_equal(open_with("correct horse battery stable", &again), SC_ERR_DECRYPT);
	assert_int_equal(open_with("", &again), SC_ERR_DECRYPT);
	assert_int_equal(open_with(PASSPHRASE, &factory), SC_OK);
}

static void a_short_passphrase_is_refused_before_anything_is_made(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof path, "%s/second", directory);
	assert_int_equal(init(path, "Second", "elevenchars"), SC_ERR_ARGUMENT);
	assert_int_equal(init(path, "Second", "éééééé"), SC_ERR_ARGUMENT); /* twelve bytes */
	assert_int_equal(init(path, "", PASSPHRASE), SC_ERR_ARGUMENT);
	assert_int_not_equal(access(path, F_OK), 0);
}

static void one_process_at_a_time_works_in_it(void **state)
{
	SC_CLEANUP(sc_factory) again = SC_FACTORY_NONE;

	(void)state;
	assert_int_equal(open_with(PASSPHRASE, &again), SC_ERR_LOCKED);
	sc_factory_close(&factory);
	assert_int_equal(open_with(PASSPHRASE, &again), SC_OK);
	factory = again;
	again = (struct sc_factory)SC_FACTORY_NONE;
}

static void the_private_key_is_not_in_the_clear_on_disk(void **state)
{
	SC_CLEANUP(sc_bytes) file = { 0 };
	BIO *bio;
	EVP_PKEY *key;

	(void)state;
	assert_int_equal(sc_file_read(&factory.dir, "root.key", 65536, &file, NULL), SC_OK);
	assert_non_null(memmem(file.data, file.len, "ENCRYPTED PRIVATE KEY", 21));
	bio = BIO_new_mem_buf(file.data, (int)file.len);
	key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)(uintptr_t)PASSPHRASE);
	assert_int_equal(EVP_PKEY_eq(key, factory.key), 1); /* stock openssl reads it */
	EVP_PKEY_free(key);
	BIO_free(bio);
}

static void the_published_hash_is_the_roots(void **state)
{
	SC_CLEANUP(sc_bytes) file = { 0 };
	struct sc_hash hash = { 0 };
	struct sc_hash written = { 0 };
	char text[SC_HASH_GROUPED_SIZE];

	(void)state;
	assert_int_equal(sc_factory_root_hash(directory, &hash, NULL), SC_OK);
	assert_true(sc_hash_equals(&hash, &factory.hash));
	assert_int_equal(sc_file_read(&factory.dir, "root.hash", 128, &file, NULL), SC_OK);
	assert_int_equal(file.len, sizeof text);
	assert_int_equal(file.data[file.len - 1], '\n');
	file.data[file.len - 1] = '\0';
	assert_true(sc_hash_read((const char *)file.data, &written));
	assert_true(sc_hash_equals(&hash, &written));
}

/* -- warrants ---------------------------------------------------------------------------------- */

/* The request of a module, signed by `signer`; the caller frees it. */
static struct sc_bytes request_for(const char *cn, EVP_PKEY *key, EVP_PKEY *signer)
{
	X509_REQ *csr = X509_REQ_new();
	X509_NAME *name = X509_NAME_new();
	struct sc_bytes out = { 0 };
	unsigned char *der = NULL;
	int len;

	X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING, (const uint8_t *)cn, -1, -1, 0);
	X509_REQ_set_subject_name(csr, name);
	X509_REQ_set_pubkey(csr, key);
	assert_true(X509_REQ_sign(csr, signer, EVP_sha256()) > 0);
	len = i2d_X509_REQ(csr, &der);
	assert_int_equal(sc_bytes_copy(sc_view_of(der, (size_t)len), &out, NULL), SC_OK);
	OPENSSL_free(der);
	X509_NAME_free(name);
	X509_REQ_free(csr);
	return out;
}

static sc_status warrant(const char *cn, EVP_PKEY *key, EVP_PKEY *signer, struct sc_bytes *answer)
{
	SC_CLEANUP(sc_bytes) request = request_for(cn, key, signer);
	SC_CLEANUP(sc_bytes) unused = { 0 };
	struct sc_error err = { 0 };
	sc_status status =
	    sc_factory_warrant(&factory, sc_bytes_view(&request), answer ? answer : &unused, &err);

	assert_true(status == SC_OK || strlen(err.message) > 0);
	return status;
}

static void a_module_is_warranted_by_the_root(void **state)
{
	SC_CLEANUP(sc_bytes) answer = { 0 };
	SC_CLEANUP(sc_x509) root = NULL;
	SC_CLEANUP(sc_x509) certificate = NULL;
	struct sc_text esn = { 0 };

	(void)state;
	assert_int_equal(warrant("AAAA-0000-0001", module_key, module_key, &answer), SC_OK);
	assert_int_equal(
	    sc_warrant_answer_read(sc_bytes_view(&answer), sc_clock_now(), &root, &certificate, NULL), SC_OK);
	assert_int_equal(X509_cmp(root, factory.root), 0);
	assert_int_equal(sc_certificate_subject(certificate, &esn, NULL), SC_OK);
	assert_string_equal(esn.s, "AAAA-0000-0001");
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(certificate), module_key), 1);
}

static void request_in_pem(struct sc_view der, struct sc_bytes *out)
{
	const unsigned char *p = der.data;
	X509_REQ *csr = d2i_X509_REQ(NULL, &p, (long)der.len);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len;

	assert_int_equal(PEM_write_bio_X509_REQ(bio, csr), 1);
	len = BIO_get_mem_data(bio, &text);
	assert_int_equal(sc_bytes_copy(sc_view_of(text, (size_t)len), out, NULL), SC_OK);
	BIO_free(bio);
	X509_REQ_free(csr);
}

static void a_request_in_pem_is_as_good(void **state)
{
	SC_CLEANUP(sc_bytes) der = request_for("AAAA-0000-0002", module_key, module_key);
	SC_CLEANUP(sc_bytes) pem = { 0 };
	SC_CLEANUP(sc_bytes) answer = { 0 };

	(void)state;
	request_in_pem(sc_bytes_view(&der), &pem);
	assert_int_equal(sc_factory_warrant(&factory, sc_bytes_view(&pem), &answer, NULL), SC_OK);
}

static void a_request_is_refused_for_what_is_wrong_with_it(void **state)
{
	SC_CLEANUP(sc_pkey) p384 = sc_forge_ec_key("P-384");
	SC_CLEANUP(sc_pkey) another = sc_forge_ec_key("P-256");

	(void)state;
	assert_int_equal(warrant("AAAA-0000-0003", module_key, module_key, NULL), SC_OK);
	assert_int_equal(warrant("AAAA-0000-0003", module_key, another, NULL), SC_ERR_EVIDENCE_SIGNATURE);
	assert_int_equal(warrant("AAAA-0000-0004", p384, p384, NULL), SC_ERR_EVIDENCE_USAGE);
	assert_int_equal(warrant("aaaa-0000-0003", module_key, module_key, NULL), SC_ERR_EVIDENCE_USAGE);
	assert_int_equal(warrant("AAAA-0000-00033", module_key, module_key, NULL), SC_ERR_EVIDENCE_USAGE);
	assert_int_equal(warrant("KNSO", module_key, module_key, NULL), SC_ERR_EVIDENCE_USAGE);
}

static void a_request_for_more_than_a_warrant_is_refused(void **state)
{
	SC_CLEANUP(sc_bytes) der = request_for("AAAA-0000-0009", module_key, module_key);
	SC_CLEANUP(sc_bytes) answer = { 0 };
	const unsigned char *p = der.data;
	X509_REQ *csr = d2i_X509_REQ(NULL, &p, (long)der.len);
	unsigned char *wider = NULL;
	int len;

	(void)state;
	assert_int_equal(sc_factory_warrant(&factory, sc_bytes_view(&der), &answer, NULL), SC_OK);
	X509_REQ_add1_attr_by_NID(csr, NID_pkcs9_challengePassword, MBSTRING_ASC, (const uint8_t *)"x", 1);
	assert_true(X509_REQ_sign(csr, module_key, EVP_sha256()) > 0);
	len = i2d_X509_REQ(csr, &wider);
	sc_bytes_free(&answer);
	assert_int_equal(sc_factory_warrant(&factory, sc_view_of(wider, (size_t)len), &answer, NULL),
			 SC_ERR_EVIDENCE_USAGE);
	OPENSSL_free(wider);
	X509_REQ_free(csr);
}

static void a_serial_number_is_warranted_for_one_key_only(void **state)
{
	SC_CLEANUP(sc_pkey) another = sc_forge_ec_key("P-256");

	(void)state;
	assert_int_equal(warrant("AAAA-0000-0005", module_key, module_key, NULL), SC_OK);
	assert_int_equal(warrant("AAAA-0000-0005", module_key, module_key, NULL), SC_OK);
	assert_int_equal(warrant("AAAA-0000-0005", another, another, NULL), SC_ERR_CONFLICT);
	assert_int_equal(warrant("AAAA-0000-0006", another, another, NULL), SC_OK);
}

static void any_byte_of_a_request_matters(void **state)
{
	SC_CLEANUP(sc_bytes) request = request_for("AAAA-0000-0007", module_key, module_key);
	SC_CLEANUP(sc_bytes) answer = { 0 };
	SC_CLEANUP(sc_bytes) longer = { 0 };

	(void)state;
	assert_int_equal(sc_factory_warrant(&factory, sc_bytes_view(&request), &answer, NULL), SC_OK);
	for (size_t i = 0; i < request.len; i++) {
		SC_CLEANUP(sc_bytes) unused = { 0 };

		request.data[i] ^= 1;
		if (sc_factory_warrant(&factory, sc_bytes_view(&request), &unused, NULL) == SC_OK)
			fail_msg("byte %zu flipped", i);
		request.data[i] ^= 1;
		if (sc_factory_warrant(&factory, sc_view_of(request.data, i), &unused, NULL) == SC_OK)
			fail_msg("cut to %zu bytes", i);
	}
	assert_int_equal(sc_bytes_new(request.len + 1, &longer, NULL), SC_OK);
	memcpy(longer.data, request.data, request.len);
	sc_bytes_free(&answer);
	assert_int_equal(sc_factory_warrant(&factory, sc_bytes_view(&longer), &answer, NULL),
			 SC_ERR_ENCODING);
}

static void every_certificate_is_recorded(void **state)
{
	SC_CLEANUP(sc_bytes) record = { 0 };

	(void)state;
	assert_int_equal(warrant("AAAA-0000-0008", module_key, module_key, NULL), SC_OK);
	assert_int_equal(sc_file_read(&factory.dir, "record", 1 << 20, &record, NULL), SC_OK);
	assert_non_null(memmem(record.data, record.len, " root certificate Test Factory serial=", 38));
	assert_non_null(memmem(record.data, record.len, " warrant AAAA-0000-0008 serial=", 31));
	assert_int_equal(record.data[record.len - 1], '\n');
}

static ssize_t write_until_full(int fd, const void *data, size_t len)
{
	return sc_os_system.write(fd, data, len < 60 ? len : 60);
}

/* Half a line belongs to a warrant that was never returned, and must not join with the next line. */
static void a_full_disk_leaves_a_record_that_goes_on(void **state)
{
	SC_CLEANUP(sc_pkey) another = sc_forge_ec_key("P-256");
	SC_CLEANUP(sc_bytes) record = { 0 };
	struct sc_os full_disk = sc_os_system;
	const char *half;

	(void)state;
	full_disk.write = write_until_full;
	sc_os = &full_disk;
	assert_int_equal(warrant("AAAA-0000-0BAD", module_key, module_key, NULL), SC_ERR_SYSTEM);
	sc_os = &sc_os_system;
	assert_int_equal(warrant("AAAA-0000-0BAD", another, another, NULL), SC_OK);
	assert_int_equal(warrant("AAAA-0000-0BAD", module_key, module_key, NULL), SC_ERR_CONFLICT);
	assert_int_equal(sc_file_read(&factory.dir, "record", 1 << 20, &record, NULL), SC_OK);
	half = strstr((const char *)record.data, " warrant AAAA-0000-0BAD serial=");
	assert_non_null(half);
	assert_null(memmem(half, strcspn(half, "\n"), " key=", 5));
}

/* As it comes from a machine with Windows, or out of a mail. */
static void an_answer_that_crossed_another_machine_is_read(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(sc_clock_now(), "EU");
	SC_CLEANUP(sc_bytes) answer = { 0 };
	SC_CLEANUP(sc_bytes) changed = { 0 };
	SC_CLEANUP(sc_x509) root = NULL;
	SC_CLEANUP(sc_x509) certificate = NULL;
	static const char above[] = "\xef\xbb\xbfYour warrant:\r\n";
	struct sc_error err = { 0 };
	size_t used = sizeof above - 1;

	(void)state;
	assert_int_equal(sc_warrant_answer_write(f->root, f->warrant, &answer, NULL), SC_OK);
	assert_int_equal(sc_bytes_new(2 * answer.len + used, &changed, NULL), SC_OK);
	memcpy(changed.data, above, used);
	for (size_t i = 0; i < answer.len; i++) {
		if (answer.data[i] == '\n')
			changed.data[used++] = '\r';
		changed.data[used++] = answer.data[i];
	}
	assert_int_equal(
	    sc_warrant_answer_read(sc_view_of(changed.data, used), f->now, &root, &certificate, NULL), SC_OK);
	X509_free(root);
	X509_free(certificate);
	root = certificate = NULL;
	memset(changed.data, 0, changed.len);
	for (size_t i = 0; i < answer.len && 2 * i < changed.len; i++)
		changed.data[2 * i] = answer.data[i];
	assert_int_equal(sc_warrant_answer_read(sc_view_of(changed.data, 2 * answer.len), f->now, &root,
						&certificate, &err),
			 SC_ERR_ENCODING);
	assert_non_null(strstr(err.message, "UTF-16"));
}

static void an_answer_has_root_and_warrant_and_nothing_else(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(sc_clock_now(), "EU");
	SC_CLEANUP(sc_forge) other = sc_forge_new(sc_clock_now(), "EU");
	SC_CLEANUP(sc_x509) root = NULL;
	SC_CLEANUP(sc_x509) certificate = NULL;
	struct sc_bytes answer = { 0 };
	struct sc_bytes longer = { 0 };
	int64_t late = f->now + 11 * SC_YEAR;

	(void)state;
	assert_int_equal(sc_warrant_answer_write(f->root, f->warrant, &answer, NULL), SC_OK);
	assert_int_equal(sc_warrant_answer_read(sc_bytes_view(&answer), f->now, &root, &certificate, NULL),
			 SC_OK);
	X509_free(root);
	X509_free(certificate);
	root = certificate = NULL;
	assert_int_equal(sc_warrant_answer_read(sc_bytes_view(&answer), late, &root, &certificate, NULL),
			 SC_ERR_EVIDENCE_TIME);
	assert_int_equal(sc_bytes_new(answer.len + 1, &longer, NULL), SC_OK);
	memcpy(longer.data, answer.data, answer.len);
	longer.data[answer.len] = '\n'; /* a blank line: text around PEM does not matter */
	assert_int_equal(sc_warrant_answer_read(sc_bytes_view(&longer), f->now, &root, &certificate, NULL),
			 SC_OK);
	X509_free(root);
	X509_free(certificate);
	root = certificate = NULL;
	for (size_t i = 0; i + 1 < answer.len; i++)
		assert_int_not_equal(
		    sc_warrant_answer_read(sc_view_of(answer.data, i), f->now, &root, &certificate, NULL),
		    SC_OK);
	sc_bytes_free(&longer);
	/* A third certificate, whole or cut. */
	assert_int_equal(sc_bytes_new(2 * answer.len, &longer, NULL), SC_OK);
	memcpy(longer.data, answer.data, answer.len);
	memcpy(longer.data + answer.len, answer.data, answer.len);
	for (size_t i = 2 * answer.len; i > answer.len + 40; i -= 100)
		assert_int_equal(
		    sc_warrant_answer_read(sc_view_of(longer.data, i), f->now, &root, &certificate, NULL),
		    SC_ERR_ENCODING);
	sc_bytes_free(&longer);
	sc_bytes_free(&answer);
	assert_int_equal(sc_warrant_answer_write(f->root, f->member, &answer, NULL), SC_OK);
	assert_int_equal(sc_warrant_answer_read(sc_bytes_view(&answer), f->now, &root, &certificate, NULL),
			 SC_ERR_EVIDENCE_USAGE);
	sc_bytes_free(&answer);
	assert_int_equal(sc_warrant_answer_write(other->root, f->warrant, &answer, NULL), SC_OK);
	assert_int_equal(sc_warrant_answer_read(sc_bytes_view(&answer), f->now, &root, &certificate, NULL),
			 SC_ERR_EVIDENCE_CHAIN);
	sc_bytes_free(&answer);
}

/* -- PEM that claims to be encrypted ----------------------------------------------------------- */

/* The first PEM block, with the header of an encrypted one inserted after its first line. */
static void make_encrypted(struct sc_view pem, struct sc_bytes *out)
{
	static const char header[] = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
				     "000102030405060708090A0B0C0D0E0F\n\n";
	const uint8_t *body = memchr(pem.data, '\n', pem.len);
	size_t first;

	assert_non_null(body);
	first = (size_t)(++body - pem.data);
	assert_int_equal(sc_bytes_new(pem.len + sizeof header - 1, out, NULL), SC_OK);
	memcpy(out->data, pem.data, first);
	memcpy(out->data + first, header, sizeof header - 1);
	memcpy(out->data + first + sizeof header - 1, body, pem.len - first);
}

/* libcrypto would ask at the terminal, or read what is waiting on standard input. */
static void no_file_makes_a_program_ask_for_a_passphrase(void **state)
{
	SC_CLEANUP(sc_forge) f = sc_forge_new(sc_clock_now(), "EU");
	SC_CLEANUP(sc_bytes) answer = { 0 };
	SC_CLEANUP(sc_bytes) request = { 0 };
	SC_CLEANUP(sc_bytes) der = request_for("AAAA-0000-0010", module_key, module_key);
	SC_CLEANUP(sc_bytes) pem = { 0 };
	SC_CLEANUP(sc_bytes) unused = { 0 };
	SC_CLEANUP(sc_x509) root = NULL;
	SC_CLEANUP(sc_x509) certificate = NULL;
	int input[2];
	int waiting = 0;
	int before = dup(STDIN_FILENO);

	(void)state;
	assert_int_equal(sc_warrant_answer_write(f->root, f->warrant, &pem, NULL), SC_OK);
	make_encrypted(sc_bytes_view(&pem), &answer);
	sc_bytes_free(&pem);
	request_in_pem(sc_bytes_view(&der), &pem);
	make_encrypted(sc_bytes_view(&pem), &request);
	assert_int_equal(pipe(input), 0);
	assert_int_equal(write(input[1], "typed\n", 6), 6);
	assert_int_equal(dup2(input[0], STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(sc_warrant_answer_read(sc_bytes_view(&answer), f->now, &root, &certificate, NULL),
			 SC_ERR_ENCODING);
	assert_int_equal(sc_factory_warrant(&factory, sc_bytes_view(&request), &unused, NULL),
			 SC_ERR_ENCODING);
	assert_int_equal(ioctl(STDIN_FILENO, FIONREAD, &waiting), 0);
	assert_int_equal(waiting, 6);
	assert_int_equal(dup2(before, STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(close(before) | close(input[0]) | close(input[1]), 0);
}

/* -- regions ----------------------------------------------------------------------------------- */

/* A world whose module this factory has warranted. */
static struct sc_forge *warranted_world(void)
{
	struct sc_forge *f = sc_forge_new(sc_clock_now(), "EU");

	EVP_PKEY_free(f->root_key);
	EVP_PKEY_up_ref(factory.key);
	f->root_key = factory.key;
	X509_up_ref(factory.root);
	sc_forge_put(&f->root, factory.root);
	sc_forge_warrant_again(f);
	return f;
}

static sc_status certify(const struct sc_forge *f, const char *region, struct sc_bytes *certificate)
{
	SC_CLEANUP(sc_region_request) request = sc_region_request_new();
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_bytes) statement = sc_forge_world_statement(f);
	SC_CLEANUP(sc_bytes) unused = { 0 };

	strcpy(request->region.s, region);
	strcpy(request->operator_name.s, "Test Operator");
	assert_int_equal(sc_octets_set(&request->statement, sc_bytes_view(&statement), NULL), SC_OK);
	assert_int_equal(sc_region_request_encode(request, &der, NULL), SC_OK);
	return sc_factory_certify_region(&factory, sc_bytes_view(&der), certificate ? certificate : &unused,
					 NULL);
}

static void a_certified_region_completes_the_packages(void **state)
{
	SC_CLEANUP(sc_forge) f = warranted_world();
	SC_CLEANUP(sc_bytes) der = { 0 };
	SC_CLEANUP(sc_bytes) kek = { 0 };
	SC_CLEANUP(sc_bytes) world = { 0 };
	SC_CLEANUP(sc_evidence_target) target = NULL;
	const struct sc_evidence_trust trust = { .roots = &factory.root, .root_count = 1, .now = f->now };
	X509 *certificate = NULL;

	(void)state;
	assert_int_equal(certify(f, "EU", &der), SC_OK);
	assert_int_equal(sc_x509_decode(sc_bytes_view(&der), &certificate, NULL), SC_OK);
	sc_forge_put(&f->region_certificate, certificate);
	kek = sc_forge_kek_package(f);
	world = sc_forge_world_package(f);
	assert_int_equal(sc_evidence_packages_verify(sc_bytes_view(&kek), sc_bytes_view(&world), &trust, NULL,
						     &target, NULL),
			 SC_OK);
	assert_string_equal(target->region.s, "EU");
	assert_string_equal(target->operator_name.s, "Test Operator");
}

static void an_operator_can_add_a_region(void **state)
{
	SC_CLEANUP(sc_forge) f = warranted_world();

	(void)state;
	assert_int_equal(certify(f, "LAB42", NULL), SC_OK);
}

static void only_a_world_of_this_factorys_modules_becomes_a_region(void **state)
{
	SC_CLEANUP(sc_forge) f = warranted_world();
	SC_CLEANUP(sc_forge) stranger = sc_forge_new(sc_clock_now(), "EU");

	(void)state;
	assert_int_equal(certify(f, "EU", NULL), SC_OK);
	assert_int_equal(certify(stranger, "EU", NULL), SC_ERR_EVIDENCE_ROOT);
	f->world->world.b[0] ^= 1;
	assert_int_equal(certify(f, "EU", NULL), SC_ERR_EVIDENCE_WORLD);
}

static void a_world_of_a_weak_suite_is_no_region(void **state)
{
	SC_CLEANUP(sc_forge) f = warranted_world();

	(void)state;
	assert_int_equal(certify(f, "EU", NULL), SC_OK);
	f->world->suite = SC_SUITE_DLF1024;
	sc_forge_world_id_again(f);
	assert_int_equal(certify(f, "EU", NULL), SC_ERR_EVIDENCE_SUITE);
	/* A better suite claimed for the same key does not make it a region either. */
	EVP_PKEY_free(f->knso);
	f->knso = sc_forge_dsa_key();
	f->world->suite = SC_SUITE_ECP521;
	sc_forge_world_id_again(f);
	assert_int_equal(certify(f, "EU", NULL), SC_ERR_EVIDENCE_USAGE);
}

static void a_request_that_is_none_is_refused(void **state)
{
	SC_CLEANUP(sc_forge) f = warranted_world();
	SC_CLEANUP(sc_bytes) statement = sc_forge_world_statement(f);
	SC_CLEANUP(sc_bytes) certificate = { 0 };

	(void)state;
	assert_int_equal(certify(f, "EU", NULL), SC_OK);
	assert_int_not_equal(
	    sc_factory_certify_region(&factory, sc_bytes_view(&statement), &certificate, NULL), SC_OK);
	assert_int_not_equal(sc_factory_certify_region(&factory, sc_view_of("", 0), &certificate, NULL),
			     SC_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_root_is_never_made_over_another),
		cmocka_unit_test(a_key_without_its_certificate_is_named_and_kept),
		cmocka_unit_test(the_key_opens_under_its_passphrase_only),
		cmocka_unit_test(a_short_passphrase_is_refused_before_anything_is_made),
		cmocka_unit_test(one_process_at_a_time_works_in_it),
		cmocka_unit_test(the_private_key_is_not_in_the_clear_on_disk),
		cmocka_unit_test(the_published_hash_is_the_roots),
		cmocka_unit_test(a_module_is_warranted_by_the_root),
		cmocka_unit_test(a_request_in_pem_is_as_good),
		cmocka_unit_test(a_request_is_refused_for_what_is_wrong_with_it),
		cmocka_unit_test(a_request_for_more_than_a_warrant_is_refused),
		cmocka_unit_test(a_serial_number_is_warranted_for_one_key_only),
		cmocka_unit_test(any_byte_of_a_request_matters),
		cmocka_unit_test(every_certificate_is_recorded),
		cmocka_unit_test(a_full_disk_leaves_a_record_that_goes_on),
		cmocka_unit_test(an_answer_that_crossed_another_machine_is_read),
		cmocka_unit_test(an_answer_has_root_and_warrant_and_nothing_else),
		cmocka_unit_test(no_file_makes_a_program_ask_for_a_passphrase),
		cmocka_unit_test(a_certified_region_completes_the_packages),
		cmocka_unit_test(an_operator_can_add_a_region),
		cmocka_unit_test(only_a_world_of_this_factorys_modules_becomes_a_region),
		cmocka_unit_test(a_world_of_a_weak_suite_is_no_region),
		cmocka_unit_test(a_request_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
